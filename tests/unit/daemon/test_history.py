"""Prices seen over the socket: by seller and condition, of the days that were asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bookhunt.model import errors
from bookhunt.wire.contract import PRICE_LINE_FIELDS
from tests.support.builders import ISBN, TITLE, usd
from tests.support.memory_prices import MemoryPrices
from tests.support.prices import a_line, a_sighting
from tests.support.running_daemon import Running, call

if TYPE_CHECKING:
    from datetime import datetime


@pytest.fixture
def prices(running: Running) -> MemoryPrices:
    running.daemon.prices = MemoryPrices()
    return running.daemon.prices


def days_ago(running: Running, days: float) -> datetime:
    return running.daemon.clock.now() - timedelta(days=days)


async def test_each_line_is_told_in_its_figures(running: Running, prices: MemoryPrices) -> None:
    for days, price in ((200, "7"), (3, "12"), (2, "9.50"), (1, "11")):
        prices.saw([a_sighting(price, at=days_ago(running, days))])
    prices.saw([a_sighting("8", line=a_line("beta"), at=days_ago(running, 1))])
    beta, alpha = await call(running.client.history, ISBN, days=90)
    assert list(alpha) == PRICE_LINE_FIELDS
    assert (beta["seller"], alpha["seller"]) == ("beta", "alpha")
    assert [alpha[name]["amount"] for name in ("lowest", "median", "last")] == [
        "7.00",
        "11.00",
        "11.00",
    ]
    assert [point["amount"] for point in alpha["points"]] == ["12.00", "9.50", "11.00"]
    assert len((await call(running.client.history, ISBN, days=3))[1]["points"]) == 2
    assert await call(running.client.history, TITLE, days=90) == []


async def test_a_pinned_title_is_its_isbn_too(running: Running, prices: MemoryPrices) -> None:
    prices.saw([a_sighting(at=days_ago(running, 1))])
    running.daemon.pins.pin("Pride & Prejudice", ISBN)
    [line] = await call(running.client.history, "Pride & Prejudice", days=90)
    assert line["last"]["amount"] == usd("12.50").amount


async def test_what_is_no_book_is_refused(running: Running, prices: MemoryPrices) -> None:
    assert prices.lines == {}
    with pytest.raises(errors.BadBook):
        await call(running.client.history, "9780141439519", days=90)
    with pytest.raises(errors.InputError):
        await call(running.client.history, ISBN, days=4000)


async def test_a_daemon_that_keeps_nothing_shows_nothing(running: Running) -> None:
    assert await call(running.client.history, ISBN, days=90) == []
