"""`hunt.ports.NameShelf` and `RateShelf` on the cache: names of titles, and exchange rates.

What is kept is written in the background, gathered; what waits is read as if it stood there. A row
that cannot be read, or that the file lost, is as good as none: it is asked for again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

import orjson

from bookhunt.hunt.ports import KeptNames, RateTable
from bookhunt.model.book import fold_title
from bookhunt.store.queries import queries
from bookhunt.store.values import micros, moment, text_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from bookhunt.hunt.ports import NameShelf, RateShelf
    from bookhunt.store.cache import Cache

_SQL = queries("knowledge")
_log = logging.getLogger(__name__)
_GATHER_S = 0.2  # so long rows wait for others, to be written together
_MOST_TITLES = 50_000  # at half a kilobyte
_MOST_WAITING = 1000


class SqliteNames:
    """The names of titles; `close` it before its cache."""

    def __init__(self, cache: Cache, *, most: int = _MOST_TITLES) -> None:
        self._cache = cache
        self._most = most
        self._waiting: OrderedDict[str, KeptNames] = OrderedDict()
        self._writing: Mapping[str, KeptNames] = {}
        self._flush: asyncio.Task[None] | None = None
        self._closed = False

    async def of(self, title: str) -> KeptNames | None:
        """As `ports.NameShelf.of`."""
        key = fold_title(title)
        waits = self._waiting.get(key) or self._writing.get(key)
        if waits is not None:
            return waits
        return await self._cache.run(partial(_names_of, title=key), otherwise=None)

    def keep(self, names: KeptNames) -> None:
        """As `ports.NameShelf.keep`; the oldest are dropped rather than anybody waits."""
        key = fold_title(names.title)
        self._waiting.pop(key, None)
        self._waiting[key] = names
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)
        if self._flush is None and not self._closed:
            self._flush = asyncio.create_task(self._write_soon())

    async def latest(self, *, limit: int) -> list[KeptNames]:
        """As `ports.NameShelf.latest`."""
        while self._flush is not None:
            await asyncio.shield(self._flush)
        nothing: list[KeptNames] = []
        return await self._cache.run(partial(_latest_names, limit=limit), otherwise=nothing)

    async def close(self) -> None:
        """Write what waits; the cache is closed by whoever opened it."""
        self._closed = True
        if self._flush is not None:
            await self._flush

    async def _write_soon(self) -> None:
        if not self._closed:
            await asyncio.sleep(_GATHER_S)
        try:
            while self._waiting:
                self._writing, self._waiting = self._waiting, OrderedDict()
                write = partial(_write_names, batch=self._writing, most=self._most)
                await self._cache.run(write, otherwise=None)
        finally:
            self._writing, self._flush = {}, None


class SqliteRates:
    """The newest table of each source; `close` it before its cache."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._writes: set[asyncio.Task[None]] = set()

    async def of(self, source_id: str) -> RateTable | None:
        """As `ports.RateShelf.of`."""
        await self._written()
        return await self._cache.run(partial(_rates_of, source=source_id), otherwise=None)

    def keep(self, table: RateTable) -> None:
        """As `ports.RateShelf.keep`; a source is asked a few times a day."""
        write = asyncio.create_task(
            self._cache.run(partial(_write_rates, table=table), otherwise=None)
        )
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)

    async def close(self) -> None:
        """Write what waits; the cache is closed by whoever opened it."""
        await self._written()

    async def _written(self) -> None:
        while self._writes:
            await asyncio.wait(set(self._writes))


# --------------------------------------------------------------------------------- in the thread
def _write_names(db: sqlite3.Connection, *, batch: Mapping[str, KeptNames], most: int) -> None:
    for key, names in batch.items():
        row = {
            "title": key,
            "asked": names.title,
            "isbns": text_of(list(names.isbns)),
            "resolver": names.resolver,
            "at_us": micros(names.at),
            "until_us": micros(names.until),
        }
        db.execute(_SQL["keep_names"], row)
    db.execute(_SQL["drop_surplus_names"], {"most": most - 1})


def _names_of(db: sqlite3.Connection, *, title: str) -> KeptNames | None:
    row = db.execute(_SQL["names_of"], {"title": title}).fetchone()
    return None if row is None else _kept(row)


def _latest_names(db: sqlite3.Connection, *, limit: int) -> list[KeptNames]:
    rows = db.execute(_SQL["latest_names"], {"limit": limit}).fetchall()
    return [kept for kept in map(_kept, rows) if kept is not None]


def _kept(row: sqlite3.Row) -> KeptNames | None:
    isbns = orjson.loads(row["isbns"])
    if not isinstance(isbns, list) or not all(isinstance(isbn, str) for isbn in isbns):
        _log.warning("the names of a title cannot be read, and are asked for again")
        return None
    return KeptNames(
        title=row["asked"],
        isbns=tuple(isbns),
        resolver=row["resolver"],
        at=moment(row["at_us"]),
        until=moment(row["until_us"]),
    )


def _write_rates(db: sqlite3.Connection, *, table: RateTable) -> None:
    row = {
        "source": table.source,
        "base": table.base,
        "units": text_of({code: str(units) for code, units in table.units.items()}),
        "as_of_us": micros(table.as_of),
    }
    db.execute(_SQL["keep_rates"], row)


def _rates_of(db: sqlite3.Connection, *, source: str) -> RateTable | None:
    row = db.execute(_SQL["rates_of"], {"source": source}).fetchone()
    if row is None:
        return None
    try:
        units = {code: Fraction(text) for code, text in orjson.loads(row["units"]).items()}
    except (ValueError, AttributeError, TypeError, ZeroDivisionError):
        _log.warning("exchange rates cannot be read, and are asked for again")
        return None
    if any(each <= 0 for each in units.values()):
        return None
    return RateTable(source=source, base=row["base"], units=units, as_of=moment(row["as_of_us"]))


if TYPE_CHECKING:

    def _is_name_shelf(names: SqliteNames) -> NameShelf:
        return names

    def _is_rate_shelf(rates: SqliteRates) -> RateShelf:
        return rates
