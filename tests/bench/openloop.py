"""A client that submits on time, whatever became of what it submitted before.

Requests arrive as a Poisson process and none waits for another, so a daemon that falls behind is
seen to fall behind (no coordinated omission): a latency runs from the moment at which the request
was due. It speaks HTTP/1.1 over the Unix socket with as little work as it can, because it shares
the machine with what it measures.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httptools

from bookhunt.wire.contract import API_VERSION
from bookhunt.wire.routes import HEADER_API, HEADER_IDEMPOTENCY_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WAIT_S = 20
_GIVES_UP_S = 60.0
_OPEN = frozenset({"PENDING", "PROCESSING", "RESOLVED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One request, and when it is due."""

    at_s: float
    isbn: str
    max_minor: int
    customer: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it. `status` is the daemon's word, REFUSED for 429, LOST for no word."""

    wish: Wish
    status: str
    accepted_s: float  # from when it was due to the 202 (or the refusal)
    latency_s: float  # from when it was due to the outcome
    request: dict[str, Any] | None = None
    retry_after_s: float | None = None
    error: str = ""


def arrivals(
    rate: float,
    seconds: float,
    books: Sequence[tuple[str, int]],
    *,
    seed: int,
    hopeless: float = 0.12,
    skew: float = 1.0,
) -> list[Wish]:
    """Poisson arrivals of wishes for books in order of popularity (Zipf, exponent `skew`).

    `books`: ISBN and the cheapest landed total in cents. `hopeless`: the part of the wishes whose
    maximum is below it; the others are generous as in the market of `search`.
    """
    dice = random.Random(seed)
    weights = [1 / (rank**skew) for rank in range(1, len(books) + 1)]
    wanted = iter(dice.choices(books, weights, k=int(rate * seconds * 1.5) + 100))
    wishes = []
    at_s = 0.0
    while (at_s := at_s + dice.expovariate(rate)) < seconds:
        isbn, cheapest = next(wanted)
        generosity = dice.gammavariate(2.0, 0.09)
        if dice.random() < hopeless:
            generosity = -abs(dice.gauss(0.10, 0.08)) - 0.01
        number = len(wishes)
        wishes.append(
            Wish(
                at_s=at_s,
                isbn=isbn,
                max_minor=max(1, math.floor(cheapest * math.exp(generosity))),
                customer=f"c{dice.randrange(100_000)}",
                key=f"load-{seed}-{number}",
            )
        )
    return wishes


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[tuple[int, dict[str, str], bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def ask(self, data: bytes) -> asyncio.Future[tuple[int, dict[str, str], bytes]]:
        self._answer = self._loop.create_future()
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)
        self.transport.write(data)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            status = self._parser.get_status_code()
            self._answer.set_result((status, self._headers, b"".join(self._body)))

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError())


class OpenLoop:
    """Submits wishes to the daemon behind a socket."""

    def __init__(self, socket_path: str, *, dry_run: bool = False) -> None:
        self._path = socket_path
        self._dry_run = dry_run
        self._idle: deque[_Connection] = deque()

    async def run(self, wishes: Iterable[Wish]) -> list[Outcome]:
        """Submit each when it is due; the outcomes, in the order of the wishes."""
        began = time.perf_counter()
        tasks = []
        for wish in wishes:
            left = wish.at_s - (time.perf_counter() - began)
            if left > 0:
                await asyncio.sleep(left)
            tasks.append(asyncio.create_task(self._one(wish, began + wish.at_s)))
        outcomes = await asyncio.gather(*tasks)
        await self._close()
        return outcomes

    async def _close(self) -> None:
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is not None:
                connection.transport.close()
        await asyncio.sleep(0)  # the loop closes them in its next turn

    async def submit(self, wish: Wish) -> tuple[int, dict[str, str]]:
        """Submit, and do not wait for what becomes of it: the status, the headers."""
        code, headers, _ = await self._call(
            "POST", "/purchase-request", self._body(wish), key=wish.key
        )
        return code, headers

    def _body(self, wish: Wish) -> dict[str, Any]:
        body = {
            "isbn": wish.isbn,
            "max_price": f"{wish.max_minor / 100:.2f}",
            "customer": wish.customer,
            "again": True,
        }
        return body | {"dry_run": True} if self._dry_run else body

    async def _one(self, wish: Wish, due: float) -> Outcome:
        accepted = found = None
        retry_after_s = None
        status, error = "LOST", ""
        try:
            async with asyncio.timeout(_GIVES_UP_S):
                code, headers, told = await self._call(
                    "POST", "/purchase-request", self._body(wish), key=wish.key
                )
                accepted = time.perf_counter() - due
                if code == 429:
                    status, retry_after_s = "REFUSED", float(headers.get("retry-after", "nan"))
                elif code == 202:
                    found = await self._outcome(told["request_id"])
                    status = found["status"]
                else:
                    error = f"{code} {told}"
        except (OSError, TimeoutError, httptools.HttpParserError) as failure:
            error = type(failure).__name__
        latency = time.perf_counter() - due
        return Outcome(
            wish=wish,
            status=status,
            accepted_s=accepted if accepted is not None else latency,
            latency_s=latency,
            request=found,
            retry_after_s=retry_after_s,
            error=error,
        )

    async def _outcome(self, request_id: str) -> dict[str, Any]:
        while True:
            path = f"/request-status?request_id={quote(request_id)}&wait_s={_WAIT_S}"
            code, _, told = await self._call("GET", path)
            if code == 200 and told["status"] not in _OPEN:
                return told
            if code != 200:
                await asyncio.sleep(0.2)

    async def _call(
        self, method: str, path: str, body: object = None, *, key: str | None = None
    ) -> tuple[int, dict[str, str], Any]:
        lines = [f"{method} {path} HTTP/1.1", "Host: bookhunt", f"{HEADER_API}: {API_VERSION}"]
        data = b""
        if key is not None:
            lines.append(f"{HEADER_IDEMPOTENCY_KEY}: {key}")
        if body is not None:
            data = json.dumps(body).encode()
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        asked = ("\r\n".join(lines) + "\r\n\r\n").encode() + data
        connection = await self._connection()
        try:
            status, headers, told = await connection.ask(asked)
        except OSError:
            # A kept connection may be closed just now; its key makes a submission safe to repeat.
            self._idle.clear()
            connection = await self._connection()
            status, headers, told = await connection.ask(asked)
        self._idle.append(connection)
        return status, headers, json.loads(told)

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is not None and not connection.transport.is_closing():
                return connection
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_unix_connection(_Connection, self._path)
        return connection
