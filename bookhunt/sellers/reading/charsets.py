"""Bytes to text, in the character set that was declared and in no other.

A byte order mark says more than a header, a header more than nothing, and nothing means UTF-8.
Character sets that are no text (`base64`), that cost more than they are long (`idna`) or that can
hide what stands there from a guard (`utf-7`) are not known here: such an answer is UTF-8 or
unreadable.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from bookhunt.sellers.reading.errors import Unreadable

_KNOWN = re.compile(
    r"utf-8|utf-8-sig|utf-(?:16|32)(?:-[lb]e)?|ascii|iso8859-\d+|cp125\d|cp8\d\d|cp932|cp949|cp950"
    r"|koi8-[rtu]|mac-\w+|shift_jis\w*|euc_\w+|gb2312|gbk|gb18030|big5|big5hkscs|johab|tis-620",
    re.ASCII,
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FIRST_OF_A_MARK = frozenset(mark[0] for mark, _ in _MARKS)
_LONGEST_NAME = 40


def decoded(body: bytes, charset: str | None) -> str:
    """The text of a body in its declared character set, UTF-8 where none is known.

    Raises:
        Unreadable: the bytes are not text in that character set.
    """
    codec = marked(body) or codec_of(charset) or "utf-8"
    try:
        return body.decode(codec)
    except UnicodeError:
        raise Unreadable(f"the answer is not {codec} text", raw=body[:80]) from None


def marked(body: bytes) -> str | None:
    """The codec that a byte order mark names, None where there is no mark."""
    if not body or body[0] not in _FIRST_OF_A_MARK:
        return None
    return next((codec for mark, codec in _MARKS if body.startswith(mark)), None)


@lru_cache(maxsize=256)
def codec_of(charset: str | None) -> str | None:
    """The codec of a declared name; None where none is declared or the name is not known here."""
    if not charset or len(charset) > _LONGEST_NAME or not charset.isascii():
        return None
    try:
        found = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return None
    return found if _KNOWN.fullmatch(found) else None
