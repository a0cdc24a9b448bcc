"""The filters of placeholders: `{offer.total | minor}`, `{request.country | map:"zone"}`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote

from bookhunt.model.errors import BadMoney
from bookhunt.model.money import Money, exponent_of

MISSING: Final = None
"""What a placeholder without a value gives: a JSON null is no value either."""

# Filters that turn a text into a text; they alone may be used on a secret.
TEXT_FILTERS = frozenset({"text", "urlencode", "alnum", "upper", "lower", "hyphens"})
ARGUMENT_FILTERS = frozenset({"map", "join", "default"})
FILTERS = TEXT_FILTERS | ARGUMENT_FILTERS | {"minor", "major"}

ITSELF: Final = "{*}"
"""The entry of a table of `maps:` that stands for the value that is looked up."""

_NOT_WORD = re.compile(r"[\W_]+")


def text_of(value: Any) -> str:
    """A value in a text: numbers in plain digits, a list joined by commas, an object as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Money):
        return value.amount
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    if isinstance(value, (list, tuple)):
        return ",".join(text_of(item) for item in value if item is not MISSING)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=text_of)
    return str(value)


def text_filtered(name: str, value: str) -> str:
    """Apply one of `TEXT_FILTERS`."""
    if name == "urlencode":
        return quote(value, safe="")
    if name == "alnum":
        return "".join(c for c in value if c.isalnum())
    if name == "upper":
        return value.upper()
    if name == "lower":
        return value.lower()
    if name == "hyphens":
        return _NOT_WORD.sub("-", value).strip("-")
    return value


def mapped(value: Any, table: Mapping[str, str]) -> str | None:
    """A value looked up in a table of `maps:`; the entry `"*"` stands for all others.

    The entry `"{*}"` is the value itself: what the table does not rename stays as it is.
    """
    text = text_of(value)
    folded = text.strip().casefold()
    for key, entry in table.items():
        if key != "*" and key.strip().casefold() == folded:
            return text if entry == ITSELF else entry
    other = table.get("*")
    return text if other == ITSELF else other


def as_minor(value: Any, currency: str | None) -> int | None:
    """An amount in minor units; a plain number is taken as major units of `currency`."""
    if isinstance(value, Money):
        return value.minor
    amount = _number(value)
    if amount is None or currency is None:
        return None
    try:
        minor = amount.scaleb(exponent_of(currency))
    except BadMoney:
        return None
    return int(minor) if minor == minor.to_integral_value() else None


def as_major(value: Any) -> Decimal | None:
    """An amount as a number of major units, with the digits of its currency."""
    return Decimal(value.amount) if isinstance(value, Money) else _number(value)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(text_of(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
