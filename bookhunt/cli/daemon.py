"""`bookhunt daemon`: the process that hunts; it starts by itself when a command needs it."""

import contextlib
import json
import os
import sys
import time
from collections import deque
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal, one_line
from bookhunt.cli.things import print_thing
from bookhunt.client import holder_of, start_daemon, stop_daemon, wait_until_gone
from bookhunt.client.connection import address_of
from bookhunt.client.starting import path_of_this_package
from bookhunt.home.paths import Home
from bookhunt.model.errors import BookhuntError, DaemonNotAnswering, DaemonNotRunning, InputError

_LOOK_EVERY_S = 0.2
_SHOWN_LINES = 50
_FILES_KEPT = 4  # as `telemetry.logs.FILES_KEPT`, which costs an import


def start(terminal: Terminal) -> None:
    """Start the daemon, if it does not run."""
    home = Home.find()
    start_daemon(home)
    _tell(terminal, connect(terminal, home).health(), "runs")


def stop(terminal: Terminal) -> None:
    """Take no new work, let orders that are under way end, and stop."""
    home = Home.find()
    try:
        connect(terminal, home).stop()
    except DaemonNotRunning:
        terminal.notice("no daemon runs")
        return
    except DaemonNotAnswering:
        pid = holder_of(home.daemon_lock)
        if pid is None:
            raise
        terminal.notice(f"the daemon does not answer; process {pid} is asked to end by a signal")
        stop_daemon(home, pid)
    terminal.progress("waiting for orders that are under way ...")
    wait_until_gone(home)
    terminal.notice("the daemon has stopped")
    if address_of(home).is_socket():  # its own it takes away; not looked at closer: that would call
        terminal.notice("the system listens in its place, and starts it again at the next call")


def restart(terminal: Terminal) -> None:
    """Stop the daemon and start it again, with the program as it is installed now."""
    stop(terminal)
    start(terminal)


def daemon_status(terminal: Terminal) -> None:
    """Say whether the daemon runs, and how it does. Starts none."""
    print_thing(terminal, connect(terminal).health())


def run(terminal: Terminal) -> None:
    """Run the daemon in the foreground, for a service manager or to see what it does.

    Its log is shown on stderr, too, unless --quiet.
    """
    home = Home.find()
    os.environ.update(home.environment() | path_of_this_package())
    sys.stdout.flush()
    # `-P`, as the client starts it: a file in the current directory is no part of this program.
    command = [sys.executable, "-P", "-m", "bookhunt.daemon"]
    os.execv(sys.executable, command if terminal.quiet else [*command, "--foreground"])  # noqa: S606 - ours


def logs(
    terminal: Terminal,
    *,
    lines: Annotated[int, typer.Option("--lines", "-n", help="The last so many.")] = _SHOWN_LINES,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="And those that come, until Ctrl-C.")
    ] = False,
) -> None:
    """Print the daemon's log: lines for people, or with --json the lines as they are."""
    if lines < 0:
        raise InputError("--lines is not below 0")
    path = Home.find().log_file
    try:
        with path.open("rb") as file:
            last = deque(file, maxlen=lines)
            if follow and last and not last[-1].endswith(b"\n"):
                file.seek(-len(last.pop()), os.SEEK_CUR)  # it is printed when it is whole
            for raw in [*_older(path, lines - len(last)), *last]:
                _print_log(terminal, raw)
            if follow:
                _follow(terminal, path, file)
    except FileNotFoundError:
        raise BookhuntError(
            f"there is no log yet at {path}", hint="bookhunt daemon start"
        ) from None


def _older(path: Path, wanted: int) -> list[bytes]:
    """The last lines of the files that were put aside, where the newest has not enough."""
    found: list[bytes] = []
    for number in range(1, _FILES_KEPT + 1):
        if wanted <= len(found):
            break
        with (
            contextlib.suppress(FileNotFoundError),
            path.with_name(f"{path.name}.{number}").open("rb") as file,
        ):
            found = [*deque(file, maxlen=wanted - len(found)), *found]
    return found


def _follow(terminal: Terminal, path: Path, file: BinaryIO) -> None:
    """Print what is written from here on, in whatever file it goes on."""
    rotated = False
    while True:
        raw = file.readline()
        if raw.endswith(b"\n"):
            _print_log(terminal, raw)
            continue
        file.seek(-len(raw), os.SEEK_CUR)
        if rotated:  # and what was written until then is read
            file.close()
            file, rotated = path.open("rb"), False
            continue
        rotated = _was_rotated(path, file.fileno())
        if not rotated:
            time.sleep(_LOOK_EVERY_S)


def _was_rotated(path: Path, file: int) -> bool:
    try:
        return path.stat().st_ino != os.fstat(file).st_ino
    except FileNotFoundError:
        return False  # between the two renames of a rotation


def _print_log(terminal: Terminal, raw: bytes) -> None:
    text = raw.decode("utf-8", "replace").rstrip("\n")
    entry = None
    with contextlib.suppress(ValueError):
        entry = json.loads(text)
    if terminal.json or not isinstance(entry, dict):
        terminal.line(text if terminal.json else one_line(text))
        return
    from bookhunt.telemetry.logs import readable

    terminal.line(readable(entry))


def _tell(terminal: Terminal, health: dict[str, Any], what: str) -> None:
    if terminal.wants_objects:
        print_thing(terminal, health)
    else:
        terminal.notice(f"the daemon {what}, process {health.get('pid')}")
