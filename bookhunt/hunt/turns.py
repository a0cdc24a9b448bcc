"""The line of requests that wait for a worker.

Whose turn is next? By class of the customer, in proportion to the weights: of gold (3) and free (1)
that both wait, three of gold go for one of free, and a class alone has every turn. Strict classes
would starve the lower ones as long as the higher are busy. This is start-time fair queuing (Goyal,
Vin and Cheng 1996): each class keeps a tag that a turn moves on by one over its weight, and the
lowest finish goes first.

Within a class the higher priority goes first, then the higher maximum price, then the older. What
has waited for longer than it was promised at the door goes before everybody: a flood of better ones
delays a request, and never buries it.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bookhunt.hunt.allowance import CustomerClass
    from bookhunt.hunt.easing import Ease
    from bookhunt.model.outcome import RequestRecord


@dataclass(slots=True, kw_only=True, eq=False)
class Waiting:
    """A request in the line."""

    record: RequestRecord
    ease: Ease
    of: CustomerClass
    worth: float  # its maximum price, comparable with those of others
    since_s: float  # monotonic
    within_s: float  # it was promised to be taken up by then
    left: bool = False

    @property
    def overdue_at(self) -> float:
        """When it has waited for longer than it was promised."""
        return self.since_s + self.within_s


_MOST_GONE = 100  # of those that have left, how many more than wait are kept track of
_Place = tuple[int, float, float, Waiting]  # priority, worth, age; ascending: the last goes first


@dataclass(slots=True)
class _Queue:
    """Those of one class that wait."""

    name: str
    weight: float
    start: float = 0.0  # the tag
    places: list[_Place] = field(default_factory=list)


class Turns:
    """Everybody who waits; its length is their number."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}
        # By when each is overdue; those that have left are passed over when their turn comes.
        self._overdue: list[tuple[float, float, _Place, _Queue]] = []
        self._virtual = 0.0
        self._turns = itertools.count()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, waiting: Waiting) -> None:
        """Let a request wait for its turn."""
        queue = self._queues.setdefault(waiting.of.name, _Queue(waiting.of.name, waiting.of.weight))
        queue.weight = waiting.of.weight
        if not queue.places:
            queue.start = max(queue.start, self._virtual)
        priority = waiting.record.request.priority
        place = (priority, waiting.worth, -float(next(self._turns)), waiting)
        bisect.insort(queue.places, place)
        heapq.heappush(self._overdue, (waiting.overdue_at, place[2], place, queue))
        self._length += 1
        if len(self._overdue) > 2 * self._length + _MOST_GONE:
            self._overdue = [each for each in self._overdue if not each[2][3].left]
            heapq.heapify(self._overdue)

    def ahead_of(self, of: CustomerClass, *, priority: int, now: float) -> int:
        """How many go before a request of this kind that came now, as far as can be told.

        Whoever is only cheaper counts as well: a dearer one that goes before them takes their time,
        and they were promised it. So does whoever is overdue.
        """
        overdue = Counter[str]()
        for overdue_at, _, place, queue in self._overdue:
            if overdue_at > now or place[3].left:
                continue
            # Those of its own class that are before it anyway are counted below.
            if queue.name != of.name or place[0] < priority:
                overdue[queue.name] += 1
        own = self._queues.get(of.name)
        before = overdue[of.name]
        if own is not None:
            key = (priority, -math.inf, -math.inf)
            before += len(own.places) - bisect.bisect_left(own.places, key)
        others = 0
        for name, queue in self._queues.items():
            if name != of.name:
                turns = math.ceil((before + 1) * queue.weight / of.weight)
                others += min(len(queue.places), max(turns, overdue[name]))
        return before + others

    def take(self, now: float) -> Waiting:
        """The next one; somebody waits.

        Args:
            now: monotonic seconds, as in `since_s`.
        """
        while self._overdue[0][2][3].left:
            heapq.heappop(self._overdue)
        overdue_at, _, place, queue = self._overdue[0]
        if now < overdue_at:
            queue = min(
                (each for each in self._queues.values() if each.places),
                key=lambda each: (each.start + 1.0 / each.weight, -each.weight),
            )
            place = queue.places[-1]
        del queue.places[bisect.bisect_left(queue.places, place)]
        self._virtual = max(self._virtual, queue.start)
        queue.start += 1.0 / queue.weight
        self._length -= 1
        place[3].left = True
        return place[3]
