"""One run of a watch: what it asks for, what it leaves, and what it says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.watching import Company, Watching
from bookhunt.model.errors import DaemonStopping, LedgerUnusable, TryLater
from bookhunt.model.notice import Event
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState
from bookhunt.model.schedule import Every, read_schedule
from bookhunt.model.watch import WatchRecord, WatchState
from tests.support.builders import a_numbered_book, a_watch, an_offer, usd
from tests.support.memory_outbox import MemoryOutbox
from tests.support.memory_watches import MemoryWatches
from tests.support.scripted_sellers import QuoteScript, SendScript, a_seller
from tests.unit.hunt.life import LONG, Life

if TYPE_CHECKING:
    from bookhunt.model.watch import Watch
    from tests.support.jump_clock import JumpClock


@dataclass
class Watched:
    """A life with a watch in it."""

    life: Life
    watches: MemoryWatches
    outbox: MemoryOutbox
    watching: Watching

    async def add(self, **fields: Any) -> Watch:
        now = self.life.clock.now()
        fields = {"schedule": Every(3600), "created_at": now, "anchor": now} | fields
        return (await self.watches.add(a_watch(**fields), first_run=True)).watch

    async def run(self, watch: Watch) -> WatchRecord:
        record = await self.watching.run(watch.id)
        assert record is not None
        if record.open_request is not None:
            await self.life.service.wait(record.open_request, within_s=LONG)
        found = await self.watches.get(watch.id)
        assert found is not None
        return found


@pytest.fixture
async def watched(life: Life, clock: JumpClock) -> Watched:
    watches, outbox = MemoryWatches(life.ledger), MemoryOutbox(clock)
    await outbox.listen({"a": list(Event)})
    watching = Watching(
        watches=watches,
        ledger=life.ledger,
        service=life.service,
        buyers=life.buyers,
        clock=clock,
        outbox=outbox,
        deadline_s=lambda: 5.0,
    )
    return Watched(life, watches, outbox, watching)


def sells(life: Life, *amounts: str, **script: Any) -> None:
    """One seller; each quote names the next of these prices, the last one from then on."""
    offers = [an_offer("alpha", price=usd(amount), shipping=usd("0")) for amount in amounts]
    life.sellers.add(
        a_seller("alpha", quote_ttl_s=1.0),
        *(QuoteScript(offers=(offer,), **script) for offer in offers),
    )


async def hour(clock: JumpClock) -> None:
    await clock.sleep(3600)


async def test_a_copy_that_fits_is_bought_once_and_for_ever(
    watched: Watched, clock: JumpClock
) -> None:
    """The level counts: it fitted from the first look on, and further looks buy no more."""
    sells(watched.life, "20")
    watch = await watched.add()
    record = await watched.run(watch)
    assert (record.state, record.bought) == (WatchState.DONE, 1)
    assert record.last_run is not None
    assert record.last_run.outcome == "ordered"
    for _ in range(5):
        await hour(clock)
        await watched.run(watch)
    assert len(watched.life.sellers.orders) == 1


async def test_as_many_copies_as_are_wanted(watched: Watched, clock: JumpClock) -> None:
    sells(watched.life, "20")
    watch = await watched.add(copies=3)
    for _ in range(6):
        await watched.run(watch)
        await hour(clock)
    assert len(watched.life.sellers.orders) == 3
    keys = {record.request.idempotency_key for record in watched.life.ledger.requests.values()}
    assert keys == {f"watch:{watch.id}:{copy}:1" for copy in (1, 2, 3)}


async def test_what_is_too_dear_leaves_no_request(watched: Watched, clock: JumpClock) -> None:
    """A look is not written down; it tells the lowest price, and the price that fits is bought."""
    sells(watched.life, "40", "40", "29")
    watch = await watched.add()
    for _ in range(2):
        record = await watched.run(watch)
        assert record.last_run is not None
        assert (record.last_run.outcome, record.last_run.lowest) == ("too_dear", usd("40"))
        assert watched.life.ledger.requests == {}
        await hour(clock)
    assert (await watched.run(watch)).state is WatchState.DONE


async def test_many_runs_at_once_are_one_request(watched: Watched) -> None:
    sells(watched.life, "20", delay_s=0.2)
    watch = await watched.add()
    await asyncio.gather(*(watched.watching.run(watch.id) for _ in range(20)))
    await watched.life.service.wait(next(iter(watched.life.ledger.requests)), within_s=LONG)
    assert len(watched.life.ledger.requests) == 1
    assert len(watched.life.sellers.orders) == 1


async def test_an_edit_between_two_tries_does_not_make_a_second_request(
    watched: Watched,
) -> None:
    """The key stands for the copy: a request that was made for it is found, whatever changed."""
    sells(watched.life, "20")
    watch = await watched.add()
    copy = await watched.watches.next_copy(watch.id)
    assert copy is not None
    first = await watched.watching._ask_for(watch, copy)
    dearer = replace(watch, max_price=usd("35"))
    assert await watched.watching._ask_for(dearer, copy) == first


async def test_a_maximum_that_is_lowered_during_a_look_holds_for_its_purchase(
    watched: Watched,
) -> None:
    sells(watched.life, "25", delay_s=1.0)
    watch = await watched.add()
    running = asyncio.create_task(watched.watching.run(watch.id))
    await watched.life.clock.sleep(0.5)
    record = await watched.watches.get(watch.id)
    assert record is not None
    cheaper = replace(watch, max_price=usd("20"))
    await watched.watches.change(record, cheaper, WatchState.ACTIVE)
    after = await running
    assert after is not None
    assert after.last_run is not None
    assert (after.last_run.outcome, watched.life.sellers.orders) == ("too_dear", [])
    assert watched.life.ledger.requests == {}


async def test_a_watch_paused_during_a_look_asks_for_nothing(watched: Watched) -> None:
    sells(watched.life, "25", delay_s=1.0)
    watch = await watched.add()
    running = asyncio.create_task(watched.watching.run(watch.id))
    await watched.life.clock.sleep(0.5)
    record = await watched.watches.get(watch.id)
    assert record is not None
    await watched.watches.change(record, watch, WatchState.PAUSED)
    assert (await running) is not None
    assert watched.life.ledger.requests == {}


async def test_a_copy_in_doubt_blocks_the_watch_until_a_person_says(
    watched: Watched, clock: JumpClock
) -> None:
    sells(watched.life, "20")
    watched.life.sellers.sends("alpha", SendScript(answer=Answer.NEEDS_PERSON))
    watch = await watched.add(copies=2)
    record = await watched.run(watch)
    assert record.shown_state == "blocked"
    assert record.open_request is not None
    for _ in range(3):
        await hour(clock)
        record = await watched.run(watch)
        assert record.last_run is not None
        assert record.last_run.outcome == "waiting"
        assert record.last_run.request_id == record.open_request
    assert len(watched.life.ledger.requests) == 1
    assert record.open_request is not None
    await watched.life.service.settle_by_hand(record.open_request, order_id="A-9", retry=False)
    await hour(clock)
    record = await watched.run(watch)
    assert (record.state, record.bought) == (WatchState.DONE, 2)


async def test_a_definite_refusal_is_tried_again_by_the_next_run_only(
    watched: Watched, clock: JumpClock
) -> None:
    sells(watched.life, "20")
    watched.life.sellers.sends("alpha", SendScript(answer=Answer.DECLINED), SendScript())
    watch = await watched.add()
    record = await watched.run(watch)
    assert (record.bought, record.open_request) == (0, None)
    await hour(clock)
    record = await watched.run(watch)
    assert (record.bought, len(watched.life.sellers.orders)) == (1, 1)
    keys = {record.request.idempotency_key for record in watched.life.ledger.requests.values()}
    assert keys == {f"watch:{watch.id}:1:{n}" for n in (1, 2)}


async def test_while_buying_is_paused_a_watch_only_looks(
    watched: Watched, clock: JumpClock
) -> None:
    sells(watched.life, "20")
    watch = await watched.add()
    await watched.life.ledger.set_paused(paused=True)
    record = await watched.run(watch)
    assert record.last_run is not None
    assert (record.last_run.outcome, watched.life.ledger.requests) == ("paused", {})
    await watched.life.ledger.set_paused(paused=False)
    await hour(clock)
    assert (await watched.run(watch)).bought == 1


async def test_in_safe_mode_a_watch_only_looks(watched: Watched, clock: JumpClock) -> None:
    """Else each of its runs would be a purchase that failed, and a notice of it."""
    sells(watched.life, "20")
    watch = await watched.add()
    watched.life.ledger.unsafe = "the ledger is older than its side file"
    for _ in range(2):
        record = await watched.run(watch)
        assert record.last_run is not None
        assert (record.last_run.outcome, watched.life.ledger.requests) == ("paused", {})
        await hour(clock)
    await watched.life.ledger.leave_safe_mode()
    assert (await watched.run(watch)).bought == 1


async def test_a_spending_limit_holds_for_watches(watched: Watched) -> None:
    limits = await watched.life.ledger.limits("USD")
    await watched.life.ledger.set_limits("USD", replace(limits, purchase=usd("10")))
    sells(watched.life, "20")
    record = await watched.run(await watched.add())
    assert (record.bought, watched.life.sellers.orders) == (0, [])
    [request] = watched.life.ledger.requests.values()
    assert request.state in {RequestState.PURCHASE_FAILED, RequestState.NOT_AVAILABLE}


async def test_a_watch_that_only_quotes_never_asks_for_a_copy(
    watched: Watched, clock: JumpClock
) -> None:
    sells(watched.life, "20")
    watch = await watched.add(quote_only=True)
    for _ in range(3):
        record = await watched.run(watch)
        assert record.last_run is not None
        assert record.last_run.outcome == "fits"
        await hour(clock)
    assert (watched.life.ledger.requests, watched.life.sellers.orders) == ({}, [])


async def test_what_nobody_has_is_told_as_surely_as_it_is_known(watched: Watched) -> None:
    watch, told = await watched.add(), []
    told.append((await watched.run(watch)).last_run)
    watched.life.fails("alpha", Reason.NOT_STOCKED)
    told.append((await watched.run(watch)).last_run)
    watched.life.fails("beta", Reason.UNREACHABLE)
    told.append((await watched.run(watch)).last_run)
    outcomes = [run.outcome for run in told if run is not None]
    assert outcomes == ["cannot_ask", "not_found", "unproven"]


async def test_a_missing_profile_is_what_the_run_came_to(watched: Watched) -> None:
    sells(watched.life, "20")
    record = await watched.run(await watched.add(profile="elsewhere"))
    assert record.last_run is not None
    assert record.last_run.outcome == "profile_missing"
    assert record.state is WatchState.ACTIVE


async def test_a_watch_that_has_no_time_left_has_ended(watched: Watched) -> None:
    sells(watched.life, "40")
    soon = (watched.life.clock.now()).replace(tzinfo=None, second=0, microsecond=0)
    schedule = read_schedule(f"at {soon.isoformat(timespec='minutes')}")
    record = await watched.run(await watched.add(schedule=schedule))
    assert record.state is WatchState.ENDED
    assert record.last_run is not None


@pytest.mark.parametrize("state", [WatchState.PAUSED, WatchState.REMOVED])
async def test_a_watch_at_rest_is_not_run(watched: Watched, state: WatchState) -> None:
    sells(watched.life, "20")
    watch = await watched.add()
    record = await watched.watches.get(watch.id)
    assert record is not None
    await watched.watches.change(record, watch, state)
    assert (await watched.run(watch)).last_run is None
    assert await watched.watching.run("nobody") is None


async def test_a_full_house_is_waited_for(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A price that fits is not missed because people have more to do: it is asked for again."""
    sells(watched.life, "20")
    watch, submit, refused = await watched.add(), watched.life.service.submit, []

    async def full(*args: Any, **kwargs: Any) -> Any:
        if len(refused) < 3:
            refused.append(watched.life.clock.monotonic())
            raise TryLater("full", retry_after_s=7.0)
        return await submit(*args, **kwargs)

    monkeypatch.setattr(watched.life.service, "submit", full)
    assert (await watched.run(watch)).bought == 1
    assert refused[2] - refused[0] >= 14


@pytest.mark.parametrize("failure", [LedgerUnusable("full"), DaemonStopping("stopping")])
async def test_a_run_that_was_none_is_not_written_down(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    async def fails(*_: Any, **__: Any) -> Any:
        raise failure

    watch = await watched.add()
    monkeypatch.setattr(watched.life.service, "look", fails)
    with pytest.raises(type(failure)):
        await watched.watching.run(watch.id)
    record = await watched.watches.get(watch.id)
    assert record is not None
    assert record.ran_at is None


async def test_a_price_below_the_best_seen_is_told_once(watched: Watched, clock: JumpClock) -> None:
    """Going to and fro is no news; a new low is, once a day."""
    sells(watched.life, "50", "45", "50", "45", "44", "40", "40", "39")
    watch = await watched.add()
    told = []
    for pause_h in (1, 1, 1, 1, 1, 24, 1, 1):
        await watched.run(watch)
        told.append([d.notice.news for d in await watched.outbox.undelivered(limit=100)])
        await clock.sleep(pause_h * 3600)
    assert [len(news) for news in told] == [0, 1, 1, 1, 1, 1, 2, 2]
    assert [news.data["price"]["amount"] for news in told[-1] if news is not None] == [
        "40.00",
        "45.00",
    ]


async def test_where_nothing_is_bought_a_fit_is_told_each_time_it_comes_back(
    watched: Watched, clock: JumpClock
) -> None:
    sells(watched.life, "25", "25", "40", "26", "40", "27")
    watch = await watched.add(quote_only=True)
    told = []
    for pause_h in (1, 1, 24, 1, 1, 1):
        await watched.run(watch)
        told.append(len(await watched.outbox.undelivered(limit=100)))
        await clock.sleep(pause_h * 3600)
    assert told == [1, 1, 1, 2, 2, 2]


async def test_watches_of_one_book_share_their_look(watched: Watched) -> None:
    sells(watched.life, "40", delay_s=0.3)
    watches = [await watched.add() for _ in range(10)]
    await asyncio.gather(*(watched.watching.run(watch.id) for watch in watches))
    assert watched.life.sellers.count("quote") == 1


async def test_runs_of_one_company_ask_a_seller_for_their_books_together(
    watched: Watched, clock: JumpClock
) -> None:
    """Though the ledger answers one of them later than another: twenty books are five calls."""
    watched.life.sellers.add(a_seller("alpha", batch=4), QuoteScript(delay_s=0.3))
    watches = [await watched.add(book=a_numbered_book(), quote_only=True) for _ in range(20)]
    company = Company(watch.id for watch in watches)
    late = iter(range(100))

    async def run(watch: Watch) -> None:
        await clock.sleep(0.001 * next(late))  # a ledger that answers one after the other
        await watched.watching.run(watch.id, company)

    await asyncio.gather(*(run(watch) for watch in watches))
    calls = [len(call.asks) for call in watched.life.sellers.calls]
    assert calls == [4] * 5


async def test_who_does_not_look_holds_nobody_up(watched: Watched, clock: JumpClock) -> None:
    """A watch that is gone, one that is paused, one whose copy is being bought."""
    sells(watched.life, "20")
    watch = await watched.add(quote_only=True)
    paused = await watched.add()
    record = await watched.watches.get(paused.id)
    assert record is not None
    await watched.watches.change(record, paused, WatchState.PAUSED)
    names, began = (watch.id, paused.id, "nobody"), clock.monotonic()
    company = Company(names)
    await asyncio.gather(*(watched.watching.run(name, company) for name in names))
    assert clock.monotonic() - began < 0.5


async def test_company_is_waited_for_no_longer_than_a_second(
    watched: Watched, clock: JumpClock
) -> None:
    sells(watched.life, "20")
    watch = await watched.add(quote_only=True)
    began = clock.monotonic()
    await watched.watching.run(watch.id, Company([watch.id, "of a ledger that hangs"]))
    assert clock.monotonic() - began == pytest.approx(1.0, abs=0.2)
