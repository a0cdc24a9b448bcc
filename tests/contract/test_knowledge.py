"""What shelves of names and of exchange rates promise: the last word of each title and source."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import KeptNames, RateTable
from bookhunt.store.cache import Cache
from bookhunt.store.knowledge import SqliteNames, SqliteRates
from tests.support.builders import ISBN, NOON, TITLE
from tests.support.memory_knowledge import MemoryNames, MemoryRates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HIT = KeptNames(
    title=TITLE,
    isbns=(ISBN, "9781402894626"),
    resolver="openlibrary",
    at=NOON,
    until=NOON + timedelta(days=30),
)
TABLE = RateTable(
    source="ecb",
    base="EUR",
    units={"USD": Fraction(11525, 10_000), "JPY": Fraction(18042, 100)},
    as_of=NOON,
)
AnyNames = SqliteNames | MemoryNames
AnyRates = SqliteRates | MemoryRates


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    cache = await Cache.open(tmp_path / "cache.db")
    yield cache
    await cache.close()


@pytest.fixture(params=["memory", "sqlite"])
async def names(request: pytest.FixtureRequest, cache: Cache) -> AsyncIterator[AnyNames]:
    if request.param == "memory":
        yield MemoryNames(most=3)
        return
    shelf = SqliteNames(cache, most=3)
    yield shelf
    await shelf.close()


@pytest.fixture(params=["memory", "sqlite"])
async def rates(request: pytest.FixtureRequest, cache: Cache) -> AsyncIterator[AnyRates]:
    if request.param == "memory":
        yield MemoryRates()
        return
    shelf = SqliteRates(cache)
    yield shelf
    await shelf.close()


# ----------------------------------------------------------------------------------------- names
async def test_names_are_found_however_the_title_is_written(names: AnyNames) -> None:
    """Case and punctuation do not make another title; every field comes back."""
    names.keep(HIT)
    assert await names.of("PRIDE and: Prejudice!") == HIT
    await names.latest(limit=1)  # now it is written, where it is written at all
    assert await names.of("pride and prejudice") == HIT
    assert await names.of("Pride") is None


async def test_a_miss_is_kept_too(names: AnyNames) -> None:
    """That nobody knew a title, and how long that holds."""
    miss = replace(HIT, isbns=(), until=NOON + timedelta(hours=1))
    names.keep(miss)
    assert await names.of(TITLE) == miss
    assert await names.latest(limit=10) == [miss]
    assert await names.of(TITLE) == miss


async def test_the_last_word_of_a_title_counts(names: AnyNames) -> None:
    names.keep(HIT)
    newer = replace(HIT, isbns=("9781402894626",), at=NOON + timedelta(days=31))
    names.keep(newer)
    assert await names.of(TITLE) == newer
    await names.latest(limit=1)
    assert await names.of(TITLE) == newer


async def test_the_newest_come_first_and_the_oldest_go(names: AnyNames) -> None:
    """No more are kept than fit."""
    for day in range(5):
        names.keep(replace(HIT, title=f"Volume {day}", at=NOON + timedelta(days=day)))
        await names.latest(limit=1)
    assert [kept.title for kept in await names.latest(limit=10)] == [
        "Volume 4",
        "Volume 3",
        "Volume 2",
    ]
    assert [kept.title for kept in await names.latest(limit=1)] == ["Volume 4"]


# ----------------------------------------------------------------------------------------- rates
async def test_rates_come_back_exactly(rates: AnyRates) -> None:
    """Each rate is the number its source wrote, not one that is near it."""
    rates.keep(TABLE)
    assert await rates.of("ecb") == TABLE
    assert await rates.of("other") is None


async def test_the_last_table_of_a_source_counts(rates: AnyRates) -> None:
    rates.keep(TABLE)
    assert await rates.of("ecb") == TABLE
    newer = replace(TABLE, units={"USD": Fraction(2)}, as_of=NOON + timedelta(days=1))
    rates.keep(newer)
    assert await rates.of("ecb") == newer


# ------------------------------------------------------------------------------------- the file
async def test_names_and_rates_outlive_the_process(tmp_path: Path) -> None:
    """Closing writes what waits; a new start reads it."""
    cache = await Cache.open(tmp_path / "again.db")
    names, rates = SqliteNames(cache), SqliteRates(cache)
    names.keep(HIT)
    rates.keep(TABLE)
    await names.close()
    await rates.close()
    await cache.close()
    cache = await Cache.open(tmp_path / "again.db")
    assert await SqliteNames(cache).of(TITLE) == HIT
    assert await SqliteRates(cache).of("ecb") == TABLE
    await cache.close()


@pytest.mark.parametrize("units", ['["USD"]', '{"USD": "1/0"}', '{"USD": "-2"}', '{"USD": [1]}'])
async def test_rates_that_cannot_be_read_are_none(cache: Cache, units: str) -> None:
    """A damaged row is asked for again; nothing is ever converted by it."""
    rates = SqliteRates(cache)
    rates.keep(TABLE)
    assert await rates.of("ecb") == TABLE
    await cache.run(
        lambda db: db.execute("UPDATE rate_table SET units = ?", (units,)), otherwise=None
    )
    assert await rates.of("ecb") is None


async def test_names_that_cannot_be_read_are_none(cache: Cache) -> None:
    """They are asked for again, and the others are listed."""
    names = SqliteNames(cache)
    names.keep(HIT)
    await names.latest(limit=1)
    await cache.run(lambda db: db.execute("UPDATE title_name SET isbns = '{}'"), otherwise=None)
    assert await names.of(TITLE) is None
    assert await names.latest(limit=5) == []
