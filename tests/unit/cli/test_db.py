"""Copies and lines of the ledger, with a daemon and without one; no file is ever replaced."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sqlite3
import stat
from typing import TYPE_CHECKING

import pytest

from bookhunt.cli import db
from bookhunt.cli.output import Terminal
from bookhunt.daemon.clock import SystemClock
from bookhunt.model.errors import BookhuntError, InputError, SetupMissing
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.records import SqliteRecords
from tests.support.ledger_steps import a_pending, a_sending
from tests.support.running_daemon import Running, a_daemon, a_home, call, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookhunt.home.paths import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = a_home(tmp_path / "home")
    monkeypatch.setenv("BOOKHUNT_HOME", str(home.root))
    return home


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    ledger = await SqliteLedger.open(home.ledger_file, clock=SystemClock(), free_space_floor=0)
    async with serving(
        a_daemon(home, ledger=ledger, records=SqliteRecords(ledger)), hunting=False
    ) as running:
        yield running
    await ledger.close()


def requests_in(file: Path) -> int:
    opened = sqlite3.connect(file)
    try:
        return int(opened.execute("SELECT count(*) FROM request").fetchone()[0])
    finally:
        opened.close()


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def quiet(**how: bool) -> Terminal:
    return Terminal(quiet=True, **how)


def exists(file: Path) -> bool:
    return file.exists()


def any_in(folder: Path) -> bool:
    return any(folder.iterdir())


async def test_a_snapshot_through_the_daemon_lies_where_it_should_and_nowhere_else(
    running: Running, tmp_path: Path
) -> None:
    await a_pending(running.ledger)
    to = tmp_path / "copy.db"
    await call(db.snapshot, quiet(), str(to))
    assert (requests_in(to), mode_of(to)) == (1, 0o600)
    assert not any_in(running.home.data_dir / "snapshots")


async def test_a_file_that_exists_is_kept(running: Running, tmp_path: Path) -> None:
    to = tmp_path / "copy.db"
    to.symlink_to("nowhere")
    with pytest.raises(InputError, match="exists"):
        await call(db.snapshot, quiet(), str(to))
    with pytest.raises(InputError, match="no folder"):
        await call(db.snapshot, quiet(), str(tmp_path / "no" / "copy.db"))
    assert not exists(running.home.data_dir / "snapshots")


def test_a_file_that_appears_meanwhile_is_kept_and_the_copy_is_gone(tmp_path: Path) -> None:
    made, to = tmp_path / "made", tmp_path / "to"
    made.write_text("copy")
    to.write_text("somebody's")
    with pytest.raises(InputError, match="exists"):
        db.move_new(made, to)
    assert (to.read_text(), exists(made)) == ("somebody's", False)


def test_on_another_disk_the_bytes_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As private as before, whole, and never over a file."""

    def elsewhere(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", elsewhere)
    made, to = tmp_path / "made", tmp_path / "to"
    made.write_bytes(b"x" * 3_000_000)
    db.move_new(made, to)
    assert (to.stat().st_size, mode_of(to), exists(made)) == (3_000_000, 0o600, False)
    made.write_text("again")
    with pytest.raises(InputError, match="exists"):
        db.move_new(made, to)
    assert to.stat().st_size == 3_000_000


async def a_ledger_at_rest(home: Home) -> None:
    ledger = await SqliteLedger.open(home.ledger_file, clock=SystemClock(), free_space_floor=0)
    await a_sending(ledger)
    await ledger.close()


async def test_without_a_daemon_the_file_itself_is_copied(home: Home, tmp_path: Path) -> None:
    """None is started for it, and what was being sent is not touched."""
    await a_ledger_at_rest(home)
    to = tmp_path / "copy.db"
    await call(db.snapshot, quiet(), str(to))
    assert requests_in(to) == 1
    opened = sqlite3.connect(to)
    assert opened.execute("SELECT stage FROM attempt").fetchall() == [("sending",)]
    opened.close()
    assert not exists(home.socket_file)


async def test_a_daemon_that_starts_or_ends_meanwhile_keeps_its_ledger_to_itself(
    home: Home, tmp_path: Path
) -> None:
    """Whoever holds the lock may have the ledger open: it is never opened beside it."""
    await a_ledger_at_rest(home)
    lock = os.open(home.daemon_lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        with pytest.raises(BookhuntError, match="starting, or ending"):
            await call(db.snapshot, quiet(), str(tmp_path / "copy.db"))
    finally:
        os.close(lock)
    assert not exists(tmp_path / "copy.db")


def test_without_a_ledger_none_is_made(home: Home, tmp_path: Path) -> None:
    with pytest.raises(SetupMissing, match="no ledger"):
        db.snapshot(quiet(), str(tmp_path / "copy.db"))
    assert not exists(home.ledger_file)
    assert not exists(tmp_path / "copy.db")


async def test_lines_come_requests_first_then_attempts(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_sending(running.ledger)
    await call(db.export, quiet())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["kind"] for line in lines] == ["request", "attempt"]
    assert lines[0]["request_id"] == lines[1]["request_id"]


async def test_one_kind_of_line_with_the_fields_that_are_picked(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    sending = await a_sending(running.ledger)
    terminal = Terminal(quiet=True, fields=("attempt_id", "stage"))
    with pytest.raises(InputError, match="one kind"):
        await call(db.export, terminal)
    await call(db.export, terminal, what="attempts", since="1d")
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "attempt_id": sending.id,
        "stage": "sending",
        "schema_version": 1,
    }


@pytest.mark.parametrize("given", ["what", "since"])
def test_what_cannot_be_meant_is_refused(home: Home, given: str) -> None:
    with pytest.raises(InputError):
        db.export(quiet(), **{given: "99999999999d"})
