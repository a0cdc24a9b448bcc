"""Explanations in memory: the double of `hunt.ports.Explanations`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.model.outcome import SellerNote


@dataclass(slots=True)
class MemoryExplanations:
    """The notes of each request; `most` requests are remembered, the oldest are dropped."""

    most: int = 10_000
    kept: dict[str, tuple[SellerNote, ...]] = field(default_factory=dict)

    def keep(self, request_id: str, notes: Sequence[SellerNote]) -> None:
        self.kept.pop(request_id, None)
        self.kept[request_id] = tuple(notes)
        while len(self.kept) > self.most:
            del self.kept[next(iter(self.kept))]

    async def of(self, request_id: str) -> list[SellerNote]:
        await asyncio.sleep(0)
        return list(self.kept.get(request_id, ()))
