"""`limits`: set, shown, and given back to the configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.cli.limits import reset_limits, set_limits, show
from bookhunt.cli.output import Terminal
from bookhunt.daemon.assembly import ConfiguredLimits
from bookhunt.daemon.clock import SystemClock
from bookhunt.home.config import ConfigFile
from bookhunt.model.errors import BadMoney, InputError
from bookhunt.store.ledger import SqliteLedger
from tests.support.running_daemon import CONFIGURATION, Running, a_daemon, a_home, call, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

EUROS = "defaults: {currency: EUR}\nlimits: {EUR: {purchase: '40', day: '90', month: '900'}}\n"


@pytest.fixture
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """A daemon of somebody who thinks in euros."""
    home = a_home(tmp_path / "home", configuration=CONFIGURATION + EUROS)
    monkeypatch.setenv("BOOKHUNT_HOME", str(home.root))
    config = ConfigFile(home)
    ledger = await SqliteLedger.open(
        home.ledger_file,
        clock=SystemClock(),
        defaults=ConfiguredLimits(config),
        free_space_floor=0,
    )
    daemon = a_daemon(home, ledger=ledger, config_file=config)
    async with serving(daemon, hunting=False) as running:
        yield running
    await ledger.close()


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def test_what_is_set_without_a_currency_is_of_the_default_one(
    running: Running, printed: Callable[[], list[dict[str, Any]]]
) -> None:
    """Not of dollars, which this person never spends; what is not named stays."""
    await call(set_limits, Terminal(json=True), day="60", month="none")
    [limit] = printed()
    assert limit["currency"] == "EUR"
    assert limit["day"] == {"amount": "60.00", "currency": "EUR"}
    assert limit["month"] is None
    await call(show, Terminal(json=True))
    assert [each["currency"] for each in printed()] == ["EUR"]


async def test_any_currency_can_be_named_in_small_letters(
    running: Running, printed: Callable[[], list[dict[str, Any]]]
) -> None:
    await call(set_limits, Terminal(json=True), currency="gbp", purchase="10")
    [limit] = printed()
    assert limit["purchase"] == {"amount": "10.00", "currency": "GBP"}


async def test_after_a_reset_the_configuration_counts_again(
    running: Running, printed: Callable[[], list[dict[str, Any]]]
) -> None:
    await call(set_limits, Terminal(json=True), purchase="5", day="none")
    await call(reset_limits, Terminal(json=True))
    [_, limit] = printed()
    assert [limit[name]["amount"] for name in ("purchase", "day", "month")] == [
        "40.00",
        "90.00",
        "900.00",
    ]
    await call(reset_limits, Terminal(json=True))  # and again is no error


async def test_what_is_no_limit_is_refused(running: Running) -> None:
    terminal = Terminal()
    with pytest.raises(InputError, match="no limit"):
        await call(set_limits, terminal)
    for wrong in (
        {"day": "-1"},
        {"day": "1.234"},
        {"day": "many"},
        {"currency": "QQQ", "day": "1"},
    ):
        with pytest.raises(BadMoney):
            await call(set_limits, terminal, **wrong)
    with pytest.raises(BadMoney):
        await call(reset_limits, terminal, currency="QQQ")
