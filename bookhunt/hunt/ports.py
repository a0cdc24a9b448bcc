"""What the hunt needs of the world, as protocols; adapters stand above and are never named here.

No port assumes one process: every change to the ledger is compare-and-set on (state, version), so
that a ledger shared by several nodes can stand behind the same protocol. Each port has a contract
suite in `tests/contract` that every implementation passes, doubles included.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from bookhunt.model.book import Book
    from bookhunt.model.buyer import Buyer
    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import RequestRecord, Result, SellerNote
    from bookhunt.model.purchase import Answer, Attempt, Frozen, Stage
    from bookhunt.model.reasons import Reason
    from bookhunt.model.request import ConditionWish, FormatWish, Request, RequestState
    from bookhunt.model.seller import Seller


OfferKey = tuple[str, str, str]
"""What an answer is kept under: seller, definition, and all that was asked but the maximum."""


# ------------------------------------------------------------------------------------- sellers
@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a seller is asked: nothing of the customer but the country the book goes to."""

    book: Book
    max_price: Money
    country: str
    condition: ConditionWish
    format: FormatWish


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that was read and is not for this customer; `offer` where it has a price."""

    reason: Reason
    offer: Offer | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """One seller's whole answer: offers as read, or the reason there is none. Never an exception.

    `offers` are identified (the right book), available, of a wished condition and format, in the
    asked currency; whether they fit the maximum is the hunt's business. `refused` are the rows
    that were left out. `reason` is None exactly when `offers` is not empty.
    """

    seller: str
    offers: tuple[Offer, ...] = ()
    refused: tuple[Refusal, ...] = ()
    reason: Reason | None = None
    detail: str | None = None
    calls: int = 0  # HTTP requests made
    latency_ms: float = 0.0
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the steps of a purchase are told.

    `ceiling` is the landed total above which the steps before the commit end with OVER_MAX and
    the total they read: the offer's own total where that is known (a raised price abandons the
    offer), else the smaller of the customer's maximum and the next best offer's total.
    """

    attempt: Attempt
    buyer: Buyer
    book: Book
    ceiling: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The steps before the commit step went well: what is to be sent, exactly."""

    frozen: Frozen
    total_checked: bool  # a step of the purchase itself named the landed total


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A step before the commit step ended the attempt; nothing was ordered."""

    answer: Answer
    detail: str | None = None
    total: Money | None = None  # the landed total that was too high, where one was read


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came back from the commit step, or from a look-up. Never an exception."""

    answer: Answer
    order_id: str | None = None
    charged: Money | None = None
    delivery: str | None = None
    detail: str | None = None
    retry_after_s: float | None = None


class Sellers(Protocol):
    """The sellers of `sellers.d`, to ask and to order from."""

    def all(self) -> Sequence[Seller]:
        """Every seller that is defined, with its state; cheap, called for each request."""
        ...

    def get(self, seller_id: str) -> Seller | None:
        """The seller of that id, whatever its state; None: no definition is left."""
        ...

    def cannot_ask(self, seller_id: str, ask: Ask) -> Reason | None:
        """Why the seller cannot be asked this, without any call; None: it can."""
        ...

    async def quote(self, seller_id: str, ask: Ask, *, within_s: float) -> Quoted:
        """Ask for offers. Ends within `within_s` and the seller's own time-out; cancellable."""
        ...

    async def needs_setup(self, seller_id: str, profile: str) -> str | None:
        """What is missing before this profile can order here (a payment token); None: nothing."""
        ...

    async def prepare(self, order: Order) -> Prepared | Stopped:
        """Do the steps before the commit step, check the landed total, and freeze the commit."""
        ...

    async def send(self, order: Order) -> Sent:
        """Send `order.attempt.frozen`, once, and do the steps after it if the order stands.

        On the first send and on every re-send the bytes are those on disk. `NOT_SENT` only where
        no byte left this machine. Steps after the commit are done once, never on a re-send.
        """
        ...

    async def look_up(self, order: Order) -> Sent:
        """Learn what became of the order: bought, placed, refused, not_found, passed_over, ..."""
        ...

    async def cancel(self, order: Order) -> bool:
        """Try once to cancel the session or the order; whether the seller agreed."""
        ...


# -------------------------------------------------------------------------------------- ledger
@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A request is on disk: `created` is False where the same key and body came before."""

    record: RequestRecord
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is to be recorded before anything is ordered."""

    attempt_id: str
    request_id: str
    request_version: int
    offer: Offer
    agreed: Money  # what is reserved: the landed total, or the maximum while it is unknown
    key: str
    reference: str
    definition_hash: str
    profile: str
    slots: int  # units of this offer that may be claimed: its known inventory, 1 where unknown
    slots_in_flight: int  # how many of them may be open at once (I3)


class IntentRefusal(StrEnum):
    """Why the ledger refuses an intent; nothing was written."""

    SLOT_TAKEN = "slot_taken"  # every unit of this offer is claimed by other requests
    SLOT_BUSY = "slot_busy"  # a unit is left, but one is being bought: wait for it
    PURCHASE_LIMIT = "purchase_limit"
    DAY_LIMIT = "day_limit"
    MONTH_LIMIT = "month_limit"
    PAUSED = "paused"
    CANCELLED = "cancelled"  # the customer cancelled meanwhile
    STALE = "stale"  # the request moved on: another worker has it, or an attempt is open
    SAFE_MODE = "safe_mode"  # the ledger is older than its side file: search only


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """The intent is on disk: the attempt is PREPARED, its request RESOLVED."""

    attempt: Attempt
    record: RequestRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was learned with a change of an attempt's stage; None leaves what is there."""

    answer: Answer | None = None
    order_id: str | None = None
    charged: Money | None = None
    delivery: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The spending limits of one currency; None: no limit."""

    purchase: Money | None
    day: Money | None
    month: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What the ledger found when it was opened."""

    epoch: int
    safe_mode: str | None  # why only searching is allowed; None: all is well
    interrupted: int  # attempts that were SENDING and are UNKNOWN now
    abandoned: int  # attempts that were PREPARED and are ABANDONED now
    requeued: int  # requests that are PROCESSING again, or still PENDING
    clock_behind_s: float = 0.0  # the clock went back so far: ages of open orders are unknown


class Ledger(Protocol):
    """What must survive: requests, attempts, claims, budgets. Durable when a call returns.

    Each method is one transaction. A stale version is never overwritten: methods that change an
    attempt or a request raise `IllegalTransition` where the move is forbidden or somebody else
    moved it first. Where the disk refuses (full, failing) they raise `LedgerUnusable`; nothing was
    written then, and the same call may be made again later.
    """

    async def submit(self, request: Request, *, fingerprint: str, again: bool) -> Submitted:
        """Store a new request as PENDING, or return the one its key already made.

        Raises:
            IdempotencyKeyReused: the same customer and key, another fingerprint.
            PossibleDuplicate: the same customer, profile and book is active or was bought within
                a day, and not `again`; watches are exempt.
        """
        ...

    async def get(self, request_id: str) -> RequestRecord | None:
        """The request of that id."""
        ...

    async def find(
        self,
        *,
        prefix: str | None = None,
        states: frozenset[RequestState] | None = None,
        since: datetime | None = None,
        limit: int = 100,
    ) -> list[RequestRecord]:
        """Requests, newest first; `prefix` of an id matches its beginning or, if long, its end."""
        ...

    async def unfinished(self) -> list[RequestRecord]:
        """Every request that is not final and does not wait for a person, oldest first."""
        ...

    async def move(
        self, record: RequestRecord, to: RequestState, *, result: Result | None = None
    ) -> RequestRecord:
        """Move a request, compare-and-set on (state, version).

        It has no open attempt but, on the way to NEEDS_ATTENTION, one that is MANUAL.
        """
        ...

    async def cancel(self, request_id: str) -> RequestRecord:
        """CANCELLED at once if no attempt is open, else remembered (`cancel_requested`).

        Raises:
            NotFound: no such request.
            TooLate: it is final, and not by being cancelled.
        """
        ...

    async def intend(self, intent: Intent) -> Intended | IntentRefusal:
        """Claim a slot, reserve the budget and record the attempt, in one transaction."""
        ...

    async def attempts(self, request_id: str) -> list[Attempt]:
        """The attempts of a request, oldest first."""
        ...

    async def open_attempts(self) -> list[Attempt]:
        """Every open attempt, oldest first: what recovery settles."""
        ...

    async def start_sending(self, attempt: Attempt, frozen: Frozen) -> Attempt | IntentRefusal:
        """PREPARED to SENDING with the exact bytes, the agreed total and the first send's time.

        The reservation becomes the frozen total. Refused (PAUSED, CANCELLED, a limit) the attempt
        stays PREPARED.
        """
        ...

    async def resend(self, attempt: Attempt) -> Attempt:
        """Record, before the bytes leave again, that they do."""
        ...

    async def checked(
        self, attempt: Attempt, *, not_found: bool, next_check_at: datetime | None
    ) -> Attempt:
        """Record that a look-up or a re-send settled nothing, and when the next one is due."""
        ...

    async def settle(
        self,
        attempt: Attempt,
        to: Stage,
        facts: Facts,
        *,
        request_to: RequestState | None = None,
        result: Result | None = None,
    ) -> tuple[Attempt, RequestRecord]:
        """Move an attempt and, in the same transaction, its request.

        A negative stage gives the slot and the reservation back; CONFIRMED turns the reservation
        into money spent, at what was charged.
        """
        ...

    async def settle_by_hand(
        self, request_id: str, *, order_id: str | None, retry: bool = False
    ) -> tuple[Attempt, RequestRecord]:
        """A person says that the order stands, under this number, or (None) that it does not.

        A request whose order does not stand is cancelled, or PROCESSING again if `retry`.

        Raises:
            NotFound: no such request.
            StateConflict: it does not wait for a person, or the order is another request's.
        """
        ...

    async def limits(self, currency: str) -> Limits:
        """The limits in force for one currency."""
        ...

    async def set_limits(self, currency: str, limits: Limits | None) -> None:
        """Set the limits of a currency from now on; None: back to the configured ones.

        Raises:
            CurrencyMismatch, InputError: a limit is in another currency, or below zero.
        """
        ...

    async def spent(self, currency: str, *, at: datetime) -> tuple[Money, Money]:
        """Spent and reserved, in the day and in the month (UTC) of `at`."""
        ...

    async def set_paused(self, *, paused: bool) -> None:
        """Stop all new intents and sends at once, or allow them again."""
        ...

    async def paused(self) -> bool:
        """Whether buying is paused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer on the shelf, with the maximum it was asked with."""

    quoted: Quoted
    max_price: Money
    until: datetime


class OfferShelf(Protocol):
    """Answers of sellers for as long as they are fresh. May lose any of them at any time."""

    def get(self, key: OfferKey, *, now: datetime) -> Kept | None:
        """The answer kept under this key, None where there is none that still holds."""
        ...

    def put(self, key: OfferKey, kept: Kept) -> None:
        """Keep an answer in the place of an older one; the oldest go when there are too many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefRows:
    """Beliefs as JSON texts by seller and by book, and the hint; what is None is not there."""

    sellers: Mapping[str, str]
    books: Mapping[str, str]
    hint: str | None = None


class BeliefShelf(Protocol):
    """Beliefs over restarts; may lose any of them, which costs calls and nothing else."""

    async def load(self) -> BeliefRows:
        """All that is kept; empty where nothing is, or nothing can be read."""
        ...

    def keep(self, rows: BeliefRows) -> None:
        """Remember, soon and in the background, in the place of what was there under each name."""
        ...

    def forget(self, *, sellers: Collection[str], books: Collection[str]) -> None:
        """Drop what is kept of these, soon and in the background."""
        ...


class Explanations(Protocol):
    """Why each seller was asked or not and what it said; may be lost, never needed for money."""

    def keep(self, request_id: str, notes: Sequence[SellerNote]) -> None:
        """Remember, soon and in the background; drops the oldest rather than wait."""
        ...

    async def of(self, request_id: str) -> list[SellerNote]:
        """What is remembered of a request, in the order sellers were ranked."""
        ...


# ----------------------------------------------------------------------------------- the rest
class Buyers(Protocol):
    """The shipping profiles."""

    def buyer(self, profile: str) -> Buyer:
        """The profile of that name.

        Raises:
            ProfileMissing: there is none.
        """
        ...


class Clock(Protocol):
    """Both kinds of time, and waiting: tests hold one that jumps."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC: what is shown and stored."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward: what durations are measured with."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so long."""
        ...
