"""Currency codes as answers write them; symbols become codes through a field's `map` only."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from bookhunt.model.errors import BadMoney
from bookhunt.model.money import exponent_of
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.texts import text_of


def currency_of(raw: Any) -> str:
    """The ISO 4217 code that stands there, in upper case.

    Raises:
        Unreadable: nothing does, or it is no active code.
    """
    if raw is None:
        raise Unreadable("the currency is not there")
    try:
        return _code(text_of(raw))
    except BadMoney as bad:
        raise Unreadable(bad.message, raw=raw) from None


@lru_cache(maxsize=512)
def _code(text: str) -> str:
    code = text.strip().upper()
    exponent_of(code)
    return code
