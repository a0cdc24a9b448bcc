"""What `nox -s shops` would call wrong: where bookhunt's word and a shop's own ledger differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.shops.scenes import differences
from tests.shops.shop import ShopMissing, ShopOrder, installed

if TYPE_CHECKING:
    from pathlib import Path

ORDER = ShopOrder(
    code="ABC",
    state="PaymentSettled",
    placed=True,
    currency="USD",
    total_minor=1749,
    lines="9781402894626 x1",
    paid_minor=1749,
    payments=1,
    reference="r1",
)


def word(order_id: str = "ABC", amount: str = "17.49", status: str = "SUCCESS") -> dict[str, Any]:
    price = {"amount": amount, "currency": "USD"}
    book = {"title": None, "isbn13": "9781402894626"}
    return {"status": status, "order_id": order_id, "resolved_price": price, "book": book}


def test_what_both_say_is_no_difference() -> None:
    assert differences([word()], [ORDER]) == []
    assert differences([word(status="NOT_AVAILABLE")], []) == []


@pytest.mark.parametrize(
    "placed",
    [
        [],
        [ORDER, replace(ORDER, code="DEF", reference="r2")],
        [replace(ORDER, total_minor=1750, paid_minor=1750)],
        [replace(ORDER, paid_minor=1748)],
        [replace(ORDER, payments=2)],
        [replace(ORDER, currency="EUR")],
        [replace(ORDER, lines="9780141439518 x1")],
        [replace(ORDER, lines="9781402894626 x2")],
        [replace(ORDER, reference=None)],
    ],
    ids=["lost", "double", "dearer", "short", "paid-twice", "currency", "other", "two", "unnamed"],
)
def test_each_difference_is_told(placed: list[ShopOrder]) -> None:
    assert differences([word()], placed) != []


def test_an_order_that_nobody_was_told_of_is_told() -> None:
    """Refused by bookhunt's word, and there all the same: the worst of all."""
    assert differences([word(status="PURCHASE_FAILED")], [ORDER]) != []


def test_two_orders_under_one_reference_are_told() -> None:
    placed = [ORDER, replace(ORDER, code="DEF")]
    assert differences([word(), word("DEF")], placed) != []


def test_without_node_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ShopMissing, match="apt-get install nodejs npm"):
        installed(tmp_path / "cache", "vendure")
