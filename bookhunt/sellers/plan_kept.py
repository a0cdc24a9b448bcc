"""Captures that a step keeps (`keep_s`): a product's page of a book is looked for once a day."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.hunt.ports import Clock

Key: TypeAlias = tuple[str, str, int, str]
"""The definition, the block, the step, and the book with all else the step is told of it."""
_MOST = 20_000


class KeptCaptures:
    """What was captured, per step and book, until its time is over; the oldest go first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[Key, tuple[float, Mapping[str, Any]]] = OrderedDict()

    def get(self, key: Key) -> Mapping[str, Any] | None:
        """What is still kept, None where nothing is."""
        until_s, captured = self._kept.get(key, (0.0, None))
        if captured is None or until_s <= self._clock.monotonic():
            self._kept.pop(key, None)
            return None
        return captured

    def put(self, key: Key, captured: Mapping[str, Any], keep_s: float) -> None:
        """Keep so long."""
        self._kept[key] = (self._clock.monotonic() + keep_s, dict(captured))
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
