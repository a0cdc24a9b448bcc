"""The socket: bound by ourselves, private from its first moment, moved into place when it listens.

A server's own way to bind (`uds=`) makes a socket of mode 0666 and for a moment one that refuses.
Here the socket is bound under another name with a umask of 077, listens, and is renamed: whoever
finds it can connect, and nobody but its owner finds it. What a killed daemon left is replaced, and
only by whoever holds the daemon's lock.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.home.durable import write_durably
from bookhunt.model.errors import UnsafePath

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.home.paths import Home

_BACKLOG = 1024
_FIRST_PASSED = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3)
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """An open socket. `path` is where it can be found, `file` which one we put there.

    One that systemd opened is not ours to take away: then `file` is None.
    """

    sock: socket.socket
    path: Path
    pointer: Path | None
    file: tuple[int, int] | None  # device and inode

    def close(self) -> None:
        """Stop listening, and leave nothing that looks like a daemon, but another one's socket."""
        self.sock.close()
        if self.file is None or _file_at(self.path) != self.file:
            return
        self.path.unlink(missing_ok=True)
        if self.pointer is not None:
            self.pointer.unlink(missing_ok=True)


def listen(home: Home) -> Listening:
    """Open the socket of this home; the caller holds the daemon's lock and prepared the home.

    A socket that systemd opened for this process is taken instead.

    Raises:
        UnsafePath: something else than a socket stands in its place.
        OSError: it cannot be bound.
    """
    path = home.socket_file
    passed = _passed_by_systemd()
    if passed is not None:
        return Listening(sock=passed, path=path, pointer=None, file=None)
    _require_socket_or_nothing(path)
    sock = _bound(path)
    pointer = None
    if path.parent == home.run_dir:
        home.socket_pointer.unlink(missing_ok=True)
    else:
        pointer = home.socket_pointer
        write_durably(pointer, os.fsencode(path) + b"\n")
    return Listening(sock=sock, path=path, pointer=pointer, file=_file_at(path))


def _bound(path: Path) -> socket.socket:
    """A socket that listens at this path, never reachable by others in between."""
    aside = path.with_name(f"{path.name}~")
    aside.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        sock.bind(os.fspath(aside))
        aside.chmod(_PRIVATE)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
        aside.replace(path)
    except BaseException:
        sock.close()
        aside.unlink(missing_ok=True)
        raise
    finally:
        os.umask(before)
    return sock


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _require_socket_or_nothing(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise UnsafePath(
                f"{path} is not a socket, and the daemon has to listen there",
                hint="move it away",
            )


def _passed_by_systemd() -> socket.socket | None:
    """The listening socket that systemd opened for this very process, if it did."""
    names = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
    said = {name: os.environ.pop(name, None) for name in names}  # it is not for our children
    if said["LISTEN_PID"] != str(os.getpid()) or said["LISTEN_FDS"] != "1":
        return None
    sock = socket.socket(fileno=_FIRST_PASSED)
    if sock.family is not socket.AF_UNIX or sock.type is not socket.SOCK_STREAM:
        sock.detach()
        return None
    os.set_inheritable(_FIRST_PASSED, False)
    sock.setblocking(False)
    return sock
