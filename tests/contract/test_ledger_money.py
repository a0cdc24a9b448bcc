"""What a ledger promises of money: no limit is passed, nothing is reserved for nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Facts, Intended, IntentRefusal, Limits
from bookhunt.model.errors import BadMoney, CurrencyMismatch, InputError
from bookhunt.model.money import Money
from bookhunt.model.purchase import Attempt, Stage
from bookhunt.model.rate import Rate
from tests.support.builders import a_frozen, an_intent, an_offer, some_limits, usd
from tests.support.ledger_steps import (
    a_manual,
    a_prepared,
    a_processing,
    a_sending,
    an_unknown,
    fell_through,
    intended,
    sent,
    won,
)

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Intent
    from tests.contract.conftest import AnyLedger, Lives
    from tests.support.jump_clock import JumpClock

R = IntentRefusal
NOTHING = usd("0")


async def today(ledger: AnyLedger, clock: JumpClock) -> Money:
    day, _ = await ledger.spent("USD", at=clock.now())
    return day


async def wish(ledger: AnyLedger, amount: str = "12.50", **fields: object) -> Intent:
    """What a customer would pay for a copy of an item of its own."""
    record = await a_processing(ledger, max_price=usd("999"))
    return an_intent(record, an_offer(item=record.request.id), **{"agreed": usd(amount)} | fields)


# --------------------------------------------------------------------------------------- limits
async def test_without_a_word_a_purchase_costs_100_and_a_day_200(ledger: AnyLedger) -> None:
    """In each currency's own units, and no month."""
    assert await ledger.limits("USD") == some_limits()
    yen = Limits(purchase=Money(100, "JPY"), day=Money(200, "JPY"), month=None)
    assert await ledger.limits("JPY") == yen
    with pytest.raises(BadMoney):
        await ledger.limits("XXX")


async def test_configured_limits_hold_until_others_are_set(lives: Lives) -> None:
    await lives.end()
    configured = some_limits("5", None, "50")
    await lives.begin({"USD": configured})
    ledger = lives.ledger
    assert await ledger.limits("USD") == configured
    assert (await ledger.limits("EUR")).day == Money(20000, "EUR")
    await ledger.set_limits("USD", some_limits("7", "8", "9"))
    assert await ledger.limits("USD") == some_limits("7", "8", "9")
    await ledger.set_limits("USD", None)
    assert await ledger.limits("USD") == configured


async def test_limits_that_were_set_are_kept(lives: Lives) -> None:
    await lives.ledger.set_limits("USD", some_limits(None, None, "30"))
    await lives.begin_again({"USD": some_limits("1", "1", "1")})
    assert await lives.ledger.limits("USD") == some_limits(None, None, "30")


async def test_currencies_in_use_are_told(ledger: AnyLedger) -> None:
    """Those with limits set by hand, and those that money was held or spent in."""
    assert await ledger.currencies() == []
    await ledger.set_limits("JPY", Limits(purchase=None, day=None, month=None))
    assert await ledger.currencies() == ["JPY"]
    await intended(ledger, await wish(ledger, "5"))
    assert await ledger.currencies() == ["JPY", "USD"]


async def test_a_limit_is_in_its_own_currency_and_not_below_zero(ledger: AnyLedger) -> None:
    with pytest.raises(CurrencyMismatch):
        await ledger.set_limits("EUR", some_limits())
    with pytest.raises(InputError):
        await ledger.set_limits("USD", Limits(purchase=Money(-1, "USD"), day=None, month=None))
    assert await ledger.limits("USD") == some_limits()


async def test_a_purchase_above_the_limit_of_one_is_refused(ledger: AnyLedger) -> None:
    assert await ledger.intend(await wish(ledger, "100.01")) is R.PURCHASE_LIMIT
    await intended(ledger, await wish(ledger, "100"))


async def test_the_day_and_the_month_are_full_at_their_limit(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    await ledger.set_limits("USD", some_limits(None, "30", "45"))
    await intended(ledger, await wish(ledger, "20"))
    assert await ledger.intend(await wish(ledger, "10.01")) is R.DAY_LIMIT
    await intended(ledger, await wish(ledger, "10"))
    assert await today(ledger, clock) == usd("30")
    clock.pass_time(86_400)
    assert await ledger.intend(await wish(ledger, "15.01")) is R.MONTH_LIMIT
    await intended(ledger, await wish(ledger, "15"))
    assert await ledger.spent("USD", at=clock.now()) == (usd("15"), usd("45"))


async def test_200_buyers_with_money_for_seven_are_seven_intents(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    await ledger.set_limits("USD", some_limits("100", "99", None))
    wishes = [await wish(ledger, "14") for _ in range(200)]
    answers = await asyncio.gather(*(ledger.intend(intent) for intent in wishes))
    assert sum(isinstance(answer, Intended) for answer in answers) == 7
    assert Counter(a for a in answers if not isinstance(a, Intended)) == {R.DAY_LIMIT: 193}
    assert await today(ledger, clock) == usd("98")


async def test_a_limit_of_nothing_allows_nothing(ledger: AnyLedger) -> None:
    await ledger.set_limits("USD", some_limits("0", None, None))
    assert await ledger.intend(await wish(ledger, "0.01")) is R.PURCHASE_LIMIT


async def test_currencies_have_budgets_of_their_own(ledger: AnyLedger, clock: JumpClock) -> None:
    await ledger.set_limits("USD", some_limits(None, "12.50", None))
    await intended(ledger, await wish(ledger))
    euros = await a_processing(ledger, max_price=Money(2000, "EUR"))
    await intended(ledger, an_intent(euros, an_offer(item="eu"), agreed=Money(2000, "EUR")))
    assert await today(ledger, clock) == usd("12.50")
    assert (await ledger.spent("EUR", at=clock.now()))[0] == Money(2000, "EUR")


async def test_a_day_is_a_day_in_utc(ledger: AnyLedger, clock: JumpClock) -> None:
    """Money is held in the day of the intent, whichever day the order ends on."""
    late = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
    clock.set_wall_clock((late - clock.now()).total_seconds())
    sending = await sent(ledger, (await intended(ledger, await wish(ledger))).attempt)
    clock.pass_time(120)
    assert await ledger.spent("USD", at=clock.now()) == (NOTHING, NOTHING)
    await won(ledger, sending, charged=usd("12"))
    assert await ledger.spent("USD", at=clock.now()) == (NOTHING, NOTHING)
    assert await ledger.spent("USD", at=late) == (usd("12"), usd("12"))
    elsewhere = late.astimezone(timezone(timedelta(hours=9)))
    assert await ledger.spent("USD", at=elsewhere) == (usd("12"), usd("12"))


# --------------------------------------------------------------------------------- reservations
@pytest.mark.parametrize("make", [a_sending, an_unknown, a_manual])
async def test_what_may_stand_is_reserved(
    ledger: AnyLedger, clock: JumpClock, make: object
) -> None:
    """An outcome nobody knows keeps its reservation, for as long as nobody knows."""
    await make(ledger)  # type: ignore[operator]
    assert await today(ledger, clock) == usd("12.50")


@pytest.mark.parametrize("to", [Stage.REFUSED, Stage.NOT_SENT])
async def test_what_was_not_bought_is_given_back(
    ledger: AnyLedger, clock: JumpClock, to: Stage
) -> None:
    await fell_through(ledger, await a_sending(ledger), to)
    assert await ledger.spent("USD", at=clock.now()) == (NOTHING, NOTHING)


async def test_what_was_abandoned_or_absent_is_given_back(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    prepared = await a_prepared(ledger, an_offer(item="1"))
    unknown = await an_unknown(ledger, an_offer(item="2"))
    assert await today(ledger, clock) == usd("25")
    await fell_through(ledger, prepared.attempt, Stage.ABANDONED)
    assert await today(ledger, clock) == usd("12.50")
    await fell_through(ledger, unknown, Stage.ABSENT)
    assert await today(ledger, clock) == NOTHING


async def test_a_dry_run_gives_back_what_it_reserved(ledger: AnyLedger, clock: JumpClock) -> None:
    prepared = await a_prepared(ledger, dry_run=True)
    assert await today(ledger, clock) == usd("12.50")
    await fell_through(ledger, prepared.attempt, Stage.ABANDONED)
    assert await today(ledger, clock) == NOTHING


@pytest.mark.parametrize(
    ("charged", "spent"),
    [
        (usd("12.50"), "12.50"),
        (usd("11.00"), "11.00"),
        (None, "12.50"),
        (Money(900, "EUR"), "12.50"),
        (usd("0"), "0"),
    ],
    ids=str,
)
async def test_what_was_bought_is_spent_at_what_was_charged(
    ledger: AnyLedger, clock: JumpClock, charged: Money | None, spent: str
) -> None:
    """At what was agreed where the seller does not say, or says it in another currency."""
    await won(ledger, await a_sending(ledger), charged=charged)
    assert await ledger.spent("USD", at=clock.now()) == (usd(spent), usd(spent))


@pytest.mark.parametrize(("charged", "spent"), [("11.00", "12.13"), (None, "13.75")])
async def test_a_purchase_in_another_currency_is_spent_as_it_costs(
    ledger: AnyLedger, clock: JumpClock, charged: str | None, spent: str
) -> None:
    """What the seller charged, at the rate the offer was chosen by; else what was agreed."""
    rate = Rate(of="EUR", into="USD", mid=Fraction(11, 10), margin=Fraction(2, 1000))
    euros = an_offer(
        price=Money(1000, "EUR"), shipping=Money(248, "EUR"), tax=Money(0, "EUR")
    ).converted(rate)
    sending = await a_sending(ledger, euros, intent={"agreed": usd("13.75")})
    assert sending.offer == euros
    assert await today(ledger, clock) == usd("13.75")
    attempt, _ = await won(
        ledger, sending, charged=None if charged is None else Money.of(charged, "EUR")
    )
    assert attempt.charged == (None if charged is None else Money.of(charged, "EUR"))
    assert await today(ledger, clock) == usd(spent)


async def test_an_overcharge_is_counted_whatever_the_limit(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    """It was paid: the day shows it, and takes nothing more."""
    await ledger.set_limits("USD", some_limits(None, "30", "30"))
    first = await sent(ledger, (await intended(ledger, await wish(ledger))).attempt)
    second = await sent(ledger, (await intended(ledger, await wish(ledger))).attempt)
    attempt, _ = await won(ledger, first, "1", charged=usd("99.99"))
    assert attempt.charged == usd("99.99")
    assert await ledger.spent("USD", at=clock.now()) == (usd("112.49"), usd("112.49"))
    assert await ledger.intend(await wish(ledger, "0.01")) is R.DAY_LIMIT
    await fell_through(ledger, second)
    assert await today(ledger, clock) == usd("99.99")
    assert await ledger.intend(await wish(ledger, "0.01")) is R.DAY_LIMIT


async def test_a_purchase_by_hand_is_spent_as_agreed(ledger: AnyLedger, clock: JumpClock) -> None:
    _, waiting = await a_manual(ledger)
    await ledger.settle_by_hand(waiting.request.id, order_id="A-1")
    assert await today(ledger, clock) == usd("12.50")


async def test_what_a_person_did_not_find_is_given_back(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    _, waiting = await a_manual(ledger)
    await ledger.settle_by_hand(waiting.request.id, order_id=None)
    assert await today(ledger, clock) == NOTHING


# ---------------------------------------------------------------------- between intent and send
@pytest.mark.parametrize("total", ["9.99", "12.50", "14"])
async def test_the_reservation_becomes_the_frozen_total(
    ledger: AnyLedger, clock: JumpClock, total: str
) -> None:
    prepared = await intended(ledger, await wish(ledger))
    await ledger.start_sending(prepared.attempt, a_frozen(total=usd(total)))
    assert await ledger.spent("USD", at=clock.now()) == (usd(total), usd(total))


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        (some_limits("13", "200", None), R.PURCHASE_LIMIT),
        (some_limits("100", "26", "90"), R.DAY_LIMIT),
        (some_limits("100", "90", "26"), R.MONTH_LIMIT),
        (some_limits("12", "200", None), R.PURCHASE_LIMIT),
        (some_limits("100", "5", None), R.DAY_LIMIT),
    ],
)
async def test_limits_are_asked_again_before_the_send(
    ledger: AnyLedger, clock: JumpClock, limits: Limits, refusal: IntentRefusal
) -> None:
    """Refused, the attempt stays prepared and keeps what it had reserved."""
    await intended(ledger, await wish(ledger))
    prepared = await intended(ledger, await wish(ledger))
    await ledger.set_limits("USD", limits)
    answer = await ledger.start_sending(prepared.attempt, a_frozen(total=usd("14")))
    assert answer is refusal
    assert await ledger.attempts(prepared.record.request.id) == [prepared.attempt]
    assert await ledger.spent("USD", at=clock.now()) == (usd("25"), usd("25"))


async def test_a_limit_lowered_below_what_is_used_is_kept(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    prepared = await intended(ledger, await wish(ledger))
    await ledger.set_limits("USD", some_limits("100", "1", None))
    assert await ledger.intend(await wish(ledger, "0.01")) is R.DAY_LIMIT
    assert await ledger.start_sending(prepared.attempt, a_frozen()) is R.DAY_LIMIT
    await ledger.set_limits("USD", some_limits("100", "12.50", None))
    assert isinstance(await ledger.start_sending(prepared.attempt, a_frozen()), Attempt)
    assert await today(ledger, clock) == usd("12.50")


async def test_nothing_was_spent_on_a_day_without_purchases(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    assert await ledger.spent("USD", at=clock.now()) == (NOTHING, NOTHING)
    sending = await a_sending(ledger)
    await ledger.settle(sending, Stage.PLACED, Facts())
    yesterday = clock.now() - timedelta(days=1)
    assert await ledger.spent("USD", at=yesterday) == (NOTHING, usd("12.50"))
