"""What completes a value: a moment's question to a daemon that runs, and silence otherwise."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import bookhunt
from bookhunt.cli.fast_complete import _KINDS, fast_complete
from bookhunt.cli.suggestions import ASKED
from bookhunt.wire.contract import API_VERSION
from bookhunt.wire.routes import HEADER_API, HEADER_VERSION, ROUTES
from tests.unit.cli.test_fast_status import _DEAR

_REQUESTS = [
    {"request_id": "r-2", "status": "NOT_AVAILABLE", "book": {"title": "Emma", "isbn13": None}},
    {
        "request_id": "r-1",
        "status": "SUCCESS",
        "book": {"title": "The Hobbit", "isbn13": "9780547928227"},
    },
    {"request_id": "r-0", "status": "SUCCESS", "book": {"title": "Emma", "isbn13": None}},
]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("BOOKHUNT_HOME", str(tmp_path))
    (tmp_path / "run").mkdir()
    return tmp_path


@contextmanager
def _listening(home: Path, parts: list[bytes], *, for_ever: bytes = b"") -> Iterator[None]:
    """A daemon that says this to whoever comes first, and then drips on."""
    ended = threading.Event()

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            line.recv(65536)
            try:
                for part in parts:
                    line.sendall(part)
                while for_ever and not ended.wait(0.01):
                    line.sendall(for_ever)
            except OSError:
                pass  # it would not wait

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(home / "run" / "bookhunt.sock"))
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield
        ended.set()
        thread.join()


def _answer(value: object, *, version: str = bookhunt.__version__) -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\n{HEADER_API}: {API_VERSION}\r\n{HEADER_VERSION}: {version}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("kind", "value", "printed"),
    [
        (
            "requests",
            _REQUESTS[:2],
            "@last\tnot available, Emma\nr-2\tnot available, Emma\nr-1\tsuccess, The Hobbit\n",
        ),
        (
            "books",
            _REQUESTS,
            "Emma\tnot available\n9780547928227\tThe Hobbit\nThe Hobbit\t9780547928227\n",
        ),
        (
            "sellers",
            [{"id": "corner", "name": "Corner\nBooks", "state": "needs_setup"}],
            "corner\tCorner Books, needs setup\n",
        ),
        ("profiles", [{"profile": "home", "city": "Oslo", "country": "NO"}], "home\tOslo, NO\n"),
        ("sellers", [], ""),
        ("requests", [{"request_id": "r-2"}], ""),
        ("requests", ["r-2"], ""),
        ("requests", {"code": "internal"}, ""),
    ],
)
def test_what_the_daemon_knows_is_a_line_each(
    kind: str,
    value: object,
    printed: str,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And an answer that is not as usual is no answer."""
    monkeypatch.setattr("bookhunt.cli.fast_complete._WITHIN_S", 10.0)  # a busy machine has time
    with _listening(home, [_answer(value)]):
        assert fast_complete([kind]) == 0
    assert capsys.readouterr() == (printed, "")


def test_a_daemon_that_drips_or_is_silent_is_left(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each byte in time is not an answer in time: it would go on for ever."""
    with _listening(home, [b"HTTP/1.1 200 OK\r\n"], for_ever=b"x"):
        assert fast_complete(["requests"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_daemon_of_another_version_is_left_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with _listening(home, [_answer([{"id": "a", "name": "A", "state": "r"}], version="9")]):
        assert fast_complete(["sellers"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("arguments", [[], ["requests"], ["nonsense"], ["--help"]])
def test_without_a_daemon_it_says_nothing_and_starts_none(arguments: list[str], home: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            "from bookhunt.cli.main import run; run()",
            "__complete",
            *arguments,
        ],
        capture_output=True,
        check=True,
        env=environment,
    )
    assert (shown.stdout, shown.stderr) == (b"", b"")
    assert list((home / "run").iterdir()) == []


def test_it_is_as_light_as_status() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "import bookhunt.cli.main, bookhunt.cli.fast_complete\n"
        "print(*(set(sys.modules) - before))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert not _DEAR & set(shown.stdout.split())


def test_every_kind_that_scripts_ask_for_is_known_and_is_a_route() -> None:
    assert set(ASKED) == set(_KINDS)
    paths = {route.path for route in ROUTES.values() if route.method == "GET"}
    assert {target.partition("?")[0] for target, _ in _KINDS.values()} <= paths
