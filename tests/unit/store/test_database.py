"""Opening a file: private, alone, checked, migrated after a snapshot, or refused with a reason."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.errors import LedgerUnusable, UnsafePath
from bookhunt.store import database
from bookhunt.store.database import (
    LEDGER,
    Damaged,
    NewerSchema,
    Schema,
    open_database,
    statements,
    transaction,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bookhunt.store.ledger import SqliteLedger

# Another process that tries to have the ledger, and says how that went.
RIVAL = """
import asyncio, sys
from pathlib import Path
from bookhunt.model.errors import LedgerUnusable
from bookhunt.store.ledger import SqliteLedger
from tests.support.jump_clock import JumpClock
try:
    asyncio.run(SqliteLedger.open(Path(sys.argv[1]), clock=JumpClock()))
except LedgerUnusable as error:
    sys.exit(f"refused: {error.message} ({error.hint})")
"""


def rival(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RIVAL, str(path)], capture_output=True, text=True, check=False
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_second_process_is_refused(ledger: SqliteLedger, path: Path) -> None:
    """Also before the first change: the ledger is held from its opening to its closing."""
    refused = rival(path)
    assert refused.returncode == 1
    assert "held by another process" in refused.stderr
    assert "bookhunt daemon" in refused.stderr
    await ledger.set_paused(paused=True)
    assert rival(path).returncode == 1
    await ledger.close()
    assert rival(path).returncode == 0


async def test_everything_is_private(ledger: SqliteLedger, path: Path) -> None:
    """Whatever the umask: the file, its log and its side file are their owner's alone."""
    await ledger.set_paused(paused=True)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["ledger.db", "ledger.db-wal", "ledger.stamp"]
    assert {mode(file) for file in files} == {0o600}


def test_a_file_others_could_read_is_closed_to_them(path: Path) -> None:
    path.touch(0o644)
    path.chmod(0o644)
    open_database(path, LEDGER).close()
    assert mode(path) == 0o600


def test_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(UnsafePath, match="symbolic link"):
        open_database(path, LEDGER)
    assert not (tmp_path / "elsewhere.db").exists()


def test_another_users_file_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch()
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    with pytest.raises(UnsafePath, match="belongs to user"):
        open_database(path, LEDGER)


def test_a_folder_that_is_not_there_is_a_clear_error(path: Path) -> None:
    with pytest.raises(LedgerUnusable, match="cannot be opened"):
        open_database(path / "ledger.db", LEDGER)


def test_the_pragmas_hold(path: Path) -> None:
    """The ones that safety rests on, as SQLite itself reports them."""
    db = open_database(path, LEDGER)
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "locking_mode": "exclusive",
        "foreign_keys": 1,
        "cell_size_check": 1,
        "mmap_size": 0,
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
    }
    assert {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in expected} == expected
    db.close()


def test_another_programs_database_is_refused(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    with pytest.raises(LedgerUnusable, match="another program"):
        open_database(path, LEDGER)


@pytest.mark.parametrize("at", [0, 100, 5000, "journal_by_request"])
def test_damage_is_noticed(path: Path, at: int | str) -> None:
    """Not a database, a wrong header, or a page, also one that the opening itself never reads."""
    db = open_database(path, LEDGER)
    if isinstance(at, str):
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (at,)).fetchone()[0]
        at = (root - 1) * db.execute("PRAGMA page_size").fetchone()[0]
    db.close()
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff" * 4000)
    with pytest.raises(Damaged):
        open_database(path, LEDGER)


# ------------------------------------------------------------------------------------ migration
@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A ledger that knows the first numbered file, and what the next ones would be."""
    first = LEDGER.steps()[0]

    def grow(*more: str) -> None:
        monkeypatch.setattr(Schema, "steps", lambda _: [first, *more])

    grow()
    return grow


def test_a_newer_schema_is_refused(path: Path, steps: Callable[..., None]) -> None:
    """An older bookhunt does not touch what a newer one wrote, and says what to do."""
    steps("CREATE TABLE later (x);")
    open_database(path, LEDGER).close()
    before = path.read_bytes()
    steps()
    with pytest.raises(NewerSchema, match="schema 2") as refused:
        open_database(path, LEDGER)
    assert refused.value.hint is not None
    assert "newer bookhunt" in refused.value.hint
    assert path.read_bytes() == before


def test_an_older_schema_is_migrated_after_a_snapshot(
    path: Path, steps: Callable[..., None]
) -> None:
    """All missing steps at once; the snapshot is the old file, whole and private."""
    with_row = open_database(path, LEDGER)
    with_row.execute("INSERT INTO meta VALUES ('mark', 7)")
    with_row.close()
    steps("CREATE TABLE later (x);", "CREATE TABLE last (x);\nINSERT INTO later VALUES (1);\n")
    db = open_database(path, LEDGER)
    assert db.execute("SELECT x FROM later").fetchone()[0] == 1
    assert database.schema_version(db, path) == 3
    db.close()
    snapshot = path.with_name("ledger.before-0003.db")
    assert mode(snapshot) == 0o600
    old = sqlite3.connect(snapshot)
    assert old.execute("SELECT value FROM meta WHERE name = 'mark'").fetchone()[0] == 7
    assert old.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()[0] == 1
    assert old.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    old.close()


def test_a_migration_that_fails_leaves_the_old_file(path: Path, steps: Callable[..., None]) -> None:
    open_database(path, LEDGER).close()
    steps("CREATE TABLE later (x);", "CREATE TABLE later (x);")
    with pytest.raises(LedgerUnusable, match="later"):
        open_database(path, LEDGER)
    steps()
    db = open_database(path, LEDGER)
    assert database.schema_version(db, path) == 1
    assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'later'").fetchone()[0] == 0
    db.close()


def test_a_new_file_needs_no_snapshot(path: Path) -> None:
    open_database(path, LEDGER).close()
    assert [file.name for file in path.parent.iterdir()] == ["ledger.db"]


def test_a_copy_of_an_open_ledger_is_a_whole_one(path: Path, tmp_path: Path) -> None:
    """What is only in the write-ahead log is in the file with it: `-wal` belongs to it."""
    db = open_database(path, LEDGER)
    db.execute("INSERT INTO meta VALUES ('mark', 7)")
    copy = tmp_path / "copy" / path.name
    copy.parent.mkdir()
    for file in (path, path.with_name(path.name + "-wal")):
        shutil.copy(file, copy.parent)
    db.close()
    again = open_database(copy, LEDGER)
    assert again.execute("SELECT value FROM meta WHERE name = 'mark'").fetchone()[0] == 7
    again.close()


def test_a_transaction_is_all_or_nothing(path: Path) -> None:
    db = open_database(path, LEDGER)
    with pytest.raises(sqlite3.IntegrityError), transaction(db):
        db.executemany("INSERT INTO meta VALUES (?, 7)", [("mark",), ("mark",)])
    assert not db.in_transaction
    assert db.execute("SELECT count(*) FROM meta WHERE name = 'mark'").fetchone()[0] == 0
    db.close()


def test_a_trigger_is_one_statement() -> None:
    """Whatever stands in it, and whatever a comment says."""
    table = "CREATE TABLE t (x);\n"
    trigger = "-- a; b\nCREATE TRIGGER u AFTER INSERT ON t\nBEGIN\n SELECT 1;\n SELECT 2;\nEND;\n"
    assert list(statements(table + trigger)) == [table, trigger]
