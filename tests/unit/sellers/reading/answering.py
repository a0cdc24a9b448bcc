"""Small definitions and answers for the tests of reading."""

from __future__ import annotations

import json
from typing import Any

from bookhunt.hunt.ports import Ask
from bookhunt.model.money import Money
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.sellers.language import Definition
from bookhunt.sellers.reading.quotes import Circumstances, QuoteRead, QuoteReader
from bookhunt.sellers.reading.received import Received
from bookhunt.sellers.transport import WireAnswer
from tests.support.builders import NOON, a_book

HERE = "https://shop.example/search?q=1"
CIRCUMSTANCES = Circumstances(at=NOON, response_ms=12.0)


def wire(
    body: Any = b"", *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> WireAnswer:
    """An answer; a body that is neither bytes nor text is JSON."""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return WireAnswer(status=status, headers=headers, body=body, url=HERE)


def received(body: Any = b"", **fields: Any) -> Received:
    return Received(wire(body, **fields))


def an_ask(**fields: Any) -> Ask:
    standard = {
        "book": a_book(),
        "max_price": Money.of("30", "USD"),
        "country": "US",
        "condition": ConditionWish.ANY,
        "format": FormatWish.PAPER,
    }
    return Ask(**standard | fields)


def a_definition(quote: dict[str, Any], **fields: Any) -> Definition:
    """A definition whose quote has one step."""
    standard = {
        "schema": "1",
        "id": "shop",
        "name": "Shop",
        "base_url": "https://shop.example",
        "currency": "USD",
        "conditions": ["new"],
        "quote": {"steps": [{"request": {"path": "/"}}]} | quote,
    }
    return Definition.model_validate(standard | fields)


def a_reader(quote: dict[str, Any], **fields: Any) -> QuoteReader:
    definition = a_definition(quote, **fields)
    assert definition.quote is not None
    return QuoteReader(definition.quote, definition)


def read_quote(
    quote: dict[str, Any],
    body: Any,
    *,
    ask: Ask | None = None,
    scope: dict[str, Any] | None = None,
    **fields: Any,
) -> QuoteRead:
    """What a quote's answer is read as."""
    reader = a_reader(quote, **fields)
    answer = body if isinstance(body, Received) else received(body)
    return reader.read(answer, ask or an_ask(), scope or {}, CIRCUMSTANCES)
