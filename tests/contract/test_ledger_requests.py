"""What a ledger promises of requests: submitted once, moved by one hand, found, cancelled."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Facts
from bookhunt.model.errors import (
    IdempotencyKeyReused,
    IllegalTransition,
    NotFound,
    PossibleDuplicate,
    TooLate,
)
from bookhunt.model.outcome import Result
from bookhunt.model.purchase import Stage
from bookhunt.model.request import RequestState
from tests.support.builders import (
    NOON,
    a_book,
    a_bought,
    a_record,
    a_request,
    a_result,
    an_id,
    an_offer,
    another_book,
    usd,
)
from tests.support.ledger_steps import (
    a_manual,
    a_pending,
    a_prepared,
    a_processing,
    a_sending,
    a_success,
    an_unknown,
    fell_through,
    lost,
    won,
)

if TYPE_CHECKING:
    from tests.contract.conftest import AnyLedger, Lives
    from tests.support.jump_clock import JumpClock

S = RequestState


# --------------------------------------------------------------------------------------- submit
async def test_a_key_is_known_once_it_was_submitted(ledger: AnyLedger) -> None:
    """Of that customer only, and not before."""
    request = a_request(customer="jane")
    assert not await ledger.knows("jane", request.idempotency_key)
    await ledger.submit(request, fingerprint="f", again=False)
    assert await ledger.knows("jane", request.idempotency_key)
    assert not await ledger.knows("bob", request.idempotency_key)
    assert not await ledger.knows("jane", "another")


async def test_a_new_request_is_pending(ledger: AnyLedger) -> None:
    """A request is stored as it was asked, PENDING, in its first version."""
    request = a_request(
        book=a_book(authors=("Jane Austen", "another")),
        sellers=frozenset({"beta", "alpha"}),
        note="for Jäne, quickly",
        search_deadline_s=4.25,
        submitted_at=NOON + timedelta(microseconds=1),
    )
    submitted = await ledger.submit(request, fingerprint="f", again=False)
    assert submitted.created
    assert submitted.record == a_record(request=request)
    assert await ledger.get(request.id) == submitted.record


async def test_an_unknown_request_is_none(ledger: AnyLedger) -> None:
    assert await ledger.get(an_id()) is None


async def test_the_same_key_and_body_is_the_same_request(ledger: AnyLedger) -> None:
    """A repeated submission gets the request its key already made, wherever that stands now."""
    first = await a_processing(ledger)
    repeated = replace(first.request, id=an_id())
    answer = await ledger.submit(repeated, fingerprint="f" * 64, again=False)
    assert not answer.created
    assert answer.record == first
    assert await ledger.get(repeated.id) is None


async def test_the_same_key_and_another_body_is_refused(ledger: AnyLedger) -> None:
    first = await a_pending(ledger)
    other = replace(first.request, id=an_id(), max_price=usd("31"))
    with pytest.raises(IdempotencyKeyReused):
        await ledger.submit(other, fingerprint="0" * 64, again=True)
    assert await ledger.get(first.request.id) == first
    assert await ledger.get(other.id) is None


async def test_a_key_belongs_to_its_customer(ledger: AnyLedger) -> None:
    """Two customers may choose the same key."""
    first = a_request(customer="jane", idempotency_key="k")
    second = a_request(customer="emma", idempotency_key="k")
    for request in (first, second):
        assert (await ledger.submit(request, fingerprint="f", again=False)).created


async def test_a_thousand_submissions_of_one_key_make_one_request(ledger: AnyLedger) -> None:
    request = a_request(idempotency_key="one")
    answers = await asyncio.gather(
        *(
            ledger.submit(replace(request, id=an_id()), fingerprint="f", again=False)
            for _ in range(1000)
        )
    )
    assert sum(answer.created for answer in answers) == 1
    assert len({answer.record.request.id for answer in answers}) == 1
    assert len(await ledger.find(limit=2000)) == 1


async def test_the_same_book_while_one_is_active_is_a_duplicate(ledger: AnyLedger) -> None:
    """Another key, any maximum: the older request is named, and nothing is written."""
    older = await ledger.submit(a_request(), fingerprint="f", again=False)
    with pytest.raises(PossibleDuplicate) as refused:
        await ledger.submit(a_request(max_price=usd("9")), fingerprint="g", again=False)
    assert refused.value.older_id == older.record.request.id
    assert len(await ledger.find()) == 1


async def test_again_makes_a_second_request(ledger: AnyLedger) -> None:
    await ledger.submit(a_request(), fingerprint="f", again=False)
    assert (await ledger.submit(a_request(), fingerprint="f", again=True)).created


@pytest.mark.parametrize("state", [S.IN_DOUBT, S.NEEDS_ATTENTION])
async def test_a_request_in_doubt_is_active(ledger: AnyLedger, state: RequestState) -> None:
    book = another_book()
    if state is S.IN_DOUBT:
        await an_unknown(ledger, book=book)
    else:
        await a_manual(ledger, book=book)
    with pytest.raises(PossibleDuplicate):
        await ledger.submit(a_request(book=book), fingerprint="f", again=False)


async def test_a_book_bought_within_a_day_is_a_duplicate(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    book = another_book()
    bought = await a_success(ledger, book=book)
    clock.pass_time(86_399)
    with pytest.raises(PossibleDuplicate) as refused:
        await ledger.submit(a_request(book=book), fingerprint="f", again=False)
    assert refused.value.older_id == bought.request.id
    clock.pass_time(2)
    assert (await ledger.submit(a_request(book=book), fingerprint="f", again=False)).created


async def test_what_ended_without_a_purchase_is_no_duplicate(ledger: AnyLedger) -> None:
    record = await a_pending(ledger, book=a_book())
    await ledger.cancel(record.request.id)
    assert (await ledger.submit(a_request(), fingerprint="f", again=False)).created


@pytest.mark.parametrize(
    "other",
    [
        {"customer": "emma"},
        {"profile": "work"},
        {"book": a_book(isbn13=None, title="Emma")},
        {"watch_id": "w-1"},
        {"dry_run": True},
    ],
    ids=str,
)
async def test_what_is_no_duplicate(ledger: AnyLedger, other: dict[str, object]) -> None:
    """Another customer, profile or book; a watch's copy; a dry run, which buys nothing."""
    await ledger.submit(a_request(), fingerprint="f", again=False)
    assert (await ledger.submit(a_request(**other), fingerprint="f", again=False)).created


async def test_a_dry_run_makes_no_duplicate(ledger: AnyLedger) -> None:
    await ledger.submit(a_request(dry_run=True), fingerprint="f", again=False)
    assert (await ledger.submit(a_request(), fingerprint="f", again=False)).created


# ----------------------------------------------------------------------------------------- move
async def test_a_move_is_the_next_version(ledger: AnyLedger, clock: JumpClock) -> None:
    pending = await a_pending(ledger)
    processing = await ledger.move(pending, S.PROCESSING)
    assert processing == replace(pending, state=S.PROCESSING, version=2)
    clock.pass_time(7)
    result = a_result(reason="not_stocked", message="no seller offers it")
    done = await ledger.move(processing, S.NOT_AVAILABLE, result=result)
    assert done == replace(
        processing, state=S.NOT_AVAILABLE, version=3, result=result, finished_at=clock.now()
    )
    assert await ledger.get(done.request.id) == done


async def test_a_result_is_kept_exactly(ledger: AnyLedger) -> None:
    """Every field of a purchase comes back as it went in."""
    bought = a_bought(
        shipping=None,
        tax=usd("0.75"),
        order_id=None,
        delivery=None,
        at=NOON + timedelta(microseconds=123_457),
        overcharged=True,
        charge_confirmed=False,
        url="https://alpha.example/?q=ü",
    )
    result = a_result(bought=bought, reason="r", message="m")
    sending = await a_sending(ledger)
    _, record = await ledger.settle(
        sending, Stage.CONFIRMED, Facts(), request_to=S.SUCCESS, result=result
    )
    assert record.result == result
    assert await ledger.get(record.request.id) == record


async def test_a_move_without_a_result_keeps_the_last_one(ledger: AnyLedger) -> None:
    unknown = await an_unknown(ledger)
    said = Result(reason="unknown", message="asked, and nobody knew")
    _, record = await ledger.settle(unknown, Stage.MANUAL, Facts(), result=said)
    moved = await ledger.move(record, S.NEEDS_ATTENTION)
    assert moved.result == said


async def test_a_move_from_an_old_version_is_refused(ledger: AnyLedger) -> None:
    """Of two that saw the same request, one moves it."""
    pending = await a_pending(ledger)
    moves = [ledger.move(pending, S.PROCESSING), ledger.move(pending, S.EXPIRED)]
    answers = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(isinstance(answer, IllegalTransition) for answer in answers) == 1
    current = await ledger.get(pending.request.id)
    assert current is not None
    assert current.version == 2


@pytest.mark.parametrize("to", [S.RESOLVED, S.IN_DOUBT, S.SUCCESS, S.NEEDS_ATTENTION])
async def test_no_state_that_needs_an_order_is_reached_without_one(
    ledger: AnyLedger, to: RequestState
) -> None:
    processing = await a_processing(ledger)
    with pytest.raises(IllegalTransition):
        await ledger.move(processing, to)
    assert await ledger.get(processing.request.id) == processing


async def test_a_move_the_table_does_not_have_is_refused(ledger: AnyLedger) -> None:
    pending = await a_pending(ledger)
    for to in (S.NOT_AVAILABLE, S.PURCHASE_FAILED, S.DRY_RUN, S.PENDING):
        with pytest.raises(IllegalTransition):
            await ledger.move(pending, to)
    done = await ledger.move(pending, S.EXPIRED)
    for to in S:
        with pytest.raises(IllegalTransition):
            await ledger.move(done, to)


@pytest.mark.parametrize("to", [S.PURCHASE_FAILED, S.CANCELLED, S.PROCESSING, S.NEEDS_ATTENTION])
async def test_a_request_does_not_move_on_while_an_order_may_stand(
    ledger: AnyLedger, to: RequestState
) -> None:
    sending = await a_sending(ledger)
    record = await ledger.get(sending.request_id)
    assert record is not None
    with pytest.raises(IllegalTransition):
        await ledger.move(record, to)
    await lost(ledger, sending)
    record = await ledger.get(sending.request_id)
    assert record is not None
    with pytest.raises(IllegalTransition):
        await ledger.move(record, to)


async def test_only_a_manual_order_makes_a_request_need_attention(ledger: AnyLedger) -> None:
    _, record = await a_manual(ledger)
    assert record.state is S.NEEDS_ATTENTION
    assert record.finished_at is None


async def test_a_request_nobody_knows_cannot_be_moved(ledger: AnyLedger) -> None:
    with pytest.raises(NotFound):
        await ledger.move(a_record(), S.PROCESSING)


# --------------------------------------------------------------------------------------- cancel
@pytest.mark.parametrize("make", [a_pending, a_processing])
async def test_without_an_open_order_a_request_is_cancelled_at_once(
    ledger: AnyLedger, clock: JumpClock, make: object
) -> None:
    record = await make(ledger)  # type: ignore[operator]
    cancelled = await ledger.cancel(record.request.id)
    assert cancelled.state is S.CANCELLED
    assert cancelled.finished_at == clock.now()
    assert cancelled.result.reason == "cancelled"


async def test_cancelling_twice_is_cancelling_once(ledger: AnyLedger) -> None:
    record = await a_pending(ledger)
    first = await ledger.cancel(record.request.id)
    assert await ledger.cancel(record.request.id) == first


async def test_with_an_open_order_a_cancellation_is_remembered(ledger: AnyLedger) -> None:
    """The order is not touched; the request stays as it is and says that it was cancelled."""
    sending = await a_sending(ledger)
    cancelled = await ledger.cancel(sending.request_id)
    assert (cancelled.state, cancelled.cancel_requested) == (S.RESOLVED, True)
    assert await ledger.attempts(sending.request_id) == [sending]
    assert await ledger.cancel(sending.request_id) == cancelled


async def test_a_remembered_cancellation_ends_what_was_not_bought(ledger: AnyLedger) -> None:
    """Whoever settles may not have seen it: the request is cancelled, not hunted on."""
    sending = await a_sending(ledger)
    await ledger.cancel(sending.request_id)
    _, record = await fell_through(ledger, sending)
    assert record.state is S.CANCELLED


async def test_a_remembered_cancellation_does_not_hide_a_purchase(ledger: AnyLedger) -> None:
    sending = await a_sending(ledger)
    await ledger.cancel(sending.request_id)
    _, record = await won(ledger, sending)
    assert record.state is S.SUCCESS
    with pytest.raises(TooLate):
        await ledger.cancel(sending.request_id)


async def test_what_has_ended_cannot_be_cancelled(ledger: AnyLedger) -> None:
    pending = await a_pending(ledger)
    expired = await ledger.move(pending, S.EXPIRED)
    with pytest.raises(TooLate):
        await ledger.cancel(pending.request.id)
    assert await ledger.get(pending.request.id) == expired


async def test_what_is_not_there_cannot_be_cancelled(ledger: AnyLedger) -> None:
    with pytest.raises(NotFound):
        await ledger.cancel(an_id())


# ----------------------------------------------------------------------------------------- find
async def test_requests_are_found_newest_first(ledger: AnyLedger) -> None:
    records = [
        await a_pending(ledger, submitted_at=NOON + timedelta(seconds=second))
        for second in (3, 1, 2)
    ]
    oldest_first = sorted(records, key=lambda record: record.request.submitted_at)
    assert await ledger.find() == oldest_first[::-1]
    assert await ledger.find(limit=2) == oldest_first[:0:-1]


async def test_requests_are_found_by_state_and_time(ledger: AnyLedger) -> None:
    early = await a_pending(ledger, submitted_at=NOON)
    late = await a_processing(ledger, submitted_at=NOON + timedelta(hours=1))
    later = await a_pending(ledger, submitted_at=NOON + timedelta(hours=2))
    assert await ledger.find(states=frozenset({S.PENDING})) == [later, early]
    assert await ledger.find(states=frozenset({S.PENDING, S.PROCESSING})) == [later, late, early]
    assert await ledger.find(states=frozenset({S.SUCCESS})) == []
    assert await ledger.find(states=frozenset()) == []
    assert await ledger.find(since=late.request.submitted_at) == [later, late]
    assert await ledger.find(states=frozenset({S.PENDING}), since=NOON, limit=1) == [later]


async def test_a_list_may_be_longer_than_one_turn(ledger: AnyLedger) -> None:
    """More than a turn's 500 rows come whole, each once, newest first."""
    made = [
        a_request(book=another_book(), submitted_at=NOON + timedelta(seconds=n // 3))
        for n in range(620)
    ]
    await asyncio.gather(*(ledger.submit(r, fingerprint="f", again=False) for r in made))
    found = [record.request for record in await ledger.find(limit=610)]
    expected = sorted(made, key=lambda r: (r.submitted_at, r.id), reverse=True)
    assert found == expected[:610]
    assert [r.request for r in await ledger.find(limit=1000, states=frozenset(S))] == expected
    assert {r.request.id for r in await ledger.unfinished()} == {r.id for r in made}


async def test_a_request_is_found_by_the_beginning_and_the_end_of_its_id(
    ledger: AnyLedger,
) -> None:
    """Any beginning; of the end at least four characters, for fewer are no name."""
    first = await a_pending(ledger, id="01900000-0000-7000-8000-0000000000ab")
    second = await a_pending(ledger, id="01900000-0000-7000-9000-00000000cdef")
    assert await ledger.find(prefix="01900000-0000-7000-8") == [first]
    assert await ledger.find(prefix=second.request.id) == [second]
    assert await ledger.find(prefix="0") == [second, first]
    assert await ledger.find(prefix="cdef") == [second]
    assert await ledger.find(prefix="00ab") == [first]
    assert await ledger.find(prefix="ab") == []
    assert await ledger.find(prefix="%") == []
    assert await ledger.find(prefix="0", states=frozenset({S.SUCCESS})) == []
    assert await ledger.find(prefix="0", limit=1) == [second]


async def test_unfinished_requests_are_those_to_work_on_oldest_first(lives: Lives) -> None:
    """Final ones and those that wait for a person are left out."""
    ledger = lives.ledger
    pending = await a_pending(ledger)
    processing = await a_processing(ledger)
    prepared = await a_prepared(ledger, an_offer(item="1"))
    unknown = await an_unknown(ledger, an_offer(item="2"))
    await a_manual(ledger, an_offer(item="3"))
    await a_success(ledger, an_offer(item="4"))
    await ledger.move(await a_pending(ledger), S.EXPIRED)
    found = [record.request.id for record in await ledger.unfinished()]
    expected = [pending.request.id, processing.request.id, prepared.record.request.id]
    assert found == [*expected, unknown.request_id]
