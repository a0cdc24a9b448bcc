"""The JSON of prices seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.wire.contract import SCHEMA_VERSION
from bookhunt.wire.shapes import money_object, time_text

if TYPE_CHECKING:
    from bookhunt.model.price import PricePoint, PriceSummary


def price_line_object(summary: PriceSummary) -> dict[str, Any]:
    """What one seller asked for one condition and format, in a few figures and every point."""
    line = summary.line
    return {
        "seller": line.seller,
        "condition": line.condition.value,
        "format": line.format.value,
        "country": line.country,
        "currency": line.currency,
        "lowest": money_object(summary.lowest.price),
        "lowest_at": time_text(summary.lowest.at),
        "median": money_object(summary.median.price),
        "last": money_object(summary.last.price),
        "last_at": time_text(summary.last.at),
        "landed": summary.last.landed,
        "points": [_point_object(point) for point in summary.points],
        "schema_version": SCHEMA_VERSION,
    }


def _point_object(point: PricePoint) -> dict[str, Any]:
    return {"at": time_text(point.at), "amount": point.price.amount, "landed": point.landed}
