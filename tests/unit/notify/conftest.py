"""The courier's tests run on a loop whose time jumps; the others meet real servers and programs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.support.jump_clock import jump_loops

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.path.stem == "test_courier":
        return dict(jump_loops(config, item))
    return {"asyncio": asyncio.new_event_loop}
