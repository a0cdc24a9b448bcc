"""The errors a person meets first: what, why, and what to type next; as an object too."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bookhunt.cli import daemon
from bookhunt.cli.output import Terminal
from bookhunt.client import DaemonClient, calls, connection, starting
from bookhunt.home.paths import Home
from bookhunt.model.book import Book
from bookhunt.model.errors import (
    BadBook,
    BookhuntError,
    DaemonForbidden,
    DaemonNotAnswering,
    DaemonVersion,
)
from bookhunt.wire.contract import API_VERSION
from bookhunt.wire.problems import EXIT_UNREACHABLE, exit_code_of


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """In a short folder: a socket's path must fit."""
    root = Path(tempfile.mkdtemp(prefix="bh"))
    monkeypatch.setenv("BOOKHUNT_HOME", str(root))
    made = Home.at(root)
    made.prepare()
    yield made
    shutil.rmtree(root)


def _run(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BOOKHUNT_HOME": str(home.root)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, "-c", "from bookhunt.cli.main import run; run()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=environment,
    )


# ----------------------------------------------------------------------------------- the daemon
def test_no_daemon_is_told_with_the_place_and_how_to_start_one(home: Home) -> None:
    shown = _run(home, "limits", "show", "--no-autostart")
    assert shown.returncode == EXIT_UNREACHABLE
    assert shown.stderr == (
        f"error: no daemon listens at {home.socket_file}\nhint: bookhunt daemon start\n"
    )
    told = json.loads(_run(home, "limits", "show", "--no-autostart", "--json").stderr)["error"]
    assert told["code"] == "daemon_not_running"
    assert told["hint"] == "bookhunt daemon start"


def test_a_daemon_of_somebody_else_is_another_error(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "peer_uid", lambda _: os.geteuid() + 1)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as theirs:
        theirs.bind(str(home.socket_file))
        theirs.listen(1)
        with pytest.raises(DaemonForbidden) as refused:
            DaemonClient(home).health()
    assert str(home.socket_file) in refused.value.message
    assert "BOOKHUNT_HOME" in str(refused.value.hint)
    assert exit_code_of(refused.value) == EXIT_UNREACHABLE


_HANGS = """
import fcntl, os, socket, sys
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(lock, fcntl.LOCK_EX)
os.write(lock, f"{os.getpid()}\\n".encode())
silent = socket.socket(socket.AF_UNIX)
silent.bind(sys.argv[2])
silent.listen(5)
print("hangs", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def _hanging_daemon(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the home and accepts calls, and never says a word."""
    with subprocess.Popen(
        [sys.executable, "-c", _HANGS, str(home.daemon_lock), str(home.socket_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hangs\n"
        yield process
        process.kill()


def test_a_daemon_that_hangs_is_told_apart_and_its_hint_ends_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hint names `daemon restart`; that must not hang on the same silence."""
    monkeypatch.setattr(calls, "ANSWERS_WITHIN_S", 0.2)
    with _hanging_daemon(home) as process:
        with pytest.raises(DaemonNotAnswering) as silent:
            DaemonClient(home).health()
        assert "did not answer within" in silent.value.message
        assert "bookhunt daemon restart" in str(silent.value.hint)
        daemon.stop(Terminal())
        assert process.wait() == -signal.SIGTERM
    assert f"process {process.pid}" in capsys.readouterr().err


def test_one_that_does_not_end_either_is_told_with_its_number(home: Home) -> None:
    lock = os.open(home.daemon_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.write(lock, b"4711\n")
        with pytest.raises(DaemonNotAnswering) as stays:
            starting.wait_until_gone(home, within_s=0.05)
    finally:
        os.close(lock)
    assert "kill -9 4711" in str(stays.value.hint)


def test_a_newer_daemon_is_left_alone_and_both_versions_are_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = connection.Answer(status=200, value={}, api=API_VERSION + 1, version="9.0")
    monkeypatch.setattr(calls, "exchange", lambda *_, **__: newer)
    with pytest.raises(DaemonVersion) as other:
        DaemonClient(home).limits()
    assert "9.0" in other.value.message
    assert "bookhunt daemon restart" in str(other.value.hint)
    assert exit_code_of(other.value) == EXIT_UNREACHABLE


def test_a_daemon_of_another_version_of_the_same_contract_is_a_notice_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = connection.Answer(status=200, value=[], api=API_VERSION, version="0.0.9")
    monkeypatch.setattr(calls, "exchange", lambda *_, **__: older)
    said: list[str] = []
    client = DaemonClient(home, notice=said.append)
    client.limits()
    client.limits()
    [notice] = said
    assert "0.0.9" in notice
    assert "bookhunt daemon restart" in notice


# --------------------------------------------------------------------------------- what is typed
@pytest.mark.parametrize(
    ("typed", "likely"),
    [
        ("9781449373321", "9781449373320"),
        ("978-1-4493-7332-9", "9781449373320"),
        ("0306406153", "0306406152"),
        ("0-8044-2957-1", "080442957X"),
    ],
)
def test_a_wrong_check_digit_is_answered_with_the_likely_number(typed: str, likely: str) -> None:
    with pytest.raises(BadBook) as mistaken:
        Book.named(typed)
    assert typed in mistaken.value.message
    assert likely in str(mistaken.value.hint)


@pytest.mark.parametrize("typed", ["978144937332", "97814493733200", "978-1-4493-733"])
def test_a_number_with_a_digit_too_few_or_too_many_is_no_title(typed: str) -> None:
    """It would be searched for as a title and found nowhere, and nobody would say why."""
    with pytest.raises(BadBook) as mistaken:
        Book.named(typed)
    assert "13" in mistaken.value.message
    assert mistaken.value.hint


@pytest.mark.parametrize("title", ["1984", "2666", "97", "978", "1000 Years", "11/22/63"])
def test_a_title_of_digits_stays_one(title: str) -> None:
    assert Book.named(title).title == title


def test_every_error_class_has_a_code_of_its_own() -> None:
    def below(kind: type[BookhuntError]) -> list[type[BookhuntError]]:
        return [kind, *(each for sub in kind.__subclasses__() for each in below(sub))]

    named = [kind for kind in below(BookhuntError) if "code" in vars(kind)]
    assert len({kind.code for kind in named}) == len(named)
