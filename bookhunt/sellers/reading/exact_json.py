"""JSON whose numbers keep their digits, from answers that may be wrapped.

The naive way is orjson, which makes a double of every number with a point: `12.10` is read back
as 12.1 and a long amount loses digits, so a price would have passed through binary floating point.
Ours is the standard library's parser with `JsonNumber` for such numbers: a float for JMESPath
(comparisons, `min_by`) that remembers the text it was made from, which is what money is read from.
Measured on the recorded answers (0.7 to 2 KB) this costs 3.2-5.9 us where orjson costs 1.1-2.1;
searching the bytes first for numbers that a double cannot hold costs what it saves.
"""

from __future__ import annotations

import json
import re
from typing import Any, Self

from bookhunt.sellers.reading.errors import Unreadable

# `var name = {...};`, `name({...})`, `/**/ a.b({...});`: what JSONP puts around the value.
_JSONP = re.compile(
    r"\s*(?:/\*.*?\*/\s*)?(?:(?:var|let|const)\s+)?[\w$.]+\s*(?P<open>[(=])\s*(?P<body>.*?)\s*;?\s*",
    re.DOTALL | re.ASCII,
)


class JsonNumber(float):
    """A JSON number with a point or an exponent, and the text it was written in."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str


# JMESPath knows types by the name of their class; to it this is a number like any other.
JsonNumber.__name__ = "float"


def _no_constant(name: str) -> Any:
    raise Unreadable(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=JsonNumber, parse_constant=_no_constant)


def parse_json(body: bytes, *, charset: str | None = None) -> Any:
    """The value of a JSON document; a byte order mark is passed over.

    Raises:
        Unreadable: not JSON, not text, or nested deeper than the interpreter allows.
    """
    return _parse(decoded(body, charset))


def parse_jsonp(body: bytes, *, charset: str | None = None) -> Any:
    """The value inside `callback(...)` or `var name = ...;`; bare JSON is taken as well.

    Raises:
        Unreadable: neither.
    """
    text = decoded(body, charset).strip()
    if text[:1] in {"{", "["}:
        return _parse(text)
    match = _JSONP.fullmatch(text)
    if match is None:
        raise Unreadable("the answer is neither JSON nor JSONP", raw=text[:80])
    inner = match["body"]
    if match["open"] == "(":
        if not inner.endswith(")"):
            raise Unreadable("the JSONP call is cut short", raw=inner[-80:])
        inner = inner[:-1]
    return _parse(inner)


def decoded(body: bytes, charset: str | None) -> str:
    """The text of a body in its declared character set, UTF-8 where none is known.

    Raises:
        Unreadable: the bytes are not text in that character set.
    """
    try:
        return body.decode(_codec(charset))
    except UnicodeDecodeError as bad:
        raise Unreadable(f"the answer is not {bad.encoding} text", raw=body[:80]) from None


def _codec(charset: str | None) -> str:
    import codecs

    try:
        found = codecs.lookup(charset or "utf-8")
    except LookupError:
        return "utf-8-sig"
    # `_is_text_encoding` is how the standard library itself keeps `base64` and the like out.
    if not getattr(found, "_is_text_encoding", True) or found.name == "utf-8":
        return "utf-8-sig"
    return found.name


def _parse(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise Unreadable("the JSON is nested too deep") from None
    except ValueError as bad:
        raise Unreadable(f"the answer is not JSON: {bad}", raw=text[:80]) from None
