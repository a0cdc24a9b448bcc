"""Prices as they might have been seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bookhunt.model.book import Book
from bookhunt.model.price import PriceLine, PricePoint, Sighting
from bookhunt.model.seller import BookFormat, Condition
from tests.support.builders import ISBN, NOON, usd

BOOK = Book(isbn13=ISBN)


def a_line(seller: str = "alpha", **fields: Any) -> PriceLine:
    standard = {
        "book": BOOK.identity,
        "seller": seller,
        "condition": Condition.NEW,
        "format": BookFormat.PAPER,
        "country": "US",
        "currency": "USD",
    }
    return PriceLine(**standard | fields)


def a_sighting(
    amount: str = "12.50", *, hours: float = 0.0, line: PriceLine | None = None, **fields: Any
) -> Sighting:
    """A landed price, so many hours after noon."""
    standard = {
        "line": line or a_line(),
        "isbn13": ISBN,
        "minor": usd(amount).minor,
        "landed": True,
        "at": NOON + timedelta(hours=hours),
    }
    return Sighting(**standard | fields)


def a_point(amount: str, *, days: float = 0.0, landed: bool = True) -> PricePoint:
    return PricePoint(at=NOON + timedelta(days=days), price=usd(amount), landed=landed)
