"""What a ledger promises of attempts: one order at a time, moved by one hand, never rewritten."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Facts, Intended, IntentRefusal
from bookhunt.model.errors import CurrencyMismatch, IllegalTransition, NotFound, StateConflict
from bookhunt.model.money import Money
from bookhunt.model.outcome import Result
from bookhunt.model.purchase import STAGE_MOVES, Answer, Attempt, Stage
from bookhunt.model.request import RequestState
from tests.support.builders import (
    NOON,
    a_frozen,
    a_record,
    a_result,
    an_attempt,
    an_id,
    an_intent,
    an_offer,
    usd,
)
from tests.support.ledger_steps import (
    a_manual,
    a_prepared,
    a_processing,
    a_sending,
    an_unknown,
    fell_through,
    intended,
    lost,
    sent,
    won,
)

if TYPE_CHECKING:
    from tests.contract.conftest import AnyLedger
    from tests.support.jump_clock import JumpClock

S = RequestState
T = Stage


# --------------------------------------------------------------------------------------- intend
async def test_an_intent_is_an_attempt_that_is_prepared(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    """Everything the intent says is there, and its request is RESOLVED, the next version."""
    record = await a_processing(ledger)
    offer = an_offer(
        tax=None,
        shipping=None,
        inventory=None,
        isbn13=None,
        title=None,
        url=None,
        expires_at=NOON + timedelta(microseconds=5),
        response_ms=0.1,
        cached=True,
    )
    intent = an_intent(record, offer, agreed=usd("29.99"))
    answer = await intended(ledger, intent)
    assert answer.attempt == an_attempt(
        id=intent.attempt_id,
        request_id=record.request.id,
        offer=offer,
        key=intent.key,
        reference=intent.reference,
        agreed=usd("29.99"),
        created_at=clock.now(),
    )
    assert answer.record == replace(record, state=S.RESOLVED, version=record.version + 1)
    assert await ledger.attempts(record.request.id) == [answer.attempt]
    assert await ledger.open_attempts() == [answer.attempt]


async def test_one_request_has_one_open_attempt(ledger: AnyLedger) -> None:
    """Of many intents for one request, one is written."""
    record = await a_processing(ledger)
    answers = await asyncio.gather(
        *(ledger.intend(an_intent(record, an_offer(f"seller{n}"))) for n in range(20))
    )
    assert sum(isinstance(answer, Intended) for answer in answers) == 1
    assert answers.count(IntentRefusal.STALE) == 19
    assert len(await ledger.attempts(record.request.id)) == 1


@pytest.mark.parametrize("version", [-1, 1])
async def test_an_intent_from_another_version_is_stale(ledger: AnyLedger, version: int) -> None:
    record = await a_processing(ledger)
    intent = an_intent(record, request_version=record.version + version)
    assert await ledger.intend(intent) is IntentRefusal.STALE
    assert await ledger.attempts(record.request.id) == []
    assert await ledger.get(record.request.id) == record


async def test_a_pending_or_finished_request_is_stale(ledger: AnyLedger) -> None:
    processing = await a_processing(ledger)
    done = await ledger.move(processing, S.NOT_AVAILABLE)
    assert await ledger.intend(an_intent(done)) is IntentRefusal.STALE


async def test_a_cancelled_request_buys_nothing(ledger: AnyLedger) -> None:
    record = await a_processing(ledger)
    await ledger.cancel(record.request.id)
    assert await ledger.intend(an_intent(record)) is IntentRefusal.CANCELLED


async def test_nothing_is_intended_while_paused(ledger: AnyLedger) -> None:
    record = await a_processing(ledger)
    await ledger.set_paused(paused=True)
    assert await ledger.paused()
    assert await ledger.intend(an_intent(record)) is IntentRefusal.PAUSED
    assert await ledger.get(record.request.id) == record
    await ledger.set_paused(paused=False)
    assert not await ledger.paused()
    await intended(ledger, an_intent(record))


async def test_an_intent_above_the_maximum_is_a_bug(ledger: AnyLedger) -> None:
    record = await a_processing(ledger, max_price=usd("12"))
    with pytest.raises(IllegalTransition):
        await ledger.intend(an_intent(record, agreed=usd("12.01")))
    with pytest.raises(CurrencyMismatch):
        await ledger.intend(an_intent(record, agreed=Money(100, "EUR")))
    assert await ledger.get(record.request.id) == record


async def test_an_intent_for_nobody_is_refused(ledger: AnyLedger) -> None:
    with pytest.raises(NotFound):
        await ledger.intend(an_intent(a_record(state=S.PROCESSING, version=2)))


async def test_keys_and_references_are_never_used_twice(ledger: AnyLedger) -> None:
    first = await a_prepared(ledger, an_offer("alpha"))
    record = await a_processing(ledger)
    for taken in ({"key": first.attempt.key}, {"reference": first.attempt.reference}):
        with pytest.raises(IllegalTransition):
            await ledger.intend(an_intent(record, an_offer("beta"), **taken))
    assert await ledger.get(record.request.id) == record


async def test_after_a_definite_negative_the_next_offer_may_be_taken(ledger: AnyLedger) -> None:
    """Attempts of a request are kept, oldest first."""
    sending = await a_sending(ledger, an_offer("alpha"))
    first, record = await fell_through(ledger, sending)
    second = await intended(ledger, an_intent(record, an_offer("beta")))
    assert await ledger.attempts(record.request.id) == [first, second.attempt]
    assert await ledger.open_attempts() == [second.attempt]


@pytest.mark.parametrize("negative", [T.REFUSED, T.NOT_SENT])
async def test_each_negative_of_a_sent_order_lets_the_request_go_on(
    ledger: AnyLedger, clock: JumpClock, negative: Stage
) -> None:
    sending = await a_sending(ledger)
    clock.pass_time(3)
    attempt, record = await fell_through(ledger, sending, negative, Answer.REFUSED)
    assert (attempt.stage, attempt.finished_at) == (negative, clock.now())
    assert record.state is S.PROCESSING


# -------------------------------------------------------------------------------- start_sending
async def test_sending_begins_with_the_exact_bytes(ledger: AnyLedger, clock: JumpClock) -> None:
    prepared = await a_prepared(ledger, intent={"agreed": usd("20")})
    clock.pass_time(2.5)
    frozen = a_frozen(document='{"body":"é\\u0000"}', total=usd("19.99"))
    sending = await ledger.start_sending(prepared.attempt, frozen)
    assert sending == replace(
        prepared.attempt,
        stage=T.SENDING,
        version=2,
        frozen=frozen,
        agreed=usd("19.99"),
        sends=1,
        first_sent_at=clock.now(),
        last_sent_at=clock.now(),
    )
    assert await ledger.attempts(prepared.attempt.request_id) == [sending]


async def test_sending_begins_once(ledger: AnyLedger) -> None:
    prepared = await a_prepared(ledger)
    answers = await asyncio.gather(
        *(ledger.start_sending(prepared.attempt, a_frozen()) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Attempt) for answer in answers) == 1
    assert sum(isinstance(answer, IllegalTransition) for answer in answers) == 4


async def test_nothing_is_sent_while_paused(ledger: AnyLedger) -> None:
    """Refused at the last moment, the attempt stays prepared."""
    prepared = await a_prepared(ledger)
    await ledger.set_paused(paused=True)
    assert await ledger.start_sending(prepared.attempt, a_frozen()) is IntentRefusal.PAUSED
    assert await ledger.attempts(prepared.attempt.request_id) == [prepared.attempt]
    await ledger.set_paused(paused=False)
    await sent(ledger, prepared.attempt)


async def test_nothing_is_sent_that_was_cancelled(ledger: AnyLedger) -> None:
    prepared = await a_prepared(ledger)
    await ledger.cancel(prepared.attempt.request_id)
    assert await ledger.start_sending(prepared.attempt, a_frozen()) is IntentRefusal.CANCELLED
    assert await ledger.attempts(prepared.attempt.request_id) == [prepared.attempt]


async def test_a_dry_run_is_never_sent(ledger: AnyLedger) -> None:
    """And nothing else ends as one."""
    wanted = await a_prepared(ledger, an_offer(item="wanted"))
    with pytest.raises(IllegalTransition):
        await ledger.settle(wanted.attempt, T.ABANDONED, Facts(), request_to=S.DRY_RUN)
    prepared = await a_prepared(ledger, dry_run=True)
    with pytest.raises(IllegalTransition):
        await ledger.start_sending(prepared.attempt, a_frozen())
    _, record = await ledger.settle(
        prepared.attempt, T.ABANDONED, Facts(detail="dry run"), request_to=S.DRY_RUN
    )
    assert record.state is S.DRY_RUN


@pytest.mark.parametrize("total", ["30.01", "0"])
async def test_a_total_nobody_agreed_to_is_never_sent(ledger: AnyLedger, total: str) -> None:
    prepared = await a_prepared(ledger)
    with pytest.raises(IllegalTransition):
        await ledger.start_sending(prepared.attempt, a_frozen(total=usd(total)))
    assert await ledger.attempts(prepared.attempt.request_id) == [prepared.attempt]


# ----------------------------------------------------------------------------- resend, checked
async def test_a_resend_is_counted_before_the_bytes_leave(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    unknown = await an_unknown(ledger)
    clock.pass_time(60)
    again = await ledger.resend(unknown)
    assert again == replace(unknown, version=unknown.version + 1, sends=2, last_sent_at=clock.now())
    assert await ledger.attempts(unknown.request_id) == [again]
    with pytest.raises(IllegalTransition):
        await ledger.resend(unknown)


async def test_nothing_is_sent_again_while_paused(ledger: AnyLedger) -> None:
    """Asked in the transaction that would let the bytes leave: a pause is never too late for it."""
    unknown = await an_unknown(ledger)
    await ledger.set_paused(paused=True)
    assert await ledger.resend(unknown) is IntentRefusal.PAUSED
    assert await ledger.attempts(unknown.request_id) == [unknown]
    await ledger.set_paused(paused=False)
    again = await ledger.resend(unknown)
    assert isinstance(again, Attempt)
    assert again.sends == 2


async def test_only_an_unknown_order_is_sent_again(ledger: AnyLedger) -> None:
    prepared = await a_prepared(ledger, an_offer("alpha"))
    sending = await a_sending(ledger, an_offer("beta"))
    manual, _ = await a_manual(ledger, an_offer("gamma"))
    for attempt in (prepared.attempt, sending, manual, an_attempt(stage=T.UNKNOWN)):
        with pytest.raises(IllegalTransition):
            await ledger.resend(attempt)


async def test_a_check_that_settled_nothing_is_counted(ledger: AnyLedger, clock: JumpClock) -> None:
    unknown = await an_unknown(ledger)
    due = clock.now() + timedelta(seconds=3)
    once = await ledger.checked(unknown, not_found=False, next_check_at=due)
    assert once == replace(unknown, version=unknown.version + 1, checks=1, next_check_at=due)
    twice = await ledger.checked(once, not_found=True, next_check_at=None)
    assert (twice.checks, twice.not_found, twice.next_check_at) == (2, 1, None)
    assert await ledger.attempts(unknown.request_id) == [twice]
    with pytest.raises(IllegalTransition):
        await ledger.checked(once, not_found=True, next_check_at=None)


async def test_only_an_order_in_doubt_is_checked(ledger: AnyLedger) -> None:
    sending = await a_sending(ledger)
    with pytest.raises(IllegalTransition):
        await ledger.checked(sending, not_found=True, next_check_at=None)


# --------------------------------------------------------------------------------------- settle
async def test_a_confirmed_order_is_a_success(ledger: AnyLedger, clock: JumpClock) -> None:
    sending = await a_sending(ledger)
    clock.pass_time(1)
    attempt, record = await won(
        ledger, sending, "A-77", charged=usd("12.40"), delivery="Friday", detail="thanks"
    )
    assert attempt == replace(
        sending,
        stage=T.CONFIRMED,
        version=3,
        answer=Answer.BOUGHT,
        order_id="A-77",
        charged=usd("12.40"),
        delivery="Friday",
        detail="thanks",
        finished_at=clock.now(),
    )
    assert (record.state, record.finished_at) == (S.SUCCESS, clock.now())
    assert record.result.bought is not None
    assert await ledger.attempts(record.request.id) == [attempt]
    assert await ledger.get(record.request.id) == record
    assert await ledger.open_attempts() == []


async def test_facts_are_added_and_never_taken_away(ledger: AnyLedger) -> None:
    sending = await a_sending(ledger)
    facts = Facts(answer=Answer.PLACED, order_id="A-1", delivery="soon", detail="accepted")
    placed, record = await ledger.settle(sending, T.PLACED, facts)
    assert record.state is S.RESOLVED
    confirmed, _ = await ledger.settle(
        placed, T.CONFIRMED, Facts(answer=Answer.BOUGHT), request_to=S.SUCCESS
    )
    assert confirmed.order_id == "A-1"
    assert (confirmed.delivery, confirmed.detail) == ("soon", "accepted")
    assert confirmed.answer is Answer.BOUGHT


async def test_a_charge_in_another_currency_is_kept_as_it_is(ledger: AnyLedger) -> None:
    attempt, _ = await won(ledger, await a_sending(ledger), charged=Money(1150, "EUR"))
    assert attempt.charged == Money(1150, "EUR")
    assert await ledger.attempts(attempt.request_id) == [attempt]


async def test_a_result_may_be_noted_while_the_request_stays(ledger: AnyLedger) -> None:
    sending = await a_sending(ledger)
    before = await ledger.get(sending.request_id)
    assert before is not None
    said = a_result(message="accepted, not yet confirmed")
    _, record = await ledger.settle(sending, T.PLACED, Facts(), result=said)
    assert record == replace(before, version=before.version + 1, result=said)


async def test_a_lost_answer_puts_the_request_in_doubt(ledger: AnyLedger) -> None:
    sending = await a_sending(ledger)
    unknown = await lost(ledger, sending)
    record = await ledger.get(sending.request_id)
    assert record is not None
    assert (unknown.stage, record.state) == (T.UNKNOWN, S.IN_DOUBT)
    assert unknown.finished_at is None
    assert await ledger.open_attempts() == [unknown]


async def test_an_attempt_is_settled_by_one_hand(ledger: AnyLedger) -> None:
    """A late answer and a look-up meet: one is written, the other learns that it came second."""
    unknown = await an_unknown(ledger)
    answers = await asyncio.gather(
        won(ledger, unknown),
        fell_through(ledger, unknown, T.ABSENT, Answer.NOT_FOUND),
        ledger.checked(unknown, not_found=True, next_check_at=None),
        ledger.resend(unknown),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, IllegalTransition) for answer in answers) == 3
    (attempt,) = await ledger.attempts(unknown.request_id)
    assert attempt.version == unknown.version + 1


async def attempt_in(ledger: AnyLedger, stage: Stage) -> Attempt:
    """An attempt that came to this stage by the table's ways."""
    sending: Attempt = await a_sending(ledger) if stage not in {T.PREPARED, T.ABANDONED} else None  # type: ignore[assignment]
    match stage:
        case T.PREPARED | T.ABANDONED:
            attempt = (await a_prepared(ledger)).attempt
            if stage is T.ABANDONED:
                attempt, _ = await fell_through(ledger, attempt, T.ABANDONED)
            return attempt
        case T.SENDING:
            return sending
        case T.PLACED:
            return (await ledger.settle(sending, T.PLACED, Facts()))[0]
        case T.UNKNOWN:
            return await lost(ledger, sending)
        case T.MANUAL:
            unknown = await lost(ledger, sending)
            return (await ledger.settle(unknown, T.MANUAL, Facts()))[0]
        case T.CONFIRMED:
            return (await won(ledger, sending))[0]
        case T.ABSENT:
            unknown = await lost(ledger, sending)
            return (await fell_through(ledger, unknown, T.ABSENT))[0]
        case T.REFUSED | T.NOT_SENT:
            return (await fell_through(ledger, sending, stage))[0]


REQUEST_TO = {
    T.CONFIRMED: S.SUCCESS,
    T.UNKNOWN: S.IN_DOUBT,
    T.MANUAL: S.IN_DOUBT,
    T.PLACED: None,
    T.PREPARED: None,
    T.SENDING: None,
}


@pytest.mark.parametrize("to", list(Stage), ids=str)
@pytest.mark.parametrize("stage", list(Stage), ids=str)
async def test_stages_move_as_the_table_says(ledger: AnyLedger, stage: Stage, to: Stage) -> None:
    """Each move of the table is possible, and each other one is refused and changes nothing."""
    attempt = await attempt_in(ledger, stage)
    record = await ledger.get(attempt.request_id)
    assert record is not None
    request_to = REQUEST_TO.get(to, S.PROCESSING)
    if request_to is record.state:
        request_to = None
    if (stage, to) in STAGE_MOVES and to is not T.SENDING:
        settled, _ = await ledger.settle(attempt, to, Facts(), request_to=request_to)
        assert settled.stage is to
        return
    with pytest.raises(IllegalTransition):
        await ledger.settle(attempt, to, Facts(), request_to=request_to)
    assert await ledger.attempts(attempt.request_id) == [attempt]
    assert await ledger.get(attempt.request_id) == record


@pytest.mark.parametrize(
    ("to", "request_to"),
    [
        (T.CONFIRMED, None),
        (T.CONFIRMED, S.PROCESSING),
        (T.CONFIRMED, S.PURCHASE_FAILED),
        (T.UNKNOWN, S.PROCESSING),
        (T.UNKNOWN, S.SUCCESS),
        (T.UNKNOWN, S.CANCELLED),
        (T.REFUSED, None),
        (T.REFUSED, S.SUCCESS),
        (T.REFUSED, S.IN_DOUBT),
        (T.PLACED, S.SUCCESS),
    ],
)
async def test_a_request_says_what_its_order_says(
    ledger: AnyLedger, to: Stage, request_to: RequestState | None
) -> None:
    """No success without an order, no end while one may stand, no waiting for one that ended."""
    sending = await a_sending(ledger)
    record = await ledger.get(sending.request_id)
    with pytest.raises(IllegalTransition):
        await ledger.settle(sending, to, Facts(), request_to=request_to)
    assert await ledger.attempts(sending.request_id) == [sending]
    assert await ledger.get(sending.request_id) == record


@pytest.mark.parametrize("unknown", [False, True])
async def test_two_requests_never_own_one_order(ledger: AnyLedger, *, unknown: bool) -> None:
    """A seller that names another request's order proves nothing: only a person can say."""
    first = await a_sending(ledger, an_offer(item="1"))
    _, other = await won(ledger, first, "A-1")
    second = await a_sending(ledger, an_offer(item="2"))
    if unknown:
        second = await lost(ledger, second)
    attempt, record = await won(ledger, second, "A-1", charged=usd("12.50"))
    assert (attempt.stage, attempt.order_id, attempt.charged) == (T.MANUAL, None, None)
    assert record.state is S.NEEDS_ATTENTION
    assert record.result.bought is None
    assert other.request.id in (record.result.message or "")
    assert await ledger.open_attempts() == [attempt]


async def test_sellers_may_use_the_same_numbers(ledger: AnyLedger) -> None:
    for seller in ("alpha", "beta"):
        _, record = await won(ledger, await a_sending(ledger, an_offer(seller)), "1")
        assert record.state is S.SUCCESS


# -------------------------------------------------------------------------------------- by hand
async def test_a_person_may_say_that_it_was_bought(ledger: AnyLedger, clock: JumpClock) -> None:
    manual, waiting = await a_manual(ledger)
    clock.pass_time(3600)
    attempt, record = await ledger.settle_by_hand(waiting.request.id, order_id="A-9")
    assert (attempt.stage, attempt.order_id) == (T.CONFIRMED, "A-9")
    assert record.state is S.SUCCESS
    bought = record.result.bought
    assert bought is not None
    assert (bought.order_id, bought.reference) == ("A-9", manual.reference)
    assert (bought.total, bought.charge_confirmed) == (manual.agreed, False)
    assert bought.at == clock.now()
    assert await ledger.open_attempts() == []


@pytest.mark.parametrize(("retry", "state"), [(False, S.CANCELLED), (True, S.PROCESSING)])
async def test_a_person_may_say_that_it_was_not_bought(
    ledger: AnyLedger, *, retry: bool, state: RequestState
) -> None:
    _, waiting = await a_manual(ledger)
    attempt, record = await ledger.settle_by_hand(waiting.request.id, order_id=None, retry=retry)
    assert attempt.stage is T.ABSENT
    assert record.state is state
    assert record.result.reason == "not_bought"


async def test_what_was_cancelled_meanwhile_is_not_tried_again(ledger: AnyLedger) -> None:
    _, waiting = await a_manual(ledger)
    await ledger.cancel(waiting.request.id)
    _, record = await ledger.settle_by_hand(waiting.request.id, order_id=None, retry=True)
    assert record.state is S.CANCELLED


async def test_a_person_settles_only_what_waits_for_one(ledger: AnyLedger) -> None:
    """Not what is still being looked up, not what has ended, not what is not there."""
    unknown = await an_unknown(ledger)
    for request_id in (unknown.request_id, (await a_processing(ledger)).request.id):
        with pytest.raises(StateConflict):
            await ledger.settle_by_hand(request_id, order_id="A-1")
    with pytest.raises(NotFound):
        await ledger.settle_by_hand(an_id(), order_id=None)


async def test_a_person_cannot_give_an_order_away_twice(ledger: AnyLedger) -> None:
    await won(ledger, await a_sending(ledger, an_offer(item="1")), "A-1")
    manual, waiting = await a_manual(ledger, an_offer(item="2"))
    with pytest.raises(StateConflict):
        await ledger.settle_by_hand(waiting.request.id, order_id="A-1")
    assert await ledger.open_attempts() == [manual]


async def test_a_late_look_up_may_settle_what_waits_for_a_person(ledger: AnyLedger) -> None:
    manual, _ = await a_manual(ledger)
    _, record = await won(ledger, manual)
    assert record.state is S.SUCCESS
    with pytest.raises(StateConflict):
        await ledger.settle_by_hand(record.request.id, order_id=None)


async def test_open_attempts_are_those_that_may_stand_oldest_first(ledger: AnyLedger) -> None:
    prepared = (await a_prepared(ledger, an_offer(item="1"))).attempt
    sending = await a_sending(ledger, an_offer(item="2"))
    unknown = await an_unknown(ledger, an_offer(item="3"))
    manual, _ = await a_manual(ledger, an_offer(item="4"))
    await won(ledger, await a_sending(ledger, an_offer(item="5")))
    await fell_through(ledger, await a_sending(ledger, an_offer(item="6")))
    assert await ledger.open_attempts() == [prepared, sending, unknown, manual]


async def test_the_outcome_of_an_order_outlives_a_result(ledger: AnyLedger) -> None:
    """A settle without a result leaves the one that is there."""
    sending = await a_sending(ledger)
    said = Result(message="on its way")
    placed, _ = await ledger.settle(sending, T.PLACED, Facts(), result=said)
    _, record = await ledger.settle(placed, T.REFUSED, Facts(), request_to=S.PROCESSING)
    assert record.result == said
