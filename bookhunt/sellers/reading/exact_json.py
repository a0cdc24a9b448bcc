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

from bookhunt.sellers.reading.charsets import decoded
from bookhunt.sellers.reading.errors import Unreadable

# What stands before the value of JSONP: `/**/ a.b(` or `var name =`. Each part is possessive, so
# that a body made of spaces costs one pass.
_BEFORE = re.compile(
    r"\s*+(?:/\*[^*]{0,200}+\*/\s*+)?+(?:(?:var|let|const)\s++)?+[\w$.\[\]]{1,200}+\s*+(?P<open>[(=])",
    re.ASCII,
)
_NO_CHARACTER = "\ufffd"


class JsonNumber(float):
    """A JSON number with a point or an exponent, and the text it was written in."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Self:
        """The number that the text writes."""
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
    return parse_text(decoded(body, charset))


def parse_jsonp(body: bytes, *, charset: str | None = None) -> Any:
    """The value inside `callback(...)` or `var name = ...;`; bare JSON is taken as well.

    Raises:
        Unreadable: neither.
    """
    text = decoded(body, charset).strip()
    if text[:1] in {"{", "["}:
        return parse_text(text)
    match = _BEFORE.match(text)
    if match is None:
        raise Unreadable("the answer is neither JSON nor JSONP", raw=text[:80])
    inner = text[match.end() :].removesuffix(";").rstrip()
    if match["open"] == "(":
        if not inner.endswith(")"):
            raise Unreadable("the JSONP call is cut short", raw=inner[-80:])
        inner = inner[:-1]
    return parse_text(inner)


def parse_text(text: str) -> Any:
    """The value of a JSON document that is text already.

    Raises:
        Unreadable: as `parse_json`.
    """
    try:
        value = _DECODER.decode(text)
        # Half of a surrogate pair (`"\ud83d"`, a text cut by a careless seller) is no character
        # and no encoder takes it. Texts with escapes that could be one are rare.
        return _mended(value) if "\\ud" in text or "\\uD" in text else value
    except RecursionError:
        raise Unreadable("the JSON is nested too deep") from None
    except ValueError as bad:
        raise Unreadable(f"the answer is not JSON: {bad}", raw=text[:80]) from None


def _mended(value: Any) -> Any:
    """The same value with U+FFFD for each half of a surrogate pair."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def is_whole(text: str) -> bool:
    """Whether a text holds none of the marks that stand for a lost character."""
    return _NO_CHARACTER not in text
