"""What runs by the clock is tested on one that jumps."""

from __future__ import annotations

import pytest

from tests.support.jump_clock import JumpClock
from tests.support.jump_clock import jump_loops as pytest_asyncio_loop_factories  # noqa: F401 - a hook


@pytest.fixture
async def clock() -> JumpClock:
    return JumpClock.of_running_loop()
