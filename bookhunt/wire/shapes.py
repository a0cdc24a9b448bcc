"""The JSON objects of the contract, built from the values of the model.

Each builder gives exactly the fields that `contract` lists, in that order; what is absent is null.
Money is `{"amount": "24.99", "currency": "USD"}`, times are ISO 8601 in UTC with milliseconds.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from bookhunt.telemetry.trace_ids import trace_id_of
from bookhunt.wire.contract import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bookhunt.model.book import Book
    from bookhunt.model.buyer import Address, Buyer
    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import RequestRecord, SellerNote
    from bookhunt.model.purchase import Attempt
    from bookhunt.model.seller import Seller

ADDRESS_FIELDS = "name street street2 city region postcode country phone email".split()


def money_object(money: Money | None) -> dict[str, str] | None:
    """An amount, or null."""
    return None if money is None else {"amount": money.amount, "currency": money.currency}


def time_text(moment: datetime | None) -> str | None:
    """A time as `2026-03-02T12:00:00.000Z`, or null."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def book_object(title: str | None, isbn13: str | None) -> dict[str, str | None]:
    """A book, as it was named by whoever named it."""
    return {"title": title, "isbn13": isbn13}


def request_object(record: RequestRecord, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """One request and its attempts, oldest first: what `buy`, `status` and `wait` print."""
    request, result = record.request, record.result
    findings = result.findings
    return {
        "request_id": request.id,
        "book": _named(request.book),
        "max_price": money_object(request.max_price),
        "status": record.state.value,
        "strategy": request.strategy.value,
        **_purchase(record, attempts),
        "lowest_available_price": money_object(findings.lowest),
        "lowest_available_seller": findings.lowest_seller,
        "reason": result.reason,
        "overcharged": None if result.bought is None else result.bought.overcharged,
        "sellers_asked": findings.sellers_asked,
        "sellers_total": findings.sellers_total,
        "calls": findings.calls,
        "cached": findings.cached,
        "coalesced": findings.coalesced,
        "early_exit": findings.early_exit,
        "stopped_because": findings.stopped_because,
        "proof": None if findings.proof is None else findings.proof.value,
        "tax": money_object(_tax(record, attempts)),
        "url": (result.bought.url if result.bought else None) or findings.url,
        "cheaper_by_link": findings.cheaper_by_link,
        "profile": request.profile,
        "customer": request.customer,
        "watch_id": request.watch_id,
        "attempts": [attempt_object(attempt) for attempt in attempts],
        "submitted_at": time_text(request.submitted_at),
        "finished_at": time_text(record.finished_at),
        "latency_ms": _latency_ms(record),
        "trace_id": trace_id_of(request.id),
        "message": result.message,
        "schema_version": SCHEMA_VERSION,
    }


def _named(book: Book) -> dict[str, str | None]:
    return book_object(book.title, book.isbn13)


def _standing(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt whose order may stand or come to stand, while the request is not settled."""
    return next((attempt for attempt in attempts if attempt.stage.is_open), None)


def _purchase(record: RequestRecord, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """The purchase that stands; before it does, the one that is under way."""
    bought, open_ = record.result.bought, _standing(attempts)
    seller = total = item = shipping = original = order_id = delivery = None
    if bought is not None:
        seller, total, item, shipping = (
            bought.seller,
            bought.total,
            bought.item_price,
            bought.shipping,
        )
        original, order_id, delivery = bought.original, bought.order_id, bought.delivery
    elif open_ is not None:
        seller, total = open_.seller, open_.agreed
        item, shipping = open_.offer.price, open_.offer.shipping
        original = open_.offer.as_sold.total if open_.offer.original is not None else None
        order_id, delivery = open_.order_id, open_.delivery
    return {
        "resolved_seller": seller,
        "resolved_price": money_object(total),
        "item_price": money_object(item),
        "shipping": money_object(shipping),
        "original_price": money_object(original),
        "order_id": order_id,
        "delivery_estimate": delivery,
        "purchased_at": time_text(bought.at) if bought else None,
    }


def _tax(record: RequestRecord, attempts: Sequence[Attempt]) -> Money | None:
    if record.result.bought is not None:
        return record.result.bought.tax
    open_ = _standing(attempts)
    return None if open_ is None else open_.offer.tax


def _latency_ms(record: RequestRecord) -> float | None:
    if record.finished_at is None:
        return None
    taken = record.finished_at - record.request.submitted_at
    return round(taken.total_seconds() * 1000, 1)


def attempt_object(attempt: Attempt) -> dict[str, Any]:
    """One attempt: where it stands, the seller's last word, and what was charged or agreed."""
    return {
        "seller": attempt.seller,
        "stage": attempt.stage.value,
        "reason": None if attempt.answer is None else attempt.answer.value,
        "total": money_object(attempt.charged or attempt.agreed),
    }


def offer_object(
    offer: Offer, *, rank: int | None = None, reason: str | None = None
) -> dict[str, Any]:
    """One offer. `rank` counts from 1 among those that fit; `reason` says why it does not fit."""
    return {
        "seller": offer.seller,
        "item": offer.item,
        "book": book_object(offer.title, offer.isbn13),
        "price": money_object(offer.price),
        "shipping": money_object(offer.shipping),
        "tax": money_object(offer.tax),
        "total": money_object(offer.total),
        "currency": offer.price.currency,
        "original": _original_object(offer),
        "condition": offer.condition.value,
        "format": offer.format.value,
        "available": True,  # a row that is sold out is no offer
        "inventory": offer.inventory,
        "expires_at": time_text(offer.expires_at),
        "checked_at": time_text(offer.checked_at),
        "cached": offer.cached,
        "url": offer.url,
        "rank": rank,
        "fits": reason is None,
        "reason": reason,
        "schema_version": SCHEMA_VERSION,
    }


def _original_object(offer: Offer) -> dict[str, Any] | None:
    """What the seller itself asks, and the rate it was converted at, where that was needed."""
    if offer.original is None:
        return None
    own, rate = offer.as_sold, offer.original.rate
    return {
        "price": money_object(own.price),
        "shipping": money_object(own.shipping),
        "tax": money_object(own.tax),
        "total": money_object(own.total),
        "rate": f"{float(rate.mid):.6g}",
        "as_of": time_text(rate.as_of),
    }


def seller_object(
    seller: Seller,
    *,
    tier: int | None = None,
    p95_ms: float | None = None,
    success: float | None = None,
    stock: float | None = None,
    orders: float | None = None,
    last_seen: datetime | None = None,
    suspended_until: datetime | None = None,
) -> dict[str, Any]:
    """One seller as `sellers list` shows it; figures that nobody has measured are null.

    Args:
        seller: as it is now; `pinned` is whether its tier was set by hand.
        tier: the tier it is in now; that of the seller itself where it is not said.
        p95_ms: of the time its answers take.
        success: share of calls answered readably and in time.
        stock: share of its answers that had the book.
        orders: share of orders that it took and nobody complained about.
        last_seen: when it last answered.
        suspended_until: until when it is left alone.
    """
    return {
        "id": seller.id,
        "name": seller.name,
        "mode": seller.purchase_mode.value,
        "tier": seller.tier if tier is None else tier,
        "pinned": seller.tier is not None,
        "trust": seller.trust.value,
        "state": seller.state.value,
        "suspended_until": time_text(suspended_until),
        "cause": seller.cause,
        "p95_ms": p95_ms,
        "success": success,
        "stock": stock,
        "orders": orders,
        "last_seen": time_text(last_seen),
        "file": seller.file,
        "hash": seller.definition_hash,
        "schema_version": SCHEMA_VERSION,
    }


def note_object(note: SellerNote) -> dict[str, Any]:
    """What one seller contributed to a request: a line of `status --why`."""
    return {
        "seller": note.seller,
        "reason": None if note.reason is None else note.reason.value,
        "total": money_object(note.total),
        "detail": note.detail,
        "tier": note.tier,
        "rank": note.rank,
        "expected": money_object(note.expected),
        "reservation": money_object(note.reservation),
        "cached": note.cached,
        "shared": note.shared,
        "asked_ms": note.asked_ms,
        "answered_ms": note.answered_ms,
        "calls": note.calls,
    }


def profile_object(buyer: Buyer, *, default: bool) -> dict[str, Any]:
    """One shipping profile; `bill` is null where the bill goes to the same address."""
    return {
        "profile": buyer.profile,
        "default": default,
        **address_object(buyer.ship),
        "bill": None if buyer.bill == buyer.ship else address_object(buyer.bill),
        "schema_version": SCHEMA_VERSION,
    }


def address_object(address: Address) -> dict[str, str | None]:
    """A postal address, absent lines null."""
    return {field: getattr(address, field) for field in ADDRESS_FIELDS}
