"""What a ledger promises of a new life: nothing is forgotten, nothing is taken for granted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Facts, Intended
from bookhunt.model.purchase import Stage
from bookhunt.model.request import RequestState
from tests.support.builders import an_intent, an_offer, some_limits, usd
from tests.support.ledger_steps import (
    a_manual,
    a_pending,
    a_prepared,
    a_processing,
    a_sending,
    a_success,
    an_unknown,
    fell_through,
)

if TYPE_CHECKING:
    from tests.contract.conftest import Lives

S = RequestState


async def test_each_life_is_an_epoch(lives: Lives) -> None:
    first = await lives.begin_again()
    second = await lives.begin_again()
    assert second.epoch == first.epoch + 1
    assert (first.interrupted, first.abandoned, first.requeued) == (0, 0, 0)
    assert first.safe_mode is None


async def test_an_order_that_was_being_sent_is_unknown(lives: Lives) -> None:
    """Its bytes may have left: it is neither sent again nor given up, and keeps what it holds."""
    sending = await a_sending(lives.ledger, an_offer(inventory=1))
    recovered = await lives.begin_again()
    assert (recovered.interrupted, recovered.abandoned) == (1, 0)
    (attempt,) = await lives.ledger.open_attempts()
    assert attempt == replace(
        sending, stage=Stage.UNKNOWN, version=sending.version + 1, detail=attempt.detail
    )
    record = await lives.ledger.get(sending.request_id)
    assert record is not None
    assert record.state is S.IN_DOUBT
    spent, _ = await lives.ledger.spent("USD", at=lives.clock.now())
    assert spent == usd("12.50")
    other = await a_processing(lives.ledger)
    answer = await lives.ledger.intend(an_intent(other, an_offer(inventory=1)))
    assert not isinstance(answer, Intended)


async def test_an_order_that_was_prepared_is_abandoned(lives: Lives) -> None:
    """Nothing of it left: its copy and its money are free, its request is hunted again."""
    offer = an_offer(inventory=1)
    prepared = await a_prepared(lives.ledger, offer)
    recovered = await lives.begin_again()
    assert (recovered.interrupted, recovered.abandoned, recovered.requeued) == (0, 1, 1)
    (attempt,) = await lives.ledger.attempts(prepared.record.request.id)
    assert (attempt.stage, attempt.finished_at) == (Stage.ABANDONED, lives.clock.now())
    record = await lives.ledger.get(prepared.record.request.id)
    assert record is not None
    assert record.state is S.PROCESSING
    assert (await lives.ledger.spent("USD", at=lives.clock.now()))[0] == usd("0")
    assert isinstance(await lives.ledger.intend(an_intent(record, offer)), Intended)


@pytest.mark.parametrize("make", [a_prepared, a_sending])
async def test_a_cancellation_is_remembered_through_a_crash(lives: Lives, make: object) -> None:
    made = await make(lives.ledger)  # type: ignore[operator]
    attempt = getattr(made, "attempt", made)
    await lives.ledger.cancel(attempt.request_id)
    await lives.begin_again()
    record = await lives.ledger.get(attempt.request_id)
    assert record is not None
    if make is a_prepared:
        assert record.state is S.CANCELLED
        return
    assert (record.state, record.cancel_requested) == (S.IN_DOUBT, True)
    (unknown,) = await lives.ledger.open_attempts()
    _, record = await fell_through(lives.ledger, unknown, Stage.ABSENT)
    assert record.state is S.CANCELLED


async def test_what_was_settled_or_waits_is_left_alone(lives: Lives) -> None:
    ledger = lives.ledger
    unknown = await an_unknown(ledger, an_offer(item="1"))
    placed, _ = await ledger.settle(
        await a_sending(ledger, an_offer(item="2")), Stage.PLACED, Facts()
    )
    manual, _ = await a_manual(ledger, an_offer(item="3"))
    await a_success(ledger, an_offer(item="4"))
    await a_pending(ledger)
    await a_processing(ledger)
    before = await ledger.find()
    recovered = await lives.begin_again()
    assert (recovered.interrupted, recovered.abandoned, recovered.requeued) == (0, 0, 2)
    assert await lives.ledger.find() == before
    assert await lives.ledger.open_attempts() == [unknown, placed, manual]


async def test_a_pause_and_the_limits_outlive_the_process(lives: Lives) -> None:
    await lives.ledger.set_paused(paused=True)
    await lives.ledger.set_limits("USD", some_limits("1", "2", "3"))
    await lives.begin_again()
    assert await lives.ledger.paused()
    assert await lives.ledger.limits("USD") == some_limits("1", "2", "3")
