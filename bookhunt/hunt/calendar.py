"""What is due when: a bounded heap, of which only the next entry is ever waited for.

Ten thousand watches are ten thousand small tuples and one timer. An entry that is moved or dropped
stays in the heap until it comes up or the heap is twice as long as it need be.

Each name has two times: when it has to come out, and since when it may. Between them it comes out
with others, where company is wanted: with those of its group, which belong together anyway, and
with those of its party, as many as are asked for.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_SLACK = 64

_MOST_PASSED_OVER = 32  # of those that may not come out yet, while company is looked for
# What lies in a heap: a time, the number of an entry, its name.
_Times: TypeAlias = "tuple[datetime, int, str]"


class _Entry(NamedTuple):
    number: int
    group: str
    party: str | None
    since: datetime


class Calendar:
    """Names, each due once. Those due together come out by group, so that they run together."""

    def __init__(self) -> None:
        self._heap: list[_Times] = []
        self._entries: dict[str, _Entry] = {}
        self._count = 0
        # Of entries that may come out before they have to: heaps of each group and party.
        self._early: dict[tuple[str, str], list[_Times]] = {}
        self._early_count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(
        self,
        name: str,
        at: datetime,
        *,
        group: str,
        party: str | None = None,
        since: datetime | None = None,
    ) -> None:
        """Let a name be due at `at`, and at no other time.

        With a `party`, from `since` on it may come out with others of its party or its group.
        """
        self._count += 1
        self._entries[name] = _Entry(self._count, group, party, at if since is None else since)
        heapq.heappush(self._heap, (at, self._count, name))
        if party is not None and since is not None and since < at:
            times = (at, self._count, name)
            for band in (("group", group), ("party", party)):
                heapq.heappush(self._early.setdefault(band, []), times)
                self._early_count += 1
        if len(self._heap) > 2 * len(self._entries) + _SLACK:
            self._heap = [entry for entry in self._heap if self._is_current(entry)]
            heapq.heapify(self._heap)
        if self._early_count > 4 * len(self._entries) + 2 * _SLACK:
            self._tidy_early()

    def drop(self, name: str) -> None:
        """Let a name be due no more."""
        self._entries.pop(name, None)

    def clear(self) -> None:
        """Let nothing be due."""
        self._entries.clear()
        self._heap.clear()
        self._early.clear()
        self._early_count = 0

    def next_at(self) -> datetime | None:
        """When the next name is due; None: there is none."""
        while self._heap and not self._is_current(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: datetime, *, company: int = 0) -> list[str]:
        """Every name that is due, each group together; they are due no more.

        Where any is due, up to `company` names in all come out, with further ones of the same
        party that may; and with each of those whoever of its group may.
        """
        taken: list[tuple[str, _Entry]] = []
        while (at := self.next_at()) is not None and at <= now:
            name = heapq.heappop(self._heap)[2]
            taken.append((name, self._entries.pop(name)))
        for _, entry in taken if company else ():  # it grows meanwhile
            taken += self._ready(("group", entry.group), now, most=len(self._entries))
            if entry.party is not None:
                taken += self._ready(("party", entry.party), now, most=company - len(taken))
        return [name for name, _ in sorted(taken, key=lambda each: each[1].group)]

    def _ready(
        self, band: tuple[str, str], now: datetime, *, most: int
    ) -> Iterator[tuple[str, _Entry]]:
        """Take up to `most` entries of a band that may come out by now, the next due ones first.

        So company thins out what comes soon, and what comes later is no sooner for it.
        """
        heap, not_yet = self._early.get(band, []), list[_Times]()
        while heap and most > 0 and len(not_yet) < _MOST_PASSED_OVER:
            times = heapq.heappop(heap)
            self._early_count -= 1
            if not self._is_current(times):
                continue
            if self._entries[times[2]].since <= now:
                most -= 1
                yield times[2], self._entries.pop(times[2])
            else:
                not_yet.append(times)
        for times in not_yet:
            heapq.heappush(heap, times)
            self._early_count += 1
        if not heap:
            self._early.pop(band, None)

    def _tidy_early(self) -> None:
        """Forget what is due no more, or at another time."""
        for band, heap in list(self._early.items()):
            self._early[band] = [entry for entry in heap if self._is_current(entry)]
            heapq.heapify(self._early[band])
            if not self._early[band]:
                del self._early[band]
        self._early_count = sum(len(heap) for heap in self._early.values())

    def _is_current(self, entry: _Times) -> bool:
        current = self._entries.get(entry[2])
        return current is not None and current.number == entry[1]
