"""Further names of a book, and exchange rates."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bookhunt.model.reasons import Reason
from bookhunt.sellers.language import Rates, Resolve
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.rates import RateReader
from bookhunt.sellers.reading.titles import ResolveReader
from tests.support.builders import NOON
from tests.unit.sellers.reading.answering import received

STEPS = [{"request": {"path": "/"}}]
ISBN, OTHER = "9780141439518", "9780316769488"


def resolve(body: Any) -> Any:
    model = {
        "steps": STEPS,
        "rows": "docs[]",
        "fields": {"title": {"at": "t"}, "isbn": {"at": "i"}},
    }
    reader = ResolveReader(Resolve.model_validate(model))
    return reader.read(received(body), "Pride and Prejudice", {})


def test_the_isbns_of_rows_of_the_same_title_are_further_names() -> None:
    rows = [
        {"t": "Pride and Prejudice!", "i": ["0141439513", ISBN, "bad", "123"]},
        {"t": "Emma", "i": [OTHER]},
        {"t": "PRIDE AND PREJUDICE", "i": f"{OTHER} {ISBN}"},
        {"t": "Pride and Prejudice"},
        {"i": ["9798990529229"]},
        {"t": ["x"], "i": ["9798990529229"]},
    ]
    assert resolve({"docs": rows}).isbns == (ISBN, OTHER)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"docs": []}, Reason.NOT_STOCKED),
        ({"docs": [{"t": "Emma", "i": [ISBN]}]}, Reason.WRONG_BOOK),
        ({"docs": [{"t": "Pride and Prejudice", "i": []}]}, Reason.NOT_STOCKED),
        ({"docs": [{"t": {"x": 1}, "i": [ISBN]}]}, Reason.UNREADABLE),
        ({}, Reason.UNREADABLE),
        (b"[" * 100_000, Reason.UNREADABLE),
    ],
)
def test_a_title_without_isbns_has_a_reason(body: Any, reason: Reason) -> None:
    found = resolve(body)
    assert (found.isbns, found.reason) == ((), reason)


def rates(body: Any, **fields: Any) -> Any:
    model = {
        "steps": STEPS,
        "base": "EUR",
        "rows": "r[]",
        "fields": {"currency": {"at": "c"}, "rate": {"at": "v"}} | fields,
    }
    return RateReader(Rates.model_validate(model)).read(received(body), {}, now=NOON)


def test_rates_are_exact() -> None:
    rows = b'{"r": [{"c": "usd", "v": 1.0830, "d": "2026-03-01"}, {"c": "JPY", "v": "162.5"},'
    rows += b' {"c": "BTC", "v": 1}, {"c": "GBP", "v": 0}, {"c": "GBP", "v": "0.85"},'
    rows += b' {"c": "USD", "v": 9}]}'
    found = rates(rows, as_of={"at": "d"})
    assert [(each.currency, each.rate) for each in found] == [
        ("USD", Decimal("1.0830")),
        ("JPY", Decimal("162.5")),
        ("GBP", Decimal("0.85")),
    ]
    assert found[0].as_of == datetime(2026, 3, 1, tzinfo=UTC)


def test_rates_with_a_comma() -> None:
    comma = {"at": "v", "decimal": ","}
    (found,) = rates({"r": [{"c": "USD", "v": "1,083"}]}, rate=comma)
    assert found.rate == Decimal("1.083")
    with pytest.raises(Unreadable):
        rates({"r": [{"c": "USD", "v": "1.083"}]}, rate=comma)


@pytest.mark.parametrize("rate", [None, 0, -1, "x", "1 2", "", True, [], 1e300, "1e-20", "NaN"])
def test_what_is_no_rate_is_unreadable(rate: Any) -> None:
    with pytest.raises(Unreadable):
        rates({"r": [{"c": "USD", "v": rate}]})
