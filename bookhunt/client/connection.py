"""One HTTP call over the Unix socket, and the three ways in which it can fail to be one."""

from __future__ import annotations

import contextlib
import http.client
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
)
from bookhunt.wire.contract import API_VERSION
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


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket; `timeout` bounds each wait for it."""

    def __init__(self, path: Path, *, within_s: float) -> None:
        super().__init__("bookhunt", timeout=within_s)
        self._path = path

    def connect(self) -> None:
        """Connect; a full backlog is waited for, as the kernel does not."""
        ends_at = time.monotonic() + (self.timeout or 0.0)
        while True:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(self.timeout)
                sock.connect(os.fspath(self._path))
            except BlockingIOError:
                sock.close()
                if time.monotonic() >= ends_at:
                    raise TimeoutError from None
                time.sleep(_KNOCK_EVERY_S)
            except BaseException:
                sock.close()
                raise
            else:
                self.sock = sock
                _require_ours(sock, self._path)
                return


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
    """Make one call and read its whole answer.

    Raises:
        DaemonNotRunning: nobody listens.
        DaemonForbidden: the socket is another user's.
        DaemonNotAnswering: it listens, and no answer came in time.
        ConnectionBroke: it ended in the middle.
    """
    address = address_of(home)
    connection = _UnixConnection(address, within_s=within_s)
    sent = {HEADER_API: str(API_VERSION), HEADER_VERSION: bookhunt.__version__, **headers}
    try:
        # A daemon that turns us away may hang up before it has read everything, and its answer
        # says why.
        with contextlib.suppress(BrokenPipeError):
            connection.request(method, path, body=body, headers=sent)
        return _read(connection.getresponse())
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
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionBroke(
            "the daemon ended before it answered", hint="bookhunt daemon status"
        ) from error
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse) -> Answer:
    raw = response.read()
    try:
        value = json.loads(raw) if raw else None
    except ValueError:
        value = None
    api = response.headers.get(HEADER_API, "")
    return Answer(
        status=response.status,
        value=value,
        raw=raw,
        api=int(api) if api.isdecimal() else None,
        version=response.headers.get(HEADER_VERSION),
    )
