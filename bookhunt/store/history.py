"""`hunt.ports.PriceShelf` on the cache: prices seen, a point for each change or each day.

A seller call names the price of a book again and again, and mostly the same one. So the last price
of each line is remembered here: what did not change within a day goes no further, and costs a
look into a table. What did is gathered and written together in the background.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import orjson

from bookhunt.model.book import Book
from bookhunt.model.money import Money
from bookhunt.model.price import PriceLine, PricePoint
from bookhunt.model.seller import BookFormat, Condition
from bookhunt.store.queries import queries
from bookhunt.store.values import micros, moment

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bookhunt.hunt.ports import Clock, PriceShelf
    from bookhunt.model.price import Sighting
    from bookhunt.store.cache import Cache

_SQL = queries("history")
_GATHER_S = 0.5  # so long prices wait for others, to be written together
_MOST_WAITING = 20_000
_REMEMBERED = 50_000  # lines; what 200 sellers say of 250 books
_PRUNE_EVERY_S = 3600.0
_A_DAY = timedelta(days=1)
_A_DAY_US = 86_400_000_000
_KEPT_FOR = timedelta(days=400)  # a year, and the same season once more
_MOST_POINTS = 1_000_000  # 30 MB with 50,000 lines, measured
_MOST_READ = 50_000


class SqlitePrices:
    """Prices seen; `close` it before its cache."""

    def __init__(
        self,
        cache: Cache,
        *,
        clock: Clock,
        most_points: int = _MOST_POINTS,
        gather_s: float = _GATHER_S,
    ) -> None:
        self.dropped = 0  # prices that were lost because the cache was too slow
        self._cache = cache
        self._clock = clock
        self._most_points = most_points
        self._gather_s = gather_s
        self._last: OrderedDict[PriceLine, tuple[int, bool, datetime]] = OrderedDict()
        self._waiting: OrderedDict[PriceLine, Sighting] = OrderedDict()
        self._flush: asyncio.Task[None] | None = None
        self._prune_at = 0.0
        self._closed = False

    def saw(self, sightings: Sequence[Sighting]) -> None:
        """As `ports.PriceShelf.saw`; of two prices of one line within a moment the later counts."""
        for each in sightings:
            last = self._last.get(each.line)
            if last is not None and not _is_news(last, each):
                continue
            self._last[each.line] = (each.minor, each.landed, each.at)
            self._last.move_to_end(each.line)
            if len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)
            self._waiting[each.line] = each
            if len(self._waiting) > _MOST_WAITING:
                self._waiting.popitem(last=False)
                self.dropped += 1
        if self._waiting and self._flush is None and not self._closed:
            self._flush = asyncio.create_task(self._write_soon())

    async def of(self, book: Book) -> Mapping[PriceLine, Sequence[PricePoint]]:
        """As `ports.PriceShelf.of`; the newest 50,000 points."""
        while self._flush is not None:
            await asyncio.shield(self._flush)
        nothing: dict[PriceLine, list[PricePoint]] = {}
        return await self._cache.run(partial(_points_of, book=book), otherwise=nothing)

    async def close(self) -> None:
        """Write what waits; the cache is closed by whoever opened it."""
        self._closed = True
        if self._flush is not None:
            await self._flush

    async def _write_soon(self) -> None:
        if not self._closed:
            await asyncio.sleep(self._gather_s)
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, OrderedDict()
                await self._cache.run(partial(_write, batch=batch), otherwise=None)
            if self._clock.monotonic() >= self._prune_at:
                self._prune_at = self._clock.monotonic() + _PRUNE_EVERY_S
                before = self._clock.now() - _KEPT_FOR
                work = partial(_prune, before=before, most=self._most_points)
                await self._cache.run(work, otherwise=None)
        finally:
            self._flush = None


def _is_news(last: tuple[int, bool, datetime], seen: Sighting) -> bool:
    minor, landed, at = last
    return seen.minor != minor or seen.landed is not landed or seen.at - at >= _A_DAY


# --------------------------------------------------------------------------------- in the thread
def _write(db: sqlite3.Connection, *, batch: Mapping[PriceLine, Sighting]) -> None:
    # Two statements for all of them: each one more would ask for the interpreter twice, which the
    # loop's thread needs (`nox -s bench -- load`: thirty fewer a request).
    rows = [
        (
            line.book,
            seen.isbn13,
            line.seller,
            line.condition.value,
            line.format.value,
            line.country,
            line.currency,
            micros(seen.at),
            seen.minor,
            int(seen.landed),
        )
        for line, seen in batch.items()
    ]
    seen_json = orjson.dumps(rows).decode()
    db.execute(_SQL["add_lines"], {"seen": seen_json})
    db.execute(_SQL["add_points"], {"seen": seen_json, "day_us": _A_DAY_US})


def _points_of(db: sqlite3.Connection, *, book: Book) -> dict[PriceLine, list[PricePoint]]:
    title = book.identity if book.title is None else Book(title=book.title).identity
    names = {
        "book": book.identity,
        "title": title,
        "isbn": book.isbn13,
        "limit": _MOST_READ,
    }
    lines: dict[int, PriceLine] = {}
    found: dict[int, list[PricePoint]] = {}
    for row in db.execute(_SQL["points_of"], names):
        number = row["id"]
        if number not in lines:
            lines[number] = PriceLine(
                book=row["book"],
                seller=row["seller"],
                condition=Condition(row["condition"]),
                format=BookFormat(row["format"]),
                country=row["country"],
                currency=row["currency"],
            )
        point = PricePoint(
            at=moment(row["at_us"]),
            price=Money(row["minor"], row["currency"]),
            landed=bool(row["landed"]),
        )
        found.setdefault(number, []).append(point)
    return {lines[number]: points[::-1] for number, points in found.items()}


def _prune(db: sqlite3.Connection, *, before: datetime, most: int) -> None:
    dropped = db.execute(_SQL["drop_older"], {"before_us": micros(before)}).rowcount
    if db.execute(_SQL["points"]).fetchone()["points"] > most:
        # A tenth more than must go, so that the next hour has room.
        row = db.execute(_SQL["newest_to_drop"], {"most": most * 9 // 10}).fetchone()
        dropped += db.execute(_SQL["drop_older"], {"before_us": row["at_us"] + 1}).rowcount
    if dropped:
        db.execute(_SQL["drop_lines_without_points"])


if TYPE_CHECKING:

    def _is_a_price_shelf(prices: SqlitePrices) -> PriceShelf:
        return prices
