"""Real shells, with `bookhunt` as a program on their path."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import pytest

_ENDS_WITHIN_S = 50.0
ROOT = Path(__file__).parent.parent.parent


def need(*programs: str) -> None:
    """Skip where one is not installed, unless all must be: then it is a failure."""
    for program in programs:
        if shutil.which(program) is None:
            told = f"{program} is not installed (apt-get install {program})"
            if os.environ.get("BOOKHUNT_ALL_SHELLS"):
                pytest.fail(told)
            pytest.skip(told)


def path_with_program(folder: Path) -> str:
    """A PATH on which `bookhunt` is this checkout's, whatever else its caller's environment has."""
    folder.mkdir(exist_ok=True)
    program = folder / "bookhunt"
    program.write_text(
        f"#!/bin/sh\nPYTHONPATH='{ROOT}' exec '{sys.executable}' -c "
        "'from bookhunt.cli.main import run; run()' \"$@\"\n"
    )
    program.chmod(0o700)
    return f"{folder}:/usr/local/bin:/usr/bin:/bin"


def run_script(
    shell: str, script: str, *, path: str, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script with nothing in the environment but what is named."""
    return subprocess.run(
        [shell, "-c", script],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=_ENDS_WITHIN_S,
        env={"PATH": path, **environment},
    )


class TypedInto:
    """A shell at a terminal: keys go in, what it shows comes out."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        ours, theirs = pty.openpty()
        self._terminal = ours
        self._shown = b""
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={"TERM": "dumb", "LC_ALL": "C.UTF-8", **environment},
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def keys(self, text: str, *, until: str) -> str:
        """Type this, and return what is shown once the pattern is in it."""
        self._shown = b""
        os.write(self._terminal, text.encode())
        ends_at = time.monotonic() + _ENDS_WITHIN_S
        while not re.search(until, self._shown.decode("utf-8", "replace")):
            ready, _, _ = select.select([self._terminal], [], [], 0.2)
            if ready:
                self._shown += os.read(self._terminal, 65536)
            assert time.monotonic() < ends_at, self._shown
        return self._shown.decode("utf-8", "replace")


def on_terminal(command: list[str], environment: dict[str, str], *, columns: int) -> list[str]:
    """The lines that a program shows on a terminal of that width, without colour."""
    ours, theirs = pty.openpty()
    settings = {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": str(columns)}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment | settings
    ):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so where the last of the other side is closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    text = re.sub(r"[^\n]*\r\x1b\[K", "", shown.decode().replace("\r\n", "\n"))
    return text.splitlines()
