"""A request: one copy of one book, at most at this price; and the states it goes through."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bookhunt.model.buyer import require_country
from bookhunt.model.errors import BadMoney, InputError

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.model.book import Book
    from bookhunt.model.money import Money

_NAME = re.compile(r"[A-Za-z0-9@._:-]{1,80}", re.ASCII)
_LONGEST_NOTE = 500


class Strategy(StrEnum):
    """How sellers are searched: what is traded between calls, price and time."""

    CHEAPEST = "cheapest"  # the lowest total that any reachable seller offers
    BALANCED = "balanced"  # stops when asking more is not worth it
    FAST = "fast"  # takes what is there when the first good answers are in
    TIERS = "tiers"  # three waves, best sellers first, a grace window after the first match


class ConditionWish(StrEnum):
    """Which copies the customer takes."""

    NEW = "new"
    USED = "used"
    ANY = "any"


class FormatWish(StrEnum):
    """Which formats the customer takes; rentals never."""

    PAPER = "paper"
    EBOOK = "ebook"
    AUDIO = "audio"
    ANY = "any"


class RequestState(StrEnum):
    """Where a request stands. The ledger's trigger allows only the moves in `_NEXT`."""

    PENDING = "PENDING"  # durable and queued; no seller was asked
    PROCESSING = "PROCESSING"  # sellers are being asked
    RESOLVED = "RESOLVED"  # an offer was chosen, its purchase is under way
    IN_DOUBT = "IN_DOUBT"  # an order was sent and nobody can say yet what became of it
    NEEDS_ATTENTION = "NEEDS_ATTENTION"  # only a person can say
    SUCCESS = "SUCCESS"  # bought
    NOT_AVAILABLE = "NOT_AVAILABLE"  # nobody has it at that price
    PURCHASE_FAILED = "PURCHASE_FAILED"  # every fitting offer was refused
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"  # its deadline passed before anybody was asked
    DRY_RUN = "DRY_RUN"  # everything but the commit step was done, as asked

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the request by itself or by hand."""
        return not _NEXT[self]

    def may_become(self, other: RequestState) -> bool:
        """Whether the table of purchase-safety allows this move."""
        return other in _NEXT[self]


_S = RequestState
_NEXT: dict[RequestState, frozenset[RequestState]] = {
    _S.PENDING: frozenset({_S.PROCESSING, _S.CANCELLED, _S.EXPIRED}),
    _S.PROCESSING: frozenset(
        {_S.RESOLVED, _S.NOT_AVAILABLE, _S.PURCHASE_FAILED, _S.CANCELLED, _S.EXPIRED, _S.DRY_RUN}
    ),
    _S.RESOLVED: frozenset(
        {_S.SUCCESS, _S.PROCESSING, _S.IN_DOUBT, _S.PURCHASE_FAILED, _S.CANCELLED, _S.DRY_RUN}
    ),
    _S.IN_DOUBT: frozenset({_S.SUCCESS, _S.PROCESSING, _S.NEEDS_ATTENTION, _S.CANCELLED}),
    _S.NEEDS_ATTENTION: frozenset({_S.SUCCESS, _S.PROCESSING, _S.CANCELLED}),
    _S.SUCCESS: frozenset(),
    _S.NOT_AVAILABLE: frozenset(),
    _S.PURCHASE_FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.DRY_RUN: frozenset(),
}
REQUEST_MOVES = tuple((before, after) for before, afters in _NEXT.items() for after in afters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a customer asked for, as it was accepted; it never changes."""

    id: str  # UUIDv7
    customer: str
    idempotency_key: str
    book: Book
    max_price: Money  # of the landed total
    profile: str
    country: str  # where the book goes, ISO 3166 alpha-2
    strategy: Strategy
    condition: ConditionWish
    format: FormatWish
    sellers: frozenset[str] | None  # only these; None: all
    search_deadline_s: float  # asking sellers and choosing, in all
    priority: int
    dry_run: bool
    note: str | None
    watch_id: str | None
    submitted_at: datetime

    def __post_init__(self) -> None:
        if self.max_price.minor <= 0:
            raise BadMoney(
                f"a maximum price of {self.max_price} buys nothing",
                hint="give --max-price an amount above zero",
            )
        for what in ("customer", "profile"):
            if not _NAME.fullmatch(getattr(self, what)):
                raise InputError(f"{getattr(self, what)!r} cannot be a {what}'s name")
        require_country(self.country)
        if not 0 < len(self.idempotency_key) <= 255 or not self.idempotency_key.isprintable():
            raise InputError("an idempotency key has 1 to 255 printable characters")
        if self.submitted_at.tzinfo is None:
            raise InputError("times are aware, in UTC")
        if not 0 < self.search_deadline_s <= 3600:
            raise InputError("a search deadline lies between 0 and 3600 seconds")
        if self.note is not None and len(self.note) > _LONGEST_NOTE:
            raise InputError(f"a note has at most {_LONGEST_NOTE} characters")
