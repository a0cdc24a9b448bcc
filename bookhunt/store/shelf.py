"""The shelf of offers in memory: bounded, least recently used out first.

An answer that holds no longer goes when the next one is put, whether anybody asks for it again or
not: most live a minute, and what lies there for nothing is memory, and work for the collector.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.hunt.ports import Kept, OfferKey

_SPARE_ENDS = 1000  # words about answers that are not there any more, before they are swept
_MOST = 200_000  # answers; at some 2 KB each, most of them "not stocked" and far smaller


class MemoryShelf:
    """Implements `hunt.ports.OfferShelf` for one process."""

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[OfferKey, Kept] = OrderedDict()
        self._ends: list[tuple[datetime, OfferKey]] = []  # a heap; older words about a key, too

    @property
    def count(self) -> int:
        """How many answers are kept."""
        return len(self._kept)

    def get(self, key: OfferKey, *, now: datetime) -> Kept | None:
        """The answer kept under this key, None where there is none that still holds."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= now:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: OfferKey, kept: Kept, *, now: datetime) -> None:
        """Keep an answer in the place of an older one."""
        self._kept[key] = kept
        self._kept.move_to_end(key)
        heapq.heappush(self._ends, (kept.until, key))
        if len(self._ends) > 2 * len(self._kept) + _SPARE_ENDS:
            self._ends = [(each.until, key) for key, each in self._kept.items()]
            heapq.heapify(self._ends)
        while self._ends and self._ends[0][0] <= now:
            until, ended = heapq.heappop(self._ends)
            if (old := self._kept.get(ended)) is not None and old.until <= until:
                del self._kept[ended]
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
