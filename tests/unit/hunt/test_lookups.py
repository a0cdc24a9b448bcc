"""Look-ups: shared while they run, kept while they are fresh, finished though nobody waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.beliefs import subject_of
from bookhunt.hunt.ports import Ask
from bookhunt.hunt.settings import HuntSettings
from bookhunt.hunt.world import World
from bookhunt.model.reasons import Reason
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.store.shelf import MemoryShelf
from tests.support.builders import a_book, a_seller, an_offer, usd
from tests.support.jump_clock import JumpClock
from tests.support.memory_ledger import MemoryLedger
from tests.support.scripted_sellers import QuoteScript, ScriptedSellers
from tests.unit.hunt.life import MemoryBuyers, MemoryExplanations

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Quoted
    from bookhunt.model.seller import Seller

ASK = Ask(
    book=a_book(),
    max_price=usd("30"),
    country="US",
    condition=ConditionWish.ANY,
    format=FormatWish.PAPER,
)


@pytest.fixture
async def world() -> World:
    clock = JumpClock.of_running_loop()
    return World(
        ledger=MemoryLedger(clock),
        sellers=ScriptedSellers(clock),
        buyers=MemoryBuyers(),
        explanations=MemoryExplanations(),
        shelf=MemoryShelf(),
        clock=clock,
        settings=HuntSettings(in_flight=2),
    )


def scripted(world: World) -> ScriptedSellers:
    assert isinstance(world.sellers, ScriptedSellers)
    return world.sellers


def opens(world: World, *quotes: QuoteScript, **fields: object) -> Seller:
    seller = a_seller(**{"per_second": 1000.0, "concurrency": 50} | fields)
    return scripted(world).add(seller, *quotes)


async def asked(
    world: World, seller: Seller, ask: Ask = ASK, *, within_s: float = 9.0, finish: bool = True
) -> Quoted:
    lookup = world.lookups.begin(seller, ask, subject_of(ask))
    return await lookup.answer(within_s=within_s, finish=finish)


def selling(price: str = "10", **fields: object) -> QuoteScript:
    return QuoteScript(offers=(an_offer(price=usd(price)),), delay_s=1.0, **fields)  # type: ignore[arg-type]


async def test_thirty_who_ask_the_same_at_once_make_one_call(world: World) -> None:
    """All get the answer; the call counts for the first alone."""
    seller = opens(world, selling())
    answers = await asyncio.gather(*(asked(world, seller) for _ in range(30)))
    assert scripted(world).count("quote") == 1
    assert all(answer.offers for answer in answers)
    assert sum(answer.calls for answer in answers) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"country": "CA"},
        {"condition": ConditionWish.NEW},
        {"format": FormatWish.EBOOK},
        {"max_price": replace(usd("30"), currency="EUR")},
        {"book": a_book(isbn13="9780441013593")},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_another_question_shares_nothing(world: World, change: dict[str, object]) -> None:
    """No answer for one country, currency, condition, format or book is given to another."""
    seller = opens(world, selling())
    other = replace(ASK, **change)  # type: ignore[arg-type]
    await asyncio.gather(asked(world, seller), asked(world, seller, other))
    assert scripted(world).count("quote") == 2
    assert world.lookups.cached(seller, other, subject_of(other), min_stock=0) is not None
    third = replace(other, country="NZ")
    assert world.lookups.cached(seller, third, subject_of(third), min_stock=0) is None


async def test_a_fresh_answer_is_given_again_and_says_so(world: World) -> None:
    """Offers of the shelf are marked, keep the time they were seen, and cost no call."""
    seller = opens(world, selling())
    live = await asked(world, seller)
    kept = world.lookups.cached(seller, ASK, subject_of(ASK), min_stock=0)
    assert kept is not None
    assert kept.calls == 0
    assert [o.cached for o in kept.offers] == [True]
    assert [o.checked_at for o in kept.offers] == [o.checked_at for o in live.offers]


async def test_an_answer_is_kept_for_the_seller_s_time(world: World) -> None:
    """Then it is asked again, "not stocked" included."""
    seller = opens(world, QuoteScript(reason=Reason.NOT_STOCKED), quote_ttl_s=60.0)
    await asked(world, seller)
    await world.clock.sleep(59)
    assert world.lookups.cached(seller, ASK, subject_of(ASK), min_stock=0) is not None
    await world.clock.sleep(2)
    assert world.lookups.cached(seller, ASK, subject_of(ASK), min_stock=0) is None


@pytest.mark.parametrize("seconds", [5, 600])
async def test_what_the_seller_says_of_an_offer_wins_over_its_time_to_live(
    world: World, seconds: int
) -> None:
    """Shorter and longer alike."""
    from datetime import timedelta

    until = world.clock.now() + timedelta(seconds=seconds)
    offer = an_offer(price=usd("10"), expires_at=until)
    seller = opens(world, QuoteScript(offers=(offer,)), quote_ttl_s=60.0)
    await asked(world, seller)
    await world.clock.sleep(seconds - 1)
    assert world.lookups.cached(seller, ASK, subject_of(ASK), min_stock=0) is not None
    await world.clock.sleep(2)
    assert world.lookups.cached(seller, ASK, subject_of(ASK), min_stock=0) is None


@pytest.mark.parametrize(
    "reason", [Reason.TIMED_OUT, Reason.SERVER_ERROR, Reason.RATE_LIMITED, Reason.UNREADABLE]
)
async def test_a_failure_is_never_kept(world: World, reason: Reason) -> None:
    """It says nothing about the book."""
    seller = opens(world, QuoteScript(reason=reason))
    await asked(world, seller)
    assert world.lookups.cached(seller, ASK, subject_of(ASK), min_stock=0) is None


async def test_nothing_under_a_maximum_says_nothing_of_a_higher_one(world: World) -> None:
    """It serves equal and lower maxima, on the shelf and under way; offers serve every maximum."""
    seller = opens(
        world, QuoteScript(reason=Reason.OVER_MAX, delay_s=1.0), selling(), sends_maximum=True
    )
    higher, lower = replace(ASK, max_price=usd("40")), replace(ASK, max_price=usd("20"))
    first, second, third = await asyncio.gather(
        asked(world, seller), asked(world, seller, lower), asked(world, seller, higher)
    )
    assert not first.offers
    assert not second.offers
    assert third.offers
    assert scripted(world).count("quote") == 2
    assert world.lookups.cached(seller, higher, subject_of(higher), min_stock=0) is not None


async def test_an_empty_answer_without_a_maximum_serves_everybody(world: World) -> None:
    """The seller was asked for the book at any price."""
    seller = opens(world, QuoteScript(reason=Reason.NOT_STOCKED))
    await asked(world, seller)
    higher = replace(ASK, max_price=usd("90"))
    assert world.lookups.cached(seller, higher, subject_of(higher), min_stock=0) is not None


async def test_stock_asked_for_must_be_known(world: World) -> None:
    """With a threshold, an offer of few or of unknown number is not reused."""
    seller = opens(world, QuoteScript(offers=(an_offer(inventory=99),)))
    await asked(world, seller)
    assert world.lookups.cached(seller, ASK, subject_of(ASK), min_stock=99) is not None
    assert world.lookups.cached(seller, ASK, subject_of(ASK), min_stock=100) is None


async def test_another_definition_of_the_seller_shares_nothing(world: World) -> None:
    """What was read by other rules does not count."""
    seller = opens(world, selling())
    await asked(world, seller)
    edited = replace(seller, definition_hash="e" * 64)
    assert world.lookups.cached(edited, ASK, subject_of(ASK), min_stock=0) is None


async def test_a_call_that_nobody_waits_for_ends_in_the_background(world: World) -> None:
    """Its answer is kept and learned from."""
    seller = opens(world, selling())
    given_up = await asked(world, seller, within_s=0.5)
    assert given_up.reason is Reason.TIMED_OUT
    assert given_up.calls == 1, "the seller heard of it"
    await world.clock.sleep(1)
    assert world.lookups.cached(seller, ASK, subject_of(ASK), min_stock=0) is not None
    assert world.beliefs.seller(seller.id).quotes == 1


async def test_where_the_strategy_says_so_it_is_cut_off_instead(world: World) -> None:
    """Unless another request waits for the same call."""
    seller = opens(world, selling())
    await asked(world, seller, within_s=0.5, finish=False)
    await world.clock.sleep(0)
    assert scripted(world).cancelled_quotes == [seller.id]
    _, patient = await asyncio.gather(
        asked(world, seller, within_s=0.5, finish=False), asked(world, seller)
    )
    assert patient.offers
    assert scripted(world).cancelled_quotes == [seller.id]


async def test_a_call_that_never_left_is_not_made_for_nobody(world: World) -> None:
    """It waited for a free place, and whoever wanted it is gone."""
    sellers = [opens(world, selling(), id=name) for name in ("a", "b", "c")]
    waits = [asked(world, seller, within_s=0.5) for seller in sellers]
    answers = await asyncio.gather(*waits)
    assert [answer.calls for answer in answers] == [1, 1, 0]
    await world.clock.sleep(5)
    assert scripted(world).count("quote", "c") == 0


async def test_a_confirmation_is_a_call_of_its_own(world: World) -> None:
    """It joins nobody, and passes a gate that is shut."""
    seller = opens(world, selling(), concurrency=1)
    first = asyncio.create_task(asked(world, seller))
    await world.clock.sleep(0.1)
    live = world.lookups.begin(seller, ASK, subject_of(ASK), live=True)
    assert (await live.answer(within_s=9, finish=True)).offers
    await first
    assert scripted(world).count("quote") == 2


async def test_the_gate_hears_of_calls_that_were_lost_and_made_again(world: World) -> None:
    """Its answers alone would say that the seller is well."""
    seller = opens(world, replace(selling(), calls=2, lost=1), quote_ttl_s=0.0)
    await world.clock.sleep(60)  # past the moments in which nothing is held against anybody
    for _ in range(40):
        await asked(world, seller)
    assert world.gate.drips(seller.id)


async def test_the_gate_refuses_without_a_call(world: World) -> None:
    """A second call at once to a seller that bears one is a reason, and teaches nothing."""
    seller = opens(world, selling(), concurrency=1)
    other = replace(ASK, country="CA")
    _, refused = await asyncio.gather(asked(world, seller), asked(world, seller, other))
    assert refused.reason is Reason.SKIPPED_LIMIT
    assert refused.calls == 0
    assert world.beliefs.seller(seller.id).failures == pytest.approx(0.5, abs=0.01)
