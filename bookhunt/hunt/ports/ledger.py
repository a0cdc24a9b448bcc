"""What must survive: requests, attempts, claims, budgets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import RequestRecord, Result
    from bookhunt.model.purchase import Answer, Attempt, Frozen, Stage
    from bookhunt.model.request import Request, RequestState


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
    # What is reserved, in the currency of the request: the landed total as it costs the customer,
    # or the maximum while it is unknown.
    agreed: Money
    key: str
    reference: str
    definition_hash: str
    profile: str
    slots: int  # units of this offer that may be claimed: its known inventory, 1 where unknown
    slots_in_flight: int  # how many of them may be open at once (I3)


class IntentRefusal(StrEnum):
    """Why the ledger refuses an intent; nothing was written."""

    SLOT_TAKEN = "slot_taken"  # every unit of this offer was bought since its seller was asked
    # Every unit is claimed, some by purchases that may fall through, or that its seller may have
    # taken off the number it named: they were under way when it was asked.
    SLOT_HELD = "slot_held"
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
            StateConflict: its watch is not active, waits for another purchase, has bought all, or
                pays less by now.
        """
        ...

    async def knows(self, customer: str, idempotency_key: str) -> bool:
        """Whether a request was submitted under this key."""
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

        The reservation becomes the frozen total, which is in the currency of the request. Refused
        (PAUSED, CANCELLED, a limit) the attempt stays PREPARED.
        """
        ...

    async def resend(self, attempt: Attempt) -> Attempt | IntentRefusal:
        """Record, before the bytes leave again, that they do.

        Refused (PAUSED, SAFE_MODE) nothing was written, and nothing may leave.
        """
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
        into money spent, at what was charged (`Attempt.as_it_costs`, where that is known).
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

    async def currencies(self) -> list[str]:
        """Every currency with limits set by hand or money spent or reserved, in order."""
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

    async def safe_mode(self) -> str | None:
        """Why only searching is allowed, whatever is asked; None: all is well."""
        ...

    async def leave_safe_mode(self) -> None:
        """A person has compared the ledger with the sellers' orders: buying is allowed again."""
        ...
