"""`daemon logs`: the last lines, over the files they lie in, and those that come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from bookhunt.cli import daemon
from bookhunt.cli.output import Terminal
from bookhunt.telemetry import logs as telemetry
from tests.support.running_daemon import a_home

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bookhunt.home.paths import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = a_home(tmp_path / "home")
    monkeypatch.setenv("BOOKHUNT_HOME", str(home.root))
    return home


def a_line(message: str) -> str:
    line = {"time": "2026-03-02T12:00:00.000Z", "level": "info", "logger": "bookhunt"}
    return json.dumps(line | {"message": message}) + "\n"


def printed(capsys: pytest.CaptureFixture[str], lines: int) -> list[str]:
    daemon.logs(Terminal(json=True), lines=lines)
    return [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()]


def test_the_last_lines_come_from_the_files_put_aside_where_the_newest_is_short(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order they were written; a gap in the files is no error."""
    home.log_file.write_text(a_line("e"))
    home.log_file.with_name("daemon.log.1").write_text(a_line("c") + a_line("d"))
    home.log_file.with_name("daemon.log.3").write_text(a_line("a") + a_line("b"))
    assert printed(capsys, 1) == ["e"]
    assert printed(capsys, 2) == ["d", "e"]
    assert printed(capsys, 4) == ["b", "c", "d", "e"]
    assert printed(capsys, 50) == ["a", "b", "c", "d", "e"]
    assert printed(capsys, 0) == []


def test_as_many_files_are_read_as_are_kept() -> None:
    assert daemon._FILES_KEPT == telemetry.FILES_KEPT


def until(condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends_at, "it never came to hold"
        time.sleep(0.01)


def test_following_goes_on_over_a_rotation_and_ends_with_ctrl_c(home: Home, tmp_path: Path) -> None:
    """Also a line that was written in two parts, and the last one before the rotation."""
    home.log_file.write_text(a_line("old") + a_line("in two parts")[:20])
    out = tmp_path / "out"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    program = "from bookhunt.cli.main import run; run()"
    with (
        out.open("w") as stdout,
        subprocess.Popen(
            [sys.executable, "-c", program, "daemon", "logs", "-f", "--json"],
            stdout=stdout,
            env=environment,
        ) as process,
    ):
        messages = lambda: [json.loads(line)["message"] for line in out.read_text().splitlines()]  # noqa: E731
        until(lambda: messages() == ["old"])
        with home.log_file.open("a") as log:
            log.write(a_line("in two parts")[20:])
        until(lambda: messages() == ["old", "in two parts"])
        with home.log_file.open("a") as log:
            log.write(a_line("the last"))
            home.log_file.rename(home.log_file.with_name("daemon.log.1"))
            log.write(a_line("after the rename"))
        home.log_file.write_text(a_line("the first"))
        until(lambda: messages()[2:] == ["the last", "after the rename", "the first"])
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
