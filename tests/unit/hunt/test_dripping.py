"""A seller that answers by turns gets a call every other second, and what nobody else can serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.beliefs import subject_of
from bookhunt.hunt.candidates import ask_of
from bookhunt.hunt.gate import Pass
from bookhunt.model.outcome import ProofOfAbsence
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState, Strategy
from tests.support.builders import a_request
from tests.support.scripted_sellers import SendScript
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.jump_clock import JumpClock

SUCCESS, NOT_AVAILABLE = RequestState.SUCCESS, RequestState.NOT_AVAILABLE


@pytest.fixture
async def life(clock: JumpClock) -> AsyncIterator[Life]:
    life = Life(clock)
    clock.pass_time(60)  # past the moments in which nothing is held against anybody
    await life.service.start()
    yield life
    await life.service.stop(within_s=3600)


def fails_by_turns(life: Life, seller_id: str, *, calls: int) -> bool:
    """Let every other call to the seller fail; whether it had as many before it only drips."""
    gate, now = life.service._world.gate, life.clock.monotonic()
    seller = life.sellers.get(seller_id)
    assert seller is not None
    for n in range(calls):
        entered = gate.enter(seller, now)
        if not isinstance(entered, Pass):
            return False
        gate.leave(entered, None if n % 2 else Reason.SERVER_ERROR, now)
    return True


def drips(life: Life, seller_id: str) -> None:
    """Let the seller have failed by turns, and have had its call just now."""
    assert not fails_by_turns(life, seller_id, calls=90), "it is called as ever"


def healthy(life: Life, count: int) -> None:
    """So many others that are called and well: fewer would be no sign of anything."""
    gate, now = life.service._world.gate, life.clock.monotonic()
    for n in range(count):
        entered = gate.enter(life.fails(f"well{n}", Reason.NOT_STOCKED), now)
        assert isinstance(entered, Pass)
        gate.leave(entered, None, now)


async def test_where_others_have_the_book_it_is_left_alone(life: Life) -> None:
    life.sells("turns", "10")
    life.sells("well", "20")
    drips(life, "turns")
    record = await life.hunted(strategy=Strategy.BALANCED)
    assert record.state is SUCCESS
    assert life.orders() == ["well"]
    assert life.sellers.count("quote", "turns") == 0


async def test_where_nobody_else_has_the_book_it_is_asked_all_the_same(life: Life) -> None:
    life.sells("turns", "10")
    healthy(life, 3)
    drips(life, "turns")
    record = await life.hunted(strategy=Strategy.BALANCED)
    assert record.state is SUCCESS
    assert life.orders() == ["turns"]


async def test_a_call_that_was_held_back_is_none_that_was_saved(life: Life) -> None:
    """Against asking everybody who could be asked; it is counted as not asked, with its reason."""
    life.sells("turns", "10")
    life.sells("well", "20")
    drips(life, "turns")
    await life.hunted(strategy=Strategy.BALANCED)
    tally = life.service.tally
    assert tally.not_asked[Reason.SKIPPED_OPEN_BREAKER.value] == 1
    assert tally.calls_saved == 0


async def test_no_more_than_five_of_them_are_asked_in_spite_of_it(life: Life) -> None:
    """And the others are a reason why nothing is proven."""
    for n in range(9):
        life.fails(f"turns{n}", Reason.NOT_STOCKED)
    healthy(life, 30)
    for n in range(9):
        drips(life, f"turns{n}")
    record = await life.hunted(strategy=Strategy.BALANCED)
    assert record.state is NOT_AVAILABLE
    asked = [n for n in range(9) if life.sellers.count("quote", f"turns{n}")]
    assert len(asked) == 5
    assert record.result.findings.proof is ProofOfAbsence.PARTIAL
    notes = life.notes(record)
    skipped = {n for n in range(9) if notes[f"turns{n}"].reason is Reason.SKIPPED_OPEN_BREAKER}
    assert skipped == set(range(9)) - set(asked)


@pytest.mark.parametrize("strategy", Strategy)
async def test_it_is_asked_whatever_the_strategy(life: Life, strategy: Strategy) -> None:
    life.sells("turns", "10")
    healthy(life, 3)
    drips(life, "turns")
    record = await life.hunted(strategy=strategy)
    assert (record.state, life.orders()) == (SUCCESS, ["turns"])


async def test_one_that_fails_is_asked_a_second_time_in_spite_of_it(
    life: Life, clock: JumpClock
) -> None:
    """Its call of these two seconds was this search's own."""
    life.fails("turns", Reason.SERVER_ERROR)
    healthy(life, 3)
    drips(life, "turns")
    clock.pass_time(3)
    await life.hunted(strategy=Strategy.BALANCED)
    assert life.sellers.count("quote", "turns") == 2


async def test_it_is_asked_when_the_purchase_elsewhere_fell_through(life: Life) -> None:
    """However long that took."""
    life.sells("turns", "10")
    life.sells("well", "20")
    healthy(life, 3)
    drips(life, "turns")
    declined = SendScript(answer=Answer.DECLINED, executes=False, delay_s=4.5)
    life.sellers.sends("well", declined)
    record = await life.hunted(strategy=Strategy.BALANCED)
    assert (record.state, life.orders()) == (SUCCESS, ["turns"])


async def test_a_look_of_a_watch_does_not_insist(life: Life) -> None:
    """The next one comes by itself."""
    life.sells("turns", "10")
    healthy(life, 3)
    drips(life, "turns")
    look = await life.service.look(a_request(submitted_at=life.clock.now()))
    assert look.best is None
    assert life.sellers.count("quote", "turns") == 0
    assert look.findings.proof is ProofOfAbsence.PARTIAL


async def test_who_joins_a_call_that_waits_insists_for_both(life: Life) -> None:
    """It has not come to the gate yet: there it counts what either wants."""
    seller = life.sells("turns", "10")
    healthy(life, 3)
    drips(life, "turns")
    ask = ask_of(a_request())
    lookups = life.service._world.lookups
    first = lookups.begin(seller, ask, subject_of(ask))
    second = lookups.begin(seller, ask, subject_of(ask), anyway=True)
    answers = [await each.answer(within_s=5.0, finish=True) for each in (first, second)]
    assert all(each.offers for each in answers)


async def test_a_person_s_quote_insists(life: Life) -> None:
    life.sells("turns", "10")
    healthy(life, 3)
    drips(life, "turns")
    quoted = await life.service.quote(ask_of(a_request()), sellers=None, within_s=5.0)
    assert [each.seller for each in quoted if each.offers] == ["turns"]


def fails_often(life: Life, seller_id: str) -> None:
    """Let the seller have failed by turns, though not for so long that it only drips."""
    assert fails_by_turns(life, seller_id, calls=20)
    assert not life.service._world.gate.drips(seller_id)


async def test_nothing_is_ordered_there_where_another_costs_hardly_more(life: Life) -> None:
    """An order there would end in doubt every other time; the result says that it was cheaper."""
    life.sells("turns", "20")
    life.sells("well", "22")
    fails_often(life, "turns")
    record = await life.hunted(strategy=Strategy.BALANCED)
    assert (record.state, life.orders()) == (SUCCESS, ["well"])
    note = life.notes(record)["turns"]
    assert (note.reason, str(note.total)) == (Reason.SKIPPED_OPEN_BREAKER, "20.00 USD")
    assert "another costs hardly more" in (note.detail or "")


@pytest.mark.parametrize(
    ("strategy", "dearer"), [(Strategy.BALANCED, "22.01"), (Strategy.CHEAPEST, "20.01")]
)
async def test_it_is_ordered_there_where_that_saves_more(
    life: Life, strategy: Strategy, dearer: str
) -> None:
    """And the cheapest is bought whatever it takes, by whoever asks for that."""
    life.sells("turns", "20")
    life.sells("well", dearer)
    fails_often(life, "turns")
    record = await life.hunted(strategy=strategy)
    assert (record.state, life.orders()) == (SUCCESS, ["turns"])


async def test_when_the_better_seller_refuses_it_is_compared_with_the_next(life: Life) -> None:
    life.sells("turns", "20")
    life.sells("refuses", "21")
    life.sellers.sends("refuses", SendScript(answer=Answer.DECLINED, executes=False))
    life.sells("dear", "30")
    fails_often(life, "turns")
    record = await life.hunted(strategy=Strategy.BALANCED)
    assert [each.seller for each in await life.attempts(record)] == ["refuses", "turns"]
    assert (record.state, life.orders()) == (SUCCESS, ["turns"])


async def test_where_orders_are_not_lost_it_is_the_cheapest_that_counts(life: Life) -> None:
    """A seller may answer badly and deliver well: then nothing is paid for steadiness."""
    life.sells("turns", "20")
    life.sells("well", "20.50")
    fails_often(life, "turns")
    for _ in range(20):
        life.service._world.steadiness.ordered("turns", lost=False)
        life.service._world.steadiness.ordered("well", lost=True)  # says nothing of the others
    record = await life.hunted(strategy=Strategy.BALANCED)
    assert (record.state, life.orders()) == (SUCCESS, ["turns"])


async def test_an_order_that_is_lost_there_is_learned_from(life: Life) -> None:
    life.sells("turns", "20", "20")
    healthy(life, 4)
    fails_often(life, "turns")
    steadiness = life.service._world.steadiness
    before = steadiness.worth
    await life.hunted(strategy=Strategy.BALANCED)
    answered = steadiness.worth
    assert answered < before
    life.sellers.sends("turns", SendScript(answer=Answer.UNKNOWN))
    await life.hunted(strategy=Strategy.BALANCED)
    assert steadiness.worth > answered


async def test_of_those_that_all_fail_often_the_cheapest_is_bought(life: Life) -> None:
    for price in ("20", "21"):
        life.sells(f"turns{price}", price)
        fails_often(life, f"turns{price}")
    healthy(life, 4)
    record = await life.hunted(strategy=Strategy.BALANCED)
    assert (record.state, life.orders()) == (SUCCESS, ["turns20"])
