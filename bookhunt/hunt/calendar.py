"""What is due when: a bounded heap, of which only the next entry is ever waited for.

Ten thousand watches are ten thousand small tuples and one timer. An entry that is moved or dropped
stays in the heap until it comes up or the heap is twice as long as it need be.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_SLACK = 64


class Calendar:
    """Names, each due once. Those due together come out by group, so that they run together."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, str]] = []
        self._entries: dict[str, tuple[int, str]] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, name: str, at: datetime, *, group: str) -> None:
        """Let a name be due at `at`, and at no other time."""
        self._count += 1
        self._entries[name] = (self._count, group)
        heapq.heappush(self._heap, (at, self._count, name))
        if len(self._heap) > 2 * len(self._entries) + _SLACK:
            self._heap = [entry for entry in self._heap if self._is_current(entry)]
            heapq.heapify(self._heap)

    def drop(self, name: str) -> None:
        """Let a name be due no more."""
        self._entries.pop(name, None)

    def clear(self) -> None:
        """Let nothing be due."""
        self._entries.clear()
        self._heap.clear()

    def next_at(self) -> datetime | None:
        """When the next name is due; None: there is none."""
        while self._heap and not self._is_current(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: datetime) -> list[str]:
        """Every name that is due, each group together; they are due no more."""
        due: list[tuple[str, str]] = []
        while (at := self.next_at()) is not None and at <= now:
            _, _, name = heapq.heappop(self._heap)
            due.append((self._entries.pop(name)[1], name))
        return [name for _, name in sorted(due, key=lambda entry: entry[0])]

    def _is_current(self, entry: tuple[datetime, int, str]) -> bool:
        current = self._entries.get(entry[2])
        return current is not None and current[0] == entry[1]
