"""The shelf of offers in memory: bounded, least recently used out first."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.hunt.ports import Kept, OfferKey

_MOST = 200_000  # answers; at some 2 KB each, most of them "not stocked" and far smaller


class MemoryShelf:
    """Implements `hunt.ports.OfferShelf` for one process."""

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[OfferKey, Kept] = OrderedDict()

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

    def put(self, key: OfferKey, kept: Kept) -> None:
        """Keep an answer in the place of an older one."""
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
