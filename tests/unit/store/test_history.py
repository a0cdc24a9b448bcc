"""Prices seen are kept compactly, for long, and cost nobody anything when they are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.store.cache import Cache
from bookhunt.store.history import SqlitePrices
from tests.support.prices import BOOK, a_line, a_sighting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.jump_clock import JumpClock

A_DAY = 24.0


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    cache = await Cache.open(tmp_path / "cache.db")
    yield cache
    await cache.close()


async def count(cache: Cache, table: str) -> int:
    return await cache.run(
        lambda db: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]), otherwise=-1
    )


async def test_what_did_not_change_is_not_even_written(cache: Cache, clock: JumpClock) -> None:
    """A thousand answers of one price are one row, and nothing waits to be written for them."""
    prices = SqlitePrices(cache, clock=clock, gather_s=0.0)
    prices.saw([a_sighting()])
    await prices.of(BOOK)
    for n in range(1000):
        prices.saw([a_sighting(hours=n / 100)])
        assert prices._flush is None
    await prices.close()
    assert await count(cache, "price_point") == 1


async def test_a_new_life_writes_no_second_point(cache: Cache, clock: JumpClock) -> None:
    """What the process remembered is lost; what stands in the file counts."""
    for hours in (0.0, 1.0, 25.0):
        prices = SqlitePrices(cache, clock=clock, gather_s=0.0)
        prices.saw([a_sighting(hours=hours)])
        await prices.close()
    assert await count(cache, "price_point") == 2
    assert await count(cache, "price_line") == 1


async def test_prices_are_forgotten_after_a_year_and_a_bit(cache: Cache, clock: JumpClock) -> None:
    """With the lines that have no point left."""
    prices = SqlitePrices(cache, clock=clock, gather_s=0.0)
    prices.saw([a_sighting(line=a_line("old")), a_sighting(line=a_line("kept"))])
    await prices.of(BOOK)
    clock.pass_time(401 * 86_400)
    prices.saw([a_sighting(hours=401 * A_DAY, line=a_line("kept"))])
    await prices.of(BOOK)
    assert [line.seller for line in await prices.of(BOOK)] == ["kept"]
    assert await count(cache, "price_line") == 1
    await prices.close()


async def test_the_oldest_go_when_there_are_too_many(cache: Cache, clock: JumpClock) -> None:
    prices = SqlitePrices(cache, clock=clock, gather_s=0.0, most_points=100)
    for n in range(150):
        prices.saw([a_sighting(str(n + 1), hours=n / 10, line=a_line(f"s{n}"))])
    await prices.of(BOOK)
    clock.pass_time(3601)
    prices.saw([a_sighting("1", hours=20, line=a_line("last"))])
    found = {line.seller for line in await prices.of(BOOK)}
    assert 80 <= len(found) <= 100
    assert "last" in found
    assert "s0" not in found
    await prices.close()


async def test_a_lost_cache_loses_history_and_nothing_else(
    tmp_path: Path, clock: JumpClock
) -> None:
    path = tmp_path / "lost.db"
    cache = await Cache.open(path)
    prices = SqlitePrices(cache, clock=clock, gather_s=0.0)
    prices.saw([a_sighting()])
    await prices.close()
    await cache.close()
    path.write_bytes(b"rubbish" * 1000)
    cache = await Cache.open(path)
    prices = SqlitePrices(cache, clock=clock, gather_s=0.0)
    assert await prices.of(BOOK) == {}
    prices.saw([a_sighting(hours=1)])
    assert len(await prices.of(BOOK)) == 1
    await prices.close()
    await cache.close()
