"""What stands at a place, as text and as JSON: numbers in the digits they were written in."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.exact_json import JsonNumber, is_whole

_LONGEST_JSON = 4_096
# JSON text of a string, with its characters as they are; `json.dumps` makes an encoder each time.
_quoted = json.JSONEncoder(ensure_ascii=False).encode


def text_of(value: Any) -> str:
    """A scalar as text.

    Raises:
        Unreadable: it is a list or an object.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, JsonNumber):
        return value.text
    if isinstance(value, (list, tuple, dict)):
        raise Unreadable("one value is wanted here, not a list or an object", raw=value)
    return str(value)


def is_blank(value: Any) -> bool:
    """Whether nothing stands there: no value, or text without a character to see."""
    return value is None or (isinstance(value, str) and not value.strip())


def json_text(value: Any, *, longest: int = _LONGEST_JSON) -> str:
    """A value as JSON text, the same for equal values: keys in order, digits as they were.

    Raises:
        Unreadable: it is longer than anything a seller needs to know a copy by, or a character
            of it was lost on the way.
    """
    text = _json(value)
    if len(text) > longest:
        raise Unreadable(f"a value is longer than {longest} characters", raw=text[:80])
    if not is_whole(text):
        raise Unreadable("a value holds half a character", raw=text[:80])
    return text


def _json(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, JsonNumber):
        return value.text
    if isinstance(value, dict):
        members = sorted((str(key), item) for key, item in value.items())
        return "{" + ",".join(f"{_quoted(key)}:{_json(item)}" for key, item in members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_json(item) for item in value) + "]"
    if isinstance(value, Decimal):
        return f"{value:f}"
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:  # an expression that computed no number
        raise Unreadable("a value is no number", raw=str(value)) from None
