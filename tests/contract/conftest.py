"""Every implementation of a port, behind one fixture: the suites run on each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.store.beliefs import SqliteBeliefs
from bookhunt.store.cache import Cache
from bookhunt.store.explanations import SqliteExplanations
from bookhunt.store.ledger import SqliteLedger
from tests.support.jump_clock import JumpClock
from tests.support.memory_beliefs import MemoryBeliefShelf
from tests.support.memory_explanations import MemoryExplanations
from tests.support.memory_ledger import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from bookhunt.hunt.ports import Limits, Recovered

AnyLedger = SqliteLedger | MemoryLedger
AnyExplanations = SqliteExplanations | MemoryExplanations
AnyBeliefShelf = SqliteBeliefs | MemoryBeliefShelf


class Lives:
    """A ledger that can be opened again, as after the end of its process."""

    ledger: AnyLedger

    def __init__(self, kind: str, path: Path, clock: JumpClock) -> None:
        self.kind, self.clock = kind, clock
        self._path = path

    async def begin(self, defaults: Mapping[str, Limits]) -> None:
        if self.kind == "memory":
            self.ledger = MemoryLedger(self.clock, defaults=defaults)
        else:
            self.ledger = await self._open(defaults)

    async def begin_again(self, defaults: Mapping[str, Limits] | None = None) -> Recovered:
        if isinstance(self.ledger, MemoryLedger):
            return self.ledger.reopen()
        await self.ledger.close()
        self.ledger = await self._open(defaults or {})
        return self.ledger.recovered

    async def end(self) -> None:
        if isinstance(self.ledger, SqliteLedger):
            await self.ledger.close()

    async def _open(self, defaults: Mapping[str, Limits]) -> SqliteLedger:
        return await SqliteLedger.open(
            self._path / "ledger.db", clock=self.clock, defaults=defaults, free_space_floor=0
        )


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock()


@pytest.fixture(params=["memory", "sqlite"])
async def lives(
    request: pytest.FixtureRequest, tmp_path: Path, clock: JumpClock
) -> AsyncIterator[Lives]:
    lives = Lives(request.param, tmp_path, clock)
    await lives.begin({})
    yield lives
    await lives.end()


@pytest.fixture
def ledger(lives: Lives) -> AnyLedger:
    return lives.ledger


@pytest.fixture(params=["memory", "sqlite"])
async def explanations(
    request: pytest.FixtureRequest, tmp_path: Path, clock: JumpClock
) -> AsyncIterator[AnyExplanations]:
    if request.param == "memory":
        yield MemoryExplanations()
        return
    kept = await SqliteExplanations.open(tmp_path / "cache.db", clock=clock)
    yield kept
    await kept.close()


@pytest.fixture(params=["memory", "sqlite"])
async def belief_shelf(
    request: pytest.FixtureRequest, tmp_path: Path, clock: JumpClock
) -> AsyncIterator[AnyBeliefShelf]:
    if request.param == "memory":
        yield MemoryBeliefShelf()
        return
    cache = await Cache.open(tmp_path / "cache.db")
    kept = SqliteBeliefs(cache, clock=clock)
    yield kept
    await kept.close()
    await cache.close()
