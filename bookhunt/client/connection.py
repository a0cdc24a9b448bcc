"""One HTTP call over the Unix socket, and the three ways in which it can fail to be one."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bookhunt
from bookhunt.model.errors import (
    DaemonForbidden,
    DaemonNotAnswering,
    DaemonNotRunning,
    InputError,
)
from bookhunt.wire.contract import API_VERSION
from bookhunt.wire.http import Heard, NotUnderstood, talked, written
from bookhunt.wire.peer import peer_uid
from bookhunt.wire.routes import HEADER_API, HEADER_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.home.paths import Home

_KNOCK_EVERY_S = 0.01


class ConnectionBroke(DaemonNotAnswering):
    """The daemon went away between the call and its answer: whether it was done is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `value` is the JSON, None without one."""

    status: int
    value: Any
    raw: bytes = b""
    api: int | None  # the daemon's version of the contract, where it says one
    version: str | None


def address_of(home: Home) -> Path:
    """Where the daemon of this home listens.

    The daemon's environment may differ from ours (cron has no runtime directory), so where the
    socket is not in `run/` its own word counts, and ours only if it left none.
    """
    if home.socket_file.parent != home.run_dir:
        with contextlib.suppress(OSError):
            said = home.socket_pointer.read_bytes().strip()
            if said:
                return Path(os.fsdecode(said))
    return home.socket_file


def _connected(path: Path, *, ends_at: float) -> socket.socket:
    """A connection to our own daemon; a full backlog is waited for, as the kernel does not."""
    while True:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(max(ends_at - time.monotonic(), 0.001))
            sock.connect(os.fspath(path))
            _require_ours(sock, path)
        except BlockingIOError:
            sock.close()
            if time.monotonic() >= ends_at:
                raise TimeoutError from None
            time.sleep(_KNOCK_EVERY_S)
        except BaseException:
            sock.close()
            raise
        else:
            return sock


def _require_ours(sock: socket.socket, path: Path) -> None:
    """Refuse to tell another user's process anything: names, addresses and tokens come next.

    Where the socket's folder is under /tmp, anybody may have made it first.
    """
    if peer_uid(sock) != os.geteuid():
        raise DaemonForbidden(
            f"another user's process listens at {path}",
            hint="set BOOKHUNT_HOME to a home of your own",
        )


def is_listening(home: Home) -> bool:
    """Whether somebody accepts connections on the socket."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as sock:
        sock.settimeout(1.0)
        try:
            sock.connect(os.fspath(address_of(home)))
        except BlockingIOError:
            return True  # so many are waiting that there is no room for one more
        except OSError:
            return False
        return True


def exchange(
    home: Home,
    method: str,
    path: str,
    *,
    body: bytes | None,
    headers: Mapping[str, str],
    within_s: float,
) -> Answer:
    """Make one call and read its whole answer, all of it within this time.

    Raises:
        DaemonNotRunning: nobody listens.
        DaemonForbidden: the socket is another user's.
        DaemonNotAnswering: it listens, and no answer of a daemon came in time.
        ConnectionBroke: it ended in the middle.
        InputError: the call holds what cannot be sent in a header.
    """
    address = address_of(home)
    ends_at = time.monotonic() + within_s
    sent = {HEADER_API: str(API_VERSION), HEADER_VERSION: bookhunt.__version__, **headers}
    try:
        call = written(method, path, sent, body)
    except ValueError as error:
        raise InputError(
            "the call holds a character that no header can hold",
            hint="choose another idempotency key, of plain letters and digits",
        ) from error
    try:
        with _connected(address, ends_at=ends_at) as sock:
            return _read(talked(sock, call, ends_at=ends_at))
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise DaemonNotRunning(
            f"no daemon listens at {address}", hint="bookhunt daemon start"
        ) from error
    except PermissionError as error:
        raise DaemonForbidden(
            f"no permission to use {address}: the daemon is another user's",
            hint="set BOOKHUNT_HOME to a home of your own",
        ) from error
    except TimeoutError as error:
        raise DaemonNotAnswering(
            f"the daemon did not answer within {within_s:.0f} s",
            hint="bookhunt daemon logs; bookhunt daemon restart",
        ) from error
    except NotUnderstood as error:
        raise DaemonNotAnswering(
            f"{error}, at {address}", hint="bookhunt daemon logs; bookhunt daemon restart"
        ) from error
    except OSError as error:
        raise ConnectionBroke(
            "the daemon ended before it answered", hint="bookhunt daemon status"
        ) from error


def _read(heard: Heard) -> Answer:
    try:
        value = json.loads(heard.body) if heard.body else None
    except ValueError:
        value = None
    api = heard.headers.get(HEADER_API.lower(), "")
    return Answer(
        status=heard.status,
        value=value,
        raw=heard.body,
        api=int(api) if api.isdecimal() else None,
        version=heard.headers.get(HEADER_VERSION.lower()),
    )
