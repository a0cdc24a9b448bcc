"""Prices over time: what of an answer is worth keeping, and what was kept in a few figures."""

from __future__ import annotations

from statistics import median_low
from typing import TYPE_CHECKING

from bookhunt.model.price import PriceLine, PriceSummary, Sighting
from bookhunt.model.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bookhunt.hunt.ports import Ask, Quoted
    from bookhunt.model.offer import Offer
    from bookhunt.model.price import PricePoint
    from bookhunt.model.seller import BookFormat, Condition


# In this order one sighting goes before another: a landed total, then the lower one.
_Figure = tuple[bool, int]


def sightings_of(ask: Ask, quoted: Quoted, *, at: datetime) -> list[Sighting]:
    """The lowest price of each condition and format in one answer, as the seller says it.

    Offers over the maximum count: a history is about prices, not about one customer's. An offer
    whose landed total is known goes before one of which only a part is. Asked of every answer, so
    it counts in whole numbers and makes no money: with `PriceShelf.saw` of an unchanged price it
    takes 2.2 µs of CPU; 4.4 with amounts of money.
    """
    lowest: dict[tuple[Condition, BookFormat, str], tuple[_Figure, str | None]] = {}
    for offer in quoted.offers:
        _keep(lowest, offer)
    for refused in quoted.refused:
        if refused.reason is Reason.OVER_MAX and refused.offer is not None:
            _keep(lowest, refused.offer)
    return [
        Sighting(
            line=PriceLine(ask.book.identity, quoted.seller, condition, form, ask.country, code),
            isbn13=isbn13,
            minor=minor,
            landed=not is_part,
            at=at,
        )
        for (condition, form, code), ((is_part, minor), isbn13) in lowest.items()
    ]


def _keep(
    lowest: dict[tuple[Condition, BookFormat, str], tuple[_Figure, str | None]], offer: Offer
) -> None:
    own = offer.original or offer  # as it is sold
    minor, shipping, tax = own.price.minor, own.shipping, own.tax
    if shipping is not None:
        minor += shipping.minor
    if tax is not None:
        minor += tax.minor
    figure = (shipping is None or tax is None, minor)
    name = (offer.condition, offer.format, own.price.currency)
    known = lowest.get(name)
    if known is None or figure < known[0]:
        lowest[name] = (figure, offer.isbn13)


def summaries_of(
    lines: Mapping[PriceLine, Sequence[PricePoint]], *, since: datetime
) -> list[PriceSummary]:
    """Each line that has a price since then, the cheapest now first within its currency.

    Where a line has points with shipping and without, those without are not compared with those
    with it: the figures are of the landed ones.
    """
    summaries = []
    for line, points in lines.items():
        kept = [point for point in points if point.at >= since]
        if not kept:
            continue
        everything, recent = _comparable(points), _comparable(kept)
        summaries.append(
            PriceSummary(
                line=line,
                points=tuple(kept),
                lowest=min(everything, key=lambda point: (point.price.minor, point.at)),
                median=_median(recent),
                last=kept[-1],
            )
        )
    return sorted(summaries, key=_place)


def _place(summary: PriceSummary) -> tuple[str, bool, int, str, str]:
    last, line = summary.last, summary.line
    return line.currency, not last.landed, last.price.minor, line.seller, line.condition.value


def _comparable(points: Sequence[PricePoint]) -> Sequence[PricePoint]:
    landed = [point for point in points if point.landed]
    return landed or points


def _median(points: Sequence[PricePoint]) -> PricePoint:
    middle = median_low([point.price.minor for point in points])
    return next(point for point in points if point.price.minor == middle)
