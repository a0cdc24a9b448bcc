"""A watch: a book that is looked for again and again until its copies are bought."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bookhunt.model.errors import BadMoney, InputError
from bookhunt.model.schedule import At, after, zone_of

if TYPE_CHECKING:
    from bookhunt.model.book import Book
    from bookhunt.model.money import Money
    from bookhunt.model.request import ConditionWish, FormatWish, Strategy
    from bookhunt.model.schedule import Schedule

MOST_COPIES = 100
_ID = re.compile(r"[0-9a-z-]{4,40}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9@._:-]{1,80}", re.ASCII)
_LONGEST_NOTE = 500
# Ten thousand watches of `0 7 * * *` are not all to ask at seven: a run begins up to a tenth of
# the time to the next one later, and at most five minutes.
_SPREAD_SHARE = 0.1
_LONGEST_SPREAD_S = 300.0


class WatchState(StrEnum):
    """Where a watch stands. What blocks an active one for a while is its requests' business."""

    ACTIVE = "active"  # runs at its times
    PAUSED = "paused"  # by hand
    DONE = "done"  # all its copies are bought; the ledger itself says so
    ENDED = "ended"  # no time is left before its end
    REMOVED = "removed"  # by hand, for ever; kept for what it bought


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a customer wants watched; an edit makes a new value under the same id.

    Its time zone may be gone some day, with the database of the system: then its times cannot be
    told (`BadSchedule`), and all else of it can.
    """

    id: str
    customer: str
    book: Book
    max_price: Money  # of the landed total of one copy
    profile: str
    strategy: Strategy
    condition: ConditionWish
    format: FormatWish
    sellers: frozenset[str] | None  # only these; None: all
    schedule: Schedule
    timezone: str  # of the IANA database; what times of day mean
    until: datetime | None  # no run from then on
    copies: int  # to buy, ever
    quote_only: bool  # look, tell, and buy nothing
    note: str | None
    created_at: datetime
    anchor: datetime  # what `every` counts from: when its schedule was last set

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise InputError(f"{self.id!r} cannot be a watch's id")
        if self.max_price.minor <= 0:
            raise BadMoney(
                f"a maximum price of {self.max_price} buys nothing",
                hint="give --max-price an amount above zero",
            )
        for what in ("customer", "profile"):
            if not _NAME.fullmatch(getattr(self, what)):
                raise InputError(f"{getattr(self, what)!r} cannot be a {what}'s name")
        if not 0 < self.copies <= MOST_COPIES:
            raise InputError(f"a watch buys 1 to {MOST_COPIES} copies")
        if self.note is not None and len(self.note) > _LONGEST_NOTE:
            raise InputError(f"a note has at most {_LONGEST_NOTE} characters")
        for moment in (self.created_at, self.anchor, self.until):
            if moment is not None and moment.tzinfo is None:
                raise InputError("times are aware, in UTC")

    def wants_less_than(self, price: Money) -> bool:
        """Whether a purchase for up to `price` might cost more than the watch pays."""
        return price.currency != self.max_price.currency or price > self.max_price

    def next_run(self, moment: datetime) -> datetime | None:
        """The first time after `moment` at which it is due, in UTC; None: never again.

        Raises:
            BadSchedule: this system does not know its time zone.
        """
        due = after(self.schedule, moment, zone=zone_of(self.timezone), anchor=self.anchor)
        if due is None or (self.until is not None and due >= self.until):
            return None
        return due

    def next_runs(self, moment: datetime, *, most: int) -> list[datetime]:
        """The next times at which it is due, in its own zone."""
        zone = zone_of(self.timezone)
        found: list[datetime] = []
        due = self.next_run(moment)
        while due is not None and len(found) < most:
            found.append(due.astimezone(zone))
            due = self.next_run(due)
        return found

    def begins(self, due: datetime) -> datetime:
        """When a run that is due begins: a little later, by as much each time for one book.

        Watches of one book have the same delay, so that they look together and share the answers.
        """
        following = self.next_run(due)
        if isinstance(self.schedule, At) or following is None:
            most_s = _LONGEST_SPREAD_S
        else:
            between_s = (following - due).total_seconds()
            most_s = min(between_s * _SPREAD_SHARE, _LONGEST_SPREAD_S)
        return due + timedelta(seconds=round(most_s * _share_of(self.book.identity), 3))


def _share_of(identity: str) -> float:
    """A number from 0 to 1 that is the same for a book in every life of every daemon."""
    digest = hashlib.blake2b(identity.encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRun:
    """What a look of a watch came to; the newest is kept."""

    at: datetime
    outcome: str  # a word of `RunOutcome`, or the code of an error
    request_id: str | None = None  # the purchase it asked for, or is waiting for
    lowest: Money | None = None  # the lowest total that could be ordered, whatever the maximum
    lowest_seller: str | None = None
    told: Money | None = None  # the lowest total its customer was told of, in this run or before


class RunOutcome(StrEnum):
    """What a look came to, where nothing failed."""

    TOO_DEAR = "too_dear"  # somebody has it, for more than the maximum
    NOT_FOUND = "not_found"  # nobody has it, and all that could have it answered
    UNPROVEN = "unproven"  # nobody that answered has it; some could not be asked, or were silent
    CANNOT_ASK = "cannot_ask"  # no seller could be asked at all
    FITS = "fits"  # quote only: somebody has it at that price
    ORDERED = "ordered"  # a purchase was asked for
    WAITING = "waiting"  # an earlier purchase of it is not settled
    BUYING_PAUSED = "paused"  # `bookhunt pause` is on, or the ledger is in safe mode
    DONE = "done"  # all its copies were bought meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRecord:
    """A watch as the ledger holds it now."""

    watch: Watch
    state: WatchState
    version: int
    bought: int  # copies, counted from the requests that are a success
    open_request: str | None  # a purchase that is not settled: nothing is bought before it is
    open_state: str | None  # and where that stands
    ran_at: datetime | None  # what was due until then is done; None: its first run is due at once
    last_run: WatchRun | None
    best: Money | None  # the lowest total ever seen

    @property
    def shown_state(self) -> str:
        """The state in one word: an active watch that waits for a person is `blocked`."""
        if self.state is WatchState.ACTIVE and self.open_state == "NEEDS_ATTENTION":
            return "blocked"
        if self.state is WatchState.ACTIVE and self.open_request is not None:
            return "buying"
        return self.state.value

    def due(self, now: datetime) -> datetime | None:
        """When its next run is due; in the past where it was missed. None: never again.

        However many times were missed, they are one run. Where the clock was put back behind the
        last run, the clock counts.
        """
        if self.watch.until is not None and now >= self.watch.until:
            return None
        if self.ran_at is None:
            return min(self.watch.created_at, now)
        return self.watch.next_run(min(self.ran_at, now))

    def begins(self, now: datetime) -> datetime | None:
        """When that run begins: see `Watch.begins`; what was missed and the first run, at once."""
        span = self.span(now)
        return None if span is None else span[1]

    def span(self, now: datetime) -> tuple[datetime, datetime] | None:
        """When that run is due, and when it begins at the latest; None: never again.

        Between the two it may begin with others, so that they share what they ask.
        """
        due = self.due(now)
        if due is None:
            return None
        return due, due if self.ran_at is None else self.watch.begins(due)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCopy:
    """The copy that a watch may ask for now, and its try: together they are its only key."""

    watch_id: str
    copy: int  # from 1
    round: int  # from 1; one more only after the last try ended for certain without an order

    @property
    def key(self) -> str:
        """The idempotency key: the same for every run that would buy this copy."""
        return f"watch:{self.watch_id}:{self.copy}:{self.round}"
