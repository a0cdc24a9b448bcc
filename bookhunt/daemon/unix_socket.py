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
from pathlib import Path
from typing import TYPE_CHECKING

from bookhunt.home.durable import write_durably
from bookhunt.home.paths import require_owned
from bookhunt.model.errors import UnsafePath

if TYPE_CHECKING:
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

    def is_in_place(self) -> bool:
        """Whether whoever looks for the daemon finds this one: another may listen there by now."""
        return self.file is None or _file_at(self.path) == self.file

    def close(self) -> None:
        """Stop listening, and leave nothing that looks like a daemon, but another one's socket."""
        self.sock.close()
        if self.file is None or not self.is_in_place():
            return
        self.path.unlink(missing_ok=True)
        if self.pointer is not None:
            self.pointer.unlink(missing_ok=True)


def listen(home: Home) -> Listening:
    """Open the socket of this home; the caller holds the daemon's lock and prepared the home.

    A socket that systemd opened for this process is taken instead.

    Raises:
        UnsafePath: something else than a socket stands in its place, or systemd's is not where
            this home's is looked for, or open to others.
        OSError: it cannot be bound.
    """
    path = home.socket_file
    passed = _passed_by_systemd()
    if passed is not None:
        _require_ours(passed, home)
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


def is_passed_by_systemd() -> bool:
    """Whether systemd opened a socket for this very process."""
    return (os.environ.get("LISTEN_PID"), os.environ.get("LISTEN_FDS")) == (str(os.getpid()), "1")


def _require_ours(passed: socket.socket, home: Home) -> None:
    """Refuse to serve where nobody looks for this daemon, or where others could call it."""
    path = os.fsdecode(passed.getsockname())
    if not passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise UnsafePath(f"systemd passed {path}, which does not listen")
    known = {os.fspath(home.socket_file)}
    with contextlib.suppress(OSError):
        known.add(os.fsdecode(home.socket_pointer.read_bytes().strip()))
    if path not in known:
        raise UnsafePath(
            f"systemd listens at {path}, and this home's socket is {home.socket_file}",
            hint="bookhunt daemon install writes the units of this home",
        )
    require_owned(Path(path), forbidden=0o077)


def _passed_by_systemd() -> socket.socket | None:
    """The listening socket that systemd opened for this very process, if it did."""
    passed = is_passed_by_systemd()
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)  # it is not for our children
    if not passed:
        return None
    sock = socket.socket(fileno=_FIRST_PASSED)
    if sock.family is not socket.AF_UNIX or sock.type is not socket.SOCK_STREAM:
        sock.detach()
        return None
    os.set_inheritable(_FIRST_PASSED, False)
    sock.setblocking(False)
    return sock
