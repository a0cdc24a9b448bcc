"""`bookhunt demo`: a whole purchase on a machine that has nothing but the program."""

import contextlib
import json
import re
import signal
from pathlib import Path

import pytest

from bookhunt import simulated
from bookhunt.cli.sandbox import street_dir
from bookhunt.client import DaemonClient, wait_until_gone
from bookhunt.home.paths import Home
from bookhunt.model.errors import DaemonError
from bookhunt.simulated.street import is_alive
from tests.story.world import run_program, start_program, wait_until

pytestmark = pytest.mark.story


def test_it_buys_one_copy_and_the_streets_own_ledger_agrees(tmp_path: Path) -> None:
    shown = run_program("demo", "--json", TMPDIR=str(tmp_path))
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)
    assert told["status"] == "SUCCESS"
    assert told["ledger"] == {"orders": 1, "copies": 1}
    assert told["order_id"]
    parts = [float(told[name]["amount"]) for name in ("item_price", "shipping")]
    assert sum(parts) == pytest.approx(float(told["resolved_price"]["amount"]))
    assert told["street"].startswith("http://127.0.0.1:")


def test_it_leaves_nothing_behind(tmp_path: Path) -> None:
    """No folder, no daemon, no street."""
    told = json.loads(run_program("demo", "--json", TMPDIR=str(tmp_path)).stdout)
    assert not Path(told["home"]).exists()
    assert list(tmp_path.iterdir()) == []


def test_people_are_shown_what_was_bought_where_and_who_was_asked(tmp_path: Path) -> None:
    shown = run_program("demo", TMPDIR=str(tmp_path))
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("bought\t")
    assert re.search(r"\d\.\d\d \+ \d+\.\d\d shipping = \d+\.\d\d USD", lines[0])
    assert re.fullmatch(r"asked\t\d+ of \d+ sellers\t\d+ ms\t.*1 order, 1 copy", lines[1])
    assert len(lines) > 3, "a line for each seller"


def test_with_keep_the_next_command_finds_everything(tmp_path: Path) -> None:
    shown = run_program("demo", "--keep", TMPDIR=str(tmp_path))
    [root] = re.findall(r"^export BOOKHUNT_HOME=(\S+)$", shown.stdout, re.MULTILINE)
    home = Home.at(Path(root))
    try:
        request = json.loads(run_program("status", "--json", home=Path(root)).stdout)
        assert request["status"] == "SUCCESS"
        ledger = json.loads(run_program("sandbox", "ledger", "--json", home=Path(root)).stdout)
        assert ledger["order_id"] == request["order_id"]
        assert ledger["total"] == request["resolved_price"]
    finally:
        run_program("daemon", "stop", home=Path(root))
        run_program("sandbox", "stop", home=Path(root))
    assert simulated.running(street_dir(home)) is None


def test_a_demo_that_is_interrupted_cleans_up(tmp_path: Path) -> None:
    process = start_program("demo", "--sellers", "30", home=tmp_path, TMPDIR=str(tmp_path))
    with process:
        wait_until(lambda: list(tmp_path.glob("bookhunt-demo-*/data/street/street.json")))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_killed_leaves_no_street(tmp_path: Path) -> None:
    """The street ends with its parent; the daemon is stopped here, else it ends when idle."""
    with start_program("demo", home=tmp_path, TMPDIR=str(tmp_path)) as process:
        wait_until(lambda: list(tmp_path.glob("bookhunt-demo-*/data/street/street.json")))
        [place] = tmp_path.glob("bookhunt-demo-*/data/street/street.json")
        street = json.loads(place.read_text())
        process.kill()
        process.communicate()
    wait_until(lambda: not is_alive(street["pid"]))
    home = Home.at(place.parents[2])
    if home.daemon_lock.exists():
        with contextlib.suppress(DaemonError):  # it may not have come so far
            DaemonClient(home, autostart=False).stop()
        wait_until_gone(home)
