"""Traces on disk: written in the background, found again, bounded in age, size and number."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bookhunt.store import traces as module
from bookhunt.store.cache import Cache
from bookhunt.store.traces import Keeping, SqliteTraces
from bookhunt.telemetry.spans import Trace
from bookhunt.telemetry.trace_ids import trace_id_of
from tests.support.builders import an_id
from tests.support.jump_clock import JumpClock

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock()


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    opened = await Cache.open(tmp_path / "cache.db")
    yield opened
    await opened.close()


def a_trace(clock: JumpClock, request_id: str | None = None, *, spans: int = 1) -> Trace:
    made = Trace(request_id or an_id(), monotonic=clock.monotonic, wall_s=clock.now().timestamp())
    for _ in range(spans):
        made.open("hunt")
    made.ended = True
    return made


async def test_a_trace_is_found_at_once_and_after_a_restart(cache: Cache, clock: JumpClock) -> None:
    """Parts in the order they were kept, each with its outcome."""
    kept = SqliteTraces(cache, clock=clock)
    request_id = an_id()
    trace_id = trace_id_of(request_id)
    kept.keep(a_trace(clock, request_id), outcome="cut_off")
    kept.keep(a_trace(clock), outcome="SUCCESS")
    kept.keep(a_trace(clock, request_id), outcome="SUCCESS")
    assert [part["outcome"] for part in await kept.of(trace_id)] == ["cut_off", "SUCCESS"]
    await kept.close()
    again = SqliteTraces(cache, clock=clock)
    assert [part["outcome"] for part in await again.of(trace_id)] == ["cut_off", "SUCCESS"]
    assert await again.of(trace_id_of(an_id())) == []
    await again.close()


async def test_what_comes_faster_than_it_is_written_is_dropped_and_counted(
    cache: Cache, clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 3)
    kept = SqliteTraces(cache, clock=clock)
    ids = [an_id() for _ in range(5)]
    for request_id in ids:
        kept.keep(a_trace(clock, request_id), outcome="SUCCESS")
    assert kept.dropped == 2
    assert await kept.of(trace_id_of(ids[0])) == []
    assert len(await kept.of(trace_id_of(ids[4]))) == 1
    await kept.close()


async def test_the_oldest_go_when_they_are_too_old_or_too_many(
    cache: Cache, clock: JumpClock
) -> None:
    """By `keep_days` and `keep_mb` as they are set now."""
    keeping = Keeping(days=2.0, most_bytes=10**9)
    kept = SqliteTraces(cache, clock=clock, keeping=lambda: keeping)
    old, young = an_id(), an_id()
    kept.keep(a_trace(clock, old), outcome="SUCCESS")
    assert await kept.of(trace_id_of(old))
    clock.pass_time(timedelta(days=3).total_seconds())
    kept.keep(a_trace(clock, young), outcome="SUCCESS")
    await kept.of(trace_id_of(young))
    clock.pass_time(60.0)
    kept.keep(a_trace(clock), outcome="SUCCESS")
    await kept.close()
    assert await kept.of(trace_id_of(old)) == []
    assert await kept.of(trace_id_of(young))
    keeping = Keeping(days=2.0, most_bytes=5_000)
    again = SqliteTraces(cache, clock=clock, keeping=lambda: keeping)
    last = an_id()
    for _ in range(200):
        again.keep(a_trace(clock), outcome="SUCCESS")
    again.keep(a_trace(clock, last), outcome="SUCCESS")
    await again.close()
    used, counted = await cache.run(_sizes, otherwise=(0, 0))
    assert used == counted <= 5_000
    assert await again.of(trace_id_of(young)) == []
    assert await again.of(trace_id_of(last))


def _sizes(db: sqlite3.Connection) -> tuple[int, int]:
    used = db.execute("SELECT bytes FROM trace_size").fetchone()[0]
    counted = db.execute("SELECT coalesce(sum(length(part)), 0) FROM trace_part").fetchone()[0]
    return used, counted


async def test_a_part_that_cannot_be_read_is_passed_over(cache: Cache, clock: JumpClock) -> None:
    kept = SqliteTraces(cache, clock=clock)
    request_id = an_id()
    row = {"trace_id": trace_id_of(request_id), "kept_us": 1, "bytes": 1, "part": b"{"}

    def spoil(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO trace_part VALUES (:trace_id, :kept_us, :bytes, :part)", row)

    await cache.run(spoil, otherwise=None)
    kept.keep(a_trace(clock, request_id), outcome="SUCCESS")
    assert len(await kept.of(trace_id_of(request_id))) == 1
    await kept.close()
