"""`nox -s bench -- search`: seller calls, regret and latency of each strategy, beside the bounds.

The real hunt (admission aside) runs unpatched on a virtual clock against a simulated market, with
real confirming calls (they count as calls) and real orders. Options:

    --sellers 50,100,200   market sizes                --seeds 21,22       worlds
    --requests 2000        of which the first 500 only teach
    --kinds team,...       markets (see market.py)     --strategies balanced,...
    --no-cache             without the offer cache     --windows          how it learns
    --call-value 0.002     search.call_value           --json FILE        figures as JSON lines

Latencies in seconds: of the requests that can be met, then of all; where one in eight is hopeless
the latter's p90 is that of a proof that nobody has it. The last two columns are CPU milliseconds a
request: of the decisions alone, and of the whole hunt with the simulated sellers and the event
loop. Seeds 1 to 9 were used while the strategies were tuned; the default ones never were.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bookhunt.hunt.policy import Decision, Policy, Sight, View
from bookhunt.hunt.strategies import PolicyFactory, policy_for
from bookhunt.model.request import Strategy
from tests.bench.market import Kind, Market
from tests.bench.traders import TIMEOUT_S, WANTED, Row, Run, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bookhunt.hunt.candidates import Candidate
    from bookhunt.hunt.candidates import Market as Candidates
    from bookhunt.hunt.world import World
    from bookhunt.model.request import Request

_LEARNING = 500
_EDGES = (0, 25, 50, 100, 200, 400, 800, 1600, 3200)


class FullFanOut:
    """Everybody at once; `first`: the first fitting offer wins, else the cheapest of all."""

    def __init__(self, *, first: bool) -> None:
        self._first = first

    def decide(self, sight: Sight) -> Decision:
        if sight.unasked and not (self._first and sight.best):
            return Decision(ask=tuple(sight.unasked), look_again_at=sight.ends_at)
        done = not sight.in_flight or (self._first and sight.best is not None)
        return Decision(stop=done or sight.now >= sight.ends_at, look_again_at=sight.ends_at)

    def view(self, seller_id: str) -> View | None:
        return None

    def resume(self) -> None:
        return


class Clairvoyant:
    """Knows the market: asks the cheapest seller alone, and everybody where nobody fits."""

    def __init__(self, cheapest: str | None) -> None:
        self._cheapest = cheapest

    def decide(self, sight: Sight) -> Decision:
        if sight.best is not None or sight.now >= sight.ends_at:
            return Decision(stop=True)
        wanted: tuple[Candidate, ...] = tuple(sight.unasked)
        if self._cheapest is not None:
            wanted = tuple(c for c in sight.unasked if c.seller.id == self._cheapest)
        if wanted or sight.in_flight:
            return Decision(ask=wanted, look_again_at=sight.ends_at)
        self._cheapest = None
        return Decision(stop=not sight.unasked, look_again_at=sight.now)

    def view(self, seller_id: str) -> View | None:
        return None

    def resume(self) -> None:
        return


def _full(*, first: bool) -> Callable[[Market], PolicyFactory]:
    def of(market: Market) -> PolicyFactory:
        def make(
            world: World, request: Request, market: Candidates, subject: str, *, length_s: float
        ) -> FullFanOut:
            return FullFanOut(first=first)

        return make

    return of


def _clairvoyant(market: Market) -> PolicyFactory:
    def make(
        world: World, request: Request, candidates: Candidates, subject: str, *, length_s: float
    ) -> Clairvoyant:
        wanted = WANTED.get()
        seller = market.cheapest_seller(wanted, within_s=min(TIMEOUT_S, length_s))
        return Clairvoyant(None if seller is None else f"s{seller:03d}")

    return make


def _own(market: Market) -> PolicyFactory:
    return policy_for


@dataclass(slots=True)
class Timed:
    """A policy and what its decisions cost: CPU seconds, ranking at the start included."""

    policy: Policy
    total: list[float]

    def decide(self, sight: Sight) -> Decision:
        began = time.thread_time()
        try:
            return self.policy.decide(sight)
        finally:
            self.total[0] += time.thread_time() - began

    def view(self, seller_id: str) -> View | None:
        return self.policy.view(seller_id)

    def resume(self) -> None:
        self.policy.resume()


def _timed(factory: PolicyFactory, total: list[float]) -> PolicyFactory:
    def make(
        world: World, request: Request, market: Candidates, subject: str, *, length_s: float
    ) -> Timed:
        began = time.thread_time()
        policy = factory(world, request, market, subject, length_s=length_s)
        total[0] += time.thread_time() - began
        return Timed(policy, total)

    return make


@dataclass(frozen=True, slots=True)
class Contender:
    """A line of the table."""

    name: str
    strategy: Strategy
    factory: Callable[[Market], PolicyFactory]


CONTENDERS = (
    Contender("clairvoyant", Strategy.BALANCED, _clairvoyant),
    Contender("full fan-out", Strategy.BALANCED, _full(first=False)),
    Contender("full, first valid", Strategy.BALANCED, _full(first=True)),
    Contender("tiers", Strategy.TIERS, _own),
    Contender("fast", Strategy.FAST, _own),
    Contender("balanced", Strategy.BALANCED, _own),
    Contender("cheapest", Strategy.CHEAPEST, _own),
)


def _is_feasible(row: Row) -> bool:
    return row.best_minor is not None and row.best_minor <= row.wanted.max_minor


def figures(rows: Sequence[Row]) -> dict[str, float]:
    """The figures of some requests; latencies in seconds, shares in per cent."""
    feasible = [row for row in rows if _is_feasible(row)]
    hopeless = [row for row in rows if not _is_feasible(row)]
    regret = [
        100 * max(row.paid_minor / row.best_minor - 1, 0.0)
        for row in feasible
        if row.paid_minor is not None and row.best_minor
    ]
    calls = [row.calls for row in feasible] or [0]
    latency = [row.latency_s for row in rows]
    met = [row.latency_s for row in feasible] or [0.0]
    return {
        "calls": float(np.mean([row.calls for row in rows])),
        "feasible": float(np.mean(calls)),
        "p50": float(np.percentile(calls, 50)),
        "p90": float(np.percentile(calls, 90)),
        "hopeless": float(np.mean([row.calls for row in hopeless] or [0])),
        "regret": float(np.mean(regret or [0])),
        "missed": 100 * float(np.mean([row.paid_minor is None for row in feasible] or [0])),
        "unproven": 100 * float(np.mean([row.unproven for row in rows])),
        "lat_p50": float(np.percentile(latency, 50)),
        "lat_p90": float(np.percentile(latency, 90)),
        "lat_p99": float(np.percentile(latency, 99)),
        "met_p50": float(np.percentile(met, 50)),
        "met_p90": float(np.percentile(met, 90)),
        "cached": float(np.mean([row.cached for row in rows])),
        "coalesced": float(np.mean([row.coalesced for row in rows])),
    }


def _mean(all_figures: Iterable[dict[str, float]]) -> dict[str, float]:
    listed = list(all_figures)
    return {name: float(np.mean([each[name] for each in listed])) for name in listed[0]}


def _hunt(
    contender: Contender, options: argparse.Namespace, sellers: int, kind: Kind, total: list[float]
) -> list[Run]:
    runs = []
    for seed in options.seeds:
        market = Market(8 if kind is Kind.SMALL else sellers, seed, kind)
        wanted = market.requests(options.requests)
        runs.append(
            run(
                market,
                wanted,
                contender.strategy,
                cache=not options.no_cache,
                policies=_timed(contender.factory(market), total),
                call_value=options.call_value,
            )
        )
    return runs


_HEAD = (
    f"{'strategy':18s}{'calls':>8s}{'feasible':>9s}{'p50':>6s}{'p90':>6s}{'hopeless':>9s}"
    f"{'regret%':>8s}{'missed%':>8s}{'unproven':>9s}{'met p50':>8s}{'p90':>6s}"
    f"{'all p50':>8s}{'p90':>6s}{'p99':>6s}"
    f"{'decide':>7s}{'hunt':>6s}"
)


def _line(name: str, f: dict[str, float]) -> str:
    return (
        f"{name:18s}{f['calls']:8.1f}{f['feasible']:9.1f}{f['p50']:6.1f}{f['p90']:6.1f}"
        f"{f['hopeless']:9.1f}{f['regret']:8.2f}{f['missed']:8.2f}{f['unproven']:9.2f}"
        f"{f['met_p50']:8.2f}{f['met_p90']:6.2f}"
        f"{f['lat_p50']:8.2f}{f['lat_p90']:6.2f}{f['lat_p99']:6.2f}"
        f"{f['decide_ms']:7.2f}{f['hunt_ms']:6.1f}"
    )


def _windows(runs: Sequence[Run], requests: int) -> list[str]:
    """How it learns: feasible calls and regret, window by window."""
    lines = []
    edges = [edge for edge in _EDGES if edge < requests] + [requests]
    if requests >= 400:
        half = requests // 2
        edges = sorted({*edges, half, half + 50})
    for low, high in pairwise(edges):
        some = _mean(
            figures([row for row in r.rows if low <= row.wanted.number < high]) for r in runs
        )
        lines.append(
            f"    requests {low:5d}-{high:<5d} feasible calls {some['feasible']:6.1f}"
            f"  regret {some['regret']:5.2f} %  p90 {some['lat_p90']:5.2f} s"
        )
    return lines


def _options(arguments: list[str]) -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(each) for each in text.split(",")]

    def words(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(prog="nox -s bench -- search")
    parser.add_argument("--sellers", type=numbers, default=[100])
    parser.add_argument("--seeds", type=numbers, default=[21, 22])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--kinds", type=words, default=["team"])
    parser.add_argument("--strategies", type=words, default=[c.name for c in CONTENDERS])
    parser.add_argument("--call-value", type=float)
    parser.add_argument("--no-cache", action="store_true")
    parser.add_argument("--windows", action="store_true")
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Print the table; the figures also go to `--json`, one object a line."""
    options = _options(arguments)
    skip = min(_LEARNING, options.requests // 3)
    chosen = [c for c in CONTENDERS if c.name in options.strategies]
    for kind in map(Kind, options.kinds):
        for sellers in options.sellers if kind is not Kind.SMALL else [8]:
            cache = "off" if options.no_cache else "on"
            print(
                f"{kind}, {sellers} sellers, cache {cache}, seeds {options.seeds}, "
                f"{options.requests} requests, the first {skip} not counted"
            )
            print(_HEAD)
            for contender in chosen:
                total = [0.0]
                runs = _hunt(contender, options, sellers, kind, total)
                some = _mean(
                    figures([row for row in r.rows if row.wanted.number >= skip]) for r in runs
                )
                requests = sum(len(r.rows) for r in runs)
                some["hunt_ms"] = 1000 * sum(r.cpu_s for r in runs) / requests
                some["decide_ms"] = 1000 * total[0] / requests
                print(_line(contender.name, some), flush=True)
                if options.windows:
                    print("\n".join(_windows(runs, options.requests)))
                if options.json:
                    row = {"kind": kind, "sellers": sellers, "cache": cache}
                    with options.json.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row | {"strategy": contender.name} | some) + "\n")
    return 0
