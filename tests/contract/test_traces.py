"""What a shelf of traces promises: the parts of a trace, in order, and no trouble for the hunt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.store.cache import Cache
from bookhunt.store.traces import SqliteTraces
from bookhunt.telemetry.spans import Trace
from bookhunt.telemetry.trace_ids import trace_id_of
from bookhunt.telemetry.waterfall import whole
from tests.support.builders import an_id
from tests.support.memory_traces import MemoryTraces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.jump_clock import JumpClock

AnyTraces = SqliteTraces | MemoryTraces


@pytest.fixture(params=["memory", "sqlite"])
async def traces(
    request: pytest.FixtureRequest, tmp_path: Path, clock: JumpClock
) -> AsyncIterator[AnyTraces]:
    if request.param == "memory":
        yield MemoryTraces()
        return
    cache = await Cache.open(tmp_path / "cache.db")
    kept = SqliteTraces(cache, clock=clock)
    yield kept
    await kept.close()
    await cache.close()


def a_part(clock: JumpClock, request_id: str, seller: str) -> Trace:
    made = Trace(request_id, monotonic=clock.monotonic, wall_s=clock.now().timestamp())
    hunt = made.add("hunt", 0.0, 2.0)
    made.add("call", 0.5, 1.5, hunt, {"seller": seller, "reason": "not_stocked", "calls": 2})
    made.link = ("a" * 32, "b" * 16)
    made.ended = True
    return made


async def test_what_is_kept_comes_back_as_it_was(traces: AnyTraces, clock: JumpClock) -> None:
    """Names, times to the microsecond, parents, attributes, outcome and link."""
    request_id = an_id()
    traces.keep(a_part(clock, request_id, "alpha"), outcome="SUCCESS")
    [part] = await traces.of(trace_id_of(request_id))
    assert part["outcome"] == "SUCCESS"
    assert list(part["link"]) == ["a" * 32, "b" * 16]
    told = {"seller": "alpha", "reason": "not_stocked", "calls": 2}
    assert part["spans"] == [
        ["hunt", 0, 2_000_000, -1, {}],
        ["call", 500_000, 1_000_000, 0, told],
    ]


async def test_parts_come_in_the_order_they_were_kept(traces: AnyTraces, clock: JumpClock) -> None:
    request_id = an_id()
    for seller in ("alpha", "beta", "gamma"):
        traces.keep(a_part(clock, request_id, seller), outcome="cut_off")
        traces.keep(a_part(clock, an_id(), "other"), outcome="SUCCESS")
    seen = whole(await traces.of(trace_id_of(request_id)))
    calls = [span["told"]["seller"] for span in seen["spans"] if span["name"] == "call"]
    assert calls == ["alpha", "beta", "gamma"]
    assert seen["parts"] == 3


async def test_nothing_is_known_of_a_trace_that_was_not_kept(
    traces: AnyTraces, clock: JumpClock
) -> None:
    traces.keep(a_part(clock, an_id(), "alpha"), outcome="SUCCESS")
    assert await traces.of(trace_id_of(an_id())) == []


async def test_what_follows_is_kept_where_its_trace_is(traces: AnyTraces, clock: JumpClock) -> None:
    """In its order behind the others; of what nobody kept, what follows is not kept either."""
    kept, other = an_id(), an_id()
    traces.keep(a_part(clock, kept, "alpha"), outcome="SUCCESS")
    for request_id in (kept, other):
        traces.append(a_part(clock, request_id, "beta"), outcome="SUCCESS")
    calls = [part["spans"][1][4]["seller"] for part in await traces.of(trace_id_of(kept))]
    assert calls == ["alpha", "beta"]
    assert await traces.of(trace_id_of(other)) == []
