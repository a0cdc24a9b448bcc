"""Every test of the hunt runs on a loop whose time jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.beliefs import Beliefs
from tests.support.jump_clock import JumpClock
from tests.support.jump_clock import jump_loops as pytest_asyncio_loop_factories  # noqa: F401 - a hook
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def clock() -> JumpClock:
    return JumpClock.of_running_loop()


@pytest.fixture
async def life(clock: JumpClock) -> AsyncIterator[Life]:
    """A service that runs, over a ledger and sellers of its own."""
    life = Life(clock)
    await life.service.start()
    yield life
    await life.service.stop(within_s=3600)


@pytest.fixture
def known_beliefs() -> Beliefs:
    """Forty sellers `s0`, `s1`, ... that are known to carry most books at usual prices."""
    beliefs = Beliefs()
    for n in range(40):
        seller = beliefs.seller(f"s{n}")
        seller.stocked, seller.missing, seller.level_var = 6.0, 6.0, 0.003
    return beliefs
