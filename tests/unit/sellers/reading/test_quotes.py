"""A quote's answer: every row an offer or a numbered reason that shows what stood there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bookhunt.model.book import Book
from bookhunt.model.money import Money
from bookhunt.model.reasons import Reason
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.model.seller import BookFormat, Condition
from tests.support.builders import ISBN, NOON, TITLE
from tests.unit.sellers.reading.answering import (
    CIRCUMSTANCES,
    a_reader,
    an_ask,
    read_quote,
    received,
)

OTHER = "9780316769488"
FIELDS = {
    "item": {"at": "sku"},
    "isbn": {"at": "ean"},
    "title": {"at": "name"},
    "price": {"at": "price", "unit": "minor"},
    "currency": {"at": "currency", "else": "USD"},
    "shipping": {"at": "postage", "unit": "major"},
    "condition": {"at": "cond", "map": {"N": "new", "U": "used", "VG": "very_good"}},
    "available": {"at": "stock", "map": {"IN": "true", "OUT": "false", "*": "unknown"}},
    "inventory": {"at": "count"},
    "expires": {"at": "until"},
    "url": {"at": "link"},
    "format": {"at": "format", "else": "paper"},
}
QUOTE = {"rows": ["offers[]"], "fields": FIELDS}
ROW = {"sku": "A1", "ean": ISBN, "price": 1250, "postage": "3.99", "cond": "N", "stock": "IN"}


def read(*rows: Any, **ask: Any) -> Any:
    return read_quote(QUOTE, {"offers": list(rows)}, ask=an_ask(**ask))


def test_a_row_becomes_an_offer_with_all_that_the_seller_said() -> None:
    row = ROW | {"count": "3", "until": "2026-03-02T13:00:00Z", "link": "/b/1", "name": TITLE}
    quoted = read(row)
    (offer,) = quoted.offers
    assert quoted.reason is None
    assert (offer.seller, offer.item, offer.isbn13, offer.title) == ("shop", '"A1"', ISBN, TITLE)
    assert offer.price == Money.of("12.50", "USD")
    assert offer.shipping == Money.of("3.99", "USD")
    assert offer.tax == Money(0, "USD")
    assert offer.total == Money.of("16.49", "USD")
    assert offer.condition is Condition.NEW
    assert offer.format is BookFormat.PAPER
    assert offer.inventory == 3
    assert offer.expires_at == datetime(2026, 3, 2, 13, tzinfo=UTC)
    assert offer.url == "https://shop.example/b/1"
    assert (offer.checked_at, offer.response_ms) == (NOON, 12.0)


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"ean": OTHER}, "wrong_book", OTHER),
        ({"ean": None, "name": "Emma"}, "wrong_book", "Emma"),
        ({"ean": None}, "wrong_book", "None"),
        ({"ean": f"{ISBN} {OTHER}"}, "wrong_book", OTHER),
        ({"ean": {"x": 1}}, "unreadable", "isbn"),
        ({"format": "ebook"}, "wrong_format", "ebook"),
        ({"format": "rental"}, "wrong_format", "no book to keep"),
        ({"stock": "OUT"}, "sold_out", "OUT"),
        ({"stock": "SOON"}, "unreadable", "SOON"),
        ({"stock": None}, "unreadable", "available"),
        ({"stock": ["IN"]}, "unreadable", "available"),
        ({"count": 0}, "sold_out", "0"),
        ({"count": -2}, "sold_out", "-2"),
        ({"count": "10+"}, "unreadable", "10+"),
        ({"count": True}, "unreadable", "True"),
        ({"price": None}, "unreadable", "price"),
        ({"price": 0}, "unreadable", "price"),
        ({"price": "0"}, "unreadable", "price"),
        ({"price": -5}, "unreadable", "price"),
        ({"price": "12.50"}, "unreadable", "12.50"),
        ({"price": "Was 3000 Now 1200"}, "unreadable", "Was 3000 Now 1200"),
        ({"price": [1250]}, "unreadable", "price"),
        ({"price": 10**17}, "unreadable", "price"),
        ({"price": 10**15, "postage": "9999999999999"}, "unreadable", "more than any book"),
        ({"currency": "EUR"}, "wrong_currency", "EUR"),
        ({"currency": "$"}, "unreadable", "$"),
        ({"currency": 840}, "unreadable", "840"),
        ({"postage": "free"}, "unreadable", "shipping"),
        ({"postage": "-1"}, "unreadable", "shipping"),
        ({"until": "2026-03-02T11:59:59Z"}, "sold_out", "ended"),
        ({"until": "soon"}, "unreadable", "soon"),
        ({"sku": None}, "unreadable", "item"),
        ({"sku": "x" * 9999}, "unreadable", "item"),
        ({"sku": "\ud800"}, "unreadable", "item"),
    ],
)
def test_a_row_that_is_no_offer_says_why_and_what_stood_there(
    change: Any, reason: str, detail: str
) -> None:
    quoted = read(ROW | change)
    assert not quoted.offers
    assert quoted.reason == reason
    assert detail in quoted.detail
    (refusal,) = quoted.refused
    assert refusal.reason == reason


@pytest.mark.parametrize(
    ("wish", "condition", "fits"),
    [
        ("any", "N", True),
        ("any", "U", True),
        ("any", "?", True),
        ("any", None, True),
        ("new", "N", True),
        ("new", "U", False),
        ("new", "VG", False),
        ("new", "?", False),
        ("new", None, False),
        ("used", "U", True),
        ("used", "VG", True),
        ("used", "N", False),
        ("used", "?", False),
    ],
)
def test_a_condition_that_is_not_said_fits_only_who_takes_any(
    wish: str, condition: str | None, fits: bool
) -> None:
    quoted = read(ROW | {"cond": condition}, condition=ConditionWish(wish))
    assert bool(quoted.offers) is fits
    assert quoted.reason is (None if fits else Reason.WRONG_CONDITION)


@pytest.mark.parametrize(
    ("wish", "format_", "fits"),
    [
        ("paper", "paper", True),
        ("paper", "audio", False),
        ("any", "ebook", True),
        ("ebook", "EBOOK", True),
        ("any", "rental", False),
        ("any", "Toy", False),
    ],
)
def test_a_rental_fits_nobody(wish: str, format_: str, fits: bool) -> None:
    quoted = read(ROW | {"format": format_}, format=FormatWish(wish))
    assert quoted.reason is (None if fits else Reason.WRONG_FORMAT)


def test_what_is_refused_is_shown_with_its_price_but_another_book_is_not() -> None:
    rows = [{"stock": "OUT"}, {"cond": "U"}, {"currency": "EUR"}, {"format": "audio"}]
    rows += [{"ean": OTHER}, {"price": "x"}, {"stock": "OUT", "price": None}]
    quoted = read(*(ROW | row for row in rows), condition=ConditionWish.NEW)
    shown = [refusal.offer.price if refusal.offer else None for refusal in quoted.refused]
    price = Money(1250, "USD")
    assert shown == [price, price, Money(1250, "EUR"), price, None, None, None]


def test_the_reason_is_what_leaves_the_question_open_else_what_came_nearest() -> None:
    worst_first = [{"ean": OTHER}, {"format": "audio"}, {"cond": "U"}, {"currency": "EUR"}]
    worst_first += [{"stock": "OUT"}, {"price": "x"}]
    rows: list[Any] = []
    reasons = []
    for change in worst_first:
        rows.append(ROW | change)
        reasons.append(read(*rows, condition=ConditionWish.NEW).reason.value)
    assert reasons == [
        "wrong_book",
        "wrong_format",
        "wrong_condition",
        "wrong_currency",
        "sold_out",
        "unreadable",
    ]


def test_rows_that_read_well_are_offers_whatever_the_others_are() -> None:
    quoted = read(ROW | {"price": "x"}, ROW | {"sku": 2}, "text", None, 7, ROW | {"ean": OTHER})
    assert [offer.item for offer in quoted.offers] == ["2"]
    assert quoted.reason is None
    assert len(quoted.refused) == 4


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"offers": []}, "not_stocked"),
        ({}, "unreadable"),
        ({"offers": None}, "unreadable"),
        (b"", "unreadable"),
        (b"<html>", "unreadable"),
        (b"[" * 100_000, "unreadable"),
        ([], "unreadable"),
    ],
)
def test_a_miss_must_be_said(body: Any, reason: str) -> None:
    quoted = read_quote(QUOTE, body)
    assert (quoted.reason, quoted.offers) == (reason, ())


def test_one_refusal_stands_for_many() -> None:
    quoted = read(*[ROW | {"ean": OTHER}] * 300)
    assert len(quoted.refused) == 100
    assert "299 more" in quoted.detail


def test_an_answer_nested_too_deep_in_a_row_is_unreadable_and_no_crash() -> None:
    deep = b'{"offers": [{"ean": "' + ISBN.encode() + b'", "stock": "IN", "price": 1250, "sku": '
    quoted = read_quote(QUOTE, deep + b"[" * 900 + b"]" * 900 + b"}]}")
    assert quoted.reason is Reason.UNREADABLE


# ------------------------------------------------------------------------------- single fields
def price_of(price: dict[str, Any], row: Any, **fields: Any) -> Any:
    quote = {"fields": {"isbn": {"at": "ean"}, "price": price} | fields}
    quoted = read_quote(quote, {"ean": ISBN} | row)
    return quoted.offers[0] if quoted.offers else quoted.detail


def test_currencies_are_upper_case_and_symbols_come_through_a_map() -> None:
    price = {"at": "p", "unit": "major"}
    row = {"p": "5"}
    symbol = {"at": "c", "map": {"$": "USD", "US$": "usd"}}
    assert price_of(price, row | {"c": "usd"}, currency={"at": "c"}).price.currency == "USD"
    assert price_of(price, row | {"c": "$"}, currency=symbol).price.currency == "USD"
    assert price_of(price, row | {"c": "US$"}, currency=symbol).price.currency == "USD"
    assert price_of(price, row).price.currency == "USD"
    assert "currency" in price_of(price, row | {"c": "£"}, currency=symbol)
    assert "currency" in price_of(price, row, currency={"at": "c"})


def test_a_price_whose_currency_is_named_nowhere_is_unreadable() -> None:
    quote = {"fields": {"isbn": {"at": "e"}, "price": {"at": "p", "unit": "major"}}}
    quoted = read_quote(quote, {"e": ISBN, "p": "5"}, currency=None)
    assert "currency" in str(quoted.detail)


def test_minor_digits_may_stand_in_the_answer() -> None:
    price = {"at": "p", "unit": "minor", "exponent": "digits"}
    assert price_of(price, {"p": "1105", "digits": 2}).price == Money.of("11.05", "USD")
    assert price_of(price, {"p": "11050", "digits": 3}).price == Money.of("11.05", "USD")
    assert "digits" in price_of(price, {"p": "1105"})
    assert "digits" in price_of(price, {"p": "1105", "digits": "two"})


def test_sums_are_added_and_a_missing_part_is_not_nothing() -> None:
    parts = [{"at": "a", "unit": "major"}, {"at": "b", "unit": "minor", "else": "0"}]
    price = {"sum": parts}
    assert price_of(price, {"a": 5, "b": 250}).price == Money.of("7.50", "USD")
    assert price_of(price, {"a": 5}).price == Money.of("5", "USD")
    assert "price" in price_of(price, {"b": 250})
    major = {"at": "p", "unit": "major"}
    shipping = {"sum": [{"at": "s", "unit": "major"}, {"const": "1.50"}]}
    assert price_of(major, {"p": 5, "s": 2}, shipping=shipping).total == Money.of("8.50", "USD")
    assert price_of(major, {"p": 5}, shipping=shipping).total is None


@pytest.mark.parametrize(
    ("shipping", "row", "cost"),
    [
        ({"const": "4.95"}, {}, "4.95"),
        ({"const": "0"}, {}, "0.00"),
        ({"unknown": "true"}, {}, None),
        (None, {}, None),
        ({"at": "s", "unit": "major"}, {}, None),
        ({"at": "s", "unit": "major", "else": "2"}, {}, "2.00"),
        ({"at": "s", "unit": "minor", "map": {"FREE": "0"}}, {"s": "free"}, "0.00"),
        ({"free_above": "10", "else": "4.95"}, {}, "0.00"),
        ({"free_above": "10.01", "else": "4.95"}, {}, "4.95"),
        ({"free_above": "11", "else": '{request.country | map:"zone"}'}, {}, "7.00"),
        ({"at": "min(s[].c)", "unit": "major"}, {"s": [{"c": 3.5}, {"c": 2.10}]}, "2.10"),
    ],
)
def test_shipping_is_said_or_unknown_and_never_free_by_silence(
    shipping: Any, row: Any, cost: str | None
) -> None:
    fields = {"isbn": {"at": "ean"}, "price": {"at": "p", "unit": "major"}}
    if shipping is not None:
        fields["shipping"] = shipping
    scope = {"request": {"country": "AU"}, "maps": {"zone": {"AU": "7", "*": "20"}}}
    quoted = read_quote({"fields": fields}, {"ean": ISBN, "p": 10} | row, scope=scope)
    (offer,) = quoted.offers
    assert (offer.shipping and offer.shipping.amount) == cost


@pytest.mark.parametrize(
    ("tax", "row", "cost"),
    [
        (None, {}, "0.00"),
        ({"included": "true"}, {}, "0.00"),
        ({"unknown": "true"}, {}, None),
        ({"at": "t", "unit": "major"}, {"t": "1.20"}, "1.20"),
        ({"at": "t", "unit": "major"}, {}, None),
    ],
)
def test_tax_is_added_included_or_unknown(tax: Any, row: Any, cost: str | None) -> None:
    fields = {} if tax is None else {"tax": tax}
    offer = price_of({"at": "p", "unit": "major"}, {"p": 10} | row, **fields)
    assert (offer.tax and offer.tax.amount) == cost


def test_availability_may_be_computed_or_named_a_reason() -> None:
    price = {"at": "p", "unit": "major"}
    row = {"p": 5, "q": 3}
    assert price_of(price, row, available={"at": "q > `0`"}).price
    assert "available" in price_of(price, row | {"q": 0}, available={"at": "q > `0`"})
    quote = {
        "fields": {
            "isbn": {"at": "ean"},
            "price": price,
            "available": {"at": "s", "map": {"far": "does_not_ship", "*": "true"}},
        }
    }
    assert read_quote(quote, {"ean": ISBN, "s": "FAR"}).reason is Reason.DOES_NOT_SHIP


def test_one_condition_of_the_definition_holds_for_rows_that_do_not_say() -> None:
    price = {"at": "p", "unit": "major"}
    assert price_of(price, {"p": 5}).condition is Condition.NEW
    quote = {"fields": {"isbn": {"at": "ean"}, "price": price}}
    body = {"ean": ISBN, "p": 5}
    several = read_quote(quote, body, conditions=["new", "used"])
    assert several.offers[0].condition is Condition.UNKNOWN
    formats = read_quote(quote, body, formats=["paper", "ebook"])
    assert formats.reason is Reason.UNREADABLE
    assert read_quote(quote, body, formats=["ebook"]).reason is Reason.WRONG_FORMAT


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://other.example/x?a=1", "https://other.example/x?a=1"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("/b/1?x=2", "https://shop.example/b/1?x=2"),
        ("b 1", "https://shop.example/b%201"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("ftp://shop.example/x", None),
        ("https://user:pw@shop.example/", None),
        ("https://[bad", None),
        ("/b\r\nX: y", None),
        ("http://a\x1b[31m.example", None),
        ("\\\\host\\x", None),
        ("x" * 5000, None),
    ],
)
def test_only_addresses_of_the_web_are_shown(link: str, url: str | None) -> None:
    fields = {"isbn": {"at": "e"}, "price": {"const": "5"}, "url": {"at": "l"}}
    (offer,) = read_quote({"fields": fields}, {"e": ISBN, "l": link}).offers
    assert offer.url == url


def test_without_a_name_of_its_own_a_copy_is_recognised_by_what_is_known_of_it() -> None:
    fields = {
        "isbn": {"at": "e"},
        "price": {"at": "p", "unit": "major"},
        "condition": {"at": "c"},
    }
    quote = {"rows": ["@"], "fields": fields}
    rows = [{"e": ISBN, "p": 5, "c": "new"}, {"e": ISBN, "p": 4, "c": "used"}]
    first = {offer.item for offer in read_quote(quote, rows).offers}
    dearer = [row | {"p": 9} for row in reversed(rows)]
    again = {offer.item for offer in read_quote(quote, dearer).offers}
    assert first == again
    assert len(first) == 2


# --------------------------------------------------------------------------------------- batches
def test_in_a_batch_a_row_finds_its_book() -> None:
    reader = a_reader(QUOTE)
    asks = [an_ask(book=Book(isbn13=each)) for each in (ISBN, OTHER, "9798990529229")]
    rows = [ROW, ROW | {"ean": OTHER, "sku": "B"}, ROW | {"ean": "0141439513", "sku": "C"}]
    answer = received({"offers": rows})
    quoted = reader.read_batch(answer, asks, {}, CIRCUMSTANCES)
    items = [[offer.item for offer in each.offers] for each in quoted]
    assert items == [['"A1"', '"C"'], ['"B"'], []]
    assert [each.reason for each in quoted] == [None, None, Reason.NOT_STOCKED]
    assert all(not each.refused for each in quoted)


def test_a_row_of_a_batch_that_names_no_book_leaves_the_question_open() -> None:
    reader = a_reader(QUOTE)
    asks = [an_ask(book=Book(isbn13=each)) for each in (ISBN, OTHER)]
    answer = received({"offers": [ROW, ROW | {"ean": {"x": 1}}]})
    quoted = reader.read_batch(answer, asks, {}, CIRCUMSTANCES)
    assert [each.reason for each in quoted] == [None, Reason.UNREADABLE]


def test_pages_are_joined_and_the_more_telling_reason_stays() -> None:
    empty, sold = read(), read(ROW | {"stock": "OUT"})
    assert empty.joined(sold).reason is Reason.SOLD_OUT
    assert sold.joined(empty).reason is Reason.SOLD_OUT
    both = sold.joined(read(ROW))
    assert (both.reason, len(both.offers), len(both.refused)) == (None, 1, 1)


def test_an_offer_that_ends_this_very_moment_has_ended() -> None:
    now = CIRCUMSTANCES._replace(at=NOON + timedelta(hours=1))
    row = ROW | {"until": "2026-03-02T13:00:00Z"}
    quoted = a_reader(QUOTE).read(received({"offers": [row]}), an_ask(), {}, now)
    assert quoted.reason is Reason.SOLD_OUT
