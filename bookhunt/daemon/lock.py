"""One daemon per home: a lock that the system lets go of however the process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING

from bookhunt.model.errors import DaemonAlreadyRunning, UnsafePath

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Whoever waits for a daemon's end looks by taking the lock for a moment.
PATIENCE_S = 1.0
_LOOK_AGAIN_S = 0.02


class Lock:
    """A lock that is held."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def is_in_place(self) -> bool:
        """Whether the file is still there: without it another daemon could take the home."""
        ours = os.fstat(self._descriptor)
        try:
            there = self._path.lstat()
        except OSError:
            return False
        return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


@contextlib.contextmanager
def held(path: Path, *, patience_s: float = PATIENCE_S) -> Iterator[Lock]:
    """Hold the lock; its file tells this process's id. The file stays: removing it would race.

    Whoever has it may be ending: it is waited for so long.

    Raises:
        DaemonAlreadyRunning: another process holds it.
        UnsafePath: the file is a link or cannot be opened.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise UnsafePath(f"{path} cannot be opened: {error.strerror}") from error
    try:
        _take(descriptor, patience_s)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield Lock(path, descriptor)
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _take(descriptor: int, patience_s: float) -> None:
    ends_at = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= ends_at:
                pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
                raise DaemonAlreadyRunning(
                    f"a daemon{f' (process {pid})' if pid else ''} has this home already",
                    hint="bookhunt daemon status",
                ) from None
            time.sleep(_LOOK_AGAIN_S)
        else:
            return
