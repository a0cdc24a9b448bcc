"""Starting a daemon: one for all who ask, the last words of one that fails, no stranger's code."""

from __future__ import annotations

import os
import signal
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bookhunt.client import starting
from bookhunt.client.starting import start_daemon, wait_until_gone
from bookhunt.model.errors import DaemonNotAnswering, DaemonNotRunning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.home.paths import Home

# As much of a daemon as a start needs: it takes the lock, says that it was started, and listens.
_LISTENS = """
import fcntl, os, pathlib, socket, sys, time
home = pathlib.Path(os.environ["BOOKHUNT_HOME"])
with open(home / "started", "a") as file:
    file.write(f"{os.getpid()}\\n")
lock = open(home / "run" / "daemon.lock", "a")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(75)
time.sleep(0.05)
sock = socket.socket(socket.AF_UNIX)
sock.bind(str(home / "run" / "bookhunt.sock"))
sock.listen(64)
while True:
    sock.accept()
"""


@pytest.fixture
def _listens(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(starting, "_DAEMON", ("-c", _LISTENS))
    yield
    for pid in pids(home):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def pids(home: Home) -> list[int]:
    assert home.root is not None
    started = home.root / "started"
    return [int(line) for line in started.read_text().split()] if started.exists() else []


@pytest.mark.usefixtures("_listens")
def test_however_many_ask_one_is_started(home: Home) -> None:
    """Eight first uses at once."""
    failures: list[Exception] = []
    together = threading.Barrier(8)

    def first_use() -> None:
        together.wait()
        try:
            start_daemon(home)
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=first_use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(pids(home)) == 1


@pytest.mark.usefixtures("_listens")
def test_one_that_listens_already_is_enough(home: Home) -> None:
    start_daemon(home)
    start_daemon(home)
    assert len(pids(home)) == 1


def test_the_last_words_of_one_that_fails_are_shown(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its code; they stay in a private file."""
    program = "import sys; print('a mistake in line 3', file=sys.stderr); sys.exit(4)"
    monkeypatch.setattr(starting, "_DAEMON", ("-c", program))
    with pytest.raises(DaemonNotRunning) as failed:
        start_daemon(home)
    assert "code 4" in failed.value.message
    assert "a mistake in line 3" in failed.value.message
    assert stat.S_IMODE(home.crash_file.stat().st_mode) == 0o600


def test_one_that_never_listens_is_not_waited_for_without_end(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "_DAEMON", ("-c", "import time; time.sleep(5)"))
    with pytest.raises(DaemonNotAnswering):
        start_daemon(home, within_s=0.3)


def test_while_another_has_the_home_it_is_tried_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 75: an old daemon that drains, or one that somebody starts by hand."""
    monkeypatch.setattr(starting, "_START_AGAIN_AFTER_S", 0.01)
    program = (
        "import os, pathlib, sys\n"
        "home = pathlib.Path(os.environ['BOOKHUNT_HOME'])\n"
        "if not (home / 'first').exists():\n"
        "    (home / 'first').touch(); sys.exit(75)\n"
    ) + _LISTENS
    monkeypatch.setattr(starting, "_DAEMON", ("-c", program))
    start_daemon(home)
    for pid in pids(home):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_a_file_in_the_current_directory_is_not_run(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder may hold a `bookhunt/daemon.py` or a `json.py` of somebody else."""
    (tmp_path / "json.py").write_text(f"open({str(tmp_path / 'hijacked')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(starting, "_DAEMON", (*starting._DAEMON[:1], "-c", "import json"))
    assert starting._DAEMON[0] == "-P"
    with pytest.raises(DaemonNotRunning):
        start_daemon(home)
    assert not (tmp_path / "hijacked").exists()


def test_an_end_that_does_not_come_is_told(home: Home) -> None:
    """`wait_until_gone` gives up; without a daemon it returns at once."""
    wait_until_gone(home, within_s=0)
    holder = os.open(home.daemon_lock, os.O_RDWR | os.O_CREAT)
    import fcntl

    fcntl.flock(holder, fcntl.LOCK_EX)
    with pytest.raises(DaemonNotAnswering):
        wait_until_gone(home, within_s=0.05)
    os.close(holder)


def test_the_daemon_finds_the_package_this_process_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a checkout too; an installed package needs nothing before the standard library."""
    root = starting.path_of_this_package()["PYTHONPATH"].partition(os.pathsep)[0]
    assert (Path(root) / "bookhunt").is_dir()
    monkeypatch.setattr(starting.site, "getsitepackages", lambda: [root])
    assert starting.path_of_this_package() == {}
