"""Prices seen in memory: the double of `PriceShelf`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bookhunt.model.book import Book
from bookhunt.model.money import Money
from bookhunt.model.price import PriceLine, PricePoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bookhunt.model.price import Sighting

_A_DAY = timedelta(days=1)


@dataclass(slots=True)
class MemoryPrices:
    """Every change, and each day's price."""

    lines: dict[PriceLine, list[PricePoint]] = field(default_factory=dict)
    isbns: dict[PriceLine, str | None] = field(default_factory=dict)

    def saw(self, sightings: Sequence[Sighting]) -> None:
        for each in sightings:
            self.isbns[each.line] = each.isbn13 or self.isbns.get(each.line)
            points = self.lines.setdefault(each.line, [])
            point = PricePoint(
                at=each.at, price=Money(each.minor, each.line.currency), landed=each.landed
            )
            same = bool(points) and (points[-1].price, points[-1].landed) == (
                point.price,
                point.landed,
            )
            if not same or point.at - points[-1].at >= _A_DAY:
                points.append(point)

    async def of(self, book: Book) -> Mapping[PriceLine, Sequence[PricePoint]]:
        await asyncio.sleep(0)
        names = {book.identity}
        if book.title is not None:
            names.add(Book(title=book.title).identity)
        return {
            line: list(points)
            for line, points in self.lines.items()
            if line.book in names or (book.isbn13 and self.isbns[line] == book.isbn13)
        }
