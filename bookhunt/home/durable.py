"""Private files that are whole or not there, and that one process at a time changes."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
import time
from typing import TYPE_CHECKING

from bookhunt.home.paths import require_status
from bookhunt.model.errors import BookhuntError, UnsafePath

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE = 0o600
_OTHERS = 0o077
_LONGEST_WAIT_S = 10.0  # a change takes milliseconds; a holder of the lock that hangs is told
_LOOK_AGAIN_S = 0.01

Stamp = tuple[int, int, int]


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file's contents; readers see the old or the new, never a part. Mode 0600.

    When this returns the contents survive a power cut.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    aside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(aside, flags, PRIVATE), "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make a creation, a rename or a removal in this directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path, *, most: int) -> bytes | None:
    """The first `most` bytes of a file that only its owner can reach; None: there is none.

    Raises:
        UnsafePath: it is a link, another user's, open to others, or cannot be read.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - a descriptor
            require_status(path, os.fstat(file.fileno()), forbidden=_OTHERS)
            return file.read(most)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:  # what O_NOFOLLOW says of a link
            require_status(path, path.lstat(), forbidden=_OTHERS)
        raise UnsafePath(f"{path} cannot be read: {error.strerror}") from error


def stamp_of(path: Path) -> Stamp | None:
    """What is another after every change of a file; None: there is none to be seen."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@contextlib.contextmanager
def changing(path: Path) -> Iterator[None]:
    """Let nobody else change a file meanwhile, neither a thread nor a process that asks here too.

    Blocks for milliseconds as a rule; call it off the event loop.

    Raises:
        BookhuntError: somebody has been changing it for ten seconds.
        UnsafePath: its folder cannot be written.
    """
    lock = path.with_name(f".{path.name}.lock")
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(lock, flags, PRIVATE)
    except OSError as error:
        raise UnsafePath(f"{path} cannot be changed: {error.strerror}") from error
    try:
        _take(descriptor, path)
        yield
    finally:
        os.close(descriptor)  # gives the lock back


def _take(descriptor: int, path: Path) -> None:
    gives_up_at = time.monotonic() + _LONGEST_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > gives_up_at:
                raise BookhuntError(
                    f"{path} is being changed by another process that does not come to an end",
                    hint="look for another bookhunt that hangs, and end it",
                ) from None
            time.sleep(_LOOK_AGAIN_S)
        else:
            return
