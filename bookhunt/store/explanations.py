"""`hunt.ports.Explanations` on the cache: why each seller was asked or not, for some days."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import orjson

from bookhunt.model.errors import LedgerUnusable
from bookhunt.store.cache import Cache
from bookhunt.store.queries import queries
from bookhunt.store.values import micros, note_json, note_of, text_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from bookhunt.hunt.ports import Clock, Explanations
    from bookhunt.model.outcome import SellerNote

_SQL = queries("explanations")
_log = logging.getLogger(__name__)
_GATHER_S = 0.2  # so long notes wait for others, to be written together
_PRUNE_EVERY_S = 60.0
# The architecture page: traces are kept 7 days and 500 MB.
_KEPT_FOR = timedelta(days=7)
_MOST_BYTES = 500 * 1024 * 1024
_MOST_WAITING = 1000  # requests; what 200 of them a second leave behind in five seconds

_Notes = tuple["SellerNote", ...]


class SqliteExplanations:
    """The explanations, written in the background; `close` it before its cache."""

    def __init__(
        self,
        cache: Cache,
        *,
        clock: Clock,
        most_bytes: int = _MOST_BYTES,
        most_waiting: int = _MOST_WAITING,
    ) -> None:
        self.dropped = 0  # requests whose notes were lost because the cache was too slow
        self._cache = cache
        self._clock = clock
        self._most_bytes = most_bytes
        self._most_waiting = most_waiting
        self._waiting: OrderedDict[str, _Notes] = OrderedDict()
        self._writing: Mapping[str, _Notes] = {}
        self._flush: asyncio.Task[None] | None = None
        self._prune_at = 0.0
        self._closed = False
        self._own: Cache | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        most_bytes: int = _MOST_BYTES,
        most_waiting: int = _MOST_WAITING,
    ) -> SqliteExplanations:
        """Open a cache for explanations alone; what is damaged is set aside and begun anew.

        Raises:
            LedgerUnusable: another process holds the cache.
            UnsafePath: it is a link or another user's.
        """
        cache = await Cache.open(path)
        kept = cls(cache, clock=clock, most_bytes=most_bytes, most_waiting=most_waiting)
        kept._own = cache
        return kept

    def keep(self, request_id: str, notes: Sequence[SellerNote]) -> None:
        """As `ports.Explanations.keep`; the notes of a later hunt replace those of an earlier."""
        self._waiting.pop(request_id, None)
        self._waiting[request_id] = tuple(notes)
        while len(self._waiting) > self._most_waiting:
            self._waiting.popitem(last=False)
            self.dropped += 1
        if self._flush is None and not self._closed:
            self._flush = asyncio.create_task(self._write_soon())

    async def of(self, request_id: str) -> list[SellerNote]:
        """As `ports.Explanations.of`."""
        notes = self._waiting.get(request_id) or self._writing.get(request_id)
        if notes is not None:
            return list(notes)
        return await self._cache.run(partial(_read, request_id=request_id), otherwise=[])

    async def close(self) -> None:
        """Write what waits; a cache that was opened for it is closed, too."""
        self._closed = True
        if self._flush is not None:
            await self._flush
        if self._own is not None:
            await self._own.close()

    async def _write_soon(self) -> None:
        await asyncio.sleep(_GATHER_S)
        try:
            while self._waiting:
                self._writing, self._waiting = self._waiting, OrderedDict()
                work = partial(_write, batch=self._writing, now=self._clock.now())
                await self._cache.run(work, otherwise=None)
            if self._clock.monotonic() >= self._prune_at:
                self._prune_at = self._clock.monotonic() + _PRUNE_EVERY_S
                older = self._clock.now() - _KEPT_FOR
                work = partial(_prune, older_than=older, most_bytes=self._most_bytes)
                await self._cache.run(work, otherwise=None)
        finally:
            self._writing, self._flush = {}, None


def _write(db: sqlite3.Connection, *, batch: Mapping[str, _Notes], now: datetime) -> None:
    for request_id, notes in batch.items():
        text = text_of([note_json(note) for note in notes])
        parameters = {"request_id": request_id, "kept_us": micros(now), "notes": text}
        db.execute(_SQL["keep"], parameters)


def _read(db: sqlite3.Connection, *, request_id: str) -> list[SellerNote]:
    row = db.execute(_SQL["of"], {"request_id": request_id}).fetchone()
    if row is None:
        return []
    try:
        return [note_of(note) for note in orjson.loads(row["notes"])]
    except LedgerUnusable as error:
        _log.warning("explanations cannot be read: %s", error, extra={"request_id": request_id})
        return []


def _prune(db: sqlite3.Connection, *, older_than: datetime, most_bytes: int) -> None:
    db.execute(_SQL["drop_older"], {"before_us": micros(older_than)})
    if db.execute(_SQL["bytes_used"]).fetchone()["bytes"] > most_bytes:
        db.execute(_SQL["drop_oldest"])


if TYPE_CHECKING:

    def _are_explanations(explanations: SqliteExplanations) -> Explanations:
        return explanations
