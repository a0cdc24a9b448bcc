"""What is kept for later steps: captures, picks, forms, totals, the next page."""

from decimal import Decimal
from typing import Any

import pytest

from bookhunt.model.money import Money
from bookhunt.sellers.compiled import CompiledCapture, CompiledPick
from bookhunt.sellers.compiling import compile_block
from bookhunt.sellers.language import Block, PricedValue
from bookhunt.sellers.reading.amounts import PricedReader
from bookhunt.sellers.reading.captures import captured, landed_total, next_page, picked
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.template import is_form
from tests.unit.sellers.reading.answering import received

SCOPE = {"book": {"isbn13": "9780141439518"}, "captured": {"kind": "post"}}
CART = b"""{"id": 17, "token": "t\\n1", "rate": 1.10, "o": {"b": [2.50]}, "blank": " ",
 "options": [{"code": "a", "price": 990, "kind": "post"}, {"code": "b", "price": "450"},
  {"code": "c", "price": "free"}, {"code": "d"}, {"code": "e", "price": 300, "kind": "post"}],
 "items": [{"upc": "0141439513", "id": 1}, {"upc": ["9780141439518"], "id": 2}, {"upc": null},
  {"upc": ["9780316769488", "9798990529229"], "id": 4}]}"""
PAGE = """<html><body><form id=search action=/s><input type=hidden name=x value=1></form>
<div id=buy><form method=post action="/cart/add?x=1&amp;y=2">
<input type=hidden name=token value="a &amp; b"><input TYPE=Hidden name=id value=7>
<input type=hidden name=id value=8><input type=hidden name=off value=1 disabled>
<input type=hidden value=nameless><input name=quantity value=3><input type=hidden name=e>
</form></div><form id=bad action="javascript:x()"></form><form id=self></form></body></html>"""


def step(**model: Any) -> Any:
    written = model.pop("format", "json")
    block = Block.model_validate({"steps": [{"request": {"path": "/"}} | model], "format": written})
    return compile_block("purchase", block).steps[0]


def capture(**model: Any) -> CompiledCapture:
    found: CompiledCapture = step(capture={"x": model}).captures[0]
    return found


def pick(**model: Any) -> CompiledPick:
    found: CompiledPick = step(pick={"x": model}).picks[0]
    return found


@pytest.mark.parametrize(
    ("model", "value"),
    [
        ({"at": "id"}, 17),
        ({"at": "token"}, "t\n1"),
        ({"at": "rate"}, Decimal("1.10")),
        ({"at": "o"}, {"b": [Decimal("2.50")]}),
        ({"at": "absent"}, None),
        ({"at": "blank"}, None),
        ({"at": "token", "pattern": r"(\d)"}, "1"),
        ({"at": "token", "pattern": r"(\d{5})"}, None),
        ({"at": "o", "pattern": "(.)"}, None),
        ({"header": "X-Cart-Token"}, "abc"),
        ({"header": "x-cart-token", "pattern": "a(.)c"}, "b"),
        ({"header": "x-none"}, None),
        ({"cookie": "sid"}, "new"),
        ({"cookie": "none"}, None),
        ({"location": r"/orders/(\d+)"}, "55"),
        ({"location": r"/carts/(\d+)"}, None),
    ],
)
def test_a_capture_keeps_the_value_with_its_type(model: Any, value: Any) -> None:
    headers = (
        ("x-cart-token", "abc"),
        ("set-cookie", "sid=old; Path=/"),
        ("set-cookie", "sid=new; HttpOnly"),
        ("location", "https://shop.example/orders/55?x"),
    )
    kept = captured(capture(**model), received(CART, headers=headers), "json")
    assert kept.value == value
    assert type(kept.value) is type(value)


@pytest.mark.parametrize(
    "body", [b"", b"[" * 100_000, b'{"id": "\\ud800"}', b'{"id": "' + b"x" * 20_000 + b'"}']
)
def test_what_cannot_be_kept_is_nothing_with_a_word_about_it(body: bytes) -> None:
    kept = captured(capture(at="id"), received(body), "json")
    assert kept.value is None
    assert kept.detail is not None
    assert kept.detail.startswith("x: ")


@pytest.mark.parametrize("form", ["css:#buy", "css:#buy form", "//div[@id='buy']/form"])
def test_a_form_is_its_whole_action_and_its_hidden_inputs(form: str) -> None:
    kept = captured(capture(form=form), received(PAGE), "html")
    assert is_form(kept.value)
    assert kept.value == {
        "action": "https://shop.example/cart/add?x=1&y=2",
        "inputs": {"token": "a & b", "id": ["7", "8"], "e": ""},
    }


@pytest.mark.parametrize(
    ("form", "action"),
    [
        ("css:#self", "https://shop.example/search?q=1"),
        ("css:#bad", None),
        ("css:#none", None),
        ("css:input", None),
    ],
)
def test_a_form_without_an_action_is_sent_to_its_page(form: str, action: str | None) -> None:
    kept = captured(capture(form=form), received(PAGE), "html")
    assert (kept.value and kept.value["action"]) == action


@pytest.mark.parametrize(
    ("model", "value"),
    [
        ({"from": "options[]", "min_by": "price", "unit": "minor", "at": "code"}, "e"),
        ({"from": "options[]", "at": "code"}, "a"),
        ({"from": "options[]", "where": "code == 'b'", "at": "price"}, "450"),
        ({"from": "options[]", "where": "code == 'z'", "at": "price"}, None),
        (
            {"from": "options[]", "where": "!kind", "min_by": "price", "unit": "minor"},
            {"code": "b", "price": "450"},
        ),
        ({"from": "options[]", "where": "!price", "min_by": "price", "unit": "minor"}, None),
        ({"from": "options[]", "where": "code == 'c'", "min_by": "price"}, None),
        ({"from": "items[]", "equals": {"upc": "{book.isbn13}"}, "at": "id"}, 1),
        ({"from": "items[]", "equals": {"upc": "9780316769488"}, "at": "id"}, None),
        ({"from": "items[]", "equals": {"upc": "9780062315007"}, "at": "id"}, None),
        ({"from": "items[]", "equals": {"upc": "{captured.none}"}, "at": "id"}, None),
        (
            {"from": "options[]", "equals": {"kind": "{captured.kind}", "code": "E"}, "at": "code"},
            "e",
        ),
        ({"from": ["items[]", "upc"], "at": "@"}, "0141439513"),
        ({"from": "absent[]", "at": "id"}, None),
        ({"from": "options[]", "min_by": "min(code)", "at": "id"}, None),
    ],
)
def test_a_pick_takes_the_lowest_of_the_rows_that_pass(model: Any, value: Any) -> None:
    kept = picked(pick(**model), received(CART), "json", SCOPE, "USD")
    assert kept.value == value
    assert (kept.detail is None) or (value is None)


def priced(**model: Any) -> PricedReader:
    return PricedReader(PricedValue.model_validate(model), "json")


def test_the_landed_total_is_read_in_its_own_currency() -> None:
    answer = received({"total": 1649, "cur": "EUR", "zero": 0, "text": "16.49"})
    assert landed_total(priced(at="total", unit="minor"), answer, "json", {}, "USD") == Money.of(
        "16.49", "USD"
    )
    own = priced(at="total", unit="minor", currency={"at": "cur"})
    assert landed_total(own, answer, "json", {}, "USD") == Money.of("16.49", "EUR")
    for bad in (
        priced(at="absent", unit="minor"),
        priced(at="zero", unit="minor"),
        priced(at="text", unit="minor"),
        priced(at="total", unit="minor", currency={"at": "none"}),
    ):
        with pytest.raises(Unreadable):
            landed_total(bad, answer, "json", {}, "USD")
    with pytest.raises(Unreadable):
        landed_total(own, received(b"[" * 100_000), "json", {}, "USD")


@pytest.mark.parametrize(
    ("pages", "address"),
    [
        ({"at": "paging.next"}, "https://x.example/?p=2"),
        ({"at": "paging.none"}, None),
        ({"at": "last"}, None),
        ({"header": "link", "pattern": '<([^>]+)>; rel="next"'}, "/p/2"),
        ({"header": "link", "pattern": '<([^>]+)>; rel="prev"'}, None),
        ({"header": "none"}, None),
    ],
)
def test_the_next_page_is_where_the_answer_says(pages: Any, address: str | None) -> None:
    answer = received(
        {"paging": {"next": " https://x.example/?p=2 "}, "last": False},
        headers=(("link", '</p/2>; rel="next"'),),
    )
    compiled = step(pages={"next": pages}).pages
    assert next_page(compiled, answer, "json") == address
