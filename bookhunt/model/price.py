"""Prices as they were seen over time: what a history is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bookhunt.model.money import Money
    from bookhunt.model.seller import BookFormat, Condition


class PriceLine(NamedTuple):
    """Whose price of what: one line of a plot. Prices of two lines are never mixed."""

    book: str  # `Book.identity`, as it was asked for
    seller: str
    condition: Condition
    format: BookFormat
    country: str  # where the book would go
    currency: str  # the seller's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The lowest price that a seller named for a line at one moment."""

    line: PriceLine
    isbn13: str | None  # what the seller says it is
    minor: int  # of the line's currency: the landed total, or the known parts of it
    landed: bool  # whether shipping and tax are in it
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePoint:
    """One price of a line, from then on; the same one is told again after a day."""

    at: datetime
    price: Money
    landed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSummary:
    """One line in a few figures; `points` are those since the time that was asked for."""

    line: PriceLine
    points: Sequence[PricePoint]
    lowest: PricePoint  # ever, of all that is kept
    median: PricePoint  # of `points`, the lower of the middle two
    last: PricePoint
