"""Beliefs on the cache: there after a restart; a lost or damaged cache costs them, nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.ports import BeliefRows
from bookhunt.store import beliefs as module
from bookhunt.store.beliefs import SqliteBeliefs
from bookhunt.store.cache import Cache
from bookhunt.store.database import CACHE, statements
from bookhunt.store.explanations import SqliteExplanations
from tests.support.builders import a_note

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.jump_clock import JumpClock

ROWS = BeliefRows(sellers={"alpha": '{"level":0.5}'}, books={"isbn:1": "{}"}, hint="{}")
NOTHING = BeliefRows(sellers={}, books={})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GATHER_S", 0.0)


@asynccontextmanager
async def shelf(path: Path, clock: JumpClock, **bounds: Any) -> AsyncIterator[SqliteBeliefs]:
    """The shelf for one life of the daemon."""
    cache = await Cache.open(path)
    beliefs = SqliteBeliefs(cache, clock=clock, **bounds)
    yield beliefs
    await beliefs.close()
    await cache.close()


def contents(path: Path) -> bytes:
    return path.read_bytes()


def spoil(path: Path, damage: str) -> None:
    if damage == "other":
        path.unlink()
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE recipe (x)")
        other.close()
        return
    content = path.read_bytes()
    torn = content[:4096] + b"\xff" * (len(content) - 4096)
    path.write_bytes(b"not a database" * 100 if damage == "text" else torn)


async def test_beliefs_outlive_the_process(path: Path, clock: JumpClock) -> None:
    """What was kept a moment before the end is written before the file is let go."""
    async with shelf(path, clock) as beliefs:
        beliefs.keep(ROWS)
        assert await beliefs.note_feedback("r", "good")
    async with shelf(path, clock) as beliefs:
        assert await beliefs.load() == ROWS
        assert not await beliefs.note_feedback("r", "good")


async def test_explanations_and_beliefs_share_one_file(path: Path, clock: JumpClock) -> None:
    cache = await Cache.open(path)
    beliefs, notes = SqliteBeliefs(cache, clock=clock), SqliteExplanations(cache, clock=clock)
    beliefs.keep(ROWS)
    notes.keep("r", [a_note()])
    assert await beliefs.load() == ROWS
    assert await notes.of("r") == [a_note()]
    await notes.close()
    assert await beliefs.load() == ROWS
    await beliefs.close()
    await cache.close()


@pytest.mark.parametrize("damage", ["text", "pages", "other"])
async def test_a_cache_that_cannot_be_read_is_begun_anew(
    path: Path, clock: JumpClock, damage: str
) -> None:
    """Overwritten, torn, or another program's: it is set aside, and beliefs are learned anew."""
    async with shelf(path, clock) as beliefs:
        beliefs.keep(ROWS)
    spoil(path, damage)
    async with shelf(path, clock) as beliefs:
        assert await beliefs.load() == NOTHING
        assert await beliefs.note_feedback("r", "good")
        beliefs.keep(ROWS)
    async with shelf(path, clock) as beliefs:
        assert await beliefs.load() == ROWS
    aside = contents(path.with_name("cache.aside.db"))
    assert {"text": b"not a database", "pages": b"\xff" * 500, "other": b"recipe"}[damage] in aside


async def test_a_cache_of_the_first_schema_is_brought_up_to_date(
    path: Path, clock: JumpClock
) -> None:
    """What it held stays; no copy is made of what may be lost."""
    old = sqlite3.connect(path, isolation_level=None)
    for statement in statements(CACHE.steps()[0]):
        old.execute(statement)
    old.execute("INSERT INTO meta VALUES ('schema', 1)")
    old.execute("INSERT INTO explanation VALUES ('r', 1, '[]')")
    old.close()
    async with shelf(path, clock) as beliefs:
        beliefs.keep(ROWS)
        assert await beliefs.load() == ROWS
    kept = sqlite3.connect(path)
    assert kept.execute("SELECT count(*) FROM explanation").fetchone() == (1,)
    kept.close()
    assert [each.name for each in path.parent.iterdir()] == ["cache.db"]


async def test_a_disk_that_takes_nothing_costs_beliefs_and_nothing_else(
    path: Path, clock: JumpClock
) -> None:
    async with shelf(path, clock) as beliefs:
        full = "PRAGMA max_page_count = 1"
        await beliefs._cache.run(lambda db: db.execute(full).fetchone()[0], otherwise=None)
        beliefs.keep(BeliefRows(sellers={}, books={f"b{n}": "x" * 5000 for n in range(50)}))
        assert await beliefs.load() == NOTHING
        assert await beliefs.note_feedback("r", "good")


async def test_rather_than_grow_the_oldest_waiting_rows_are_dropped(
    path: Path, clock: JumpClock
) -> None:
    async with shelf(path, clock, most_waiting=2) as beliefs:
        for name in "abcd":
            beliefs.keep(BeliefRows(sellers={}, books={name: name}))
        assert beliefs.dropped == 2
        assert (await beliefs.load()).books == {"c": "c", "d": "d"}
        for name in "cdce":
            beliefs.keep(BeliefRows(sellers={}, books={name: "new"}))
        assert (await beliefs.load()).books == {"c": "new", "d": "d", "e": "new"}


async def test_surplus_books_go_the_longest_unseen_first(path: Path, clock: JumpClock) -> None:
    async with shelf(path, clock, most_books=3) as beliefs:
        for name in "abcdef":
            clock.pass_time(61)
            beliefs.keep(BeliefRows(sellers={}, books={name: name}))
            await beliefs.load()
        clock.pass_time(61)
        beliefs.keep(BeliefRows(sellers={}, books={"d": "again"}))
        await beliefs.load()
        assert (await beliefs.load()).books == {"d": "again", "e": "e", "f": "f"}


async def test_of_very_many_books_the_latest_are_read(path: Path, clock: JumpClock) -> None:
    """A start does not wait for what was learned long ago."""
    async with shelf(path, clock, most_loaded_bytes=250) as beliefs:
        for name in "abcd":
            clock.pass_time(1)
            beliefs.keep(BeliefRows(sellers={}, books={name: name * 100}))
            await beliefs.load()
        assert set((await beliefs.load()).books) == {"c", "d"}


async def test_feedback_is_remembered_for_a_year(path: Path, clock: JumpClock) -> None:
    """Longer than anybody waits for a refund; then its row goes."""
    async with shelf(path, clock) as beliefs:
        await beliefs.note_feedback("r", "good")
        for day, is_new in ((366, False), (100, True)):
            clock.pass_time(day * 86_400)
            beliefs.keep(ROWS)
            await beliefs.load()
            assert await beliefs.note_feedback("r", "good") is is_new
