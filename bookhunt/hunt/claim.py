"""The claim on a copy: what is written down before anything is ordered.

Several requests may want the same copies. Units of a known inventory are slots; the ledger hands
them out under a constraint, in the transaction that records the intent. What the seller sees, the
key and the reference, is random per attempt and says nothing of price or book: a key derived from
them bought twice whenever a price changed between a crash and the retry.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import uuid_utils

from bookhunt.hunt.naming import needs_name
from bookhunt.hunt.ports import Intent

if TYPE_CHECKING:
    from bookhunt.model.book import Book
    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.seller import Seller

_PARALLEL_ABOVE = 10  # units: with so many left, purchases need not wait for each other
_SHORT_TTL_S = 10.0  # a seller whose prices live so short may change its stock as fast
_REFERENCE_LENGTH = 18
_REFERENCE_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_id() -> str:
    """An id of ours: UUIDv7, so that newer ones sort after older ones."""
    return str(uuid_utils.uuid7())


def new_key() -> str:
    """An idempotency key for a seller: random, since a stranger must not guess it."""
    return str(uuid.uuid4())


def new_reference() -> str:
    """Our reference at a seller: 18 lower-case letters and digits, random."""
    return "".join(secrets.choice(_REFERENCE_LETTERS) for _ in range(_REFERENCE_LENGTH))


def intent_for(record: RequestRecord, offer: Offer, seller: Seller, *, ceiling: Money) -> Intent:
    """The intent to buy this offer for this request, at most at `ceiling`."""
    slots, in_flight = slots_of(offer, seller)
    return Intent(
        attempt_id=new_id(),
        request_id=record.request.id,
        request_version=record.version,
        offer=offer,
        agreed=offer.total or ceiling,
        key=new_key(),
        reference=new_reference(),
        definition_hash=seller.definition_hash,
        profile=record.request.profile,
        slots=slots,
        slots_in_flight=in_flight,
    )


def ceiling_as_sold(offer: Offer, ceiling: Money) -> Money:
    """The landed total above which an offer is not wanted, in the currency it is sold in.

    What the seller may ask at the most for what the customer pays at the most; and never more than
    the offer's own total, where that is known.
    """
    if offer.original is None:
        return ceiling
    most, total = offer.original.rate.buys(ceiling), offer.as_sold.total
    return most if total is None else min(most, total)


def named_for(book: Book, offer: Offer, seller: Seller) -> Book:
    """The book by the name its seller was asked by: a title's ISBN, where it takes no titles."""
    if not needs_name(seller, book) or offer.isbn13 is None:
        return book
    return replace(book, isbn13=offer.isbn13)


def slots_of(offer: Offer, seller: Seller) -> tuple[int, int]:
    """How many units of an offer may be claimed, and how many may be bought at the same time."""
    if offer.inventory is None:
        return 1, 1
    one_at_a_time = seller.stock_eventual or seller.quote_ttl_s < _SHORT_TTL_S
    if offer.inventory > _PARALLEL_ABOVE and not one_at_a_time:
        return offer.inventory, offer.inventory
    return offer.inventory, 1
