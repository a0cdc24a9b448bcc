"""A payment card's number is known wherever it stands, and little else is taken for one."""

from __future__ import annotations

import random
import uuid

import pytest

from bookhunt.home.cards import holds_card_number, refuse_card_numbers
from bookhunt.model.errors import CardNumber

# The networks' published test numbers.
CARDS = [
    "4242424242424242",
    "4000056655665556",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "5200828282828210",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "3056930009020004",
    "36227206271667",
    "6555900000604105",
    "3566002020360505",
    "6200000000000005",
]


@pytest.mark.parametrize("number", CARDS)
def test_a_card_is_known_however_it_is_written(number: str) -> None:
    """Alone, in groups with spaces, dashes or dots, in full-width digits, among words."""
    groups = [number[n : n + 4] for n in range(0, len(number), 4)]
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    written = [number, " ".join(groups), "-".join(groups), ".".join(groups), " - ".join(groups),
               "\u00a0".join(groups), wide, f"card: {number}, 12/29", f"12 {number}",
               f"tok_{number}", f"({number})"]  # fmt: skip
    assert [text for text in written if not holds_card_number(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # Luhn says no
        "1234567812345670",  # no network's first digit
        "9780141439518",  # an ISBN
        "+4915123456789",
        "+1 (415) 555-2671",
        "62701",
        "1 Main St, Springfield 62701",
        "42424242424242424242",  # twenty digits
        "tok4242424242424242x",  # inside a word
        "",
    ],
)
def test_what_is_no_card_is_left_alone(text: str) -> None:
    """A wrong check digit, an ISBN, an address, a telephone number with its +."""
    assert not holds_card_number(text)


def test_random_identifiers_are_no_cards() -> None:
    """Tokens as sellers issue them are practically never taken for a card."""
    source = random.Random(7)
    ids = [str(uuid.UUID(int=source.getrandbits(128), version=4)) for _ in range(2000)]
    assert [each for each in ids if holds_card_number(each)] == []


@pytest.mark.parametrize(
    "value",
    [
        CARDS[0],
        int(CARDS[0]),
        {"payment": {"alpha": ["tok", {"number": CARDS[0]}]}},
        {CARDS[0]: "x"},
        ("x", CARDS[0]),
    ],
)
def test_a_card_is_found_anywhere_in_json_and_never_repeated(value: object) -> None:
    """In a text, a number, a key or a list; the error does not hold it."""
    with pytest.raises(CardNumber) as refused:
        refuse_card_numbers(value, what="the payment")
    assert refused.value.message.startswith("the payment looks like")
    assert CARDS[0] not in f"{refused.value!r} {refused.value.hint}"


def test_what_holds_none_passes() -> None:
    """Tokens, numbers, nothing at all."""
    refuse_card_numbers({"alpha": "tok_1", "n": [1, 2.5, None, True]}, what="the payment")
