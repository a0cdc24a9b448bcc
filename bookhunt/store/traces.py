"""`hunt.ports.TraceShelf` on the cache: what was done for a request, for some days.

Traces are written in the background, many together; JSON is made of them in the thread that
writes. When they come faster than the disk takes them the oldest that wait are dropped, and
counted. What is older than `keep_days`, and the oldest of what is more than `keep_mb`, goes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from bookhunt.store.queries import queries
from bookhunt.store.values import micros
from bookhunt.telemetry.spans import document_of
from bookhunt.telemetry.trace_ids import trace_id_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from bookhunt.hunt.ports import Clock, TraceShelf
    from bookhunt.store.cache import Cache
    from bookhunt.telemetry.spans import Trace

_SQL = queries("traces")
_log = logging.getLogger(__name__)
_GATHER_S = 0.2  # so long traces wait for others, to be written together
_BATCH = 200
_MOST_WAITING = 500  # each holds on to its search until it is written
_MOST_PARTS = 100  # of one trace that are read
_DROPPED_A_TURN = 500
_PRUNE_EVERY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long and how much."""

    days: float = 7.0
    most_bytes: int = 500_000_000


class _Part(NamedTuple):
    """What waits to be written; `follows`: only if a part of its trace is there already."""

    trace: Trace
    outcome: str
    follows: bool


class SqliteTraces:
    """The traces, written in the background; `close` it before its cache."""

    def __init__(
        self, cache: Cache, *, clock: Clock, keeping: Callable[[], Keeping] = Keeping
    ) -> None:
        self.dropped = 0  # lost because the cache was too slow
        self._cache = cache
        self._clock = clock
        self._keeping = keeping
        self._waiting: deque[_Part] = deque()
        self._writing: list[_Part] = []
        self._flush: asyncio.Task[None] | None = None
        self._prune_at = 0.0
        self._closed = False

    def keep(self, trace: Trace, *, outcome: str) -> None:
        """As `ports.TraceShelf.keep`."""
        self._take(_Part(trace, outcome, follows=False))

    def append(self, trace: Trace, *, outcome: str) -> None:
        """As `ports.TraceShelf.append`."""
        self._take(_Part(trace, outcome, follows=True))

    def _take(self, part: _Part) -> None:
        self._waiting.append(part)
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft()
            self.dropped += 1
        if self._flush is None and not self._closed:
            self._flush = asyncio.create_task(self._write_soon())

    async def of(self, trace_id: str) -> list[dict[str, Any]]:
        """As `ports.TraceShelf.of`."""
        while self._flush is not None and self._is_waiting(trace_id):
            await asyncio.wait({self._flush})
        return await self._cache.run(partial(_read, trace_id=trace_id), otherwise=[])

    async def close(self) -> None:
        """Write what waits."""
        self._closed = True
        if self._flush is not None:
            await self._flush
        if self._waiting:
            await self._write_soon()

    def _is_waiting(self, trace_id: str) -> bool:
        waiting = (*self._waiting, *self._writing)
        return any(trace_id_of(part.trace.request_id) == trace_id for part in waiting)

    async def _write_soon(self) -> None:
        if not self._closed:
            await asyncio.sleep(_GATHER_S)
        try:
            while self._waiting:
                most = min(len(self._waiting), _BATCH)
                self._writing = [self._waiting.popleft() for _ in range(most)]
                work = partial(_write, batch=self._writing, now=self._clock.now())
                await self._cache.run(work, otherwise=None)
            await self._prune()
        finally:
            self._writing, self._flush = [], None

    async def _prune(self) -> None:
        if self._clock.monotonic() < self._prune_at:
            return
        self._prune_at = self._clock.monotonic() + _PRUNE_EVERY_S
        keeping = self._keeping()
        older = self._clock.now() - timedelta(days=keeping.days)
        work = partial(_drop, older_than=older, most_bytes=keeping.most_bytes)
        while await self._cache.run(work, otherwise=False):
            pass


def _write(db: sqlite3.Connection, *, batch: Iterable[_Part], now: datetime) -> None:
    for trace, outcome, follows in batch:
        trace_id = trace_id_of(trace.request_id)
        if follows and db.execute(_SQL["is_kept"], {"trace_id": trace_id}).fetchone() is None:
            continue
        part = orjson.dumps(document_of(trace, outcome=outcome))
        row = {"trace_id": trace_id, "kept_us": micros(now), "bytes": len(part), "part": part}
        db.execute(_SQL["keep"], row)


def _read(db: sqlite3.Connection, *, trace_id: str) -> list[dict[str, Any]]:
    rows = db.execute(_SQL["of"], {"trace_id": trace_id, "limit": _MOST_PARTS}).fetchall()
    found = []
    for row in rows:
        try:
            part = orjson.loads(row["part"])
        except orjson.JSONDecodeError:
            _log.warning("a trace cannot be read")
            continue
        found.append(part)
    return found


def _drop(db: sqlite3.Connection, *, older_than: datetime, most_bytes: int) -> bool:
    """Drop what is too old or too much, some at a time; whether there may be more to drop."""
    limit = {"limit": _DROPPED_A_TURN}
    gone = db.execute(_SQL["drop_older"], limit | {"before_us": micros(older_than)}).rowcount
    if gone < _DROPPED_A_TURN and _used(db) > most_bytes:
        oldest = {"limit": max(_DROPPED_A_TURN // 10, 1)}
        gone = max(gone, db.execute(_SQL["drop_oldest"], oldest).rowcount)
        return _used(db) > most_bytes and gone > 0
    return gone == _DROPPED_A_TURN


def _used(db: sqlite3.Connection) -> int:
    return int(db.execute(_SQL["bytes_used"]).fetchone()["bytes"])


if TYPE_CHECKING:

    def _is_a_shelf(traces: SqliteTraces) -> TraceShelf:
        return traces
