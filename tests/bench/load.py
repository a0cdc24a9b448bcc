"""`nox -s bench -- load`: what one machine holds, open loop, every outcome checked.

A street of simulated sellers with real latencies runs as its own process, a daemon hunts in it, and
requests arrive as a Poisson process for a bounded time: popular and rare books (Zipf) of 3,000, one
in eight wanted below any price there is. Latency runs from the moment a request was due. After the
run every outcome is held against the street's ledger and its offers: an order that nobody was told
of, an outcome without its order, a price above the maximum, and "not available" of a book that was
there all the time, are wrong. Options:

    --sellers 100  --rate 200  --seconds 60    one run of 200 requests a second
    --grid          50, 100 and 200 sellers at 50, 100 and 200 requests a second, --seconds each
    --overload      the rate that is held is found, then doubled
    --sick          half of the sellers down, hanging, flapping, answering 429; then well again
    --naive         what a user would write: ask all, buy the cheapest; the rate that it holds
    --tracing       recording on against off, in --rounds pairs of blocks of --seconds in all
    --copies 20     times the usual stock, so that a minute does not sell the street out; 1: it does
    --warm 20       seconds of a tenth of the rate before, which count for nothing
    --json FILE     the figures as JSON lines

The machine is shared by the street, the daemon and this client; the CPU time of each is told.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from tests.bench import load_naive, load_tracing
from tests.bench.openloop import OpenLoop, Outcome, arrivals
from tests.bench.processes import cpu_s, rss_mb
from tests.story.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

_BOOKS = 2958  # and the catalogue's make 3,000
_HELD_P90_S = 5.0
_IN_DOUBT = frozenset({"IN_DOUBT", "NEEDS_ATTENTION"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One run. Latencies in seconds, CPU in cores, memory in MB."""

    what: str
    sellers: int
    rate: float
    seconds: float
    requests: int
    outcomes: dict[str, int]
    wrong: int
    p50_s: float
    p90_s: float
    p99_s: float
    accepted_p99_s: float
    goodput: float  # outcomes a second within five seconds
    calls: float  # of sellers, a request that was accepted
    daemon_cores: float
    street_cores: float
    client_cores: float
    rss_mb: float
    daemon_ms: float  # CPU a request that was accepted

    @property
    def is_held(self) -> bool:
        """Whether p90 is under five seconds, and no more than one in a hundred was refused."""
        refused = self.outcomes.get("REFUSED", 0) + self.outcomes.get("LOST", 0)
        return self.p90_s < _HELD_P90_S and refused <= 0.01 * self.requests


class Scene:
    """A street, a daemon in it, and what the street really has."""

    def __init__(self, folder: Path, *, sellers: int, copies: int = 20, seed: int = 7) -> None:
        self.sellers = sellers
        self.world = World.open(
            folder,
            seed=seed,
            sellers=sellers,
            latency_scale=1.0,
            made_up_books=_BOOKS,
            copies=copies,
            count_quotes_only=True,
        )
        self.daemon = int(self.world.client.health()["pid"])
        self.books = self._books()
        self.runs = 0
        self.doubts = 0  # requests whose customer knows that an order may stand

    def _books(self) -> list[tuple[str, int]]:
        cheapest: dict[str, int] = {}
        for isbn, total, _ in self.offers():
            cheapest[isbn] = min(total, cheapest.get(isbn, total))
        books = sorted(cheapest.items())
        random.Random(3).shuffle(books)  # in an order of popularity that has no other meaning
        return books

    def offers(self) -> list[tuple[str, int, int]]:
        """ISBN, landed total in cents and stock of all that can be ordered in dollars."""
        return [
            (offer["isbn"], offer["total_minor"], offer["inventory"])
            for offer in self.world.street.offers()
            if offer["sells"] and offer["currency"] == "USD" and offer["inventory"]
        ]

    def quotes(self) -> int:
        """Quotes that arrived at the sellers' doors so far."""
        return sum(each.get("quote", 0) for each in self.world.street.counts().values())

    def run(self, what: str, rate: float, seconds: float) -> tuple[Figures, list[Outcome]]:
        """One open-loop run, its figures and its outcomes."""
        self.runs += 1
        wishes = arrivals(rate, seconds, self.books, seed=1000 * self.sellers + self.runs)
        orders_before = {_key(order) for order in self.world.street.orders()}
        before = (cpu_s(self.daemon), self.world.street.cpu_s(), time.process_time())
        calls, wall = self.quotes(), time.perf_counter()
        socket = str(self.world.home.socket_file)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            outcomes = runner.run(OpenLoop(socket).run(wishes))
        wall, calls = time.perf_counter() - wall, self.quotes() - calls
        after = (cpu_s(self.daemon), self.world.street.cpu_s(), time.process_time())
        cores = [(b - a) / wall for a, b in zip(before, after, strict=True)]
        orders = {
            _key(order): order
            for order in self.world.street.orders()
            if _key(order) not in orders_before
        }
        self.doubts += sum(each.status in _IN_DOUBT for each in outcomes)
        contradicted = wrong(outcomes, orders, self.offers(), doubts=self.doubts)
        for each in contradicted[:10]:
            print(f"   WRONG {each}", flush=True)
        for each in (each for each in outcomes if each.status == "LOST"):
            print(f"   LOST {each.wish.key} after {each.latency_s:.1f} s: {each.error}", flush=True)
        latencies = sorted(each.latency_s for each in outcomes if each.status != "REFUSED")
        taken = max(len(latencies), 1)
        good = sum(
            each.latency_s < _HELD_P90_S
            for each in outcomes
            if each.status in {"SUCCESS", "NOT_AVAILABLE"}
        )
        figures = Figures(
            what=what,
            sellers=self.sellers,
            rate=rate,
            seconds=seconds,
            requests=len(outcomes),
            outcomes=dict(Counter(each.status for each in outcomes)),
            wrong=len(contradicted),
            p50_s=_quantile(latencies, 0.5),
            p90_s=_quantile(latencies, 0.9),
            p99_s=_quantile(latencies, 0.99),
            accepted_p99_s=_quantile(sorted(each.accepted_s for each in outcomes), 0.99),
            goodput=good / seconds,
            calls=calls / taken,
            daemon_cores=cores[0],
            street_cores=cores[1],
            client_cores=cores[2],
            rss_mb=rss_mb(self.daemon),
            daemon_ms=1000 * (after[0] - before[0]) / taken,
        )
        return figures, outcomes

    def close(self) -> None:
        """Stop both."""
        self.world.close()


def wrong(
    outcomes: list[Outcome],
    orders: dict[tuple[str, str], dict[str, Any]],
    offers: list[tuple[str, int, int]],
    *,
    doubts: int = 0,
) -> list[str]:
    """What the street contradicts; `offers` are those that were left when the run had ended.

    So many orders as there are `doubts` may be there without a word that they are.
    """
    left: dict[str, int] = {}
    for isbn, total, _ in offers:
        left[isbn] = min(total, left.get(isbn, total))
    found = []
    told = set()
    for each in outcomes:
        request = each.request
        if request is None:
            continue
        if each.status == "SUCCESS":
            key = (request["resolved_seller"], request["order_id"])
            told.add(key)
            order = orders.get(key)
            if order is None or order["isbn"] != each.wish.isbn:
                found.append(f"{request['request_id']}: no such order")
            elif order["total_minor"] > each.wish.max_minor:
                found.append(f"{request['request_id']}: above the maximum")
        elif (
            each.status == "NOT_AVAILABLE"
            and request["proof"] == "complete"
            and left.get(each.wish.isbn, each.wish.max_minor + 1) <= each.wish.max_minor
        ):
            found.append(
                f"{request['request_id']}: {each.wish.isbn} was there "
                f"({request['reason']}, {left[each.wish.isbn]} of {each.wish.max_minor} cents)"
            )
    lost = {each.wish.key for each in outcomes if each.status == "LOST"}
    unknown = [key for key in orders if key not in told]
    found += [f"{orders[key]}: nobody was told" for key in unknown[len(lost) + doubts :]]
    return found


def _key(order: dict[str, Any]) -> tuple[str, str]:
    return order["seller"], order["order_id"]


def _quantile(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else float("nan")


HEADER = (
    f"{'':22}{'held':>5}{'good/s':>8}{'p50 s':>7}{'p90 s':>7}{'p99 s':>7}{'202 p99':>8}{'calls':>7}"
    f"{'ms CPU':>7}{'daemon':>7}{'street':>7}{'client':>7}{'RSS MB':>7}{'wrong':>6}  outcomes"
)


def shown(f: Figures) -> str:
    """One line of the table."""
    outcomes = " ".join(f"{count} {name}" for name, count in sorted(f.outcomes.items()))
    return (
        f"{f.what[:21]:22}{'yes' if f.is_held else 'no':>5}{f.goodput:8.1f}{f.p50_s:7.2f}"
        f"{f.p90_s:7.2f}{f.p99_s:7.2f}{f.accepted_p99_s:8.2f}{f.calls:7.1f}{f.daemon_ms:7.1f}"
        f"{f.daemon_cores:7.2f}{f.street_cores:7.2f}{f.client_cores:7.2f}{f.rss_mb:7.0f}"
        f"{f.wrong:6}  {outcomes}"
    )


class Report:
    """Prints a line for each run, and keeps it as JSON where that is asked for."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.wrong = 0

    def add(self, figures: Figures) -> None:
        """Tell one run."""
        self.wrong += figures.wrong + figures.outcomes.get("LOST", 0)
        print(shown(figures), flush=True)
        self.keep(asdict(figures))

    def keep(self, figures: dict[str, Any]) -> None:
        """Write figures to the file."""
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(figures) + "\n")


def _warmed(folder: Path, sellers: int, options: argparse.Namespace) -> Scene:
    scene = Scene(folder, sellers=sellers, copies=options.copies)
    if options.warm:
        scene.run("warm", max(options.rate / 10, 5.0), options.warm)
    return scene


def _plain(folder: Path, options: argparse.Namespace, report: Report) -> None:
    scene = _warmed(folder / "plain", options.sellers, options)
    try:
        what = f"{options.sellers} sellers, {options.rate:g}/s"
        report.add(scene.run(what, options.rate, options.seconds)[0])
    finally:
        scene.close()


def _grid(folder: Path, options: argparse.Namespace, report: Report) -> None:
    for sellers in (50, 100, 200):
        scene = _warmed(folder / f"grid{sellers}", sellers, options)
        try:
            for rate in (50, 100, 200):
                what = f"{sellers} sellers, {rate}/s"
                report.add(scene.run(what, rate, options.seconds)[0])
        finally:
            scene.close()


def _overload(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """Double the rate until it is not held, then twice the best that was."""
    scene = _warmed(folder / "overload", options.sellers, options)
    try:
        rate, best = 25.0, None
        while rate <= 400:
            figures, _ = scene.run(f"finding: {rate:g}/s", rate, options.seconds / 2)
            report.add(figures)
            if not figures.is_held:
                break
            best = figures
            rate *= 1.5
        if best is None:
            print("   not even the least rate is held")
            return
        twice, outcomes = scene.run(f"twice: {2 * best.rate:g}/s", 2 * best.rate, options.seconds)
        report.add(twice)
        said = [o for o in outcomes if o.status == "REFUSED"]
        after = [o.retry_after_s for o in said if o.retry_after_s is not None]
        print(
            f"   goodput {twice.goodput / best.goodput:.2f} of the best that was held; "
            f"{len(said)} refused, Retry-After {min(after, default=0):.0f} to "
            f"{max(after, default=0):.0f} s"
        )
    finally:
        scene.close()


_SICK: dict[str, dict[str, Any]] = {
    "down": {"behaviour": "reset_unread"},
    "hanging": {"behaviour": "hang"},
    "flapping": {"behaviour": "status", "status": 503, "probability": 0.5},
    "answering 429": {"behaviour": "status", "status": 429, "retry_after_s": 5},
}


def _sick(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """Half of the sellers misbehave in turn, then are well for a minute."""
    scene = _warmed(folder / "sick", options.sellers, options)
    street = scene.world.street
    bad = sorted(street.sellers)[::2]
    try:
        report.add(scene.run("all well", options.rate, options.seconds)[0])
        for name, fault in _SICK.items():
            for seller in bad:
                street.fault(seller, "any", fault["behaviour"], count=None, **_rest(fault))
            for part in ("first", "then"):
                before = _of(street.counts(), bad)
                figures, _ = scene.run(f"{name}, {part}", options.rate, options.seconds)
                report.add(figures)
                asked = (_of(street.counts(), bad) - before) / max(figures.requests, 1)
                print(f"   of these, calls of the bad: {asked:.2f} a request", flush=True)
            street.clear()
            recovered_s = _recovery_s(scene, bad, options)
            print(f"   well again: asked as before after {recovered_s:.0f} s", flush=True)
    finally:
        scene.close()


def _rest(fault: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fault.items() if name != "behaviour"}


def _of(counts: dict[str, dict[str, int]], sellers: list[str]) -> int:
    return sum(counts.get(seller, {}).get("quote", 0) for seller in sellers)


def _recovery_s(scene: Scene, bad: list[str], options: argparse.Namespace) -> float:
    """How long until no seller is suspended for what it did; runs on meanwhile, in short runs."""
    began = time.perf_counter()
    while time.perf_counter() - began < 300:
        scene.run("recovering", options.rate, 5.0)
        listed = {each["id"]: each for each in scene.world.client.sellers()}
        if all(listed[seller]["state"] == "ready" for seller in bad):
            break
    return time.perf_counter() - began


def _naive(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """The rate that clients of a few lines hold, in the same street."""
    scene = Scene(folder / "naive", sellers=options.sellers)
    try:
        for name in load_naive.NAMES:
            rate = load_naive.held(scene.world.street, name, seconds=options.seconds / 4)
            print(f"   {name}: holds {rate:.2f} requests/s", flush=True)
            report.keep({"what": f"naive {name}", "sellers": options.sellers, "rate": rate})
    finally:
        scene.close()


def _tracing(folder: Path, options: argparse.Namespace, report: Report) -> None:
    scene = _warmed(folder / "tracing", options.sellers, options)
    try:
        load_tracing.compare(scene, report, options.rounds, options.rate, options.seconds)
    finally:
        scene.close()


_RUNS: dict[str, Callable[[Path, argparse.Namespace, Report], None]] = {
    "plain": _plain,
    "grid": _grid,
    "overload": _overload,
    "sick": _sick,
    "naive": _naive,
    "tracing": _tracing,
}


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s bench -- load")
    parser.add_argument("--sellers", type=int, default=100)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--warm", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=6)
    for name in list(_RUNS)[1:]:
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Print a line for each run; 1 where an outcome is wrong or a request was lost."""
    options = _options(arguments)
    report = Report(options.json)
    print(HEADER)
    with tempfile.TemporaryDirectory() as folder:
        chosen = [name for name in _RUNS if getattr(options, name, False)]
        for name in chosen or ["plain"]:
            _RUNS[name](Path(folder), options, report)
    return 1 if report.wrong else 0
