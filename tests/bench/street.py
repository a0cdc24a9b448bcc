"""How many requests one core of the street serves: `python -m tests.bench.street [--json]`.

The street is the other side of every load test, so its own cost must be known and small. It is
asked over loopback by a raw asyncio protocol for a bounded time; a server that answers fixed bytes
without reading them is asked the same way in the same run. Both run as processes of their own, and
the CPU time that each used is read from the system, so that the figures are per core of theirs and
not of the one that asks.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from bookhunt.simulated import Street, credentials, start
from tests.bench.processes import cpu_s

_GOAL_PER_CPU_S = 5_000
_ASKS_S = 2.0
_CONNECTIONS = 64
_REFERENCE_BODY_BYTES = 400
_SELLERS = ("amberside", "brightwater", "copperlane", "kestrelbooks", "nightjar", "ivyhouse")
_TARGETS = {
    "minor": "/v1/offers?isbn={isbn}",
    "cart": "/products?ean={isbn}",
    "jsonld": "/isbn/{isbn}",
    "html": "/search?isbn={isbn}",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One request, and how long its whole answer is: no answer of the street changes its length."""

    host: str
    port: int
    request: bytes
    answer_bytes: int


@dataclass(frozen=True, slots=True)
class Figure:
    """What one server did in the time it was asked."""

    name: str
    requests: int
    wall_s: float
    cpu_s: float

    @property
    def per_cpu_s(self) -> float:
        return self.requests / self.cpu_s


class _Asker(asyncio.Protocol):
    """Asks the same thing again as soon as the answer is whole."""

    def __init__(self, target: Target) -> None:
        self.answers = 0
        self._target = target
        self._left = target.answer_bytes
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(self._target.request)

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            raise RuntimeError("an answer was longer than the first of its kind")
        if self._left == 0:
            self.answers += 1
            self._left = self._target.answer_bytes
            self._transport.write(self._target.request)


async def _ask(targets: list[Target]) -> tuple[int, float]:
    """Ask all targets at once for the bounded time; how many answers came, in how long."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    askers = []
    for target, _ in zip(cycle(targets), range(_CONNECTIONS), strict=False):
        transport, asker = await loop.create_connection(
            lambda target=target: _Asker(target), target.host, target.port
        )
        askers.append((transport, asker))
    await asyncio.sleep(_ASKS_S)
    answers = sum(asker.answers for _, asker in askers)
    wall_s = time.perf_counter() - began
    for transport, _ in askers:
        transport.abort()
    return answers, wall_s


def _measure(name: str, pid: int, targets: list[Target]) -> Figure:
    before = cpu_s(pid)
    requests, wall_s = uvloop.run(_ask(targets))
    return Figure(name=name, requests=requests, wall_s=wall_s, cpu_s=cpu_s(pid) - before)


def _target(address: str, path: str, headers: dict[str, str]) -> Target:
    """A target whose answer was seen once, to know its length."""
    parts = urlsplit(address)
    lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request("GET", path, headers=headers | {"Accept-Encoding": "identity"})
    answer = connection.getresponse()
    head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in answer.getheaders()
    )
    length = len(head.encode()) + len("\r\n") + len(answer.read())
    connection.close()
    return Target(parts.hostname, parts.port, request, length)


def _street_targets(street: Street) -> list[Target]:
    keys = credentials(street)
    isbns = sorted({offer["isbn"] for offer in street.offers()})[:10]
    targets = []
    for isbn in isbns:
        for seller in _SELLERS:
            place = street.sellers[seller]
            headers = {}
            if "api_key" in keys[seller]:
                headers = {"X-Api-Key": keys[seller]["api_key"]}
            elif "token" in keys[seller]:
                headers = {"Authorization": f"Bearer {keys[seller]['token']}"}
            path = _TARGETS[place.dialect].format(isbn=isbn)
            targets.append(_target(place.address, path, headers))
    return targets


class _Fixed(asyncio.Protocol):
    """The reference: fixed bytes for whatever arrives."""

    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _REFERENCE_BODY_BYTES + (
        b"x" * _REFERENCE_BODY_BYTES
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self.answer)


async def _serve_fixed() -> None:
    server = await asyncio.get_running_loop().create_server(_Fixed, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _reference() -> Figure:
    command = [sys.executable, "-m", "tests.bench.street", "--serve-fixed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(process.stdout.readline())
            target = _target(f"http://127.0.0.1:{port}", "/", {})
            return _measure("fixed bytes", process.pid, [target])
        finally:
            process.terminate()


def _of_the_street(name: str, *, count_quotes_only: bool) -> Figure:
    with tempfile.TemporaryDirectory() as directory:
        street = start(
            Path(directory),
            latency_scale=0,
            parent_pid=os.getpid(),
            count_quotes_only=count_quotes_only,
        )
        try:
            figure = _measure(name, street.pid, _street_targets(street))
            counted = sum(by["quote"] for by in street.counts().values() if by)
            if counted < figure.requests:
                raise RuntimeError(f"{figure.requests} answers to {counted} requests")
            return figure
        finally:
            street.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object per server")
    parser.add_argument("--serve-fixed", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve_fixed:
        uvloop.run(_serve_fixed())
        return 0
    figures = [
        _reference(),
        _of_the_street("street, quotes counted", count_quotes_only=True),
        _of_the_street("street, quotes recorded", count_quotes_only=False),
    ]
    for figure in figures:
        if given.json:
            print(json.dumps(asdict(figure) | {"per_cpu_s": figure.per_cpu_s}))
        else:
            share = figure.per_cpu_s / figures[0].per_cpu_s
            print(
                f"{figure.name:24} {figure.requests / figure.wall_s:8,.0f} requests/s, "
                f"{figure.per_cpu_s:8,.0f} per CPU second ({share:.2f} of the reference)"
            )
    return 0 if figures[1].per_cpu_s >= _GOAL_PER_CPU_S else 1


if __name__ == "__main__":
    sys.exit(main())
