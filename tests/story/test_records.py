"""What was bought can be looked into: as a file, as lines, as figures; and a home is examined."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.story.world import World

pytestmark = pytest.mark.story


def test_a_copy_is_taken_while_orders_go_on_and_holds_what_was_bought(
    world: World, tmp_path: Path
) -> None:
    """Plain sqlite3 and sqlite-utils open it; the daemon's own ledger stays its own."""
    bought = world.object("buy", world.book(), "--max-price", "80")
    to = tmp_path / "copy.db"
    shown = world.run("db", "snapshot", str(to))
    assert (shown.returncode, shown.stdout) == (0, ""), shown.stderr
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    db = sqlite3.connect(to)
    found = db.execute("SELECT state FROM request WHERE id = ?", (bought["request_id"],))
    assert found.fetchall() == [("SUCCESS",)]
    db.close()
    tables = subprocess.run(
        [sys.executable, "-m", "sqlite_utils", "tables", str(to)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"request", "attempt", "journal"} <= {
        each["table"] for each in json.loads(tables.stdout)
    }
    assert world.run("db", "snapshot", str(to)).returncode == 2
    assert world.object("buy", world.book(), "--max-price", "80")["status"] == "SUCCESS"


def test_without_a_daemon_the_copy_is_the_same(own_world: World, tmp_path: Path) -> None:
    """And none is started for it."""
    own_world.object("buy", own_world.book(), "--max-price", "80")
    own_world.run("daemon", "stop")
    shown = own_world.run("db", "snapshot", str(tmp_path / "copy.db"))
    assert shown.returncode == 0, shown.stderr
    db = sqlite3.connect(tmp_path / "copy.db")
    assert db.execute("SELECT count(*) FROM attempt").fetchone() == (1,)
    db.close()
    assert own_world.run("status", "--no-autostart").returncode == 5


def test_what_is_left_of_a_copy_that_was_killed_is_gone_with_the_next_daemon(
    own_world: World,
) -> None:
    """It is as large as the ledger; a young one may still be on its way to whoever asked."""
    own_world.run("daemon", "stop")
    folder = own_world.home.data_dir / "snapshots"
    folder.mkdir(mode=0o700, exist_ok=True)
    old, young = folder / "old.db", folder / "young.db"
    for file in (old, young):
        file.touch()
    os.utime(old, (0, 0))
    own_world.run("status")
    assert (old.exists(), young.exists()) == (False, True)


def test_everything_is_printed_as_lines_and_a_reader_may_go_away(world: World) -> None:
    bought = world.object("buy", world.book(), "--max-price", "80")
    lines = world.objects("db", "export")
    [request] = [each for each in lines if each.get("request_id") == bought["request_id"]
                 and each["kind"] == "request"]  # fmt: skip
    [attempt] = [each for each in lines if each["kind"] == "attempt"
                 and each["request_id"] == bought["request_id"]]  # fmt: skip
    assert request["resolved_price"] == bought["resolved_price"]
    assert attempt["order_id"] == bought["order_id"]


def test_figures_agree_with_the_streets_own_ledger(own_world: World) -> None:
    """As many purchases and as much money as the sellers themselves took."""
    for _ in range(3):
        own_world.object("buy", own_world.book(), "--max-price", "80")
    own_world.object("buy", own_world.book(), "--max-price", "1")
    told = own_world.object("stats")
    orders = own_world.orders()
    assert (told["requests"], told["bought"], told["not_available"]) == (4, len(orders), 1)
    cents = sum(order["total_minor"] for order in orders)
    assert told["spent"] == [{"amount": f"{cents / 100:.2f}", "currency": "USD"}]
    assert told["latency_ms"]["p50"] > 0
    by_seller = own_world.objects("stats", "--by", "seller")
    assert sum(each["bought"] for each in by_seller) == len(orders)


def test_a_home_in_order_is_found_so_with_a_daemon_and_without(
    own_world: World, tmp_path: Path
) -> None:
    own_world.object("buy", own_world.book(), "--max-price", "80")
    for _ in range(2):
        findings = own_world.objects("doctor", "--bundle", str(tmp_path / "report.zip"))
        wrong = [each for each in findings if each["level"] == "error"]
        assert not wrong
        with zipfile.ZipFile(tmp_path / "report.zip") as archive:
            assert archive.testzip() is None
        (tmp_path / "report.zip").unlink()
        own_world.run("daemon", "stop")


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the program sqlite3 is not here")
def test_the_program_sqlite3_opens_it(world: World, tmp_path: Path) -> None:
    world.object("buy", world.book(), "--max-price", "80")
    world.run("db", "snapshot", str(tmp_path / "copy.db"))
    shown = subprocess.run(
        ["sqlite3", str(tmp_path / "copy.db"), "PRAGMA integrity_check"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "ok\n"
