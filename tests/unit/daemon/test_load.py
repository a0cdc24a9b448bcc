"""Too much at once, over the socket: what is said, who waits, and how late the loop is."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.daemon import lag
from bookhunt.daemon.daemon import hunt_settings_of
from bookhunt.daemon.lag import watch_lag
from bookhunt.home.config import ConfigFile
from bookhunt.hunt.allowance import class_of
from bookhunt.hunt.settings import WhenFull
from bookhunt.model import errors
from bookhunt.wire.contract import PurchaseRequest
from tests.support.builders import TITLE
from tests.support.running_daemon import CONFIGURATION, Running, a_daemon, call, serving, until
from tests.unit.daemon.calling import Unix, posted

if TYPE_CHECKING:
    from bookhunt.home.paths import Home
    from bookhunt.hunt.easing import Signs

CROWDED = CONFIGURATION + "throttle: {queue: 1, when_full: delay, per_customer_per_min: 1}\n"


def a_wish(customer: str | None = None) -> PurchaseRequest:
    return PurchaseRequest(book_name=TITLE, max_price="30", again=True, customer=customer)


def configured(home: Home, text: str) -> None:
    home.config_file.write_text(text)


# ------------------------------------------------------------------------------- settings
def test_what_the_configuration_says_reaches_the_hunt(home: Home) -> None:
    """Every key of `throttle`; the owner is the user the daemon runs as."""
    configured(
        home,
        CONFIGURATION + "throttle: {in_flight: 9, per_seller: 8, queue: 7, when_full: degrade, "
        "per_customer_per_min: 6, owner_per_min: 5, regions: {AU: 4}, classes: {a: 3, b: 1}, "
        "customers: {jane: a}}\n",
    )
    settings = hunt_settings_of(ConfigFile(home).config)
    assert (settings.in_flight, settings.per_seller, settings.queue) == (9, 8, 7)
    assert settings.when_full is WhenFull.DEGRADE
    assert (settings.per_customer_per_min, settings.owner_per_min) == (6, 5)
    assert settings.regions == {"AU": 4}
    owner = settings.owner
    assert owner is not None
    assert owner.startswith("uid:")
    classes = [class_of(each, settings).name for each in ("jane", "bob", owner)]
    assert classes == ["a", "b", "a"]


def test_every_word_of_when_full_is_known_to_the_hunt(home: Home) -> None:
    for word in WhenFull:
        configured(home, CONFIGURATION + f"throttle: {{when_full: {word}}}\n")
        assert hunt_settings_of(ConfigFile(home).config).when_full is word


# ------------------------------------------------------------------------------- over the socket
async def test_a_customer_over_its_rate_reads_when_to_come_back(idle: Running) -> None:
    """429 with Retry-After, as the eleventh of a minute; the owner has no rate."""
    for n in range(10):
        await call(idle.client.buy, a_wish("jane"), idempotency_key=f"k-{n}")
    body = {"book_name": TITLE, "max_price": "30", "customer": "jane", "again": True}
    status, headers, problem = await call(posted, idle, body, key="k-10")
    assert (status, problem["code"]) == (429, "try_later")
    assert 0 < problem["retry_after_s"] <= 6
    assert int(headers["Retry-After"]) >= problem["retry_after_s"]
    assert "10 requests a minute" in problem["detail"]
    again = await call(idle.client.buy, a_wish("jane"), idempotency_key="k-3")
    assert again["request_id"] in idle.ledger.requests
    for n in range(20):
        await call(idle.client.buy, a_wish(), idempotency_key=f"o-{n}")
    assert len(idle.ledger.requests) == 30


async def test_a_submission_waits_at_the_door_until_there_is_room(home: Home) -> None:
    configured(home, CROWDED)
    async with serving(a_daemon(home), hunting=False) as running:
        service = running.daemon.service
        await call(running.client.buy, a_wish(), idempotency_key="k-1")
        late = asyncio.create_task(call(running.client.buy, a_wish(), idempotency_key="k-2"))
        await until(lambda: service.load().at_the_door == 1)
        assert len(running.ledger.requests) == 1
        await service._admission.next()
        said = await late
        assert said["request_id"] in running.ledger.requests


async def test_a_caller_that_hangs_up_at_the_door_submits_nothing(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """And that is no bug."""
    configured(home, CROWDED)
    async with serving(a_daemon(home), hunting=False) as running:
        service = running.daemon.service
        await call(running.client.buy, a_wish(), idempotency_key="k-1")
        connection = Unix(str(running.home.socket_file))
        body = json.dumps({"book_name": TITLE, "max_price": "30", "again": True})
        headers = {"Content-Type": "application/json", "Idempotency-Key": "k-2"}
        await asyncio.to_thread(
            connection.request, "POST", "/purchase-request", body=body, headers=headers
        )
        await until(lambda: service.load().at_the_door == 1)
        connection.close()
        await until(lambda: service.load().at_the_door == 0)
        await service._admission.next()
        assert len(running.ledger.requests) == 1
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_a_daemon_that_stops_sends_those_at_the_door_away(home: Home) -> None:
    configured(home, CROWDED)
    async with serving(a_daemon(home), hunting=False) as running:
        service = running.daemon.service
        await call(running.client.buy, a_wish(), idempotency_key="k-1")
        late = asyncio.create_task(call(running.client.buy, a_wish(), idempotency_key="k-2"))
        await until(lambda: service.load().at_the_door == 1)
        await service.stop(within_s=1)
        with pytest.raises(errors.DaemonStopping):
            await late


async def test_health_says_how_full_it_is(idle: Running) -> None:
    for n in range(3):
        await call(idle.client.buy, a_wish(), idempotency_key=f"k-{n}")
    load = (await call(idle.client.health))["load"]
    assert (load["waiting"], load["hunting"], load["at_the_door"]) == (3, 0, 0)
    assert load["hunt_ms"] > 0
    assert load["fan_out"] == 1.0
    assert 0 < load["tasks"] < 10_000


# ------------------------------------------------------------------------------- the loop's lag
@dataclass
class _Notes:
    """Stands in the place of a fan-out, and keeps what it is told."""

    share: float = 1.0
    told: list[float] = field(default_factory=list)

    def note(self, lag_s: float, now: float, signs: Signs) -> None:
        assert 0 <= signs.busy < 2
        assert now > 0
        self.told.append(lag_s)


async def test_a_blocked_loop_is_noticed(idle: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever blocks it is measured in full."""
    monkeypatch.setattr(lag, "_IDLE_EVERY_S", 0.001)
    notes: Any = _Notes()
    idle.daemon.service._world.fan_out = notes
    watching = asyncio.create_task(watch_lag(idle.daemon))
    await until(lambda: len(notes.told) > 3)
    seen = len(notes.told)
    time.sleep(0.2)  # noqa: ASYNC251 - the point: something blocks the loop
    await until(lambda: len(notes.told) > seen)
    assert max(notes.told[seen:]) > 0.15
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_blocked_loop_narrows_the_searches(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real fan-out hears of it, and the next request asks fewer at a time."""
    monkeypatch.setattr(lag, "_IDLE_EVERY_S", 0.001)
    fan_out = running.daemon.service.fan_out
    watching = asyncio.create_task(watch_lag(running.daemon))
    await until(lambda: fan_out.lag_s > 0)
    time.sleep(0.2)  # noqa: ASYNC251 - the point: something blocks the loop
    await until(lambda: fan_out.share < 1.0)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
