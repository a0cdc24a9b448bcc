"""Socket activation as systemd does it: the socket first, the daemon at the first call.

The parent here opens the socket and starts the daemon only when somebody knocks, with the socket
passed as the third descriptor, as sd_listen_fds(3) says.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.cli.daemon import stop
from bookhunt.cli.output import Terminal
from bookhunt.client import DaemonClient, start_daemon
from bookhunt.client.connection import is_listening
from bookhunt.client.starting import is_held
from bookhunt.model.errors import DaemonNotRunning
from tests.unit.daemon.test_lifecycle import a_process, messages, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.home.paths import Home

ROOT = Path(__file__).parents[3]
_PASSED_ON = 'exec 3<&"$PASSED"; export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=x; exec "$@"'


class Activating:
    """What systemd is to a socket unit: it listens, and starts the service when somebody knocks."""

    def __init__(self, path: Path, home: Home) -> None:
        self._home = home
        self.started: list[subprocess.Popen[bytes]] = []
        self.sock = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)
        self.sock.bind(str(path))
        path.chmod(0o600)
        self.sock.listen(16)

    def start(self) -> subprocess.Popen[bytes]:
        # The shell becomes the daemon, so that LISTEN_PID is the daemon's own.
        daemon = [sys.executable, "-m", "tests.support.double_daemon"]
        environment = {"BOOKHUNT_HOME": str(self._home.root), "PASSED": str(self.sock.fileno())}
        process = subprocess.Popen(
            ["bash", "-c", _PASSED_ON, "bash", *daemon],
            cwd=ROOT,
            env=os.environ | environment,
            pass_fds=[self.sock.fileno()],
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def start_when_called(self) -> threading.Thread:
        def wait() -> None:
            select.select([self.sock], [], [], 30)
            self.start()

        thread = threading.Thread(target=wait)
        thread.start()
        return thread

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()
        self.sock.close()


@pytest.fixture
def opened(home: Home) -> Iterator[Activating]:
    with contextlib.closing(Activating(home.socket_file, home)) as activating:
        yield activating


def health(home: Home) -> dict[str, Any]:
    return DaemonClient(home, autostart=False).health()


def test_the_first_call_starts_the_daemon_and_is_answered(home: Home, opened: Activating) -> None:
    """Nobody ran before, and the caller waits no longer than the start takes."""
    waiting = opened.start_when_called()
    assert not is_held(home.daemon_lock)
    told = health(home)
    waiting.join()
    assert told["pid"] == opened.started[0].pid


def test_after_an_end_the_next_call_starts_another(home: Home, opened: Activating) -> None:
    """The name stays the system's: nothing is removed, nothing is refused in between."""
    for _ in range(2):
        waiting = opened.start_when_called()
        health(home)
        waiting.join()
        opened.started[-1].send_signal(signal.SIGTERM)
        assert opened.started[-1].wait(30) == 0
        assert home.socket_file.is_socket()
    assert len(opened.started) == 2


def test_a_command_starts_no_daemon_beside_the_systems(home: Home, opened: Activating) -> None:
    """Who looks for a daemon finds the system's socket, and leaves the rest to it."""
    waiting = opened.start_when_called()
    start_daemon(home)
    waiting.join()
    assert health(home)["pid"] == opened.started[0].pid


def test_what_it_starts_does_not_take_the_socket_for_its_own(
    home: Home, opened: Activating
) -> None:
    """A program of the user's (a notification, `pass`) inherits neither socket nor variables."""
    waiting = opened.start_when_called()
    health(home)
    waiting.join()
    info = Path(f"/proc/{opened.started[0].pid}/fdinfo/3")
    if info.exists():
        assert int(info.read_text().split("flags:")[1].split()[0], 8) & os.O_CLOEXEC


def test_who_stops_it_is_told_that_it_comes_back(
    home: Home,
    opened: Activating,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A daemon that stopped for good takes its socket away; the system's stays."""
    monkeypatch.setenv("BOOKHUNT_HOME", str(home.root))
    waiting = opened.start_when_called()
    stop(Terminal())
    waiting.join()
    assert capsys.readouterr().err.endswith("starts it again at the next call\n")
    opened.sock.close()
    home.socket_file.unlink()
    with a_process(home):
        stop(Terminal())
    assert capsys.readouterr().err.endswith("the daemon has stopped\n")


@pytest.mark.parametrize("mode", [0o666, 0o660, 0o620])
def test_a_socket_that_others_could_call_is_not_served(
    home: Home, opened: Activating, mode: int
) -> None:
    """A unit without SocketMode=0600: it ends at once and says why."""
    home.socket_file.chmod(mode)
    process = opened.start()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 4
    assert b"unsafe_path" in said


def test_a_socket_where_nobody_looks_for_this_home_is_not_served(home: Home) -> None:
    """A unit of another home, or one from before the home was moved."""
    with contextlib.closing(Activating(home.run_dir / "other.sock", home)) as opened:
        process = opened.start()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 4
    assert b"this home's socket is" in said


def test_a_daemon_of_before_hands_over_when_the_system_takes_its_name(home: Home) -> None:
    """It sees that nobody finds it any more, ends gently, and the system's begins then."""
    with a_process(home) as before:
        assert health(home)["pid"] == before.pid
        with contextlib.closing(Activating(home.socket_file, home)) as opened:
            process = opened.start()
            assert before.wait(30) == 0
            assert health(home)["pid"] == process.pid
    assert "the socket is another's by now" in messages(home)


def test_a_daemon_whose_socket_was_removed_ends_so_that_another_can_begin(home: Home) -> None:
    """As a cleaner of temporary folders does it: without an end nobody could start one again."""
    with a_process(home) as process:
        home.socket_file.unlink()
        with pytest.raises(DaemonNotRunning):
            health(home)
        assert process.wait(30) == 0
    assert not is_listening(home)
    until(lambda: not is_held(home.daemon_lock))
