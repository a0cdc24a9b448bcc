"""Starting a daemon on first use: one, however many ask for it at once.

Whoever wants a daemon takes the lock, looks whether one listens by now, starts one if not, and
keeps the lock until it listens. The others wait for the lock and find it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import site
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import bookhunt
from bookhunt.client.connection import is_listening
from bookhunt.model.errors import DaemonNotAnswering, DaemonNotRunning
from bookhunt.wire.problems import EXIT_TRY_LATER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.home.paths import Home

# `-P`: without it the current directory would come first on the path, and a file there could pass
# for a part of this program.
_DAEMON = ("-P", "-m", "bookhunt.daemon")
STARTS_WITHIN_S = 30.0  # a large ledger is checked first
STOPS_WITHIN_S = 90.0  # an order under way is waited for
_LOOK_EVERY_S = 0.02
_START_AGAIN_AFTER_S = 0.5
_TAIL_LINES = 15
_TAIL_BYTES = 4000
_DEFAULT_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT)


def start_daemon(home: Home, *, within_s: float = STARTS_WITHIN_S) -> None:
    """Have a daemon listen, ours or one that somebody else starts meanwhile.

    Raises:
        DaemonNotRunning: it ended at once; the message has its last words.
        DaemonNotAnswering: it did not listen in time.
        UnsafePath: the home's folders are open to others.
    """
    home.prepare()
    ends_at = time.monotonic() + within_s
    with _locked(home.start_lock, ends_at):
        if not is_listening(home):
            _start_and_wait(home, ends_at, within_s)


def stop_daemon(home: Home, pid: int, *, within_s: float = STOPS_WITHIN_S) -> None:
    """Ask the daemon of this pid to stop, and wait until it has let go of its home.

    Raises:
        DaemonNotAnswering: it is still there.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    wait_until_gone(home, within_s=within_s)


def wait_until_gone(home: Home, *, within_s: float = STOPS_WITHIN_S) -> None:
    """Wait until no daemon holds the lock of this home.

    Raises:
        DaemonNotAnswering: one still does.
    """
    ends_at = time.monotonic() + within_s
    while is_held(home.daemon_lock):
        if time.monotonic() >= ends_at:
            pid = holder_of(home.daemon_lock) or "PID"
            raise DaemonNotAnswering(
                f"the daemon did not end within {within_s:.0f} s",
                hint="an order may be under way: bookhunt daemon logs. "
                f"kill -9 {pid} ends it, and the next daemon settles that order",
            )
        time.sleep(_LOOK_EVERY_S)


def is_held(lock: Path) -> bool:
    """Whether some process holds this lock."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def holder_of(lock: Path) -> int | None:
    """The process that holds this lock, by its own word; None: nobody does, or it says nothing."""
    try:
        return int(lock.read_text().strip()) if is_held(lock) else None
    except (OSError, ValueError):
        return None


@contextlib.contextmanager
def _locked(path: Path, ends_at: float) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= ends_at:
                    raise DaemonNotAnswering(
                        "another command is starting the daemon and does not finish",
                        hint="bookhunt daemon status",
                    ) from None
                time.sleep(_LOOK_EVERY_S)
            else:
                break
        yield
    finally:
        os.close(descriptor)


def _start_and_wait(home: Home, ends_at: float, within_s: float) -> None:
    pid: int | None = _spawn(home)
    again_at = 0.0
    while True:
        if is_listening(home):
            return
        if pid is not None:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                if code != EXIT_TRY_LATER:
                    raise DaemonNotRunning(
                        f"the daemon ended with code {code} when it was started{_last_words(home)}",
                        hint="bookhunt daemon run shows what it does; bookhunt doctor",
                    )
                # Another daemon has this home: one that is starting, or one that is ending.
                pid, again_at = None, time.monotonic() + _START_AGAIN_AFTER_S
        elif time.monotonic() >= again_at:
            pid = _spawn(home)
        if time.monotonic() >= ends_at:
            raise DaemonNotAnswering(
                f"the daemon does not listen after {within_s:.0f} s{_last_words(home)}",
                hint="bookhunt daemon logs",
            )
        time.sleep(_LOOK_EVERY_S)


def _spawn(home: Home) -> int:
    """Start `python -m bookhunt.daemon` in a session of its own; its pid."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    return os.posix_spawn(
        sys.executable,
        [sys.executable, *_DAEMON],
        {**os.environ, **home.environment(), **path_of_this_package()},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.fspath(home.crash_file), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=_DEFAULT_SIGNALS,
    )


def path_of_this_package() -> dict[str, str]:
    """What lets the daemon import the same package as this process, where it is not installed."""
    root = os.fspath(Path(bookhunt.__file__).parent.parent)
    if root in {*site.getsitepackages(), site.getusersitepackages()}:
        return {}
    others = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{root}{os.pathsep}{others}" if others else root}


def _last_words(home: Home) -> str:
    """The end of what a daemon wrote before it could log."""
    try:
        with home.crash_file.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - _TAIL_BYTES, 0))
            words = file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""
    lines = words.splitlines()[-_TAIL_LINES:]
    return ":\n" + "\n".join(f"  {line}" for line in lines) if lines else ""
