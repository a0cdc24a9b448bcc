"""The gate: whether a seller may be called now, decided in one synchronous step.

A seller is protected from us (its rate, its concurrency, its Retry-After), we are protected from it
(a seller that fails is left alone for a while), and both in one object, because a call that one of
them refuses must not use up a place of the other. Kept libraries do one of the three each, and wait
where we must say no.

- Rate: GCRA (ITU-T I.371), the leaky bucket as one number, per seller and per region. A call that
  fits a moment later is told how long to wait; one that does not is refused.
- Concurrency: additive increase, multiplicative decrease, as in Netflix's limiter. A 429 or a
  time-out lowers the limit, an answer while at least half of it is in use raises it.
- Breaker: after some failures in a row the seller is skipped, twice as long each time, longest for
  causes that do not pass by themselves. Then one call, and one only, probes; its success closes the
  breaker. No more sellers are skipped while so many fail at once that the fault must be our own
  network, and nothing is held against anybody in the first moments after the start.
- Drip: a seller of whose calls some two in five fail, seldom many in a row, is worth asking still,
  since it may be the only one that has the book, but not worth the calls of everybody: it gets one
  every other second, until it is well, and beyond that what is asked where nobody else has the book
  at that price. That it answers at all shows that our own network works.

Purchases pass a gate of their own: they are counted and never refused, since an order that was
decided on must not be lost to a limit that protects look-ups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookhunt.model.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.model.seller import Seller

_BURST_S = 0.5  # of its rate that a seller is sent at once
_LONGEST_WAIT_S = 0.25  # for a rate to come free; longer is a refusal
_DECREASE = 0.7
_LEAST_LIMIT = 1.0
_FAILURES_THAT_OPEN = 5
# How unwell a seller is: the mean of its calls, failures as ones, each call a twentieth of it. By
# chance one that fails every fifth time drips for a twentieth of the time, and one that fails every
# other time for nearly all of it.
_LEARNS = 0.05
_UNWELL, _WELL = 0.42, 0.3  # from the one on it drips, until the other
_UNSTEADY = 0.2  # from here on an order there is likely to end in doubt; seen within ten calls
_DRIP_S = 2.0
_LATELY_S = 60.0  # one that was not called for longer says nothing of our network
_GRACE_S = 10.0  # after the start nothing is held against anybody
_MOST_OPEN = 0.5  # of the sellers that were called: more at once is our own network
_ENOUGH_SELLERS = 4  # below which nothing can be said about our own network
_LONGEST_S = 600.0
# What passes by itself is probed again within a minute: it may be well at any moment.
_LONGEST_PASSING_S = 60.0
_PASSING = frozenset({Reason.TIMED_OUT, Reason.UNREACHABLE, Reason.SERVER_ERROR})
_LONGEST_RETRY_AFTER_S = 3600.0
_MOST_DOUBLINGS = 10
# How long a seller is left alone at first, by what it did.
_FIRST_S = {
    Reason.TIMED_OUT: 10.0,
    Reason.UNREACHABLE: 10.0,
    Reason.SERVER_ERROR: 10.0,
    Reason.UNREADABLE: 30.0,
    Reason.UNAUTHORISED: 120.0,
    Reason.BLOCKED: 300.0,
}


@dataclass(slots=True)
class Rate:
    """GCRA for one rate: when the next call would be due if calls came evenly."""

    per_second: float
    due: float = 0.0

    def wait_s(self, now: float) -> float:
        """How long until a call fits; nought: it fits now."""
        return max(0.0, self.due - _BURST_S - now)

    def take(self, now: float) -> None:
        """A call is made now."""
        self.due = max(self.due, now) + 1.0 / self.per_second


@dataclass(slots=True)
class _Door:
    """One seller's gate."""

    rate: Rate
    most: int
    limit: float
    in_flight: int = 0
    failures: int = 0  # in a row
    openings: int = 0  # of the breaker, in a row
    away_s: float = 0.0  # how long they were, together
    unwell: float = 0.0
    drips: bool = False
    next_drip: float = -math.inf
    shut_until: float = -math.inf
    cause: Reason | None = None  # why it is shut; RATE_LIMITED: it asked us to come later
    probing: bool = False
    called: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The call is not made."""

    reason: Reason
    retry_after_s: float
    drips: bool = False  # it may be made `anyway`


@dataclass(frozen=True, slots=True)
class Pass:
    """The call may be made, after waiting so long; `leave` must be told how it went."""

    wait_s: float
    door: _Door = field(repr=False)  # kept: a seller that is reset meanwhile has a new one
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Suspension:
    """Why a seller is not called, and for how long yet."""

    cause: Reason
    left_s: float
    lasts_s: float  # with the times before, since it last answered


@dataclass(slots=True)
class Gate:
    """The gates of all sellers. Times are monotonic seconds."""

    started_at: float
    regions: Mapping[str, int] = field(default_factory=dict)  # calls per second
    most_per_seller: int = 50
    _doors: dict[str, _Door] = field(default_factory=dict)
    _regions: dict[str, Rate] = field(default_factory=dict)

    def enter(self, seller: Seller, now: float, *, anyway: bool = False) -> Pass | Refused:
        """Ask for one look-up at a seller. `anyway`: also where calls to it only drip."""
        door = self._door(seller)
        if now < door.shut_until:
            reason = Reason.RATE_LIMITED
            if door.cause is not Reason.RATE_LIMITED:
                reason = Reason.SKIPPED_OPEN_BREAKER
            return Refused(reason, door.shut_until - now)
        if door.drips and now < door.next_drip and not anyway:
            left_s = door.next_drip - now
            return Refused(Reason.SKIPPED_OPEN_BREAKER, left_s, drips=True)
        half_open = door.openings > 0
        if half_open and door.probing:
            return Refused(Reason.SKIPPED_OPEN_BREAKER, 1.0)
        if door.in_flight >= door.limit:
            return Refused(Reason.SKIPPED_LIMIT, 0.1)
        rates = [door.rate, *self._region(seller.region)]
        wait_s = max(rate.wait_s(now) for rate in rates)
        if wait_s > _LONGEST_WAIT_S:
            return Refused(Reason.SKIPPED_LIMIT, wait_s)
        for rate in rates:
            rate.take(now)
        if not anyway:  # those leave the drip to who asks as ever
            door.next_drip = now + _DRIP_S
        door.in_flight += 1
        door.called = True
        door.probing = half_open
        return Pass(wait_s, door, probe=half_open)

    def enter_purchase(self, seller: Seller, now: float) -> Pass:
        """Enter for an order or the look that confirms it: counted, never refused."""
        door = self._door(seller)
        for rate in (door.rate, *self._region(seller.region)):
            rate.take(now)
        door.in_flight += 1
        return Pass(0.0, door)

    def leave(
        self,
        passed: Pass,
        reason: Reason | None,
        now: float,
        *,
        retry_after_s: float | None = None,
        lost: bool = False,
    ) -> None:
        """Say how a call went: None, or any word about the book, is an answer.

        `lost`: requests of it failed and were made again; a seller that answers only the second
        time is as unwell as one that fails every other time.
        """
        door = passed.door
        if lost:
            self._is_unwell(door, now)
        door.in_flight -= 1
        if passed.probe:
            door.probing = False
        if reason is Reason.RATE_LIMITED:
            self._come_later(door, now, retry_after_s)
        elif reason in _FIRST_S:
            self._fail(door, reason, now, probe=passed.probe)
        else:
            door.failures = door.openings = 0
            door.away_s = 0.0
            door.unwell = 0.0 if passed.probe else door.unwell * (1.0 - _LEARNS)
            door.drips = door.drips and door.unwell >= _WELL
            if now >= door.shut_until:
                door.cause = None
            if 2 * (door.in_flight + 1) >= door.limit:
                door.limit = min(door.limit + 1.0, float(door.most))

    def drop(self, passed: Pass, *, sent: bool = True) -> None:
        """A call was cut off by us: nothing was learned. One that was not sent cost no drip."""
        door = passed.door
        door.in_flight -= 1
        if passed.probe:
            door.probing = False
        if not sent or passed.probe:
            door.next_drip = -math.inf

    def suspension(self, seller_id: str, now: float) -> Suspension | None:
        """Why a seller is not called now, whoever asks; None: it may be."""
        door = self._doors.get(seller_id)
        if door is None or door.cause is None or now >= door.shut_until:
            return None
        left_s = door.shut_until - now
        return Suspension(door.cause, left_s, max(left_s, door.away_s))

    def drips(self, seller_id: str) -> bool:
        """Whether a seller fails by turns, so that it gets few calls."""
        door = self._doors.get(seller_id)
        return door is not None and door.drips

    def is_unsteady(self, seller_id: str) -> bool:
        """Whether so many calls to a seller failed lately that an order may well be lost there."""
        door = self._doors.get(seller_id)
        return door is not None and (door.drips or door.unwell >= _UNSTEADY)

    def reset(self, seller_id: str) -> None:
        """Forget what a seller did: `bookhunt sellers reset`."""
        self._doors.pop(seller_id, None)

    def limit_of(self, seller_id: str) -> float | None:
        """How many calls at once a seller bears, as far as is known; None: never called."""
        door = self._doors.get(seller_id)
        return door.limit if door else None

    def load(self, seller_id: str) -> tuple[int, float] | None:
        """The calls under way to a seller, and how many it bears at once; None: never called."""
        door = self._doors.get(seller_id)
        return None if door is None else (door.in_flight, door.limit)

    # ------------------------------------------------------------------------------ inside
    def _door(self, seller: Seller) -> _Door:
        door = self._doors.get(seller.id)
        most = min(seller.concurrency, self.most_per_seller)
        if door is None:
            rate = Rate(seller.per_second)
            door = self._doors[seller.id] = _Door(rate=rate, most=most, limit=float(most))
        elif door.most != most or door.rate.per_second != seller.per_second:
            door.most, door.rate.per_second = most, seller.per_second
            door.limit = min(door.limit, float(most))
        return door

    def _region(self, region: str) -> tuple[Rate, ...]:
        per_second = self.regions.get(region)
        if per_second is None:
            return ()
        rate = self._regions.get(region)
        if rate is None or rate.per_second != per_second:
            rate = self._regions[region] = Rate(per_second)
        return (rate,)

    def _come_later(self, door: _Door, now: float, retry_after_s: float | None) -> None:
        door.limit = max(door.limit * _DECREASE, _LEAST_LIMIT)
        later_s = 1.0 if retry_after_s is None else retry_after_s
        until = now + min(max(later_s, 0.0), _LONGEST_RETRY_AFTER_S)
        if until > door.shut_until:  # a call that was under way ends no longer rest
            door.cause, door.shut_until = Reason.RATE_LIMITED, until

    def _fail(self, door: _Door, reason: Reason, now: float, *, probe: bool) -> None:
        if reason is Reason.TIMED_OUT:
            door.limit = max(door.limit * _DECREASE, _LEAST_LIMIT)
        if now - self.started_at < _GRACE_S:
            return
        self._is_unwell(door, now)
        door.failures += 1
        if not probe and now < door.shut_until:
            return  # it was under way when the seller was left alone: the same trouble
        if not probe and (door.failures < _FAILURES_THAT_OPEN or self._fault_is_ours(door, now)):
            return
        door.openings += 1
        door.cause = reason
        longest_s = _LONGEST_PASSING_S if reason in _PASSING else _LONGEST_S
        doublings = min(door.openings - 1, _MOST_DOUBLINGS)
        away_s = min(_FIRST_S[reason] * 2.0**doublings, longest_s)
        door.shut_until = now + away_s
        door.away_s += away_s

    def _is_unwell(self, door: _Door, now: float) -> None:
        if now - self.started_at < _GRACE_S:
            return
        door.unwell += (1.0 - door.unwell) * _LEARNS
        if door.unwell >= _UNWELL and not door.drips:
            door.drips = not self._fault_is_ours(door, now, drips=True)

    def _fault_is_ours(self, door: _Door, now: float, *, drips: bool = False) -> bool:
        """Whether so many sellers fail beside this one that none of them is to blame.

        Those that drip count only with `drips`: a seller that is down is no less so because others
        answer by turns.
        """
        called = [each for each in self._doors.values() if each.called]
        if len(called) < _ENOUGH_SELLERS:
            return False
        failing = sum(
            (now < each.shut_until and each.openings > 0)
            or (drips and each.drips and now < each.next_drip + _LATELY_S)
            for each in called
            if each is not door
        )
        return (failing + 1) / len(called) > _MOST_OPEN
