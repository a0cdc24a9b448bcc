"""Counting as cheaply as it can be done: a number in an object, looked at when somebody asks.

A histogram counts values between fixed edges, as Prometheus does; one value costs a search in a
short tuple. Nothing here locks: each is written by one thread, and a reader that comes in between
sees one value too few.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Between what a commit takes and what a request may: about three to a factor of ten.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LAGS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
CALLS = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 50.0, 80.0, 120.0, 200.0)


class Histogram:
    """How many values lay below each edge, and their sum."""

    __slots__ = ("counts", "edges", "sum")

    def __init__(self, edges: Sequence[float] = SECONDS) -> None:
        self.edges = edges
        self.counts = [0] * (len(edges) + 1)  # the last: above every edge
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value; it belongs to the first edge that is not below it."""
        self.counts[bisect_left(self.edges, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)

    def buckets(self) -> list[tuple[str, int]]:
        """Each edge with how many values lay at or below it, as Prometheus wants them."""
        names = [*(f"{edge:g}" for edge in self.edges), "+Inf"]
        return list(zip(names, accumulate(self.counts), strict=True))


def quantile(edges: Sequence[float], counts: Sequence[int], share: float) -> float | None:
    """About the value that this share of all lies below; None of none.

    Within a bucket values are taken to lie evenly, as Prometheus' `histogram_quantile` does; above
    the last edge nothing is known but that.
    """
    total = sum(counts)
    if not total:
        return None
    wanted, seen = share * total, 0
    for (low, high), count in zip(pairwise((0.0, *edges)), counts, strict=False):
        if count and seen + count >= wanted:
            return low + (high - low) * (wanted - seen) / count
        seen += count
    return edges[-1]
