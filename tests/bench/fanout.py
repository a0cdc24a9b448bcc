"""`nox -s bench -- fanout`: what one seller call costs, beside the limit and two libraries.

A hundred simulated sellers (eight ways to say the same thing, one process of their own, answering
at once) are asked for twenty books through the real gateway: request rendered, sent, answer parsed,
offers read. In the same run the same bytes go through a raw `asyncio.Protocol`, through aiohttp,
through our transport alone and through httpx, which only send and collect. Then sellers answer
after 200 ms, 1,000 calls are in flight, and the added time of the slowest per cent is compared.
Options:

    --sellers 100  --in-flight 200   --calls 6000 --seconds 6   of each turn, at the most
    --rounds 5      clients take turns        --only bookhunt,raw    clients
    --profile FILE  cProfile of bookhunt      --no-slow              without the second part
    --json FILE     the figures as JSON lines

CPU time is this process's own; the street's is its own process's and is not counted. Ratios of one
run may be compared with each other; absolute figures belong to a machine and its load.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from cProfile import Profile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from bookhunt.daemon.lifecycle import spare_the_collector
from bookhunt.model.book import Book
from bookhunt.model.reasons import Reason
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.gateway import Gateway
from bookhunt.sellers.loading import DefinitionShelf
from bookhunt.sellers.network import NetworkRules
from bookhunt.sellers.network_addresses import Addresses
from bookhunt.sellers.transport_quotes import QuoteTransport
from bookhunt.simulated import Street, definitions, start
from tests.bench.clients import Aiohttp, Client, Httpx, Raw
from tests.support.seller_worlds import SecretStore, WallClock, an_ask, street_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bookhunt.hunt.ports import Ask
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.transport import WireAnswer, WireRequest

_BOOKS = 20
_SLOW_MS = 200
_RULES = NetworkRules(allow_loopback=True)
_FAILED = frozenset(
    {Reason.TIMED_OUT, Reason.UNREACHABLE, Reason.SERVER_ERROR, Reason.UNREADABLE}
    | {Reason.UNAUTHORISED, Reason.NEEDS_SETUP, Reason.CANNOT_ASK, Reason.RATE_LIMITED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one client did in one turn."""

    client: str
    in_flight: int
    calls: int
    wall_s: float
    cpu_s: float
    p50_ms: float
    p99_ms: float

    @property
    def cpu_us(self) -> float:
        return 1e6 * self.cpu_s / max(self.calls, 1)


class _Recorder:
    """Keeps what the gateway sends, so that others send the same bytes."""

    def __init__(self, inner: QuoteTransport) -> None:
        self.inner = inner
        self.requests: list[WireRequest] = []

    async def send(self, request: WireRequest, *, within_s: float, body_limit: int) -> WireAnswer:
        answer = await self.inner.send(request, within_s=within_s, body_limit=body_limit)
        self.requests.append(request)
        return answer

    async def close(self) -> None:
        await self.inner.close()


def sellers_of(street: Street) -> dict[str, CompiledSeller]:
    """Every seller of the street by its own definition, read from files as the daemon does."""
    folder = street.state_dir / "sellers.d"
    folder.mkdir(exist_ok=True)
    for seller, text in definitions(street).items():
        (folder / f"{seller}.yaml").write_text(text, "utf-8")
    found = DefinitionShelf(folder, demo=True).read()
    return {
        seller: compile_seller(
            found.by_id[seller], configured=Configured(settings={"address": address})
        )
        for seller, address in street.addresses.items()
    }


class Bookhunt:
    """The gateway, asked by the number of a question."""

    def __init__(
        self, street: Street, sellers: Mapping[str, CompiledSeller], *, recorder: bool = False
    ) -> None:
        self.recorder = _Recorder(QuoteTransport(Addresses(_RULES))) if recorder else None
        self._gateway = Gateway(
            lambda: sellers,
            secret=SecretStore(street_secrets(street)),
            rules=_RULES,
            clock=WallClock(),
            quotes=self.recorder,
        )
        self.questions = list(_questions(street))
        self.failed: Counter[str] = Counter()

    async def send(self, number: int) -> int:
        """Ask; how many HTTP calls it took."""
        seller, ask = self.questions[number]
        quoted = await self._gateway.quote(seller, ask, within_s=10.0)
        if quoted.reason in _FAILED:
            self.failed[f"{seller} {quoted.reason}: {quoted.detail}"] += 1
        return quoted.calls

    async def close(self) -> None:
        await self._gateway.close()


class Sending:
    """Our transport alone: what it costs to send, and to read whole answers."""

    def __init__(self, wires: Sequence[WireRequest]) -> None:
        self._wires = wires
        self._transport = QuoteTransport(Addresses(_RULES))

    async def send(self, number: int) -> int:
        answer = await self._transport.send(self._wires[number], within_s=10.0, body_limit=1 << 20)
        return answer.status

    async def close(self) -> None:
        await self._transport.close()


def _questions(street: Street) -> Iterable[tuple[str, Ask]]:
    isbns = sorted({offer["isbn"] for offer in street.offers()})[:_BOOKS]
    asks = [an_ask(Book(isbn13=isbn)) for isbn in isbns]
    questions = [(seller, ask) for seller in street.sellers for ask in asks]
    random.Random(1).shuffle(questions)
    return questions


async def record(
    street: Street, sellers: Mapping[str, CompiledSeller], *, at_once: int = 1
) -> list[WireRequest]:
    """The requests of every question; in their order where one is asked at once."""
    client = Bookhunt(street, sellers, recorder=True)
    assert client.recorder is not None
    numbers = iter(range(len(client.questions)))

    async def ask_on() -> None:
        for number in numbers:
            await client.send(number)

    await asyncio.gather(*(ask_on() for _ in range(at_once)))
    await client.close()
    if client.failed:
        raise RuntimeError(f"the street answers badly: {client.failed.most_common(3)}")
    return client.recorder.requests


async def _in_flight(
    client: Client, questions: int, *, at_once: int, calls: int, within_s: float
) -> tuple[int, list[float]]:
    """Make so many calls, so many at once; how many were made in time, and how long each took."""
    counts = isinstance(client, Bookhunt)
    took: list[float] = []
    made = begun = 0
    ends = time.perf_counter() + within_s

    async def ask_on() -> None:
        nonlocal made, begun
        while begun < calls and (began := time.perf_counter()) < ends:
            begun += 1
            answer = await client.send(begun % questions)
            made += answer if counts else 1
            took.append(time.perf_counter() - began)

    tasks = [asyncio.create_task(ask_on()) for _ in range(at_once)]
    _, late = await asyncio.wait(tasks, timeout=within_s)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    failures = [t.exception() for t in tasks if not t.cancelled() and t.exception() is not None]
    if failures:
        raise failures[0]
    return made, took


async def _measured(
    name: str, client: Client, questions: int, options: argparse.Namespace, profile: Profile | None
) -> Figure:
    at_once, calls, within_s = options.in_flight, options.calls, options.seconds
    try:
        await _in_flight(
            client, questions, at_once=at_once, calls=calls // 2, within_s=within_s / 2
        )
        if isinstance(client, Bookhunt):
            client.failed.clear()  # what the first rush of connections left no time for
        spare_the_collector()  # as the daemon does
        if profile is not None:
            profile.enable()
        wall, cpu = time.perf_counter(), time.process_time()
        made, took = await _in_flight(
            client, questions, at_once=at_once, calls=calls, within_s=within_s
        )
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if profile is not None:
            profile.disable()
    finally:
        await client.close()
    if isinstance(client, Bookhunt) and client.failed.total() > 0.001 * made:
        print(f"   failed: {client.failed.most_common(5)}")
    cuts = statistics.quantiles(took, n=100) if len(took) > 1 else [0.0] * 99
    return Figure(
        client=name,
        in_flight=at_once,
        calls=made,
        wall_s=wall,
        cpu_s=cpu,
        p50_ms=1000 * cuts[49],
        p99_ms=1000 * cuts[98],
    )


_ORDER = ("raw", "aiohttp", "sending", "bookhunt", "httpx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One street, and the same questions for every client."""

    street: Street
    sellers: Mapping[str, CompiledSeller]
    wires: Sequence[WireRequest]
    questions: int
    options: argparse.Namespace

    async def turn(self, name: str, profile: Profile | None = None) -> Figure:
        """One client's turn."""
        made: dict[str, Callable[[], Client]] = {
            "raw": lambda: Raw(self.wires),
            "aiohttp": lambda: Aiohttp(self.wires),
            "sending": lambda: Sending(self.wires),
            "httpx": lambda: Httpx(self.wires),
            "bookhunt": lambda: Bookhunt(self.street, self.sellers),
        }
        return await _measured(name, made[name](), self.questions, self.options, profile)


def _rounds(contest: Contest) -> dict[str, list[Figure]]:
    options = contest.options
    found: dict[str, list[Figure]] = {name: [] for name in _ORDER if name in options.only}
    for turn in range(options.rounds):
        for name, figures in found.items():
            if name == "httpx" and turn:
                continue  # it is told apart by a factor of a hundred; once is enough
            profile = None
            if options.profile is not None and name == "bookhunt" and not turn:
                profile = Profile(time.thread_time)
            figures.append(uvloop.run(contest.turn(name, profile)))
            if profile is not None:
                profile.dump_stats(options.profile)
    return found


def _show(found: dict[str, list[Figure]], options: argparse.Namespace) -> float:
    """A line for each client; bookhunt's calls per CPU second."""
    medians = {
        name: statistics.median(f.cpu_us for f in figures) for name, figures in found.items()
    }
    limit = medians.get("raw", float("nan"))
    print(
        f"{'client':<12}{'cpu us/call':>12}{'calls/cpu s':>13}{'x raw':>8}"
        f"{'p50 ms':>9}{'p99 ms':>9}"
    )
    for name, figures in found.items():
        us = medians[name]
        p50 = statistics.median(f.p50_ms for f in figures)
        p99 = statistics.median(f.p99_ms for f in figures)
        print(
            f"{name:<12}{us:12.1f}{1e6 / us:13,.0f}{us / limit:8.2f}{p50:9.1f}{p99:9.1f}",
            flush=True,
        )
    if options.json is not None:
        with options.json.open("a", encoding="utf-8") as file:
            file.writelines(
                json.dumps(asdict(f) | {"cpu_us": f.cpu_us}) + "\n"
                for figures in found.values()
                for f in figures
            )
    return 1e6 / medians["bookhunt"] if "bookhunt" in medians else float("inf")


def _show_slow(found: dict[str, list[Figure]]) -> None:
    added = {
        name: statistics.median(f.p99_ms for f in figures) - _SLOW_MS
        for name, figures in found.items()
    }
    for name, ms in added.items():
        print(f"   {name}: p99 {ms:+.0f} ms over the sellers' own, {ms / added['raw']:.2f} x raw")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s bench -- fanout")
    parser.add_argument("--sellers", type=int, default=100)
    parser.add_argument("--in-flight", type=int, default=200)
    parser.add_argument("--calls", type=int, default=6000)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(_ORDER))
    parser.add_argument("--no-slow", action="store_true")
    parser.add_argument("--profile", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Print the figures; 1 where bookhunt is below its goal of 5,000 calls per CPU second."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as directory:
        street = start(
            Path(directory),
            sellers=options.sellers,
            latency_scale=0,
            parent_pid=os.getpid(),
            count_quotes_only=True,
        )
        try:
            sellers = sellers_of(street)
            wires = uvloop.run(record(street, sellers))
            contest = Contest(
                street=street,
                sellers=sellers,
                wires=wires,
                questions=min(len(wires), options.sellers * _BOOKS),
                options=options,
            )
            print(f"{options.sellers} sellers, {options.in_flight} calls in flight")
            per_cpu_s = _show(_rounds(contest), options)
            if not options.no_slow:
                street.fault("any", "quote", "delay", count=None, ms=_SLOW_MS)
                options.in_flight, options.profile = 1000, None
                options.rounds, options.calls = max(options.rounds // 2, 1), 15_000
                options.only = [name for name in options.only if name != "httpx"]
                print(f"sellers answer after {_SLOW_MS} ms, {options.in_flight} calls in flight")
                found = _rounds(contest)
                _show(found, options)
                _show_slow(found)
        finally:
            street.stop()
    return 0 if per_cpu_s >= 5_000 else 1
