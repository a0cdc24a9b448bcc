"""What lies in the basket: one copy of the book that was asked for, or nothing is ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.documents import DocumentMistakes
from bookhunt.hunt.ports import Prepared, Stopped
from bookhunt.model.book import Book
from bookhunt.model.purchase import Answer
from tests.support.builders import an_offer
from tests.support.inline_sellers import ISBN, QUOTE, Routes, shop
from tests.support.seller_worlds import an_order
from tests.unit.sellers.test_checks import changed, checked

if TYPE_CHECKING:
    from pathlib import Path

ITEM = "item: {at: id}"
NAMES = "isbn: {at: ean}, title: {at: name}"
TITLED = Book(title="The Lantern Keeper")
PURCHASE = """
purchase:
  payment: {kind: account}
  steps:
    - request: {method: POST, path: /carts, json: {sku: "{offer.item}"}}
      basket: {rows: "lines[]", WHAT, copies: {at: n}}
      total: {at: total, unit: minor}
    - commit: true
      request: {method: POST, path: /orders}
      outcomes: [{when: {status: 201}, is: bought}]
      fields: {order_id: {at: id}}
"""
LINE = {"id": "A1", "ean": ISBN, "name": "The Lantern Keeper", "n": 1}


async def prepared(
    folder: Path, *lines: Any, what: str = f"{ITEM}, {NAMES}", book: Book | None = None
) -> Prepared | Stopped:
    routes = Routes().on("POST /carts", {"lines": list(lines), "total": 1250})
    book = book or Book(isbn13=ISBN)
    quote = QUOTE.replace("asks_by: [isbn13]", "asks_by: [isbn13, title]")
    async with shop(folder, routes, quote, PURCHASE.replace("WHAT", what)) as (gateway, _):
        seller = gateway.get("shop")
        assert seller is not None
        return await gateway.prepare(an_order(seller, an_offer("shop", item='"A1"'), book))


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"ean": None},  # the quote has told which book the item is
        {"name": "A book with a name of the shop's own"},
        {"n": "1.0000"},
    ],
    ids=["all of it", "no ISBN", "another title", "a decimal"],
)
async def test_one_copy_of_the_book_is_ordered(tmp_path: Path, line: dict[str, Any]) -> None:
    assert isinstance(await prepared(tmp_path, LINE | line), Prepared)


@pytest.mark.parametrize(
    ("lines", "detail"),
    [
        ([], "step 1: refused: the basket holds 0 lines, not one"),
        ([LINE, {"id": "GIFT", "n": 1}], "step 1: refused: the basket holds 2 lines, not one"),
        ([LINE | {"n": 2}], "step 1: refused: the basket holds 2 copies, not one"),
        ([LINE | {"n": 0}], "step 1: refused: the basket holds 0 copies, not one"),
        ([LINE | {"n": 1.5}], "step 1: refused: the basket holds 1.5 copies, not one"),
    ],
    ids=["nothing", "a second line", "two copies", "no copy", "a part"],
)
async def test_more_or_less_than_one_copy_is_refused(
    tmp_path: Path, lines: list[dict[str, Any]], detail: str
) -> None:
    stopped = await prepared(tmp_path, *lines)
    assert isinstance(stopped, Stopped)
    assert stopped.answer is Answer.REFUSED
    assert stopped.detail is not None
    assert detail.removeprefix("step 1: refused: ") in stopped.detail


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ({"ean": "9780140449136"}, f"{ITEM}, {NAMES}"),
        ({"ean": f"{ISBN} 9780140449136"}, f"{ITEM}, {NAMES}"),
        ({"id": "A2"}, f"{ITEM}, {NAMES}"),
        ({"id": None}, f"{ITEM}, {NAMES}"),
        ({"ean": "9780140449136"}, NAMES),
        ({"ean": None}, NAMES),  # nothing that compares: we were asked for an ISBN
    ],
    ids=["another ISBN", "a second one", "another item", "no item", "by names", "no names"],
)
async def test_another_book_is_refused(tmp_path: Path, line: dict[str, Any], what: str) -> None:
    stopped = await prepared(tmp_path, LINE | line, what=what)
    assert isinstance(stopped, Stopped)
    assert stopped.answer is Answer.REFUSED
    assert "wrong_book" in (stopped.detail or "")


@pytest.mark.parametrize(("name", "fits"), [("the lantern keeper", True), ("Poster", False)])
async def test_without_item_and_isbn_the_title_decides(
    tmp_path: Path, name: str, fits: bool
) -> None:
    line = LINE | {"ean": None, "name": name}
    found = await prepared(tmp_path, line, what=NAMES, book=TITLED)
    assert isinstance(found, Prepared) is fits


@pytest.mark.parametrize("line", [{"n": None}, {"n": {"of": 1}}, {"ean": {"is": ISBN}}])
async def test_a_basket_that_cannot_be_read_is_none(tmp_path: Path, line: dict[str, Any]) -> None:
    stopped = await prepared(tmp_path, LINE | line)
    assert isinstance(stopped, Stopped)
    assert "basket: " in (stopped.detail or "")


async def test_lines_that_are_not_where_they_should_be_are_no_empty_basket(tmp_path: Path) -> None:
    routes = Routes().on("POST /carts", {"items": [LINE], "total": 1250})
    purchase = PURCHASE.replace("WHAT", ITEM)
    async with shop(tmp_path, routes, QUOTE, purchase) as (gateway, _):
        seller = gateway.get("shop")
        assert seller is not None
        order = an_order(seller, an_offer("shop", item='"A1"'), Book(isbn13=ISBN))
        stopped = await gateway.prepare(order)
    assert isinstance(stopped, Stopped)
    assert "basket: the rows are not where" in (stopped.detail or "")


# ----------------------------------------------------------------------------------- the checks
BASKET = "basket: {rows: items, item: {at: id}, copies: {at: n}}"


@pytest.mark.parametrize(
    ("old", "new", "path", "said"),
    [
        (
            "    - name: order\n",
            f"    - name: order\n      {BASKET}\n",
            "purchase.steps[2].basket",
            "read before the commit step",
        ),
        (
            "  steps:\n    - request:\n",
            f"  steps:\n    - {BASKET}\n      request:\n",
            "quote.steps[0].basket",
            "a basket is read in the purchase only",
        ),
        (
            "    - name: cart\n",
            "    - name: cart\n      basket: {rows: items, copies: {at: n}}\n",
            "purchase.steps[0].basket",
            "needs item, isbn or title",
        ),
        (
            "    - name: cart\n",
            f"    - name: cart\n      {BASKET.replace('at: id', 'at: a ==')}\n",
            "purchase.steps[0].basket.item.at",
            "a ==",
        ),
        (
            "    - name: cart\n",
            f"    - name: cart\n      {BASKET.replace('at: id', 'at: ^.id')}\n",
            "purchase.steps[0].basket.item.at",
            "there are no rows here",
        ),
    ],
    ids=["at the commit", "in a quote", "which book", "an expression", "a row outside"],
)
def test_a_basket_stands_where_it_protects(old: str, new: str, path: str, said: str) -> None:
    mistakes = mistakes_of(changed(old, new))
    assert any(path == where and said in message for where, message in mistakes), mistakes


def mistakes_of(text: str) -> list[tuple[str, str]]:
    try:
        found = checked(text).errors
    except DocumentMistakes as mistakes:
        found = mistakes.mistakes
    return [(each.path, each.message) for each in found]
