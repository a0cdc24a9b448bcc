"""Metrics in Prometheus' text format, put together from what is counted when somebody asks.

The hunt counts plain numbers (`hunt.tally`); nothing of Prometheus stands in its way. Here they are
given names, after https://prometheus.io/docs/practices/naming: base units, `_total` for what only
grows. A seller is a label; a customer, a book or a request never is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)

import bookhunt
from bookhunt.daemon.metrics_sellers import seller_families
from bookhunt.model.money import exponent_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client.core import Metric

    from bookhunt.daemon.daemon import Daemon
    from bookhunt.model.money import Money
    from bookhunt.notify.collector import TraceExport
    from bookhunt.telemetry.counts import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def page_of(daemon: Daemon) -> bytes:
    """Everything that is measured, as one page."""
    stages = Counter(a.stage.value for a in await daemon.ledger.open_attempts())
    families = [
        *_build(daemon),
        *await _allowed(daemon),
        *_requests(daemon),
        *_calls(daemon),
        *_load(daemon),
        *_purchases(daemon, stages),
        *await _money(daemon),
        *seller_families(daemon),
    ]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(families))
    ProcessCollector(namespace="bookhunt", registry=registry)
    return await asyncio.to_thread(generate_latest, registry)  # long with many sellers


class _Families:
    """Families that are there already, as a registry wants them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def counter(
    name: str, says: str, values: Mapping[tuple[str, ...], float], labels: tuple[str, ...] = ()
) -> CounterMetricFamily:
    """A family of what only grows; `name` is without its `_total`."""
    family = CounterMetricFamily(name, says, labels=labels)
    for names, value in sorted(values.items()):
        family.add_metric(names, value)
    return family


def gauge(
    name: str, says: str, values: Mapping[tuple[str, ...], float], labels: tuple[str, ...] = ()
) -> GaugeMetricFamily:
    """A family of what goes up and down."""
    family = GaugeMetricFamily(name, says, labels=labels)
    for names, value in sorted(values.items()):
        family.add_metric(names, value)
    return family


def histogram(
    name: str, says: str, values: Mapping[str, Histogram], label: str | None = None
) -> HistogramMetricFamily:
    """A family of distributions, one for each value of the label."""
    family = HistogramMetricFamily(name, says, labels=() if label is None else (label,))
    for named, seen in sorted(values.items()):
        labels = () if label is None else (named,)
        family.add_metric(labels, buckets=seen.buckets(), sum_value=seen.sum)
    return family


def _one(value: float) -> dict[tuple[str, ...], float]:
    return {(): float(value)}


def _by(counted: Mapping[str, int]) -> dict[tuple[str, ...], float]:
    return {(name,): float(count) for name, count in counted.items()}


def _build(daemon: Daemon) -> Iterator[Metric]:
    info = _by({bookhunt.__version__: 1})
    yield gauge("bookhunt_build_info", "Always 1; the version is its label.", info, ("version",))
    began = _one(daemon.started_at.timestamp())
    yield gauge("bookhunt_start_time_seconds", "When the daemon started, since 1970.", began)


async def _allowed(daemon: Daemon) -> list[Metric]:
    paused = float(await daemon.ledger.paused())
    unsafe = float(await daemon.ledger.safe_mode() is not None)
    return [
        gauge("bookhunt_paused", "Whether buying is paused.", _one(paused)),
        gauge("bookhunt_safe_mode", "Whether only searching is allowed.", _one(unsafe)),
    ]


def _requests(daemon: Daemon) -> Iterator[Metric]:
    tally = daemon.service.tally
    yield counter(
        "bookhunt_requests_accepted", "Submissions that became requests.", _one(tally.accepted)
    )
    yield counter(
        "bookhunt_requests_refused",
        "Submissions that did not, by the code of their error.",
        _by(tally.refused),
        ("code",),
    )
    yield counter(
        "bookhunt_requests",
        "Requests that came to rest, by state and strategy.",
        {names: float(count) for names, count in tally.rested.items()},
        ("state", "strategy"),
    )
    yield histogram(
        "bookhunt_request_seconds", "From submission to rest.", tally.request_s, "state"
    )
    yield histogram(
        "bookhunt_stage_seconds", "How long each stage of a request took.", tally.stage_s, "stage"
    )


def _calls(daemon: Daemon) -> Iterator[Metric]:
    tally = daemon.service.tally
    yield histogram(
        "bookhunt_request_calls", "Calls to sellers of one search.", tally.request_calls, "strategy"
    )
    yield counter(
        "bookhunt_calls_saved",
        "Calls that asking everybody would have taken beside those made.",
        _one(tally.calls_saved),
    )
    yield counter(
        "bookhunt_sellers_not_asked",
        "Sellers that a request did not ask, by the reason.",
        _by(tally.not_asked),
        ("reason",),
    )
    yield counter(
        "bookhunt_answers_cached",
        "Look-ups answered by what a seller said a moment ago.",
        _one(tally.answers_at_hand),
    )
    yield counter(
        "bookhunt_answers_shared",
        "Look-ups answered by a call under way for another request.",
        _one(tally.answers_shared),
    )
    yield counter(
        "bookhunt_answers_batched",
        "Look-ups answered by a call that was made for another book too, and is counted there.",
        _one(tally.answers_carried),
    )
    yield counter(
        "bookhunt_calls_refused",
        "Calls that a limit or an open breaker did not let through.",
        _by(tally.calls_refused),
        ("reason",),
    )
    yield counter(
        "bookhunt_calls_delayed", "Calls that waited for a rate.", _one(tally.calls_delayed)
    )


def _load(daemon: Daemon) -> Iterator[Metric]:
    load, fan_out = daemon.service.load(), daemon.service.fan_out
    places = {"door": load.at_the_door, "queue": load.waiting, "hunt": load.hunting}
    yield gauge("bookhunt_requests_in_progress", "Requests by place.", _by(places), ("place",))
    settings = daemon.service.settings
    sizes = {"queue": settings.queue, "hunt": settings.workers}
    yield gauge("bookhunt_requests_limit", "How many may be there.", _by(sizes), ("place",))
    yield gauge(
        "bookhunt_fan_out_ratio", "The share of its usual width a search has.", _one(fan_out.share)
    )
    lags = {"": daemon.lags}
    yield histogram("bookhunt_loop_lag_seconds", "How late the event loop was.", lags)
    if daemon.commits is not None:
        commits = {"": daemon.commits}
        yield histogram("bookhunt_ledger_commit_seconds", "How long a commit took.", commits)
    dropped = _one(float(getattr(daemon.traces, "dropped", 0)))
    yield counter("bookhunt_traces_dropped", "Traces lost to a slow cache.", dropped)
    if daemon.export is not None:
        yield from _export(daemon.export)


def _export(export: TraceExport) -> Iterator[Metric]:
    sent = _one(float(export.sent))
    yield counter("bookhunt_traces_exported", "Traces that the collector took.", sent)
    yield counter(
        "bookhunt_traces_not_exported",
        "Traces that no collector will get, by why.",
        _by(export.dropped),
        ("reason",),
    )
    waiting = _one(float(export.waiting))
    yield gauge("bookhunt_traces_waiting", "Traces that wait for the collector.", waiting)


def _purchases(daemon: Daemon, open_: Counter[str]) -> Iterator[Metric]:
    yield counter(
        "bookhunt_attempts",
        "Attempts to buy that came to a stage.",
        _by(daemon.service.tally.attempts),
        ("stage",),
    )
    stages = dict.fromkeys(("prepared", "sending", "unknown", "placed", "manual"), 0) | open_
    yield gauge(
        "bookhunt_attempts_open",
        "Attempts that are not settled, by their stage.",
        _by(stages),
        ("stage",),
    )


async def _money(daemon: Daemon) -> list[Metric]:
    """What is spent of what may be, in whole units of each currency."""
    ledger, now = daemon.ledger, daemon.clock.now()
    spent: dict[tuple[str, ...], float] = {}
    limits: dict[tuple[str, ...], float] = {}
    defaults = daemon.config_file.config.defaults
    for currency in dict.fromkeys([defaults.currency, *await ledger.currencies()]):
        day, month = await ledger.spent(currency, at=now)
        spent |= {(currency, "day"): _units(day), (currency, "month"): _units(month)}
        bounds = await ledger.limits(currency)
        for period, most in (("day", bounds.day), ("month", bounds.month)):
            if most is not None:
                limits[currency, period] = _units(most)
    labels = ("currency", "period")
    return [
        gauge("bookhunt_spent", "Spent and reserved, in units of the currency.", spent, labels),
        gauge("bookhunt_spending_limit", "The most that may be spent.", limits, labels),
    ]


def _units(money: Money) -> float:
    """An amount to draw a line with, never to pay by."""
    return float(money.minor / 10 ** exponent_of(money.currency))
