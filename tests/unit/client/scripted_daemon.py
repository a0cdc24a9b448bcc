"""Something on the socket that answers as a test tells it: the client's other end, without one."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bookhunt
from bookhunt.wire.contract import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.home.paths import Home

HANG_UP = b""


@dataclass(slots=True)
class Arrived:
    """One request as it was read."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Script:
    """What is answered, in order; the last one repeats."""

    answers: list[bytes]
    arrived: list[Arrived] = field(default_factory=list)

    def next(self) -> bytes:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def answer(
    value: Any,
    *,
    status: int = 200,
    api: int | None = API_VERSION,
    version: str = bookhunt.__version__,
) -> bytes:
    """The bytes of an answer with JSON in it."""
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    if api is not None:
        head += f"Bookhunt-Api: {api}\r\nBookhunt-Version: {version}\r\n"
    return head.encode() + b"\r\n" + body


@contextlib.contextmanager
def scripted(home: Home, *answers: bytes) -> Iterator[Script]:
    """Listen at the home's socket, and answer each connection once."""
    script = Script(list(answers))
    listener = socket.socket(socket.AF_UNIX)
    home.socket_file.unlink(missing_ok=True)
    listener.bind(str(home.socket_file))
    listener.listen(16)
    thread = threading.Thread(target=_serve, args=(listener, script), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
        home.socket_file.unlink(missing_ok=True)


def _serve(listener: socket.socket, script: Script) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        with sock, sock.makefile("rb") as reader:
            line = reader.readline().decode()
            if not line:
                continue  # somebody looked whether anybody listens
            headers = {}
            while (each := reader.readline().decode().strip()) != "":
                name, _, value = each.partition(":")
                headers[name.lower()] = value.strip()
            body = reader.read(int(headers.get("content-length", "0")))
            method, path, _ = line.split()
            script.arrived.append(Arrived(method, path, headers, body))
            sock.sendall(script.next())
