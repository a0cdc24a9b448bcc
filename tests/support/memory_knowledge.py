"""Names of titles and exchange rates in memory: the doubles of `NameShelf` and `RateShelf`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookhunt.model.book import fold_title

if TYPE_CHECKING:
    from bookhunt.hunt.ports import KeptNames, RateTable


@dataclass(slots=True)
class MemoryNames:
    """The names of titles; at most `most`, the oldest are dropped."""

    most: int = 10_000
    kept: dict[str, KeptNames] = field(default_factory=dict)

    async def of(self, title: str) -> KeptNames | None:
        await asyncio.sleep(0)
        return self.kept.get(fold_title(title))

    def keep(self, names: KeptNames) -> None:
        self.kept[fold_title(names.title)] = names
        while len(self.kept) > self.most:
            del self.kept[min(self.kept, key=lambda key: self.kept[key].at)]

    async def latest(self, *, limit: int) -> list[KeptNames]:
        await asyncio.sleep(0)
        newest = sorted(self.kept, key=lambda key: (-self.kept[key].at.timestamp(), key))
        return [self.kept[key] for key in newest[:limit]]


@dataclass(slots=True)
class MemoryRates:
    """The newest table of each source."""

    kept: dict[str, RateTable] = field(default_factory=dict)

    async def of(self, source_id: str) -> RateTable | None:
        await asyncio.sleep(0)
        return self.kept.get(source_id)

    def keep(self, table: RateTable) -> None:
        self.kept[table.source] = table
