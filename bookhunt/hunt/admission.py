"""The door: what may be submitted now, what with less, and when to come back.

A request is accepted only if a worker will take it up within the request's own time, so that what
was accepted is also worked on. The naive door bounds the number of those that wait; that alone
accepts a thousand requests of which the last waits for longer than its customer does. Here the wait
is estimated from how long hunts took lately; the number is bounded as well, for memory and for the
time before anything is measured. Each customer has a rate beside that.

What happens to a request too many is the configuration's word: it is rejected with a true time to
come back, it waits at the door as long as its caller does, or it is taken and hunted with less.

Only submissions pass here. Looking, waiting, cancelling, settling and recovery never do, nor does
a request that was accepted before and comes back.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.hunt.allowance import MINUTE_S, Allowances, class_of, per_minute
from bookhunt.hunt.easing import Ease
from bookhunt.hunt.settings import WhenFull
from bookhunt.hunt.turns import Turns, Waiting
from bookhunt.model.errors import DaemonStopping, TryLater

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bookhunt.hunt.ports import Clock
    from bookhunt.hunt.settings import HuntSettings
    from bookhunt.model.money import Money
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.request import Request

_MOST_AT_THE_DOOR = 1000
_ENOUGH_HUNTS = 10  # ended, before their mean says something
_FIRST_GUESS_S = 2.0  # how long a hunt takes, until then; by itself it refuses nobody
_COUNTED_ON = 0.8  # of a request's own time: waiting and hunting should fit into so much
_LEAST_WAIT = 0.2  # of it, however long hunts take
_LEAST_AT_ONCE = 6
_LATELY = 60  # hunts, of which the longer ones are looked at
_LONG = 0.9  # of hunts are shorter than a long one
_REMEMBERED_HUNTS = 40  # the weight of one hunt in the mean is never below one of so many
# How full it may be for each ease, by number and by time, where less is allowed.
_EASED = ((1.0, Ease.WHOLE), (2.0, Ease.FIRST_TIER), (3.0, Ease.MEMORY))


class Pace:
    """How long hunts take, as they did lately."""

    def __init__(self) -> None:
        self.mean_s = _FIRST_GUESS_S
        self._ended = 0
        self._lately = deque[float](maxlen=_LATELY)

    @property
    def is_measured(self) -> bool:
        """Whether the mean says something."""
        return self._ended >= _ENOUGH_HUNTS

    def ended(self, took_s: float) -> None:
        """A hunt ended."""
        self._ended += 1
        self.mean_s += (took_s - self.mean_s) / min(self._ended, _REMEMBERED_HUNTS)
        self._lately.append(took_s)

    @property
    def long_s(self) -> float:
        """How long one of the longer hunts takes."""
        if not self._lately:
            return self.mean_s
        return sorted(self._lately)[int(_LONG * len(self._lately))]


@dataclass(frozen=True, slots=True)
class Place:
    """A promise: the request may be written down, and will be hunted so."""

    ease: Ease
    customer: str
    most: int | None  # that the customer may submit a minute
    within_s: float  # it is taken up by then, as far as can be told


@dataclass(frozen=True, slots=True)
class Later:
    """No place now; `after_s`: when there may be one."""

    why: str
    after_s: float
    by_rate: bool = False  # it is the customer's own rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How full it is."""

    waiting: int
    hunting: int
    at_the_door: int
    hunt_s: float  # the mean of hunts lately; a guess before some have ended
    narrow: bool = False  # requests wait though workers idle


class Admission:
    """The door, the line behind it, and how many workers are busy.

    `queue` and `workers` are those of the start; everything else of the settings holds at once.
    `worth_of` makes maximum prices comparable; `width` is the share of the workers that may work.
    """

    def __init__(
        self,
        settings: Callable[[], HuntSettings],
        clock: Clock,
        *,
        worth_of: Callable[[Money], float] = lambda price: float(price.minor),
        width: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._worth_of = worth_of
        self._width = width
        self._most, self._workers = settings().queue, settings().workers
        self._line = Turns()
        self._allowances = Allowances()
        self._pace = Pace()
        self._promised = 0
        self._busy = 0
        self._open = True
        self._somebody = asyncio.Semaphore(0)  # counts those in the line
        self._room: deque[asyncio.Event] = deque()  # workers that may not work just now
        self._door: deque[asyncio.Event] = deque()  # who waits for a place, the first one first
        self._early: set[asyncio.Event] = set()  # who waits for the customer's own rate

    # ------------------------------------------------------------------------------- the door
    async def admit(
        self, request: Request, *, came_before: Callable[[], Awaitable[bool]]
    ) -> Place | None:
        """A place, now or after waiting at the door; None: it came before and needs none.

        A caller that repeats a submission must not read "nothing was written" of one that was, so
        `came_before` is asked before anybody is turned away.

        Raises:
            TryLater, DaemonStopping: as `wait`.
        """
        place = self.try_now(request)
        if isinstance(place, Place):
            return place
        return None if await came_before() else await self.wait(request, place)

    def try_now(self, request: Request) -> Place | Later:
        """Keep a place for a request, before it is written down; never waits.

        Raises:
            DaemonStopping: the door is closed.
        """
        if self._door:
            self._require_open()
            return Later("others wait at the door already", self._taken_up_in_s(len(self._line)))
        return self._decide(request)

    async def wait(self, request: Request, later: Later) -> Place:
        """Wait at the door for a place, where the configuration lets requests wait.

        Raises:
            TryLater: it does not, or the time at the door is over, or the door is full.
            DaemonStopping: the door is closed, or was meanwhile.
        """
        settings = self._settings()
        at_the_door = len(self._door) + len(self._early)
        if settings.when_full is not WhenFull.DELAY or at_the_door >= _MOST_AT_THE_DOOR:
            raise _try_later(later)
        ends_at = self._clock.monotonic() + settings.door_s
        verdict: Place | Later = later
        while isinstance(verdict, Later):
            if verdict.by_rate:
                verdict = await self._wait_for_rate(request, verdict, ends_at)
            else:
                verdict = await self._wait_for_place(request, verdict, ends_at)
        return verdict

    async def _wait_for_rate(self, request: Request, later: Later, ends_at: float) -> Place | Later:
        if later.after_s > ends_at - self._clock.monotonic():
            raise _try_later(later)
        closes = asyncio.Event()
        self._early.add(closes)
        try:
            await _wait_for(closes, later.after_s)
        finally:
            self._early.discard(closes)
        return self.try_now(request)

    async def _wait_for_place(
        self, request: Request, later: Later, ends_at: float
    ) -> Place | Later:
        my_turn = asyncio.Event()
        self._door.append(my_turn)
        try:
            while True:
                self._require_open()
                if self._door[0] is my_turn:
                    verdict = self._decide(request)
                    if isinstance(verdict, Place) or verdict.by_rate:
                        return verdict
                    later = verdict
                left_s = ends_at - self._clock.monotonic()
                if left_s <= 0:
                    raise _try_later(later)
                my_turn.clear()
                await _wait_for(my_turn, left_s)
        finally:
            self._door.remove(my_turn)
            self._call_the_next()

    def _decide(self, request: Request) -> Place | Later:
        """Whether there is a place, and with how much the request would be hunted."""
        self._require_open()
        settings, now = self._settings(), self._clock.monotonic()
        most = per_minute(request.customer, settings)
        degrades = settings.when_full is WhenFull.DEGRADE
        early_s = self._allowances.wait_s(request.customer, most, now)
        # As much again is served from memory, where the configuration says so.
        if early_s > (MINUTE_S if degrades else 0.0):
            why = f"{request.customer} may submit {most} requests a minute"
            return Later(why, early_s, by_rate=True)
        fullness, within_s, later = self._fullness(request, settings)
        for limit, eased in _EASED if degrades else _EASED[:1]:
            if fullness <= limit:
                self._allowances.take(request.customer, most, now)
                self._promised += 1
                ease = Ease.MEMORY if early_s > 0 else eased
                within_s = min(limit * within_s, request.search_deadline_s)
                return Place(ease, request.customer, most, within_s)
        return later

    def _fullness(self, request: Request, settings: HuntSettings) -> tuple[float, float, Later]:
        """How full it would be with this one, and how long it may wait: above 1 it is too many."""
        waiting = len(self._line) + self._promised
        by_number = (waiting + 1) / self._most if self._most else math.inf
        ahead = self._promised + self._line.ahead_of(
            class_of(request.customer, settings),
            priority=request.priority,
            now=self._clock.monotonic(),
        )
        own_s = request.search_deadline_s
        wait_s = self._taken_up_in_s(ahead)
        # Time for one of the longer hunts must be left, and for what the estimate is wrong by.
        may_wait_s = max(_COUNTED_ON * own_s - self._pace.long_s, _LEAST_WAIT * own_s)
        by_time = wait_s / may_wait_s if self._pace.is_measured else 0.0
        if by_time > by_number:
            why = f"it would be taken up in {wait_s:.1f} s, and its time is {own_s:.1f} s"
            return by_time, may_wait_s, Later(why, wait_s - may_wait_s)
        why = f"{waiting} requests are waiting already"
        return by_number, may_wait_s, Later(why, self._taken_up_in_s(waiting))

    def _taken_up_in_s(self, ahead: int) -> float:
        """How long until a request with so many before it is taken up."""
        at_once = self._at_once
        idle = max(at_once - self._busy, 0)
        return max(ahead + 1 - idle, 0) / at_once * self._pace.mean_s

    def _require_open(self) -> None:
        if not self._open:
            raise DaemonStopping("the daemon is stopping and takes no new request")

    def _call_the_next(self) -> None:
        if self._door:
            self._door[0].set()

    # ------------------------------------------------------------------------------- the line
    def release(self, place: Place | None, *, counts: bool) -> None:
        """Take a promise back: the request is in the line now, or never comes.

        `counts`: against its customer's rate; one that had come before does not.
        """
        if place is None:
            return
        self._promised -= 1
        if not counts:
            self._allowances.give_back(place.customer, place.most)
        self._call_the_next()

    def enter(self, record: RequestRecord, place: Place | None = None) -> None:
        """Put a request into the line that was accepted: with its place, or in an earlier life."""
        request = record.request
        self._line.add(
            Waiting(
                record=record,
                ease=place.ease if place else Ease.WHOLE,
                of=class_of(request.customer, self._settings()),
                worth=self._worth_of(request.max_price),
                since_s=self._clock.monotonic(),
                within_s=place.within_s if place else request.search_deadline_s,
            )
        )
        self._somebody.release()

    async def next(self) -> Waiting:
        """The request to work on next; its worker is busy until it says `done`."""
        await self._somebody.acquire()
        try:
            while self._busy >= self._at_once:
                await self._wait_for_room()
        except BaseException:
            self._somebody.release()  # whom this worker would have taken is still in the line
            raise
        self._busy += 1
        self._call_the_next()
        return self._line.take(self._clock.monotonic())

    @property
    def _at_once(self) -> int:
        """How many requests may be hunted at once, as things are."""
        return min(max(int(self._workers * self._width()), _LEAST_AT_ONCE), self._workers)

    async def _wait_for_room(self) -> None:
        free = asyncio.Event()
        self._room.append(free)
        try:
            await free.wait()
        finally:
            if free in self._room:
                self._room.remove(free)

    def done(self, took_s: float) -> None:
        """A worker is free again."""
        self._busy -= 1
        self._pace.ended(took_s)
        for _ in range(min(self._at_once - self._busy, len(self._room))):
            self._room.popleft().set()
        self._call_the_next()

    def load(self) -> Load:
        """How full it is now."""
        return Load(
            waiting=len(self._line) + self._promised,
            hunting=self._busy,
            at_the_door=len(self._door) + len(self._early),
            hunt_s=self._pace.mean_s,
            narrow=bool(self._room) and self._busy >= self._at_once,
        )

    def close(self) -> None:
        """Let nobody in any more, and send those at the door away."""
        self._open = False
        for event in (*self._door, *self._early):
            event.set()


async def _wait_for(event: asyncio.Event, wait_s: float) -> None:
    try:
        async with asyncio.timeout(wait_s):
            await event.wait()
    except TimeoutError:
        return


def _try_later(later: Later) -> TryLater:
    after_s = max(later.after_s, 1.0)
    hint = f"try again in {math.ceil(after_s)} s"
    return TryLater(later.why, retry_after_s=after_s, hint=hint)
