"""Several books in one call: who goes along, who waits how long, and who pays for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.hunt.beliefs import subject_of
from bookhunt.hunt.ports import Ask, Quoted
from bookhunt.hunt.settings import HuntSettings
from bookhunt.hunt.world import World
from bookhunt.model.book import Book
from bookhunt.model.reasons import Reason
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.store.shelf import MemoryShelf
from tests.support.builders import a_numbered_book, a_seller, an_offer, usd
from tests.support.jump_clock import JumpClock
from tests.support.memory_ledger import MemoryLedger
from tests.support.scripted_sellers import QuoteScript, ScriptedSellers
from tests.unit.hunt.life import MemoryBuyers, MemoryExplanations

if TYPE_CHECKING:
    from bookhunt.hunt.lookups import Lookup
    from bookhunt.model.seller import Seller

LATENCY_S = 0.2


def an_ask(**fields: object) -> Ask:
    """For a book that no other ask is for."""
    standard = {
        "book": a_numbered_book(),
        "max_price": usd("30"),
        "country": "US",
        "condition": ConditionWish.ANY,
        "format": FormatWish.PAPER,
    }
    return Ask(**standard | fields)  # type: ignore[arg-type]


def a_world(**settings: int) -> World:
    clock = JumpClock.of_running_loop()
    return World(
        ledger=MemoryLedger(clock),
        sellers=ScriptedSellers(clock),
        buyers=MemoryBuyers(),
        explanations=MemoryExplanations(),
        shelf=MemoryShelf(),
        clock=clock,
        settings=HuntSettings(**{"in_flight": 50} | settings),  # type: ignore[arg-type]
    )


@pytest.fixture
async def world() -> World:
    return a_world()


def scripted(world: World) -> ScriptedSellers:
    assert isinstance(world.sellers, ScriptedSellers)
    return world.sellers


def opens(world: World, *quotes: QuoteScript, **fields: object) -> Seller:
    """A seller that is asked for four books at once, and answers after 0.2 s."""
    seller = a_seller(**{"per_second": 1000.0, "concurrency": 50, "batch": 4} | fields)
    return scripted(world).add(seller, *quotes or (QuoteScript(delay_s=LATENCY_S),))


def begins(world: World, seller: Seller, ask: Ask, *, live: bool = False) -> Lookup:
    return world.lookups.begin(seller, ask, subject_of(ask), live=live)


async def asked(
    world: World, seller: Seller, ask: Ask | None = None, *, within_s: float = 9.0
) -> Quoted:
    lookup = begins(world, seller, ask or an_ask())
    return await lookup.answer(within_s=within_s, finish=True)


async def asked_together(world: World, seller: Seller, *asks: Ask) -> list[Quoted]:
    return await asyncio.gather(*(asked(world, seller, ask) for ask in asks))


def sizes(world: World) -> list[int]:
    """How many books each call asked for."""
    return [max(len(call.asks), 1) for call in scripted(world).calls]


async def test_who_asks_in_one_turn_of_the_loop_goes_along(world: World) -> None:
    """Twenty books at a seller of four a call are five calls."""
    seller = opens(world)
    await asked_together(world, seller, *(an_ask() for _ in range(20)))
    assert sizes(world) == [4] * 5


async def test_each_has_its_own_offers_and_the_first_pays(world: World) -> None:
    """What requests say they cost adds up to the calls that were made."""
    asks = [an_ask() for _ in range(4)]
    stock = tuple(an_offer(isbn13=ask.book.isbn13) for ask in asks[:3])
    seller = opens(world, QuoteScript(offers=stock, delay_s=LATENCY_S))
    quoted = await asked_together(world, seller, *asks)
    found = [[offer.isbn13 for offer in each.offers] for each in quoted]
    assert found == [[ask.book.isbn13] for ask in asks[:3]] + [[]]
    assert quoted[3].reason is Reason.NOT_STOCKED
    assert [each.calls for each in quoted] == [1, 0, 0, 0]


async def test_nobody_waits_for_company(world: World) -> None:
    """One who asks alone is not a moment later than at a seller that takes one book a call."""
    seller, began = opens(world), world.clock.monotonic()
    await asked(world, seller)
    assert world.clock.monotonic() - began == pytest.approx(LATENCY_S)
    assert scripted(world).calls[0].asks == ()


async def test_who_comes_while_a_call_is_under_way_leaves_together_at_its_end(world: World) -> None:
    seller = opens(world)
    first = asyncio.create_task(asked(world, seller))
    await world.clock.sleep(LATENCY_S / 4)
    later = [asyncio.create_task(asked(world, seller)) for _ in range(2)]
    await world.clock.sleep(LATENCY_S / 4)
    later.append(asyncio.create_task(asked(world, seller)))
    await asyncio.gather(first, *later)
    assert sizes(world) == [1, 3]
    assert scripted(world).calls[1].at_s == pytest.approx(LATENCY_S)


async def test_a_full_batch_waits_for_nothing(world: World) -> None:
    """A call under way holds up only what may still be joined."""
    seller = opens(world, QuoteScript(delay_s=2.0))
    first = asyncio.create_task(asked(world, seller))
    await world.clock.sleep(0.1)
    await asyncio.gather(first, *(asked(world, seller) for _ in range(4)))
    assert [call.at_s for call in scripted(world).calls] == pytest.approx([0.0, 0.1])


async def test_a_silent_seller_holds_the_next_ones_up_for_a_moment_only(world: World) -> None:
    seller = opens(world, QuoteScript(delay_s=2.4))
    first = asyncio.create_task(asked(world, seller))
    await world.clock.sleep(0.1)
    await asyncio.gather(first, asked(world, seller))
    assert scripted(world).calls[1].at_s == pytest.approx(0.35)


async def test_standing_in_line_is_no_slowness_of_the_seller(world: World) -> None:
    seller = opens(world)
    first = asyncio.create_task(asked(world, seller))
    await world.clock.sleep(0.05)
    second = begins(world, seller, an_ask())
    await world.clock.sleep(0.1)
    assert second.flight.held_up_s(world.clock.monotonic()) == pytest.approx(0.1)
    assert not second.flight.sent
    await asyncio.gather(first, second.answer(within_s=9.0, finish=True))
    assert second.flight.held_up_s(world.clock.monotonic()) == pytest.approx(0.15)


@pytest.mark.parametrize(
    "change",
    [
        {"country": "CA"},
        {"condition": ConditionWish.NEW},
        {"max_price": replace(usd("30"), currency="EUR")},
        {"max_price": usd("31")},
    ],
    ids=["country", "condition", "currency", "maximum"],
)
async def test_only_what_is_asked_alike_stands_in_one_call(
    world: World, change: dict[str, object]
) -> None:
    """What a seller is told of one customer's request is true of every book in the call."""
    seller = opens(world, sends_maximum=True)
    await asked_together(world, seller, an_ask(), an_ask(**change))
    assert sizes(world) == [1, 1]


async def test_a_maximum_that_no_seller_hears_of_divides_nobody(world: World) -> None:
    seller = opens(world)
    await asked_together(world, seller, an_ask(), an_ask(max_price=usd("99")))
    assert sizes(world) == [2]


async def test_books_without_the_same_kind_of_number_go_apart(world: World) -> None:
    """A 979 has no ISBN-10, and a title is no number at all."""
    seller = opens(world, asks_by=("isbn10", "isbn13", "title"))
    old, new = Book(isbn13="9780141439518"), Book(isbn13="9798990529229")
    titled = Book(title="Emma")
    await asked_together(world, seller, *(an_ask(book=book) for book in (old, new, titled)))
    assert sizes(world) == [1, 1, 1]


async def test_the_last_look_before_money_goes_alone(world: World) -> None:
    seller = opens(world)
    live = begins(world, seller, an_ask(), live=True)
    others = [asked(world, seller) for _ in range(2)]
    await asyncio.gather(live.answer(within_s=9.0, finish=True), *others)
    assert sorted(sizes(world)) == [1, 2]


async def test_who_leaves_the_line_is_not_asked_for(world: World) -> None:
    """Its deadline is its own; the others wait on."""
    seller = opens(world)
    first = asyncio.create_task(asked(world, seller))
    await world.clock.sleep(0.05)
    hasty = asyncio.create_task(asked(world, seller, within_s=0.05))
    stays = an_ask()
    patient = asyncio.create_task(asked(world, seller, stays))
    quoted = await hasty
    assert (quoted.reason, quoted.calls) == (Reason.TIMED_OUT, 0)
    await asyncio.gather(first, patient)
    assert scripted(world).calls[1].ask == stays
    assert sizes(world) == [1, 1]


async def test_who_leaves_a_call_leaves_the_others_in_it(world: World) -> None:
    seller = opens(world)
    begun = [begins(world, seller, an_ask()) for _ in range(3)]
    hasty = asyncio.create_task(begun[0].answer(within_s=0.1, finish=False))
    others = [asyncio.create_task(each.answer(within_s=9.0, finish=False)) for each in begun[1:]]
    assert (await hasty).reason is Reason.TIMED_OUT
    assert (await hasty).calls == 1  # it was the first of the call, and pays for it
    assert [(await each).reason for each in others] == [Reason.NOT_STOCKED] * 2
    assert [(await each).calls for each in others] == [0, 0]
    assert not scripted(world).cancelled_quotes


async def test_a_call_that_everybody_left_is_cut_off(world: World) -> None:
    """And its places at the gate and under the cap are free again."""
    seller = opens(world, QuoteScript(delay_s=2.0))
    begun = [begins(world, seller, an_ask()) for _ in range(3)]
    await asyncio.gather(*(each.answer(within_s=0.1, finish=False) for each in begun))
    await world.clock.sleep(0.01)
    assert scripted(world).cancelled_quotes == [seller.id]
    assert world.gate.load(seller.id) == (0, 50.0)
    assert not world.lookups.batches._lines


async def test_a_call_left_before_it_begins_gives_its_places_back() -> None:
    """Cancelled in the very turn in which it was let through."""
    world = a_world(in_flight=1)
    seller = opens(world)
    for turns in range(6):
        lookup = begins(world, seller, an_ask())
        waits = asyncio.create_task(lookup.answer(within_s=9.0, finish=False))
        for _ in range(turns):
            await asyncio.sleep(0)
        waits.cancel()
        await world.clock.sleep(1.0)
        assert not world.lookups.calls.locked(), turns
        assert world.gate.load(seller.id) in {None, (0, 50.0)}, turns
    assert not world.lookups.batches._lines


async def test_one_failure_is_the_reason_of_each_and_counts_once(world: World) -> None:
    """The breaker opens after five calls that failed, not after one call for five books."""
    seller = opens(world, QuoteScript(reason=Reason.SERVER_ERROR))
    await world.clock.sleep(60)  # past the moments in which nothing is held against anybody
    quoted = await asked_together(world, seller, *(an_ask() for _ in range(4)))
    assert [each.reason for each in quoted] == [Reason.SERVER_ERROR] * 4
    belief = world.beliefs.seller(seller.id)
    assert belief.fails_in_a_row == 1.0
    assert world.tally.seller_calls[seller.id, "server_error"] == 1
    for _ in range(3):
        await asked_together(world, seller, *(an_ask() for _ in range(4)))
    assert world.gate.suspension(seller.id, world.clock.monotonic()) is None
    await asked(world, seller)
    assert world.gate.suspension(seller.id, world.clock.monotonic()) is not None


async def test_a_call_that_was_lost_and_made_again_is_told_to_the_gate(world: World) -> None:
    seller = opens(world, QuoteScript(reason=Reason.NOT_STOCKED, calls=2, lost=1), quote_ttl_s=0.0)
    await world.clock.sleep(60)
    for _ in range(40):
        await asked_together(world, seller, an_ask(), an_ask())
    assert world.gate.drips(seller.id)


async def test_who_insists_is_asked_with_the_others_of_its_line(world: World) -> None:
    """Twenty that are asked in spite of it are one call, not twenty."""
    seller = opens(world, QuoteScript(reason=Reason.NOT_STOCKED))
    await world.clock.sleep(60)
    while not world.gate.drips(seller.id):
        passed = world.gate.enter_purchase(seller, world.clock.monotonic())
        world.gate.leave(passed, Reason.NOT_STOCKED, world.clock.monotonic(), lost=True)
    world.gate.enter(seller, world.clock.monotonic())  # has its call of these two seconds
    held = await asked_together(world, seller, an_ask(), an_ask())
    assert all(each.held_back for each in held)
    asks = [an_ask() for _ in range(4)]
    lookups = [world.lookups.begin(seller, a, subject_of(a), anyway=True) for a in asks]
    await asyncio.gather(*(each.answer(within_s=9.0, finish=True) for each in lookups))
    assert scripted(world).count("quote") == 1


async def test_an_answer_is_learned_from_once_and_its_prices_for_every_book(world: World) -> None:
    asks = [an_ask() for _ in range(4)]
    stock = tuple(an_offer(isbn13=ask.book.isbn13) for ask in asks)
    seller = opens(world, QuoteScript(offers=stock))
    await asked_together(world, seller, *asks)
    belief = world.beliefs.seller(seller.id)
    assert belief.quotes == 1
    assert belief.stocked > 3.0
    assert world.tally.seller_calls[seller.id, "offers"] == 1
    assert world.tally.answers_carried == 3


async def test_a_call_with_one_word_about_a_book_was_answered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that could not be read for the first book is no failure of the whole call."""
    seller = opens(world)

    async def mixed(*_: object, **__: object) -> list[Quoted]:
        unreadable = Quoted(seller=seller.id, reason=Reason.UNREADABLE, calls=1)
        return [unreadable, replace(unreadable, reason=Reason.NOT_STOCKED, calls=0)]

    monkeypatch.setattr(world.sellers, "quote_batch", mixed)
    quoted = await asked_together(world, seller, an_ask(), an_ask())
    assert [each.reason for each in quoted] == [Reason.UNREADABLE, Reason.NOT_STOCKED]
    assert world.tally.seller_calls == {(seller.id, "not_stocked"): 1}


async def test_every_answer_is_kept_under_its_own_book(world: World) -> None:
    seller, asks = opens(world), [an_ask() for _ in range(3)]
    await asked_together(world, seller, *asks)
    for ask in asks:
        assert world.lookups.cached(seller, ask, subject_of(ask), min_stock=0) is not None


async def test_two_who_ask_for_one_book_are_one_in_the_call(world: World) -> None:
    seller, ask = opens(world), an_ask()
    await asked_together(world, seller, ask, ask, an_ask())
    assert sizes(world) == [2]


async def test_a_batch_takes_one_place_at_the_gate_and_under_the_cap() -> None:
    world = a_world(in_flight=1)
    seller = opens(world, concurrency=1)
    await asked_together(world, seller, *(an_ask() for _ in range(4)))
    assert sizes(world) == [4]
    assert not world.tally.calls_refused


async def test_who_waits_at_the_gate_is_joined_until_it_opens(world: World) -> None:
    """A rate that is used up for now: what came meanwhile leaves in the next call."""
    seller = opens(world, QuoteScript(delay_s=0.01), per_second=4.0)
    for _ in range(3):
        await asked(world, seller)
        await world.clock.sleep(0.02)
    begun = []
    for _ in range(3):
        begun.append(asyncio.create_task(asked(world, seller)))
        await world.clock.sleep(0.02)
    quoted = await asyncio.gather(*begun)
    assert [each.reason for each in quoted] == [Reason.NOT_STOCKED] * 3
    assert sizes(world) == [1, 1, 1, 3]


async def test_a_refusal_of_the_gate_is_told_to_all_who_wait(world: World) -> None:
    """Without a call, after a moment in which it might have opened."""
    seller = opens(world, QuoteScript(delay_s=1.0), concurrency=1)
    first = asyncio.create_task(asked(world, seller))
    await world.clock.sleep(0.1)
    quoted = await asked_together(world, seller, an_ask(), an_ask())
    assert [each.reason for each in quoted] == [Reason.SKIPPED_LIMIT] * 2
    assert [each.calls for each in quoted] == [0, 0]
    assert world.clock.monotonic() == pytest.approx(0.35)
    await first


async def test_the_line_is_bounded(world: World) -> None:
    """Who finds it full hears so at once; a thousand others lose nothing by it."""
    seller = opens(world, QuoteScript(delay_s=0.01), batch=100, concurrency=1)
    begun = [begins(world, seller, an_ask()) for _ in range(1100)]
    quoted = await asyncio.gather(*(each.answer(within_s=9.0, finish=True) for each in begun))
    refused = [each for each in quoted if each.reason is Reason.SKIPPED_LIMIT]
    assert len(refused) == 100
    assert sizes(world) == [100] * 10


async def test_an_error_of_ours_reaches_everybody_who_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug is loud: nobody waits for an answer that cannot come."""

    async def broken(*_: object, **__: object) -> list[Quoted]:
        raise ZeroDivisionError

    seller = opens(world)
    monkeypatch.setattr(world.sellers, "quote_batch", broken)
    done = await asyncio.gather(*(asked(world, seller) for _ in range(2)), return_exceptions=True)
    assert [type(each) for each in done] == [ZeroDivisionError] * 2
    assert world.gate.load(seller.id) == (0, 50.0)


async def test_at_the_end_nothing_is_left_under_way(world: World) -> None:
    seller = opens(world, QuoteScript(delay_s=2.0))
    begun = [begins(world, seller, an_ask()) for _ in range(6)]
    waits = [asyncio.create_task(each.answer(within_s=9.0, finish=True)) for each in begun]
    await world.clock.sleep(0.1)
    await world.lookups.stop()
    done = await asyncio.gather(*waits, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in done)
    assert not world.lookups.batches._calls


_ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.1, 0.3]),  # after the one before
        st.sampled_from([0.0, 0.05, 0.21, 5.0]),  # how long it waits
        st.booleans(),  # whether its call goes on without it
    ),
    min_size=1,
    max_size=25,
)
_ANSWERS = st.lists(
    st.sampled_from(
        [
            QuoteScript(delay_s=0.0),
            QuoteScript(delay_s=0.2),
            QuoteScript(delay_s=4.0),  # longer than the seller is given
            QuoteScript(reason=Reason.SERVER_ERROR, delay_s=0.1),
            QuoteScript(reason=Reason.RATE_LIMITED, retry_after_s=0.2),
        ]
    ),
    min_size=1,
    max_size=8,
)


@given(_ARRIVALS, _ANSWERS, st.sampled_from([1, 3, 50]), st.sampled_from([1, 4]))
def test_whoever_comes_and_leaves_nothing_is_left_and_the_costs_add_up(
    arrivals: list[tuple[float, float, bool]],
    answers: list[QuoteScript],
    concurrency: int,
    in_flight: int,
) -> None:
    """Every ask ends in time; every place is given back; what is paid for is what was called."""
    clock = JumpClock()

    async def life() -> None:
        world = a_world(in_flight=in_flight)
        seller = opens(world, *answers, concurrency=concurrency, per_second=50.0)
        asking = []
        for pause_s, within_s, finish in arrivals:
            await clock.sleep(pause_s)
            lookup = begins(world, seller, an_ask())
            asking.append(asyncio.create_task(lookup.answer(within_s=within_s, finish=finish)))
        began = clock.monotonic()
        quoted = await asyncio.gather(*asking)
        assert clock.monotonic() - began <= 5.1
        await clock.sleep(60)
        assert not world.lookups.batches._lines
        assert not world.lookups.batches._calls
        assert not world.lookups._flights
        assert world.lookups.calls._value == in_flight
        load = world.gate.load(seller.id)
        assert load is None or load[0] == 0
        assert all(size <= seller.batch for size in sizes(world))
        assert sum(each.calls for each in quoted) == scripted(world).count("quote")

    clock.run(life())
