"""After an upgrade: a daemon of before is served with a notice, or drained and replaced."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bookhunt.client import DaemonClient, wait_until_gone
from bookhunt.client.connection import is_listening
from bookhunt.home.paths import Home
from bookhunt.wire.routes import HEADER_IDEMPOTENCY_KEY
from tests.story.world import run_program, wait_until
from tests.support.builders import TITLE
from tests.support.running_daemon import a_home
from tests.unit.daemon.calling import Unix

pytestmark = pytest.mark.story
_OLDER = """
import sys
import bookhunt
import bookhunt.wire.contract as contract
bookhunt.__version__ = "0.0.9"
contract.API_VERSION = int(sys.argv[1])
from tests.support.double_daemon import main
sys.exit(main())
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = a_home(tmp_path / "home")
    yield home
    if is_listening(home):
        DaemonClient(home).stop()
    wait_until_gone(home)


@contextmanager
def an_older_daemon(
    home: Home, *, api: int, send_s: float = 0.0
) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon whose version, and whose contract, are of before; its one seller is a double."""
    environment = {"BOOKHUNT_HOME": str(home.root), "SEND_S": str(send_s)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", _OLDER, str(api)], env=os.environ | environment
    ) as process:
        try:
            wait_until(lambda: is_listening(home))
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


def order_of_an_older_client(home: Home) -> None:
    """Submit a book as a client of the older contract does."""
    connection = Unix(str(home.socket_file))
    body = json.dumps({"book_name": TITLE, "max_price": "30"})
    headers = {"Content-Type": "application/json", HEADER_IDEMPOTENCY_KEY: "k-1"}
    connection.request("POST", "/purchase-request", body=body, headers=headers)
    assert connection.getresponse().status == 202
    connection.close()


def orders(home: Home) -> int:
    file = home.data_dir / "orders"
    return len(file.read_text().split()) if file.exists() else 0


def test_a_daemon_of_an_older_contract_ends_its_order_and_is_replaced(home: Home) -> None:
    """In the middle of the commit step: the order is written down, then the next one answers."""
    with an_older_daemon(home, api=0, send_s=1.5) as older:
        order_of_an_older_client(home)
        wait_until(lambda: orders(home) == 1)
        shown = run_program("status", "--json", home=home.root)
        assert shown.returncode == 0, shown.stderr
        assert older.wait(30) == 0
    moves = (home.data_dir / "ended").read_text().split()
    assert moves[-1] == "SUCCESS"
    told = json.loads(run_program("daemon", "status", "--json", home=home.root).stdout)
    assert told["api"] > 0
    assert told["pid"] != older.pid


def test_a_daemon_of_another_version_and_the_same_contract_is_served_with_a_notice(
    home: Home,
) -> None:
    """Nothing is stopped, stdout is as ever, and the next step is told once."""
    from bookhunt.wire.contract import API_VERSION

    with an_older_daemon(home, api=API_VERSION) as older:
        shown = run_program("limits", "show", "--json", home=home.root)
        assert shown.returncode == 0
        assert json.loads(shown.stdout)["currency"] == "USD"
        assert shown.stderr.count("bookhunt daemon restart") == 1
        assert run_program("limits", "show", "--quiet", home=home.root).stderr == ""
        assert older.poll() is None
        doctor = run_program("doctor", "--json", home=home.root)
        told = [json.loads(line) for line in doctor.stdout.splitlines()]
        [hint] = [f["hint"] for f in told if f["check"] == "daemon" and f["level"] == "warning"]
        assert hint == "bookhunt daemon restart"


def test_a_restart_brings_both_together(home: Home) -> None:
    with an_older_daemon(home, api=0) as older:
        shown = run_program("daemon", "restart", home=home.root)
        assert shown.returncode == 0, shown.stderr
        assert older.wait(30) == 0
    assert run_program("limits", "show", home=home.root).stderr == ""
