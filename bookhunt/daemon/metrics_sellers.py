"""The metrics of each seller: how it answers, what it has, what it costs, whether it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from bookhunt.daemon.daemon import Daemon

_LABEL = ("seller",)


def seller_families(daemon: Daemon) -> Iterator[Metric]:
    """Every family whose label is a seller; what was never measured of one is left out."""
    yield _calls(daemon)
    yield _seconds(daemon)
    yield from _figures(daemon)
    yield from _gates(daemon)


def _calls(daemon: Daemon) -> CounterMetricFamily:
    family = CounterMetricFamily(
        "bookhunt_seller_calls", "Calls, by what they gave.", labels=("seller", "result")
    )
    for labels, count in sorted(daemon.service.tally.seller_calls.items()):
        family.add_metric(labels, count)
    return family


def _seconds(daemon: Daemon) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        "bookhunt_seller_call_seconds", "How long its answers took.", labels=_LABEL
    )
    for seller, seen in sorted(daemon.service.tally.seller_s.items()):
        family.add_metric((seller,), buckets=seen.buckets(), sum_value=seen.sum)
    return family


def _figures(daemon: Daemon) -> Iterator[GaugeMetricFamily]:
    """What it is believed to be like; that is what ranks it."""
    p95, answers, stock, orders, price, tier = (
        GaugeMetricFamily(f"bookhunt_seller_{name}", says, labels=_LABEL)
        for name, says in (
            ("latency_p95_seconds", "What its answers are believed to stay below."),
            ("answer_ratio", "Calls answered readably and in time, of all, lately."),
            ("stock_ratio", "Answers that had the book, of all, lately."),
            ("purchase_ratio", "Orders taken and not complained about, of all, lately."),
            ("price_level_ratio", "Its totals against others': 0.02 is two per cent dearer."),
            ("tier", "The tier it is in."),
        )
    )
    for seller in sorted(daemon.sellers.all(), key=lambda each: each.id):
        figures, label = daemon.service.figures(seller.id), (seller.id,)
        tier.add_metric(label, daemon.service.tier_of(seller))
        if figures.was_timed:
            p95.add_metric(label, figures.latency_p95_s)
        if figures.was_asked:
            answers.add_metric(label, figures.answer_share)
        if figures.quotes:
            stock.add_metric(label, figures.stock_share)
            price.add_metric(label, figures.price_level)
        if figures.was_ordered_from:
            orders.add_metric(label, figures.purchase_share)
    yield from (p95, answers, stock, orders, price, tier)


def _gates(daemon: Daemon) -> Iterator[GaugeMetricFamily]:
    """Whether it may be called now, and how much."""
    shut = GaugeMetricFamily(
        "bookhunt_seller_suspended",
        "1 while it is not called, with the reason: an open breaker, or its own word.",
        labels=("seller", "cause"),
    )
    left = GaugeMetricFamily(
        "bookhunt_seller_suspended_seconds", "For how long yet.", labels=_LABEL
    )
    drips = GaugeMetricFamily(
        "bookhunt_seller_drips", "1 while it fails by turns and gets few calls.", labels=_LABEL
    )
    under_way = GaugeMetricFamily("bookhunt_seller_in_flight", "Calls under way.", labels=_LABEL)
    most = GaugeMetricFamily(
        "bookhunt_seller_concurrency_limit", "How many calls at once it bears.", labels=_LABEL
    )
    for seller in sorted(daemon.sellers.all(), key=lambda each: each.id):
        label = (seller.id,)
        suspension = daemon.service.suspension(seller.id)
        if suspension is not None:
            shut.add_metric((seller.id, suspension.cause.value), 1.0)
            left.add_metric(label, suspension.left_s)
        if daemon.service.drips(seller.id):
            drips.add_metric(label, 1.0)
        load = daemon.service.calls_at(seller.id)
        if load is not None:
            under_way.add_metric(label, load[0])
            most.add_metric(label, load[1])
    yield from (shut, left, drips, under_way, most)
