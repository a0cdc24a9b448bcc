"""Payment cards' numbers: bookhunt takes a seller's token and never a card, wherever one is put.

A number is taken for a card's where it has 13 to 19 digits, begins as the networks' numbers do
(ISO/IEC 7812: 3 to 6, and Mastercard's 2221 to 2720) and its last digit is right by Luhn's rule.
One number in ten has a right last digit by chance; telephone numbers are told apart by their `+`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from bookhunt.model.errors import CardNumber

_SHORTEST, _LONGEST = 13, 19
_LONGEST_TELEPHONE = 15  # E.164
# Groups of digits with one character (or " - ") between them, as cards are printed. Next to a
# letter they are part of a token.
_RUN = re.compile(
    r"(?<![A-Za-z0-9])(?P<plus>\+?)(?P<run>[0-9]+(?: ?[-. ] ?[0-9]+)*)(?![A-Za-z0-9])", re.ASCII
)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_FIRST = re.compile(r"[3-6]|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)", re.ASCII)


def holds_card_number(text: str) -> bool:
    """Whether a payment card's number stands in the text, alone or among other words."""
    for found in _RUN.finditer(unicodedata.normalize("NFKC", text)):
        groups = _DIGITS.findall(found["run"])
        if found["plus"] and sum(map(len, groups)) <= _LONGEST_TELEPHONE:
            continue
        if any(_is_card(number) for number in _numbers(groups)):
            return True
    return False


def refuse_card_numbers(value: Any, *, what: str) -> None:
    """Refuse texts, and numbers, keys and values of what JSON can hold, with a card's number.

    Raises:
        CardNumber: it names `what`, never the number.
    """
    if isinstance(value, dict):
        for key, each in value.items():
            refuse_card_numbers(key, what=what)
            refuse_card_numbers(each, what=what)
    elif isinstance(value, (list, tuple)):
        for each in value:
            refuse_card_numbers(each, what=what)
    elif isinstance(value, str | int) and holds_card_number(str(value)):
        raise card_number(what)


def card_number(what: str) -> CardNumber:
    """The error; `what` says where the number was."""
    return CardNumber(
        f"{what} looks like a payment card's number: bookhunt takes none",
        hint="give the payment token that the seller issues; a telephone number begins with +",
    )


def _numbers(groups: list[str]) -> list[str]:
    """Every number of a card's length that neighbouring groups make."""
    found = []
    for first in range(len(groups)):
        number = ""
        for group in groups[first:]:
            number += group
            if len(number) > _LONGEST:
                break
            if len(number) >= _SHORTEST:
                found.append(number)
    return found


def _is_card(number: str) -> bool:
    return _FIRST.match(number) is not None and _luhn(number) % 10 == 0


def _luhn(number: str) -> int:
    """The sum of ISO/IEC 7812-1 annex B: every second digit from the right doubled."""
    total = 0
    for index, digit in enumerate(map(int, reversed(number))):
        doubled = digit * 2 if index % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total
