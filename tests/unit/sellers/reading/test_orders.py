"""What is said of an order: to the commit, where nothing may be lost, and to a look-up."""

from typing import Any

import pytest

from bookhunt.model.money import Money
from bookhunt.sellers.language import FindOrder, OrderFields
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.orders import FoundReader, OrderRead, OrderReader
from tests.unit.sellers.reading.answering import received

REFERENCE = "abc123abc123abc123"
FIELDS = {
    "order_id": {"at": "id"},
    "final_price": {"at": "total", "unit": "minor"},
    "delivery": {"at": "eta"},
}


def read(body: Any, **fields: Any) -> OrderRead:
    model = OrderFields.model_validate(FIELDS | fields)
    return OrderReader(model, "json").read(received(body), {}, "USD")


@pytest.mark.parametrize(
    ("body", "order_id", "charged", "delivery"),
    [
        ({"id": "O-1", "total": 1649, "eta": "3-5  days\n"}, "O-1", "16.49", "3-5 days"),
        ({"id": 17}, "17", None, None),
        ({"id": 17, "total": "x"}, "17", None, None),
        ({"id": 17, "total": 0}, "17", None, None),
        ({"id": 17, "eta": {"x": 1}}, "17", None, None),
        ({"id": None, "total": 5}, None, "0.05", None),
        ({"id": ""}, None, None, None),
        ({"id": ["a"], "total": 5}, None, "0.05", None),
        ({"id": "x" * 500}, None, None, None),
        (b"", None, None, None),
        (b"[" * 100_000, None, None, None),
        (7, None, None, None),
    ],
)
def test_an_order_is_not_lost_to_a_field_that_reads_badly(
    body: Any, order_id: str | None, charged: str | None, delivery: str | None
) -> None:
    found = read(body)
    assert (found.order_id, found.charged and found.charged.amount) == (order_id, charged)
    assert found.delivery == delivery


def test_what_could_not_be_read_is_told() -> None:
    found = read({"id": ["a"], "total": "16,49", "eta": []})
    assert found.detail is not None
    assert "order_id" in found.detail
    assert "'16,49'" in found.detail
    assert "delivery" in found.detail


def test_a_bare_number_is_an_order() -> None:
    assert read(b'"000000006"', order_id={"at": "@"}).order_id == "000000006"
    assert read(b"146", order_id={"at": "@"}).order_id == "146"


def test_a_charge_may_name_its_own_currency() -> None:
    price = {"at": "t.v", "unit": "major", "currency": {"at": "t.c"}}
    found = read({"t": {"v": 12.5, "c": "eur"}}, final_price=price)
    assert found.charged == Money.of("12.50", "EUR")
    assert read({"t": {"v": 12.5}}, final_price=price).charged is None


def reader(**model: Any) -> FoundReader:
    fields = FIELDS | {"reference": {"at": "ref"}}
    fields |= {"state": {"at": "st", "map": {"PAID": "bought", "DRAFT": "none", "NEW": "placed"}}}
    standard = {
        "settle_s": "60",
        "steps": [{"request": {"path": "/orders"}}],
        "rows": "orders[]",
        "fields": fields,
    }
    return FoundReader(FindOrder.model_validate(standard | model))


def look(*rows: Any, **model: Any) -> list[tuple[str, str | None]]:
    answer = received({"orders": list(rows)})
    found = reader(**model).read(answer, {}, "USD", reference=REFERENCE)
    return [(each.state, each.order_id) for each in found]


OURS = {"ref": REFERENCE, "id": 1, "st": "PAID"}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], []),
        ([OURS], [("bought", "1")]),
        ([OURS | {"st": "DRAFT"}], [("none", "1")]),
        ([OURS | {"st": "NEW"}], [("placed", "1")]),
        ([OURS | {"st": "???"}], [("unknown", "1")]),
        ([OURS | {"st": None}], [("unknown", "1")]),
        ([OURS | {"st": {"x": 1}}], [("unknown", "1")]),
        ([OURS | {"id": None}], [("bought", None)]),
        ([{"ref": "another", "id": 2}], []),
        ([{"ref": "another"}, OURS], [("bought", "1")]),
        ([{"ref": None}, OURS], [("bought", "1")]),
        ([OURS, OURS | {"id": 2}], [("bought", "1"), ("bought", "2")]),
        ([OURS | {"ref": f" {REFERENCE} "}], [("bought", "1")]),
        ([OURS | {"ref": REFERENCE.upper()}], []),
    ],
)
def test_a_look_up_shows_the_orders_that_carry_our_reference(rows: Any, found: Any) -> None:
    assert look(*rows) == found


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"orders": None},
        {"orders": [{"id": 1}]},
        {"orders": [{"ref": None}, {"ref": ""}]},
        {"orders": [OURS, {"ref": {"x": 1}}]},
        b"",
        b"<html>maintenance</html>",
        b"[" * 100_000,
    ],
)
def test_where_it_cannot_be_told_nothing_was_learned(body: Any) -> None:
    """Any of these read as "not found" would allow a second order."""
    with pytest.raises(Unreadable):
        reader().read(received(body), {}, "USD", reference=REFERENCE)


def test_an_order_found_by_what_was_captured_says_it_is_one() -> None:
    model: dict[str, Any] = {"by": "captured", "rows": None}
    by_number = reader(**model, fields={"order_id": {"at": "id"}})
    (found,) = by_number.read(received({"id": 5}), {}, "USD", reference=REFERENCE)
    assert (found.state, found.order_id) == ("bought", "5")
    with pytest.raises(Unreadable):
        by_number.read(received({"ok": True}), {}, "USD", reference=REFERENCE)
    by_state = reader(**model, fields={"state": {"at": "st", "map": {"open": "none"}}})
    (found,) = by_state.read(received({"st": "open"}), {}, "USD", reference=REFERENCE)
    assert found.state == "none"
