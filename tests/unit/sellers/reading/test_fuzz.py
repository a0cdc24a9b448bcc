"""Whatever bytes a seller sends: offers, or a reason; never an exception, never a wrong offer.

Answers in real shapes (`tests/data/answers`) are broken in many ways and read again. The number of
cases follows the hypothesis profile: 2,000 each in the default one, 200,000 in `nightly`.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookhunt.model.reasons import Reason
from bookhunt.sellers.language import FindOrder, OrderFields
from bookhunt.sellers.reading.captures import captured, landed_total, next_page, picked
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.orders import FoundReader, OrderReader
from bookhunt.sellers.reading.outcomes import first_match
from bookhunt.sellers.reading.received import Received
from tests.support.builders import ISBN, NOON
from tests.unit.sellers.reading.answering import CIRCUMSTANCES, a_reader, an_ask, received, wire
from tests.unit.sellers.reading.test_quotes import QUOTE
from tests.unit.sellers.reading.test_shapes import (
    SHAPES,
    scope_of,
    shape_of,
    step_of,
)
from tests.unit.sellers.reading.test_shapes import (
    read_quote as read_shape,
)

if TYPE_CHECKING:
    from bookhunt.sellers.reading.quotes import QuoteRead

CASES = settings.default.max_examples * 40
MANY = settings(max_examples=CASES, suppress_health_check=[HealthCheck.too_slow])
pytestmark = pytest.mark.timeout(60 + CASES // 50)
SEEDS = st.integers(0, 2**64)
QUOTES = [name for name in SHAPES if "quote" in shape_of(name)]
STEPS = [name for name in SHAPES if "step" in shape_of(name)]
_TOKENS = [
    *(b"\x00 \xff\xfe \xed\xa0\x80 \xef\xbb\xbf null NaN -0 1e999 -1 0 0.00 1e-5 \\ud800".split()),
    *(b'[ ] { } , : " < > & &amp; &x; <!-- --> <![CDATA[ ]]> </ /> <b <script> </script>'.split()),
    *(b"<!DOCTYPE <?xml ?> ( ) ; $ - + % 9999999999999999999999 9780000000019 USD".split()),
    *[b"\r\n", b"\n\n", b" " * 50, b"[" * 300, b"<a>" * 300, b'{"a":' * 300, b"9" * 400],
]
_CHARSETS = ["utf-8", "latin-1", "utf-16", "utf-7", "shift_jis", "idna", "none", '"; x', "é"]


def broken(body: bytes, chance: random.Random) -> bytes:
    """The bytes after one to six accidents."""
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + int(chance.expovariate(0.05)))
        match chance.randrange(6):
            case 0:
                body = body[:start] + body[end:]
            case 1:
                body = body[:start] + body[start:end] * 2 + body[end:]
            case 2:
                body = body[:start] + chance.choice(_TOKENS) + body[end:]
            case 3:
                body = body[:start] + chance.randbytes(end - start) + body[end:]
            case 4:
                body = body[:start]
            case _:
                other = shape_of(chance.choice(SHAPES))["body"].encode()
                cut = chance.randrange(len(other))
                body = body[:start] + other[cut : cut + 100] + body[end:]
    return body


def answer_of(shape: dict[str, Any], chance: random.Random) -> Received:
    headers: tuple[tuple[str, str], ...] = (("location", chance.choice(["", "/a\r\nb", "x" * 99])),)
    if chance.random() < 0.3:
        headers += (("content-type", f"text/html; charset={chance.choice(_CHARSETS)}"),)
    return Received(wire(broken(shape["body"].encode(), chance), headers=headers))


def check(quoted: QuoteRead, isbn13: str | None, currency: str) -> None:
    """An offer is of the book, in the currency and costs something; or there is a reason."""
    assert (quoted.reason is None) == bool(quoted.offers)
    for offer in quoted.offers:
        assert offer.isbn13 in {None, isbn13} or isbn13 is None
        assert offer.price.currency == currency
        assert offer.price.minor > 0
        assert offer.total is None or offer.total >= offer.price
        assert offer.expires_at is None or offer.expires_at > NOON
        assert offer.inventory is None or offer.inventory > 0
        json.loads(offer.item)
        assert offer.url is None or offer.url.startswith(("http://", "https://"))
    for offer in (*quoted.offers, *(each.offer for each in quoted.refused if each.offer)):
        for text in (offer.item, offer.title, offer.isbn13, offer.url):
            assert text is None or text.encode()
    for text in (quoted.detail, *(each.detail for each in quoted.refused)):
        assert text is None or text.encode()


@MANY
@given(seed=SEEDS)
def test_a_broken_answer_gives_offers_or_a_reason(seed: int) -> None:
    chance = random.Random(seed)
    name = chance.choice(QUOTES)
    shape = shape_of(name)
    quoted = read_shape(name, answer_of(shape, chance))
    check(quoted, shape["asked"].get("isbn13"), shape.get("currency", "USD"))


@MANY
@given(seed=SEEDS)
def test_a_broken_answer_to_a_step_means_nothing_or_what_it_says(seed: int) -> None:
    chance = random.Random(seed)
    name = chance.choice(STEPS + QUOTES)
    shape, step = shape_of(name), step_of(name)
    answer, scope = answer_of(shape, chance), scope_of(shape)
    verdict = first_match(step.outcomes, answer, step.format)
    assert verdict is None or verdict.message is None or verdict.message.isprintable()
    for capture in step.captures:
        captured(capture, answer, step.format)
    for pick in step.picks:
        picked(pick, answer, step.format, scope, "USD")
    if step.pages is not None:
        next_page(step.pages, answer, step.format)
    if step.fields is not None:
        order = step.fields.read(answer, scope, "USD")
        assert order.order_id is None or order.order_id.isprintable()
    if step.total is not None:
        try:
            total = landed_total(step.total, answer, step.format, scope, "USD")
        except Unreadable:
            return
        assert total.minor > 0


_ODD = [None, True, False, 0, -1, 1250, 10**30, 0.1, -0.0, 1e308, 5e-324, "", " ", "0", "-1", "x"]
_ODD += ["USD", "usd", "EUR", "$", "new", "N", "IN", "true", "unknown", ISBN, "0141439513", "12.50"]
_ODD += ["1.299", "1,299", "$5", "\ud800", "\x00", "a" * 3000, "2026-03-02", "1e9", "free", "/b"]
_ODD += ["rental", "ebook", "9780316769488", f"{ISBN} {ISBN}", "javascript:x", "٣", "\u202e12.50"]
PLACES = ["sku", "ean", "name", "price", "currency", "postage", "cond", "stock", "count", "until"]
PLACES += ["link", "format"]
GOOD = {"sku": "A1", "ean": ISBN, "price": 1250, "postage": "3.99", "cond": "N", "stock": "IN"}


def odd_json(chance: random.Random, depth: int = 3) -> Any:
    """A value that a careless or a hostile seller may put anywhere."""
    shape = chance.random() if depth else 1.0
    if shape < 0.1:
        return [odd_json(chance, depth - 1) for _ in range(chance.randrange(4))]
    if shape < 0.2:
        keys = [*PLACES, "offers", "", "\ud800"]
        return {
            chance.choice(keys): odd_json(chance, depth - 1) for _ in range(chance.randrange(4))
        }
    return chance.choice(_ODD) if shape < 0.8 else chance.randint(-(10**6), 10**6) / 100


_READER = a_reader(QUOTE)


def read_offers(body: Any) -> QuoteRead:
    return _READER.read(received(json.dumps(body)), an_ask(), {}, CIRCUMSTANCES)


@MANY
@given(seed=SEEDS)
def test_any_values_in_a_row_make_an_offer_or_a_reason(seed: int) -> None:
    chance = random.Random(seed)
    change = {place: odd_json(chance) for place in chance.sample(PLACES, chance.randint(1, 4))}
    quoted = read_offers({"offers": [GOOD | change]})
    check(quoted, ISBN, "USD")
    if quoted.offers and "price" not in change:
        assert quoted.offers[0].price.minor == 1250


@MANY
@given(seed=SEEDS)
def test_any_json_is_no_offer_unless_it_has_the_shape_of_one(seed: int) -> None:
    body = odd_json(random.Random(seed), 5)
    quoted = read_offers(body)
    assert quoted.reason in {Reason.UNREADABLE, Reason.NOT_STOCKED, Reason.WRONG_BOOK}


_ORDER_FIELDS = {"order_id": {"at": "id"}, "final_price": {"at": "total", "unit": "minor"}}
_ORDER = OrderReader(OrderFields.model_validate(_ORDER_FIELDS), "json")
_FOUND = FoundReader(
    FindOrder.model_validate(
        {
            "settle_s": "60",
            "steps": [{"request": {"path": "/"}}],
            "rows": "orders[]",
            "fields": _ORDER_FIELDS | {"reference": {"at": "sku"}},
        }
    )
)


@MANY
@given(seed=SEEDS)
def test_any_answer_to_an_order_or_a_look_up_is_read_or_said_to_be_unreadable(seed: int) -> None:
    chance = random.Random(seed)
    value = {"orders": odd_json(chance)} if chance.random() < 0.5 else odd_json(chance)
    body = json.dumps(value).encode()
    if chance.random() < 0.3:
        body = broken(body, chance)
    _ORDER.read(received(body), {}, "USD")
    try:
        found = _FOUND.read(received(body), {}, "USD", reference="ours")
    except Unreadable:
        return
    assert found == ()
    assert b"orders" in body  # only what lists orders can lack ours
