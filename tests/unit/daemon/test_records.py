"""The past over the socket: copies to take away, pages of what was asked, figures that add up."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bookhunt.daemon.clock import SystemClock
from bookhunt.daemon.figures import Figures, percentile
from bookhunt.hunt.ports import Facts
from bookhunt.model.errors import InputError
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.request import RequestState
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.records import SqliteRecords
from bookhunt.wire.contract import (
    ATTEMPT_RECORD_FIELDS,
    REQUEST_RECORD_FIELDS,
    SELLER_STATS_FIELDS,
    STATS_FIELDS,
    STRATEGY_STATS_FIELDS,
)
from tests.support.builders import NOON, a_bought, a_result, an_offer, usd
from tests.support.ledger_steps import a_pending, a_processing, a_sending, an_unknown, won
from tests.support.running_daemon import Running, a_daemon, call, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bookhunt.home.paths import Home


@pytest.fixture
async def kept(home: Home) -> AsyncIterator[Running]:
    """A daemon with a real ledger, which hunts nothing."""
    ledger = await SqliteLedger.open(home.ledger_file, clock=SystemClock(), free_space_floor=0)
    daemon = a_daemon(home, ledger=ledger, records=SqliteRecords(ledger))
    async with serving(daemon, hunting=False) as running:
        yield running
    await ledger.close()


def size_of(file: Path) -> int | None:
    return file.stat().st_size if file.exists() else None


async def test_a_copy_lies_in_the_home_until_its_caller_moves_it(kept: Running) -> None:
    await a_pending(kept.ledger)
    told = await call(kept.client.snapshot)
    file = Path(told["file"])
    assert file.is_relative_to(kept.home.data_dir)
    assert size_of(file) == told["bytes"]
    db = sqlite3.connect(file)
    assert db.execute("SELECT count(*) FROM request").fetchone() == (1,)
    db.close()


async def test_copies_that_nobody_took_away_are_removed_in_time(
    kept: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = Path((await call(kept.client.snapshot))["file"])
    young = Path((await call(kept.client.snapshot))["file"])
    assert size_of(left)
    monkeypatch.setattr("bookhunt.daemon.snapshots.LEFT_BEHIND_S", -1.0)
    await call(kept.client.snapshot)
    assert (size_of(left), size_of(young)) == (None, None)


async def test_pages_of_requests_and_attempts_have_the_fields_of_the_contract(
    kept: Running,
) -> None:
    """All of them, oldest first, in as many pages as it takes; no key and no bytes of an order."""
    sent = [await a_sending(kept.ledger) for _ in range(5)]
    requests = await call(lambda: list(kept.client.exported("requests", page=2)))
    attempts = await call(lambda: list(kept.client.exported("attempts", page=2)))
    assert [each["request_id"] for each in requests] == [each.request_id for each in sent]
    assert [each["attempt_id"] for each in attempts] == [each.id for each in sent]
    assert list(requests[0]) == REQUEST_RECORD_FIELDS
    assert list(attempts[0]) == ATTEMPT_RECORD_FIELDS
    assert {each["kind"] for each in requests + attempts} == {"request", "attempt"}
    assert not {"key", "frozen", "idempotency_key"} & {*requests[0], *attempts[0]}


async def test_pages_begin_where_they_are_asked_to(kept: Running) -> None:
    await a_pending(kept.ledger, submitted_at=NOON)
    young = await a_pending(kept.ledger, submitted_at=NOON + timedelta(days=2))
    since = (NOON + timedelta(days=1)).isoformat()
    [found] = await call(lambda: list(kept.client.exported("requests", since=since)))
    assert found["request_id"] == young.request.id
    with pytest.raises(InputError, match="time zone"):
        await call(lambda: list(kept.client.exported("requests", since="2026-03-02T12:00:00")))


async def test_facts_tell_size_and_schema(kept: Running) -> None:
    await a_pending(kept.ledger)
    told = await call(kept.client.facts)
    assert (told["requests"], told["attempts"]) == (1, 0)
    assert any("CREATE TABLE attempt" in each for each in told["statements"])


async def test_figures_of_a_period_add_up(kept: Running) -> None:
    """Bought, in doubt, waiting: by state, by seller, by strategy, and nothing older."""
    await a_pending(kept.ledger, submitted_at=NOON - timedelta(days=40))
    sending = await a_sending(kept.ledger, an_offer("alpha"), submitted_at=NOON)
    await won(kept.ledger, sending)
    await an_unknown(kept.ledger, an_offer("beta"), submitted_at=NOON)
    await a_processing(kept.ledger, submitted_at=NOON)
    told = await call(kept.client.stats, since=(NOON - timedelta(days=1)).isoformat())
    assert told["complete"] is True
    assert (told["requests"], told["bought"], told["unknown"]) == (3, 1, 1)
    assert told["states"]["PROCESSING"] == 1
    assert sum(told["states"].values()) == 3
    assert [(s["seller"], s["bought"], s["unknown"]) for s in told["by_seller"]] == [
        ("alpha", 1, 0),
        ("beta", 0, 1),
    ]
    assert told["by_seller"][0]["average"] == told["spent"]
    [strategy] = told["by_strategy"]
    assert strategy["requests"] == 3
    assert [name for name in told if not name.startswith("by_")] == STATS_FIELDS
    assert list(told["by_seller"][0]) == SELLER_STATS_FIELDS
    assert list(strategy) == STRATEGY_STATS_FIELDS
    ever = await call(kept.client.stats)
    assert (ever["requests"], ever["since"]) == (4, None)


async def test_money_is_summed_by_currency_and_never_across(kept: Running) -> None:
    """Two purchases of dollars are one sum; an average is to the nearest cent."""
    for cents in ("10.01", "10.02"):
        sending = await a_sending(kept.ledger, an_offer("alpha"))
        bought = a_bought(total=usd(cents), order_id=cents, reference=sending.reference)
        await kept.ledger.settle(
            sending,
            Stage.CONFIRMED,
            Facts(answer=Answer.BOUGHT, order_id=cents),
            request_to=RequestState.SUCCESS,
            result=a_result(bought=bought),
        )
    told = await call(kept.client.stats)
    assert told["spent"] == [{"amount": "20.03", "currency": "USD"}]
    assert told["average"] == [{"amount": "10.02", "currency": "USD"}]


async def test_more_than_can_be_counted_is_said_to_be_incomplete(
    kept: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookhunt.store.records.ROWS_A_TURN", 2)
    for _ in range(5):
        await a_pending(kept.ledger)
    figures = Figures(since=None, until=NOON)
    assert kept.daemon.records is not None
    await figures.gather(kept.daemon.records, most=3)
    told = figures.told()
    assert (told["complete"], told["requests"]) == (False, 4)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 50, None), ([7.0], 99, 7.0), ([1.0, 2.0], 50, 1.0), ([1.0, 2.0, 3.0, 4.0], 90, 4.0)],
)
def test_percentiles_are_by_nearest_rank(
    values: list[float], percent: float, expected: float | None
) -> None:
    assert percentile(values, percent) == expected
