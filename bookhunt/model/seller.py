"""A seller as the hunt sees it: what it can be asked, what it can prove, and how it is ranked.

How it is asked (paths, fields, steps) is the definition's business and stays in `sellers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Condition(StrEnum):
    """The state of a copy, as sellers grade it."""

    NEW = "new"
    LIKE_NEW = "like_new"
    VERY_GOOD = "very_good"
    GOOD = "good"
    ACCEPTABLE = "acceptable"
    USED = "used"  # used, and not graded
    UNKNOWN = "unknown"  # the seller does not say, or says something the definition does not know


class BookFormat(StrEnum):
    """What is delivered."""

    PAPER = "paper"
    EBOOK = "ebook"
    AUDIO = "audio"


class PurchaseMode(StrEnum):
    """What bookhunt can do with an offer of this seller."""

    AUTO = "auto"  # bookhunt orders
    LINK = "link"  # the customer gets the address of the offer
    NONE = "none"  # prices only


class Trust(StrEnum):
    """What the customer allows."""

    NORMAL = "normal"
    SHADOW = "shadow"  # asked, never bought from
    BLOCKED = "blocked"  # not even asked


class Capability(StrEnum):
    """What the seller can prove about an order whose answer was lost (purchase-safety)."""

    KEY_AND_LOOKUP = "key_and_lookup"
    KEY = "key"  # the same bytes with the same key order once
    LOOKUP = "lookup"  # orders can be found by our reference
    NONE = "none"

    @property
    def has_key(self) -> bool:
        """Whether the same bytes may be sent again."""
        return self in {Capability.KEY_AND_LOOKUP, Capability.KEY}

    @property
    def has_lookup(self) -> bool:
        """Whether an order can be looked up."""
        return self in {Capability.KEY_AND_LOOKUP, Capability.LOOKUP}


class SellerState(StrEnum):
    """Whether a seller can be asked now."""

    READY = "ready"
    NEEDS_SETUP = "needs_setup"  # a setting or a credential is missing
    DISABLED = "disabled"  # switched off in the configuration
    BLOCKED = "blocked"  # by the customer
    SUSPENDED = "suspended"  # it failed too often a moment ago


EVERYWHERE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a purchase may lean on after a lost answer."""

    capability: Capability
    settle_s: float  # an order can still appear so long after it was sent
    key_retained_s: float  # the seller remembers a key so long; 0 without one
    replays_same_answer: bool  # a re-sent key gets the first answer again (replay: same_answer)
    resend_after_s: float = 0.0  # no bytes go again sooner: the first may still be worked on


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """One seller, ready to be ranked and asked."""

    id: str
    name: str
    region: str
    currency: str | None  # of prices that name none
    ships_to: frozenset[str]  # ISO 3166 codes; {"*"}: everywhere
    conditions: frozenset[Condition]
    formats: frozenset[BookFormat]
    asks_by: tuple[str, ...]  # isbn13, isbn10, title: the first that the book has
    purchase_mode: PurchaseMode
    trust: Trust
    tier: int | None  # 1..3: set by hand; None: by its figures
    stock_eventual: bool  # its counts may be stale: one order at a time
    state: SellerState
    cause: str | None  # why it is not ready
    proof: Proof
    timeout_s: float
    concurrency: int
    per_second: float
    quote_ttl_s: float
    sends_maximum: bool = False  # a quote carries the customer's maximum: an empty one has a limit
    priced_in: str | None = None  # its maximum is in this currency: a quote names none
    checks_total: bool = False  # a step of the purchase names the landed total before the commit
    batch: int = 1  # so many books may be asked for in one call, each by its ISBN
    definition_hash: str
    file: str

    def ships(self, country: str) -> bool:
        """Whether the seller says it sends to this country."""
        return EVERYWHERE in self.ships_to or country in self.ships_to
