"""`nox -s bench -- tracing`: what recording costs a request, on against off in one run.

The daemon's own parts (ledger and cache on disk, sellers over HTTP) buy in a street that is another
process. The same requests come in blocks, in three ways that take turns: nothing is recorded;
everything is recorded and thrown away, as it is for requests that are not kept; everything is
recorded and kept. CPU is that of this whole process, the threads that write included, until all is
written. Answers of sellers are forgotten between blocks, and what is learned of them is put back as
it was after the warm-up, so that each block makes the same calls. The ratio
told is the median of the rounds' own ratios: what the machine does beside it hits all ways. Beside
it stands what making and encoding those very traces takes by itself, which no neighbour disturbs.

    --rounds 9  --requests 24  --sellers 40   so many blocks of each way, and their size
    --json FILE                                the figures as JSON
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import gc
import json
import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import uvloop

from bookhunt.cli.sandbox import BUYER, PROFILE, furnish, open_street
from bookhunt.daemon.assembly import assembled
from bookhunt.daemon.intake import customer_of
from bookhunt.home.config import ConfigFile
from bookhunt.home.paths import Home
from bookhunt.model.book import Book
from bookhunt.model.request import Strategy
from bookhunt.store.traces import SqliteTraces
from bookhunt.telemetry.spans import Trace, document_of
from tests.support.builders import a_request, usd

if TYPE_CHECKING:
    from bookhunt.daemon.daemon import Daemon
    from bookhunt.hunt.beliefs import Beliefs
    from bookhunt.simulated import Street

GOAL = 1.05
_AT_ONCE = 8
_COPIES = 1000  # times the usual stock: no round may find less than the one before it
WAYS: dict[str, dict[str, Any]] = {
    "off": {"recording": False},
    "recorded": {"recording": True, "keeps_traces": False},
    "kept": {"recording": True, "keeps_traces": True},
}


def _books(street: Street, count: int) -> list[str]:
    """ISBNs that are in stock at several sellers, again and again."""
    at: dict[str, int] = {}
    for offer in street.offers():
        if offer["sells"] and offer["currency"] == "USD" and offer["inventory"]:
            at[offer["isbn"]] = at.get(offer["isbn"], 0) + 1
    common = sorted(isbn for isbn, sellers in at.items() if sellers >= 3)
    return [common[n % len(common)] for n in range(count)]


class Learned:
    """What was believed at one moment, to begin each block with."""

    def __init__(self, beliefs: Beliefs) -> None:
        self._beliefs = beliefs
        self._then = copy.deepcopy((beliefs.sellers, beliefs.books, beliefs.hint))

    def put_back(self) -> None:
        sellers, books, hint = copy.deepcopy(self._then)
        self._beliefs.sellers, self._beliefs.books, self._beliefs.hint = sellers, books, hint
        self._beliefs._worked_out.clear()


async def _block(daemon: Daemon, books: list[str], way: str) -> float:
    """CPU seconds of the requests of one block."""
    service, world = daemon.service, daemon.service._world
    service.take_up(replace(world.settings, **WAYS[way]))
    world.shelf._kept.clear()  # type: ignore[attr-defined]
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(isbn: str) -> str:
        request = a_request(
            book=Book.named(isbn),
            max_price=usd("80"),
            profile=PROFILE,
            customer=customer_of(None),
            strategy=Strategy.BALANCED,
            submitted_at=daemon.clock.now(),
            search_deadline_s=20.0,
        )
        async with room:
            made = await service.submit(request, fingerprint="f", again=True)
            record = await service.wait(made.record.request.id, within_s=60)
            return "" if record is None else record.state.value

    gc.collect()
    began = time.process_time()
    states = await asyncio.gather(*map(one, books))
    assert daemon.traces is not None
    await daemon.traces.of("0" * 32)  # behind what is written before it
    while (flush := getattr(daemon.traces, "_flush", None)) is not None:
        await asyncio.wait({flush})
    spent = time.process_time() - began
    bad = [state for state in states if state != "SUCCESS"]
    assert len(bad) <= len(states) // 5, bad
    return spent


def _alone(traces: list[Trace]) -> str:
    """What it takes to make JSON of traces, in words."""
    made = [orjson.dumps(document_of(trace, outcome="SUCCESS")) for trace in traces]
    began = time.process_time()
    for trace in traces:
        orjson.dumps(document_of(trace, outcome="SUCCESS"))
    each_us = (time.process_time() - began) / len(traces) * 1e6
    spans = statistics.mean(len(trace.whole()) for trace in traces)
    size = statistics.mean(map(len, made))
    return f"one kept trace by itself: {each_us:.0f} us CPU for {spans:.0f} spans, {size:.0f} bytes"


async def _measured(
    home: Home, street: Street, options: argparse.Namespace, traces: list[Trace]
) -> list[list[float]]:
    books = _books(street, options.requests)
    rounds: list[list[float]] = []
    async with assembled(home, ConfigFile(home)) as daemon:
        daemon.profiles.add(PROFILE, json.dumps(BUYER))
        assert isinstance(daemon.traces, SqliteTraces)
        keep = daemon.traces.keep

        def kept(trace: Trace, *, outcome: str) -> None:
            traces.append(trace)
            keep(trace, outcome=outcome)

        daemon.traces.keep = kept  # type: ignore[method-assign]
        await daemon.service.start()
        try:
            for way in WAYS:  # warm
                await _block(daemon, books, way)
            names, learned = list(WAYS), Learned(daemon.service._world.beliefs)
            for number in range(options.rounds):
                turn = names[number % 3 :] + names[: number % 3]
                spent = {}
                for way in turn:
                    learned.put_back()
                    spent[way] = await _block(daemon, books, way)
                rounds.append([spent[way] for way in names])
        finally:
            await daemon.service.stop(within_s=20)
    return rounds


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tracing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=24)
    parser.add_argument("--sellers", type=int, default=40)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Measure, and say whether the goal is met."""
    options, traces = _options(arguments), list[Trace]()
    with tempfile.TemporaryDirectory() as folder:
        home = Home.at(Path(folder) / "home")
        street = open_street(
            home,
            seed=3,
            sellers=options.sellers,
            latency_scale=0.0,
            parent_pid=os.getpid(),
            copies=_COPIES,
        )
        try:
            furnish(home, street)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                rounds = runner.run(_measured(home, street, options, traces))
        finally:
            street.stop()
    found: dict[str, dict[str, float]] = {}
    for place, way in enumerate(WAYS):
        each = [row[place] / options.requests * 1000 for row in rounds]
        ratios = sorted(row[place] / row[0] for row in rounds)
        found[way] = {
            "cpu_ms": statistics.median(each),
            "ratio": statistics.median(ratios),
            "low": ratios[len(ratios) // 4],
            "high": ratios[-1 - len(ratios) // 4],
        }
        told = found[way]
        spread = f"(half of the rounds {told['low']:.3f} to {told['high']:.3f})"
        print(f"{way:10} {told['cpu_ms']:7.2f} ms CPU a request  x {told['ratio']:.3f} {spread}")
    print(_alone(traces[-200:]))
    worst = max(told["ratio"] for told in found.values())
    print(f"goal: below x {GOAL}; {'met' if worst < GOAL else 'missed'}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if worst < GOAL else 1
