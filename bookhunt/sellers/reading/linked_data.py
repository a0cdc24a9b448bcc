"""JSON-LD: the objects of every script of a page in one list, graphs opened.

Scripts are found in the text, not by parsing the page: 150 us against 2,300 on a page of 89 KB.
Each search begins where the last one ended, so that a page of unclosed scripts costs one pass.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.reading.charsets import decoded
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.exact_json import parse_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPEN = re.compile(r"<script(?=[\s/>])([^>]{0,300}+)>", re.IGNORECASE)
_CLOSE = re.compile(r"</script", re.IGNORECASE)
_TYPE = re.compile(r"\btype\s*=\s*[\"']?\s*application/ld\+json(?![\w+.-])", re.IGNORECASE)
# What shops leave around the value although JSON has no comments.
_BEFORE = re.compile(r"\s*+(?:<!--|(?://\s*+)?+<!\[CDATA\[)")
_AFTER = re.compile(r"(?:-->|(?://\s*+)?+\]\]>)\s*+\Z")
_MOST_SCRIPTS = 100


def parse_linked_data(body: bytes, *, charset: str | None = None) -> list[Any]:
    """Every object of every JSON-LD script, in the order of the page.

    A script that is not JSON is passed over (pages carry broken ones next to good ones).

    Raises:
        Unreadable: the page has no JSON-LD script that can be read.
    """
    text = decoded(body, charset)
    found: list[Any] = []
    read = 0
    for script in _scripts(text):
        value = _script(script)
        if value is not None:
            read += 1
            found.extend(_opened(value))
    if not read:
        raise Unreadable("the page has no JSON-LD that can be read", raw=text[:80])
    return found


def _scripts(text: str) -> Iterator[str]:
    position = 0
    for _ in range(_MOST_SCRIPTS):
        start = _OPEN.search(text, position)
        while start is not None and not _TYPE.search(start[1]):
            start = _OPEN.search(text, start.end())
        if start is None:
            return
        end = _CLOSE.search(text, start.end())
        if end is None:
            return
        yield text[start.end() : end.start()]
        position = end.end()


def _script(text: str) -> Any:
    bare = text
    if (before := _BEFORE.match(bare)) is not None:
        bare = bare[before.end() :]
    bare = bare.strip()
    if bare.endswith(">") and (after := _AFTER.search(bare, max(0, len(bare) - 40))) is not None:
        bare = bare[: after.start()].rstrip()
    try:
        return parse_text(bare)
    except Unreadable:
        pass
    try:
        return parse_text(html.unescape(bare)) if "&" in bare else None
    except Unreadable:
        return None


def _opened(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [each for item in value for each in _opened(item)]
    if isinstance(value, dict) and isinstance(value.get("@graph"), list):
        rest = {key: item for key, item in value.items() if key not in {"@graph", "@context"}}
        own = [rest] if rest.keys() - {"@id"} else []
        return own + [each for item in value["@graph"] for each in _opened(item)]
    return [value]
