"""What a row says of its copy: condition, format, availability, how many there are."""

from __future__ import annotations

import re
from typing import Any

from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.model.seller import BookFormat, Condition
from bookhunt.sellers.reading.errors import Unreadable, shown
from bookhunt.sellers.reading.texts import text_of

_CONDITIONS = {condition.value: condition for condition in Condition}
_FORMATS: dict[str, BookFormat] = {format_.value: format_ for format_ in BookFormat}
_COUNT = re.compile(r"-?[0-9]{1,9}(?:\.0+)?", re.ASCII)
_MOST_COPIES = 10**9
_UNKNOWN = Condition.UNKNOWN.value
_BETWEEN_WORDS = re.compile(r"[\s-]+")


def condition_of(raw: Any) -> Condition:
    """The condition that stands there; what is no word of the language is UNKNOWN.

    Raises:
        Unreadable: it is a list or an object.
    """
    if raw is None:
        return Condition.UNKNOWN
    word = _BETWEEN_WORDS.sub("_", text_of(raw).strip().casefold())
    return _CONDITIONS.get(word, Condition.UNKNOWN)


def format_of(raw: Any) -> BookFormat | None:
    """The format that stands there; None: another (a rental, a game, a bag).

    Raises:
        Unreadable: it is a list or an object.
    """
    return None if raw is None else _FORMATS.get(text_of(raw).strip().casefold())


def count_of(raw: Any) -> int | None:
    """How many copies there are: 0 or less is sold out; None: the row does not say.

    Raises:
        Unreadable: something else than a count stands there (`10+` wants a pattern).
    """
    if raw is None:
        return None
    if type(raw) is int and -_MOST_COPIES < raw < _MOST_COPIES:
        return raw
    text = text_of(raw).strip()
    if text.casefold() == _UNKNOWN:
        return None
    if isinstance(raw, bool) or not _COUNT.fullmatch(text):
        raise Unreadable(f"{shown(raw)} is not a number of copies", raw=raw)
    return int(float(text))


def condition_fits(condition: Condition, wish: ConditionWish) -> bool:
    """Whether a customer takes a copy of this condition; one that is not said fits only `any`."""
    if wish is ConditionWish.ANY:
        return True
    if condition is Condition.UNKNOWN:
        return False
    return (condition is Condition.NEW) == (wish is ConditionWish.NEW)


def format_fits(format_: BookFormat, wish: FormatWish) -> bool:
    """Whether a customer takes this format."""
    return wish is FormatWish.ANY or _FORMATS[wish] is format_
