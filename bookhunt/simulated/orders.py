"""The values of a sale: what is listed, wished for, ruled and ordered."""

import secrets as randomness
from dataclasses import dataclass, field
from enum import StrEnum

from bookhunt.simulated.stock import Offer


class Verdict(StrEnum):
    """What a seller says to a commit."""

    BOUGHT = "bought"  # there is an order, this one made it or its key did
    ALREADY_EXISTS = "already_exists"  # the key was used before
    IN_FLIGHT = "in_flight"  # the first request with this key is still running
    KEY_MISMATCH = "key_mismatch"  # the key was used with another body
    KEY_MISSING = "key_missing"  # this seller takes no order without a key
    SOLD_OUT = "sold_out"  # nothing left, or not as many
    PRICE_CHANGED = "price_changed"  # the customer expects another total
    DECLINED = "declined"  # the payment token is not one of ours
    UNKNOWN_ITEM = "unknown_item"  # no such item, no such basket


@dataclass(slots=True, kw_only=True)
class Order:
    """An order that a seller executed; money in minor units."""

    order_id: str
    seller: str
    item: str
    isbn: str
    quantity: int
    price_minor: int
    shipping_minor: int
    total_minor: int
    currency: str
    reference: str
    key: str
    body_hash: str
    placed_at: float
    arrival: int
    status: int | None = None  # an error answer that the key repeats for ever
    cancelled: bool = False
    replays: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A commit as a dialect read it."""

    item: str
    quantity: int
    token: str
    expected_minor: int | None = None
    extra_minor: int = 0  # what a raised price step told the customer on top


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The verdict on a commit, with the order where there is one."""

    verdict: Verdict
    order: Order | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A row of a quote; `garbled`: its price must not be readable."""

    offer: Offer
    isbn: str
    title: str
    author: str
    price_minor: int
    shipping_minor: int
    inventory: int
    garbled: bool = False


@dataclass(slots=True, kw_only=True)
class Session:
    """A basket or a form on its way through a checkout."""

    id: str = field(default_factory=lambda: randomness.token_hex(12))
    item: str = ""
    quantity: int = 0
    extra_minor: int = 0  # what a raised price step told the customer on top
    form_token: str = field(default_factory=lambda: randomness.token_hex(8))
