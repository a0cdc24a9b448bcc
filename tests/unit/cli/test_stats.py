"""`stats`: what the ledger says of a period, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bookhunt.cli.output import Terminal
from bookhunt.cli.stats import stats
from bookhunt.daemon.clock import SystemClock
from bookhunt.model.errors import InputError
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.records import SqliteRecords
from bookhunt.wire.contract import SELLER_STATS_FIELDS, STATS_FIELDS, STRATEGY_STATS_FIELDS
from tests.support.builders import an_offer
from tests.support.ledger_steps import a_sending, a_success, an_unknown, fell_through
from tests.support.running_daemon import Running, a_daemon, a_home, call, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """A day of one purchase, one lost answer and one refusal."""
    home = a_home(tmp_path / "home")
    monkeypatch.setenv("BOOKHUNT_HOME", str(home.root))
    clock = SystemClock()
    ledger = await SqliteLedger.open(home.ledger_file, clock=clock, free_space_floor=0)
    daemon = a_daemon(home, ledger=ledger, records=SqliteRecords(ledger))
    async with serving(daemon, hunting=False) as running:
        now = clock.now()
        await a_success(ledger, an_offer("alpha"), submitted_at=now)
        await an_unknown(ledger, an_offer("beta"), submitted_at=now)
        await fell_through(ledger, await a_sending(ledger, an_offer("beta"), submitted_at=now))
        yield running
    await ledger.close()


async def test_people_read_outcomes_money_calls_and_times(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    await call(stats, Terminal())
    lines = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert lines["requests"] == "3: 1 processing, 1 in doubt, 1 success"
    assert lines["spent"] == lines["average"]
    assert lines["spent"].endswith(" USD")
    assert lines["orders"] == "1 refused, 1 unknown"
    assert lines["time"].startswith("p50 ")
    assert "a request" in lines["calls"]


async def test_a_line_for_each_seller_and_each_strategy(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    await call(stats, Terminal(), by="seller")
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[:5] for row in rows] == [
        ["beta", "2", "0", "1", "1"],
        ["alpha", "1", "1", "0", "0"],
    ]
    await call(stats, Terminal(), by="strategy")
    [row] = capsys.readouterr().out.splitlines()
    assert row.split("\t")[1:5] == ["3", "1", "1", "1"]


async def test_programs_read_every_field_of_the_contract(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    for by, fields in (
        (None, STATS_FIELDS),
        ("seller", SELLER_STATS_FIELDS),
        ("strategy", STRATEGY_STATS_FIELDS),
    ):
        await call(stats, Terminal(json=True), by=by, since="all")
        for line in capsys.readouterr().out.splitlines():
            assert list(json.loads(line)) == list(fields)


async def test_a_period_in_which_nothing_happened_has_no_figures_and_no_error(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    await call(stats, Terminal(), since="0s")
    lines = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert (lines["requests"], lines["spent"], lines["calls"]) == ("0", "-", "-")
    assert lines["time"] == "p50 -, p90 -, p99 -"
    await call(stats, Terminal(), since="0s", by="seller")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("given", [{"by": "book"}, {"since": "yesterday"}, {"since": "9999999d"}])
def test_what_cannot_be_meant_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(InputError):
        stats(Terminal(no_autostart=True), **given)
