"""A real ledger in a folder of its own, and the raw rows of it."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bookhunt.store.ledger import SqliteLedger
from tests.support.jump_clock import JumpClock
from tests.support.soundness import faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
async def ledger(path: Path, clock: JumpClock) -> AsyncIterator[SqliteLedger]:
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0)
    yield ledger
    await ledger.close()
    with rows_of(path) as db:
        assert faults(db) == []


@contextmanager
def rows_of(path: Path) -> Iterator[sqlite3.Connection]:
    """The rows of a ledger that nobody has open."""
    db = sqlite3.connect(path, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    try:
        yield db
    finally:
        db.close()


@pytest.fixture(name="rows_of")
def _rows_of() -> Callable[[Path], object]:
    return rows_of
