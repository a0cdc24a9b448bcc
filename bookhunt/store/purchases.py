"""The way of an attempt through the ledger: intended, sent, checked, settled.

Each function runs in a transaction of its own, and changes an attempt only from exactly where its
caller saw it. An intent that is refused raises `Withdraw`, which undoes what it wrote so far.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import Facts, Intended, IntentRefusal
from bookhunt.model.errors import IllegalTransition
from bookhunt.model.outcome import RequestRecord, Result
from bookhunt.model.purchase import Answer, Attempt, Frozen, Stage
from bookhunt.model.request import RequestState
from bookhunt.store import attempts, budgets, claims, meta, requests
from bookhunt.store.operations import Withdraw
from bookhunt.store.queries import queries
from bookhunt.store.values import maybe_micros, micros

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

    from bookhunt.hunt.ports import Intent, Limits

_SQL = queries("purchases")
_CHECKED_IN = frozenset({Stage.UNKNOWN, Stage.PLACED, Stage.MANUAL})
# In these states a request waits for an order that may stand.
_WITH_OPEN_ATTEMPT = frozenset(
    {RequestState.RESOLVED, RequestState.IN_DOUBT, RequestState.NEEDS_ATTENTION}
)


# --------------------------------------------------------------------------------------- intent
def intend(
    db: sqlite3.Connection, intent: Intent, *, defaults: Mapping[str, Limits], now: datetime
) -> Intended:
    """As `ports.Ledger.intend`; a refusal is raised as `Withdraw`."""
    record = requests.require(db, intent.request_id)
    if record.state is RequestState.CANCELLED or record.cancel_requested:
        raise Withdraw(IntentRefusal.CANCELLED)
    if (
        record.state is not RequestState.PROCESSING
        or record.version != intent.request_version
        or attempts.live(db, intent.request_id) is not None
    ):
        raise Withdraw(IntentRefusal.STALE)
    if intent.agreed > record.request.max_price:
        raise IllegalTransition(
            f"{intent.agreed} is more than the customer of request {intent.request_id} pays"
        )
    _withdraw_if(meta.forbids_buying(db))
    limits = budgets.limits(db, intent.agreed.currency, defaults=defaults)
    _withdraw_if(budgets.refusal(db, intent.agreed, limits, at=now))
    _withdraw_if(claims.refusal(db, intent, now=now))
    attempt = attempts.prepared(intent, max_price=record.request.max_price, now=now)
    attempts.insert(db, attempt)
    claims.claim(db, intent)
    _withdraw_if(budgets.reserve(db, intent.attempt_id, intent.agreed, limits, at=now))
    record = requests.advance(db, record, RequestState.RESOLVED, result=None, now=now)
    return Intended(attempt=attempt, record=record)


def _withdraw_if(refusal: IntentRefusal | None) -> None:
    if refusal is not None:
        raise Withdraw(refusal)


# -------------------------------------------------------------------------------------- sending
def start_sending(
    db: sqlite3.Connection,
    attempt: Attempt,
    frozen: Frozen,
    *,
    defaults: Mapping[str, Limits],
    now: datetime,
) -> Attempt:
    """As `ports.Ledger.start_sending`; a refusal is raised as `Withdraw`."""
    current = attempts.current(db, attempt)
    if current.stage is not Stage.PREPARED:
        raise IllegalTransition(f"attempt {attempt.id} is {current.stage}: it was sent before")
    record = requests.require(db, current.request_id)
    if record.request.dry_run:
        raise IllegalTransition(f"request {current.request_id} is a dry run: it is never sent")
    if frozen.total.minor < 1 or frozen.total > current.max_price:
        raise IllegalTransition(
            f"attempt {attempt.id} would cost {frozen.total}, and the customer pays at most "
            f"{current.max_price}"
        )
    if record.cancel_requested:
        raise Withdraw(IntentRefusal.CANCELLED)
    _withdraw_if(meta.forbids_buying(db))
    limits = budgets.limits(db, frozen.total.currency, defaults=defaults)
    _withdraw_if(budgets.change(db, current.id, frozen.total, limits))
    parameters = {
        "id": current.id,
        "version": current.version,
        "frozen": frozen.document,
        "body_hash": frozen.body_hash,
        "agreed_minor": frozen.total.minor,
        "now_us": micros(now),
    }
    _changed(db.execute(_SQL["start_sending"], parameters).rowcount)
    return replace(
        current,
        stage=Stage.SENDING,
        version=current.version + 1,
        frozen=frozen,
        agreed=frozen.total,
        sends=1,
        first_sent_at=now,
        last_sent_at=now,
    )


def resend(db: sqlite3.Connection, attempt: Attempt, *, now: datetime) -> Attempt:
    """As `ports.Ledger.resend`; a refusal is raised as `Withdraw`."""
    current = attempts.current(db, attempt)
    if current.stage is not Stage.UNKNOWN:
        raise IllegalTransition(f"attempt {attempt.id} is {current.stage}: it is not sent again")
    _withdraw_if(meta.forbids_buying(db))
    parameters = {"id": current.id, "version": current.version, "now_us": micros(now)}
    _changed(db.execute(_SQL["resend"], parameters).rowcount)
    return replace(current, version=current.version + 1, sends=current.sends + 1, last_sent_at=now)


def checked(
    db: sqlite3.Connection, attempt: Attempt, *, not_found: bool, next_check_at: datetime | None
) -> Attempt:
    """As `ports.Ledger.checked`."""
    current = attempts.current(db, attempt)
    if current.stage not in _CHECKED_IN:
        raise IllegalTransition(f"attempt {attempt.id} is {current.stage}: nothing is in doubt")
    parameters = {
        "id": current.id,
        "version": current.version,
        "not_found": int(not_found),
        "next_check_us": maybe_micros(next_check_at),
    }
    _changed(db.execute(_SQL["checked"], parameters).rowcount)
    return replace(
        current,
        version=current.version + 1,
        checks=current.checks + 1,
        not_found=current.not_found + not_found,
        next_check_at=next_check_at,
    )


# --------------------------------------------------------------------------------------- the end
def settle(
    db: sqlite3.Connection,
    attempt: Attempt,
    to: Stage,
    facts: Facts,
    *,
    request_to: RequestState | None,
    result: Result | None,
    defaults: Mapping[str, Limits],
    now: datetime,
) -> tuple[Attempt, RequestRecord]:
    """As `ports.Ledger.settle`.

    Two cases the caller cannot see are decided here. A request that was cancelled meanwhile is
    cancelled instead of hunted on. And an order number that another attempt owns already proves
    nothing: the attempt becomes MANUAL and its request NEEDS_ATTENTION.
    """
    current = attempts.current(db, attempt)
    owner = attempts.owner_of_order(db, current, facts.order_id)
    if owner is None:
        return end(
            db, current, to, facts, request_to=request_to, result=result, defaults=defaults, now=now
        )
    record = requests.require(db, current.request_id)
    message = f"{current.seller} names order {facts.order_id}, which is request {owner}'s"
    said = Result(
        findings=(result or record.result).findings,
        reason=Answer.UNKNOWN.value,
        message=f"{message}. Ask the seller, then: bookhunt settle {current.request_id}",
    )
    resolved = record.state is RequestState.RESOLVED
    settled, record = end(
        db,
        current,
        Stage.MANUAL,
        replace(facts, order_id=None, charged=None, detail=message),
        request_to=RequestState.IN_DOUBT if resolved else None,
        result=said,
        defaults=defaults,
        now=now,
    )
    if record.state is RequestState.IN_DOUBT:
        record = requests.advance(db, record, RequestState.NEEDS_ATTENTION, result=None, now=now)
    return settled, record


def end(
    db: sqlite3.Connection,
    current: Attempt,
    to: Stage,
    facts: Facts,
    *,
    request_to: RequestState | None,
    result: Result | None,
    defaults: Mapping[str, Limits],
    now: datetime,
) -> tuple[Attempt, RequestRecord]:
    """Move an attempt that was read in this transaction, what it holds, and its request."""
    if to is Stage.SENDING or not current.stage.may_become(to):
        raise IllegalTransition(f"attempt {current.id} is {current.stage} and cannot become {to}")
    record = requests.require(db, current.request_id)
    if request_to is RequestState.PROCESSING and record.cancel_requested:
        request_to = RequestState.CANCELLED
    _require_agreement(to, request_to or record.state)
    parameters = {
        "id": current.id,
        "stage": current.stage.value,
        "version": current.version,
        "to": to.value,
        "answer": None if facts.answer is None else facts.answer.value,
        "order_id": facts.order_id,
        "charged_minor": None if facts.charged is None else facts.charged.minor,
        "charged_currency": None if facts.charged is None else facts.charged.currency,
        "delivery": facts.delivery,
        "detail": facts.detail,
        "finished_us": None if to.is_open else micros(now),
    }
    _changed(db.execute(_SQL["settle"], parameters).rowcount)
    settled = _settled(current, to, facts, now)
    if not to.is_open:
        claims.end(db, settled, now=now)
        limits = budgets.limits(db, settled.max_price.currency, defaults=defaults)
        budgets.end(db, settled, limits)
    if request_to is not None:
        record = requests.advance(db, record, request_to, result=result, now=now)
    elif result is not None:
        record = requests.note(db, record, result)
    return settled, record


def _settled(current: Attempt, to: Stage, facts: Facts, now: datetime) -> Attempt:
    return replace(
        current,
        stage=to,
        version=current.version + 1,
        answer=facts.answer or current.answer,
        order_id=current.order_id if facts.order_id is None else facts.order_id,
        charged=facts.charged or current.charged,
        delivery=current.delivery if facts.delivery is None else facts.delivery,
        detail=current.detail if facts.detail is None else facts.detail,
        finished_at=None if to.is_open else now,
    )


def _require_agreement(stage: Stage, state: RequestState) -> None:
    """A request rests, goes on or succeeds exactly as its attempt allows."""
    if stage is Stage.CONFIRMED:
        agree = state is RequestState.SUCCESS
    elif stage.is_open:
        agree = state in _WITH_OPEN_ATTEMPT
    else:
        agree = state not in _WITH_OPEN_ATTEMPT and state is not RequestState.SUCCESS
    if not agree:
        raise IllegalTransition(f"a request cannot be {state} while its order is {stage}")


def _changed(rows: int) -> None:
    assert rows == 1, "the attempt was read in this transaction, and nobody else writes"
