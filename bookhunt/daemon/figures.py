"""Figures over a period: what became of requests, what it cost, how long and how many calls.

A request belongs to the period in which it was submitted. Money is summed by currency and never
across. Times are of requests that ended by themselves: bought, not available, failed, dry run.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bookhunt.model.money import Money
from bookhunt.model.purchase import NEGATIVE, Stage
from bookhunt.model.request import RequestState
from bookhunt.wire.contract import SCHEMA_VERSION
from bookhunt.wire.shapes import money_object, time_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bookhunt.daemon.records import Records
    from bookhunt.store.records import Outcome, Tried

MOST_COUNTED = 500_000  # requests; their times are 4 MB
_TIMED = frozenset(
    {
        RequestState.SUCCESS,
        RequestState.NOT_AVAILABLE,
        RequestState.PURCHASE_FAILED,
        RequestState.DRY_RUN,
    }
)
_PERCENTS = (50, 90, 99)


def percentile(ordered: Sequence[float], percent: float) -> float | None:
    """The nearest-rank percentile of ordered values; None of none."""
    if not ordered:
        return None
    return ordered[max(math.ceil(percent / 100 * len(ordered)) - 1, 0)]


@dataclass(slots=True)
class Spent:
    """Money by currency: how often, and how much in all, in minor units."""

    times: Counter[str] = field(default_factory=Counter)
    minor: Counter[str] = field(default_factory=Counter)

    def add(self, minor: int, currency: str) -> None:
        """One purchase more."""
        self.times[currency] += 1
        self.minor[currency] += minor

    def totals(self) -> list[dict[str, str] | None]:
        """All that was spent, by currency."""
        return [money_object(Money(self.minor[each], each)) for each in sorted(self.minor)]

    def averages(self) -> list[dict[str, str] | None]:
        """What one purchase cost on average, by currency, to the nearest minor unit."""
        return [
            money_object(Money(round(self.minor[each] / self.times[each]), each))
            for each in sorted(self.minor)
        ]


@dataclass(slots=True)
class Part:
    """The figures of some of the requests: all of them, or those of one strategy."""

    states: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    spent: Spent = field(default_factory=Spent)
    searched: int = 0  # requests for which sellers were looked at
    calls: int = 0
    full: int = 0  # calls if every seller had been asked
    asked: int = 0
    cached: int = 0
    coalesced: int = 0
    overcharged: int = 0
    took_ms: array[float] = field(default_factory=lambda: array("d"))

    def add(self, outcome: Outcome) -> None:
        """One request more."""
        self.states[outcome.state] += 1
        if outcome.sellers_total:
            self.searched += 1
            self.calls += outcome.calls
            self.full += outcome.sellers_total
            self.asked += outcome.sellers_asked
            self.cached += outcome.cached
            self.coalesced += outcome.coalesced
        if outcome.took_us is not None and outcome.state in _TIMED:
            self.took_ms.append(outcome.took_us / 1000)
        if outcome.total_minor is not None and outcome.currency is not None:
            self.spent.add(outcome.total_minor, outcome.currency)
            self.overcharged += outcome.overcharged

    def told(self) -> dict[str, Any]:
        """The figures both the whole and a strategy have."""
        ordered = sorted(self.took_ms)
        times = {f"p{each}": percentile(ordered, each) for each in _PERCENTS}
        return {
            "requests": self.states.total(),
            "bought": self.states[RequestState.SUCCESS],
            "not_available": self.states[RequestState.NOT_AVAILABLE],
            "failed": self.states[RequestState.PURCHASE_FAILED],
            "refused": _refused(self.stages),
            "unknown": _unknown(self.stages),
            "spent": self.spent.totals(),
            "average": self.spent.averages(),
            "overcharged": self.overcharged,
            "calls": self.calls,
            "calls_per_request": _share(self.calls, self.searched, digits=2),
            "cached": self.cached,
            "coalesced": self.coalesced,
            # The part of a full fan-out that was not needed; null where nothing was searched.
            "calls_saved": None if not self.full else round(1 - self.calls / self.full, 4),
            "latency_ms": {
                name: None if ms is None else round(ms, 1) for name, ms in times.items()
            },
        }


@dataclass(slots=True)
class AtSeller:
    """The figures of one seller."""

    stages: Counter[str] = field(default_factory=Counter)
    spent: Spent = field(default_factory=Spent)

    def told(self, seller: str) -> dict[str, Any]:
        """A line of `stats --by seller`."""
        return {
            "seller": seller,
            "tried": self.stages.total(),
            "bought": self.stages[Stage.CONFIRMED],
            "refused": _refused(self.stages),
            "abandoned": self.stages[Stage.ABANDONED],
            "unknown": _unknown(self.stages),
            "spent": self.spent.totals(),
            "average": self.spent.averages(),
            "schema_version": SCHEMA_VERSION,
        }


class Figures:
    """What became of the requests submitted from `since` (None: ever) to `until`."""

    def __init__(self, *, since: datetime | None, until: datetime) -> None:
        self._since = since
        self._until = until
        self._all = Part()
        self._strategies: defaultdict[str, Part] = defaultdict(Part)
        self._sellers: defaultdict[str, AtSeller] = defaultdict(AtSeller)
        self._is_whole = True

    async def gather(self, records: Records, *, most: int = MOST_COUNTED) -> None:
        """Read all of them, some at a turn; `most` of them, the oldest first."""
        place = None
        while True:
            turn = await records.outcomes(since=self._since, after=place)
            for outcome in turn.outcomes:
                self._add(outcome)
            for tried in turn.tried:
                self._add_tried(tried)
            place = turn.next
            if place is None:
                return
            if self._all.states.total() >= most:
                self._is_whole = False
                return

    def _add(self, outcome: Outcome) -> None:
        self._all.add(outcome)
        self._strategies[outcome.strategy].add(outcome)
        if outcome.seller is not None and outcome.total_minor is not None and outcome.currency:
            self._sellers[outcome.seller].spent.add(outcome.total_minor, outcome.currency)

    def _add_tried(self, tried: Tried) -> None:
        self._all.stages[tried.stage] += tried.times
        self._strategies[tried.strategy].stages[tried.stage] += tried.times
        self._sellers[tried.seller].stages[tried.stage] += tried.times

    def told(self) -> dict[str, Any]:
        """The object of `stats`: the whole, then each seller and each strategy, most used first."""
        sellers = sorted(self._sellers.items(), key=lambda each: (-each[1].stages.total(), each[0]))
        strategies = sorted(
            self._strategies.items(), key=lambda each: (-each[1].states.total(), each[0])
        )
        return {
            "since": time_text(self._since),
            "until": time_text(self._until),
            "complete": self._is_whole,
            **self._all.told(),
            "states": {state.value: self._all.states[state] for state in RequestState},
            "by_seller": [figures.told(seller) for seller, figures in sellers],
            "by_strategy": [
                {"strategy": name, **part.told(), "schema_version": SCHEMA_VERSION}
                for name, part in strategies
            ],
            "schema_version": SCHEMA_VERSION,
        }


def _refused(stages: Counter[str]) -> int:
    """Orders that certainly do not stand, although they were meant to be sent."""
    return sum(stages[stage] for stage in NEGATIVE - {Stage.ABANDONED})


def _unknown(stages: Counter[str]) -> int:
    """Orders nobody can say about yet."""
    return sum(stages[stage] for stage in (Stage.SENDING, Stage.UNKNOWN, Stage.MANUAL))


def _share(part: float, whole: int, *, digits: int) -> float | None:
    return None if not whole else round(part / whole, digits)
