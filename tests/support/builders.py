"""Builders of model values: each gives a valid one, and any field can be said by name.

Identifiers that must differ between two values (ids, keys, references) differ by themselves; all
else is the same from call to call, so that a test names only what it is about.
"""

from __future__ import annotations

import itertools
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from uuid_utils import uuid7

from bookhunt.hunt.ports import Intent, Limits
from bookhunt.model.book import Book
from bookhunt.model.buyer import Address, Buyer
from bookhunt.model.money import Money
from bookhunt.model.offer import Offer
from bookhunt.model.outcome import Bought, Findings, RequestRecord, Result, SellerNote
from bookhunt.model.purchase import Attempt, Frozen, Stage
from bookhunt.model.request import ConditionWish, FormatWish, Request, RequestState, Strategy
from bookhunt.model.schedule import ByCron
from bookhunt.model.seller import (
    EVERYWHERE,
    BookFormat,
    Capability,
    Condition,
    Proof,
    PurchaseMode,
    Seller,
    SellerState,
    Trust,
)
from bookhunt.model.watch import Watch

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ISBN = "9780141439518"
TITLE = "Pride and Prejudice"
_count = itertools.count(1)


def usd(amount: str) -> Money:
    """An amount of US dollars: `usd("12.50")`."""
    return Money.of(amount, "USD")


def an_id() -> str:
    """A new UUIDv7, as requests and attempts carry."""
    return str(uuid7())


def a_book(**fields: Any) -> Book:
    return Book(**{"title": TITLE, "isbn13": ISBN} | fields)


def an_address(**fields: Any) -> Address:
    standard = {
        "name": "Elizabeth Bennet",
        "street": "1 Longbourn Lane",
        "city": "Meryton",
        "postcode": "01234",
        "country": "US",
    }
    return Address(**standard | fields)


def a_buyer(**fields: Any) -> Buyer:
    return Buyer(**{"profile": "home", "ship": an_address(), "bill": an_address()} | fields)


def a_proof(capability: Capability = Capability.KEY_AND_LOOKUP, **fields: Any) -> Proof:
    standard = {
        "capability": capability,
        "settle_s": 60.0 if capability.has_lookup else 0.0,
        "key_retained_s": 86_400.0 if capability.has_key else 0.0,
        "replays_same_answer": capability.has_key,
    }
    return Proof(**standard | fields)


def a_seller(seller_id: str = "alpha", **fields: Any) -> Seller:
    standard = {
        "id": seller_id,
        "name": seller_id.title(),
        "region": "us",
        "currency": "USD",
        "ships_to": frozenset({EVERYWHERE}),
        "conditions": frozenset({Condition.NEW}),
        "formats": frozenset({BookFormat.PAPER}),
        "asks_by": ("isbn13", "title"),
        "purchase_mode": PurchaseMode.AUTO,
        "trust": Trust.NORMAL,
        "tier": None,
        "stock_eventual": False,
        "state": SellerState.READY,
        "cause": None,
        "proof": a_proof(),
        "timeout_s": 2.0,
        "concurrency": 8,
        "per_second": 20.0,
        "quote_ttl_s": 300.0,
        "definition_hash": "d" * 64,
        "file": f"sellers.d/{seller_id}.yaml",
    }
    return Seller(**standard | fields)


def an_offer(seller: str = "alpha", **fields: Any) -> Offer:
    standard = {
        "seller": seller,
        "item": '{"sku":"pp-1"}',
        "isbn13": ISBN,
        "title": TITLE,
        "price": usd("10.00"),
        "shipping": usd("2.50"),
        "tax": usd("0"),
        "condition": Condition.NEW,
        "format": BookFormat.PAPER,
        "inventory": 5,
        "expires_at": None,
        "url": f"https://{seller}.example/pp-1",
        "checked_at": NOON,
        "response_ms": 120.0,
    }
    return Offer(**standard | fields)


def a_request(**fields: Any) -> Request:
    """A request of customer `jane` for one paper copy; its id and key are new each time."""
    standard = {
        "id": an_id(),
        "customer": "jane",
        "idempotency_key": str(uuid4()),
        "book": a_book(),
        "max_price": usd("30.00"),
        "profile": "home",
        "country": "US",
        "strategy": Strategy.TIERS,
        "condition": ConditionWish.NEW,
        "format": FormatWish.PAPER,
        "sellers": None,
        "search_deadline_s": 5.0,
        "priority": 0,
        "dry_run": False,
        "note": None,
        "watch_id": None,
        "submitted_at": NOON,
    }
    return Request(**standard | fields)


def a_watch(**fields: Any) -> Watch:
    """A watch of customer `jane` for one copy, daily at seven in UTC; its id is new each time."""
    standard = {
        "id": secrets.token_hex(6),
        "customer": "jane",
        "book": a_book(),
        "max_price": usd("30.00"),
        "profile": "home",
        "strategy": Strategy.BALANCED,
        "condition": ConditionWish.NEW,
        "format": FormatWish.PAPER,
        "sellers": None,
        "schedule": ByCron("0 7 * * *"),
        "timezone": "UTC",
        "until": None,
        "copies": 1,
        "quote_only": False,
        "note": None,
        "created_at": NOON,
        "anchor": NOON,
    }
    return Watch(**standard | fields)


def another_book() -> Book:
    """A book nobody else asked for: its title is new each time."""
    return Book(title=f"{TITLE}, volume {next(_count)}")


def a_numbered_book() -> Book:
    """A book nobody else asked for, by an ISBN of its own."""
    digits = f"978{100_000_000 + next(_count)}"
    check = -sum(int(digit) * (1, 3)[n % 2] for n, digit in enumerate(digits)) % 10
    return Book(isbn13=f"{digits}{check}")


def a_record(**fields: Any) -> RequestRecord:
    standard = {
        "request": a_request(),
        "state": RequestState.PENDING,
        "version": 1,
        "cancel_requested": False,
        "result": Result(),
        "finished_at": None,
    }
    return RequestRecord(**standard | fields)


def an_intent(record: RequestRecord, offer: Offer | None = None, **fields: Any) -> Intent:
    """The intent to buy `offer` for a request that is PROCESSING."""
    offer = offer or an_offer()
    standard = {
        "attempt_id": an_id(),
        "request_id": record.request.id,
        "request_version": record.version,
        "offer": offer,
        "agreed": offer.total or record.request.max_price,
        "key": str(uuid4()),
        "reference": secrets.token_hex(9),
        "definition_hash": "d" * 64,
        "profile": record.request.profile,
        "slots": offer.inventory or 1,
        "slots_in_flight": offer.inventory or 1,
    }
    return Intent(**standard | fields)


def a_frozen(**fields: Any) -> Frozen:
    standard = {
        "document": '{"method":"POST","url":"https://alpha.example/orders","body":"{}"}',
        "body_hash": "b" * 64,
        "total": usd("12.50"),
    }
    return Frozen(**standard | fields)


def an_attempt(**fields: Any) -> Attempt:
    standard = {
        "id": an_id(),
        "request_id": an_id(),
        "seller": "alpha",
        "offer": an_offer(),
        "key": str(uuid4()),
        "reference": secrets.token_hex(9),
        "definition_hash": "d" * 64,
        "profile": "home",
        "max_price": usd("30.00"),
        "stage": Stage.PREPARED,
        "version": 1,
        "agreed": usd("12.50"),
        "frozen": None,
        "sends": 0,
        "first_sent_at": None,
        "last_sent_at": None,
        "not_found": 0,
        "checks": 0,
        "next_check_at": None,
        "order_id": None,
        "charged": None,
        "delivery": None,
        "answer": None,
        "detail": None,
        "created_at": NOON,
        "finished_at": None,
    }
    return Attempt(**standard | fields)


def a_sending_attempt(**fields: Any) -> Attempt:
    """An attempt whose commit step may have left this machine."""
    sending = an_attempt(
        stage=Stage.SENDING,
        version=2,
        frozen=a_frozen(),
        sends=1,
        first_sent_at=NOON,
        last_sent_at=NOON,
    )
    return replace(sending, **fields)


def a_bought(**fields: Any) -> Bought:
    standard = {
        "seller": "alpha",
        "item_price": usd("10.00"),
        "shipping": usd("2.50"),
        "tax": usd("0"),
        "total": usd("12.50"),
        "order_id": "A-1",
        "reference": secrets.token_hex(9),
        "delivery": "2026-03-05",
        "at": NOON,
        "overcharged": False,
        "charge_confirmed": True,
    }
    return Bought(**standard | fields)


def a_result(**fields: Any) -> Result:
    return Result(**{"findings": Findings(sellers_asked=3, sellers_total=5, calls=4)} | fields)


def a_note(seller: str = "alpha", **fields: Any) -> SellerNote:
    return SellerNote(**{"seller": seller, "reason": None, "total": usd("12.50")} | fields)


def some_limits(
    purchase: str | None = "100", day: str | None = "200", month: str | None = None
) -> Limits:
    """Spending limits in US dollars."""
    return Limits(
        purchase=usd(purchase) if purchase else None,
        day=usd(day) if day else None,
        month=usd(month) if month else None,
    )
