"""One call in HTTP/1.1 over a connected socket: as much of it as our own daemon speaks.

`http.client` brings `email` and `ssl` along, which together cost as much as Typer. The daemon says
the length of each of its answers, so nothing else is read: no chunks, no "until it ends". This
module imports neither `typing` nor `dataclasses`, since `bookhunt status` lives on it.
"""

from __future__ import annotations

import contextlib
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

MOST_BYTES = 64 * 1024 * 1024
_LONGEST_HEAD = 64 * 1024
_GAP = b"\r\n\r\n"
_PART = 256 * 1024


class Ended(ConnectionError):
    """The other end hung up before its answer was whole."""


class NotUnderstood(Exception):
    """What came is not the answer of a daemon of ours."""


class Heard:
    """A whole answer; the names of `headers` are in lower case."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def written(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """A call as it is sent.

    Raises:
        ValueError: the target or a header holds what would end its line, or no Latin text.
    """
    lines = [f"{method} {target} HTTP/1.1", "Host: bookhunt", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None or method != "GET":
        lines.append(f"Content-Length: {len(body or b'')}")
    if " " in target or any("\r" in line or "\n" in line or "\0" in line for line in lines):
        raise ValueError("a line of the call would end early")
    return "\r\n".join(lines).encode("latin-1") + _GAP + (body or b"")


def talked(sock: socket.socket, call: bytes, *, ends_at: float) -> Heard:
    """Send a call and read its answer, by this moment of the monotonic clock.

    Raises:
        TimeoutError: there was no whole answer by then.
        Ended: the other end hung up; other errors of the socket are raised as they are.
        NotUnderstood: it answered with something else than HTTP, or with too much.
    """
    # A daemon that turns us away may hang up before it has read everything, and its answer says
    # why.
    with contextlib.suppress(BrokenPipeError):
        _hurry(sock, ends_at)
        sock.sendall(call)
    came = bytearray()
    while (end := came.find(_GAP)) < 0:
        if len(came) > _LONGEST_HEAD:
            raise NotUnderstood("the head of the answer does not end")
        came += _part(sock, ends_at)
    status, headers, length = _head(bytes(came[:end]))
    whole = end + len(_GAP) + length
    while len(came) < whole:
        came += _part(sock, ends_at)
    return Heard(status, headers, bytes(came[end + len(_GAP) : whole]))


def _head(head: bytes) -> tuple[int, dict[str, str], int]:
    """The status, the headers, and how many bytes follow."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "")
    if not version.startswith("HTTP/1.") or not _is_number(status) or not _is_number(length):
        raise NotUnderstood("the answer is not one of a daemon of ours")
    if len(length) > len(str(MOST_BYTES)) or int(length) > MOST_BYTES:
        raise NotUnderstood(f"the answer is longer than {MOST_BYTES // 1024 // 1024} MB")
    return int(status), headers, int(length)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _part(sock: socket.socket, ends_at: float) -> bytes:
    _hurry(sock, ends_at)
    part = sock.recv(_PART)
    if not part:
        raise Ended("it ended before it had answered")
    return part


def _hurry(sock: socket.socket, ends_at: float) -> None:
    sock.settimeout(max(ends_at - time.monotonic(), 0.001))
