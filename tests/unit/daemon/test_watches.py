"""Watches over the socket: added once, changed while they run, and bought from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.daemon.lifecycle import _start_watches
from bookhunt.model import errors
from bookhunt.model.watch import WatchState
from bookhunt.wire.watches import WATCH_FIELDS
from tests.support.builders import TITLE, an_offer, usd
from tests.support.running_daemon import Running, call, until
from tests.support.scripted_sellers import QuoteScript

if TYPE_CHECKING:
    from collections.abc import Callable

A_WATCH = {"book_name": TITLE, "max_price": "30", "schedule": "0 7 * * 1-5"}


async def listed(running: Running, **how: Any) -> list[dict[str, Any]]:
    return await call(lambda: list(running.client.watches(**how)))


async def added(running: Running, **fields: Any) -> dict[str, Any]:
    return await call(running.client.add_watch, {**A_WATCH, "first_run": False, **fields})


async def test_a_watch_is_told_in_the_words_of_the_contract(running: Running) -> None:
    watch = await added(running, timezone="Europe/Berlin", copies=2, note="for Jane")
    assert list(watch) == WATCH_FIELDS
    assert watch["book"] == {"title": TITLE, "isbn13": None}
    assert watch["max_price"] == {"amount": "30.00", "currency": "USD"}
    assert (watch["schedule"], watch["timezone"]) == ("0 7 * * 1-5", "Europe/Berlin")
    assert (watch["bought"], watch["copies"], watch["state"]) == (0, 2, "active")
    assert (watch["last_run"], watch["profile"], watch["quote_only"]) == (None, "home", False)
    assert len(watch["next_runs"]) == 5
    assert all(
        run[10:19] == "T07:00:00" and run[19:] in {"+01:00", "+02:00"} for run in watch["next_runs"]
    )
    assert await listed(running) == [watch]
    assert await call(running.client.watch, watch["id"][:5]) == watch


async def test_the_first_run_is_at_once_and_buys(running: Running) -> None:
    watch = await call(running.client.add_watch, A_WATCH)
    await until(lambda: len(running.sellers.orders) == 1)
    [record] = await until_bought(running, watch["id"])
    assert (record["bought"], record["state"], record["next_runs"]) == (1, "done", [])
    assert record["outcome"] == "ordered"
    found = await call(running.client.status, record["request_id"], wait_s=20)
    assert (found["status"], found["watch_id"]) == ("SUCCESS", watch["id"])


async def until_bought(running: Running, watch_id: str) -> list[dict[str, Any]]:
    watches = running.daemon.schedule.watching.watches  # type: ignore[union-attr]
    while True:
        record = await watches.get(watch_id)
        if record is not None and record.state is WatchState.DONE and record.last_run is not None:
            return await listed(running)


async def test_adding_twice_under_one_id_is_one_watch(running: Running) -> None:
    """As a client does whose connection broke before the answer."""
    first = await added(running, id="my-watch")
    assert await added(running, id="my-watch") == first
    with pytest.raises(errors.StateConflict):
        await added(running, id="my-watch", copies=2)
    assert len(await listed(running)) == 1
    await call(running.client.remove_watch, "my-watch")
    with pytest.raises(errors.StateConflict):
        await added(running, id="my-watch")


async def test_pages_hold_every_watch_once(running: Running) -> None:
    ids = [f"watch-{n}" for n in range(7)]
    for watch_id in ids:
        await added(running, id=watch_id)
    assert [watch["id"] for watch in await listed(running, page=3)] == ids
    await call(running.client.pause_watch, "watch-3")
    paused = await listed(running, states=("paused",))
    assert [watch["id"] for watch in paused] == ["watch-3"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"schedule": "0 7 * *"}, errors.BadSchedule),
        ({"schedule": "at 2020-01-01T07:00"}, errors.InputError),
        ({"timezone": "Nowhere/At_All"}, errors.BadSchedule),
        ({"until": "yesterday"}, errors.BadSchedule),
        ({"until": "2020-01-01"}, errors.InputError),
        ({"profile": "elsewhere"}, errors.ProfileMissing),
        ({"sellers": ["nobody"]}, errors.NotFound),
        ({"max_price": "0"}, errors.BadMoney),
        ({"copies": 0}, errors.InputError),
        ({"copies": 101}, errors.InputError),
        ({"note": "4111 1111 1111 1111"}, errors.CardNumber),
        ({"id": "../x"}, errors.InputError),
        ({"isbn": "9780141439518"}, errors.InputError),
        ({"unheard_of": 1}, errors.InputError),
    ],
)
async def test_what_cannot_be_watched_is_said(
    running: Running, fields: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await added(running, **fields)
    assert await listed(running) == []


async def test_what_is_edited_holds_and_the_rest_stays(running: Running) -> None:
    watch = await added(running, note="for Jane")
    told = await call(
        running.client.edit_watch,
        watch["id"],
        {"max_price": "20", "schedule": "every 6h", "copies": 3, "until": "2099-12-31"},
    )
    assert told["max_price"]["amount"] == "20.00"
    assert (told["schedule"], told["copies"], told["note"]) == ("every 6h", 3, "for Jane")
    assert told["until"] == "2100-01-01T00:00:00.000Z"
    told = await call(running.client.edit_watch, watch["id"], {"until": None, "note": None})
    assert (told["until"], told["note"]) == (None, None)
    with pytest.raises(errors.InputError):
        await call(running.client.edit_watch, watch["id"], {})
    with pytest.raises(errors.BadSchedule):
        await call(running.client.edit_watch, watch["id"], {"schedule": "never"})
    assert (await call(running.client.watch, watch["id"]))["schedule"] == "every 6h"


async def test_more_copies_wake_a_watch_that_has_all_it_wanted(running: Running) -> None:
    watch = await added(running)
    await call(running.client.run_watch, watch["id"])
    await until_bought(running, watch["id"])
    with pytest.raises(errors.StateConflict):
        await call(running.client.resume_watch, watch["id"])
    told = await call(running.client.edit_watch, watch["id"], {"copies": 2})
    assert (told["state"], told["bought"]) == ("active", 1)
    await call(running.client.run_watch, watch["id"])
    await until(lambda: len(running.sellers.orders) == 2)


async def test_a_paused_watch_does_nothing_until_it_is_resumed(running: Running) -> None:
    watch = await added(running)
    told = await call(running.client.pause_watch, watch["id"])
    assert (told["state"], told["next_runs"]) == ("paused", [])
    assert (await call(running.client.pause_watch, watch["id"]))["state"] == "paused"
    with pytest.raises(errors.StateConflict):
        await call(running.client.run_watch, watch["id"])
    assert running.sellers.calls == []
    assert (await call(running.client.resume_watch, watch["id"]))["state"] == "active"


async def test_a_run_by_hand_tells_what_it_came_to(running: Running) -> None:
    dear = an_offer("alpha", price=usd("45"), shipping=usd("0"))
    running.sellers.quotes("alpha", QuoteScript(offers=(dear,)))
    watch = await added(running)
    told = await call(running.client.run_watch, watch["id"])
    assert told["outcome"] == "too_dear"
    assert told["lowest"] == {"amount": "45.00", "currency": "USD"}
    assert (told["lowest_seller"], told["best"]) == ("alpha", told["lowest"])
    assert told["last_run"] is not None
    assert running.ledger.requests == {}


@pytest.mark.parametrize("end", ["pause_watch", "remove_watch"])
async def test_who_stops_a_watch_stops_what_it_has_not_ordered_yet(
    running: Running, end: str
) -> None:
    """A copy that is being looked for would be bought seconds after its watch was removed."""
    watch = await added(running)
    offer = an_offer("alpha")
    quick, slow = QuoteScript(offers=(offer,)), QuoteScript(offers=(offer,), delay_s=2.0)
    running.sellers.quotes("alpha", quick, slow)
    await call(running.client.run_watch, watch["id"])
    stop: Callable[[str], dict[str, Any]] = getattr(running.client, end)
    told = await call(stop, watch["id"])
    [record] = running.ledger.requests.values()
    if record.state.value != "SUCCESS":
        assert (record.state.value, told["request_id"]) == ("CANCELLED", record.request.id)
        assert running.sellers.orders == []


async def test_a_lower_maximum_stops_a_purchase_by_the_old_one(running: Running) -> None:
    watch = await added(running)
    offer = an_offer("alpha")  # 12.50
    quick, slow = QuoteScript(offers=(offer,)), QuoteScript(offers=(offer,), delay_s=2.0)
    running.sellers.quotes("alpha", quick, slow)
    await call(running.client.run_watch, watch["id"])
    await call(running.client.edit_watch, watch["id"], {"max_price": "10"})
    [record] = running.ledger.requests.values()
    if record.state.value != "SUCCESS":
        assert record.state.value == "CANCELLED"
        assert running.sellers.orders == []


async def test_a_removed_watch_is_gone_and_what_it_bought_is_not(running: Running) -> None:
    watch = await added(running)
    await call(running.client.run_watch, watch["id"])
    await until(lambda: len(running.sellers.orders) == 1)
    assert (await call(running.client.remove_watch, watch["id"]))["state"] == "removed"
    for gone in (running.client.watch, running.client.run_watch, running.client.remove_watch):
        with pytest.raises(errors.NotFound):
            await call(gone, watch["id"])
    assert await listed(running) == []
    assert len(running.ledger.requests) == 1


async def test_one_name_for_two_watches_is_refused(running: Running) -> None:
    await added(running, id="emma-1")
    await added(running, id="emma-2")
    with pytest.raises(errors.InputError, match="several"):
        await call(running.client.watch, "emma")


async def test_a_daemon_with_watches_is_not_idle(running: Running) -> None:
    schedule = running.daemon.schedule
    assert schedule is not None
    assert len(schedule) == 0
    watch = await added(running)
    assert len(schedule) == 1
    await call(running.client.remove_watch, watch["id"])
    assert len(schedule) == 0
    assert running.daemon.clock.now() - running.daemon.started_at < timedelta(hours=1)


async def test_watches_that_cannot_be_read_stop_nobody_else(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon starts, says so, and hunts what people ask for."""

    async def unreadable(**_: Any) -> None:
        raise errors.LedgerUnusable("watch w-1 cannot be read")

    schedule = running.daemon.schedule
    assert schedule is not None
    monkeypatch.setattr(schedule, "start", unreadable)
    await _start_watches(running.daemon)
    assert "w-1" in (await call(running.client.health))["trouble"]["watches"]
