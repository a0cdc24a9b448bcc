"""A daemon of doubles on a real socket, for each test that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.builders import an_offer, usd
from tests.support.running_daemon import Running, a_daemon, a_home, serving
from tests.support.scripted_sellers import QuoteScript, a_seller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookhunt.home.paths import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return a_home(tmp_path / "home")


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    """A daemon with one seller, `alpha`, which sells the book for 12.50."""
    async with serving(a_daemon(home)) as running:
        running.sellers.add(a_seller("alpha"), QuoteScript(offers=(an_offer("alpha"),)))
        yield running


@pytest.fixture
async def idle(home: Home) -> AsyncIterator[Running]:
    """A daemon that accepts requests and hunts none of them."""
    async with serving(a_daemon(home), hunting=False) as running:
        running.sellers.add(a_seller("alpha"), QuoteScript(offers=(an_offer("alpha"),)))
        yield running


ONE_COPY = usd("12.50")
