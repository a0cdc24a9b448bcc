"""The rows of requests: how they are written, moved, found. Each function runs in a transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from bookhunt.hunt.ports import Submitted
from bookhunt.model.errors import (
    BookhuntError,
    IdempotencyKeyReused,
    IllegalTransition,
    LedgerUnusable,
    NotFound,
    PossibleDuplicate,
    TooLate,
)
from bookhunt.model.money import Money
from bookhunt.model.outcome import RequestRecord, Result
from bookhunt.model.purchase import Stage
from bookhunt.model.request import (
    ConditionWish,
    FormatWish,
    Request,
    RequestState,
    Strategy,
)
from bookhunt.store import attempts, watches
from bookhunt.store.queries import queries
from bookhunt.store.values import (
    Members,
    book_json,
    book_of,
    maybe_moment,
    micros,
    moment,
    result_of,
    result_text,
    text_of,
)

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from bookhunt.model.purchase import Attempt

_SQL = queries("requests")
_DUPLICATE_FOR = timedelta(days=1)
# Only the ledger's own `intend` and `settle` go there, with the attempt that makes it true.
_WITH_AN_ATTEMPT = frozenset({RequestState.RESOLVED, RequestState.IN_DOUBT, RequestState.SUCCESS})


# ----------------------------------------------------------------------------------------- rows
def body_of(request: Request) -> str:
    """What is not a column of its own."""
    return text_of(
        {
            "book": book_json(request.book),
            "country": request.country,
            "strategy": request.strategy.value,
            "condition": request.condition.value,
            "format": request.format.value,
            "sellers": None if request.sellers is None else sorted(request.sellers),
            "search_deadline_s": request.search_deadline_s,
            "priority": request.priority,
            "note": request.note,
        }
    )


def record_of(row: sqlite3.Row) -> RequestRecord:
    """The request a row stands for.

    Raises:
        LedgerUnusable: it stands for none.
    """
    return RequestRecord(
        request=_request_of(row),
        state=RequestState(row["state"]),
        version=row["version"],
        cancel_requested=bool(row["cancel_requested"]),
        result=result_of(row["result"]),
        finished_at=maybe_moment(row["finished_us"]),
    )


def _request_of(row: sqlite3.Row) -> Request:
    members = Members(row["body"], "a request")
    sellers = members.take("sellers")
    try:
        request = Request(
            id=row["id"],
            customer=row["customer"],
            idempotency_key=row["idempotency_key"],
            book=book_of(members.take("book")),
            max_price=Money(row["max_minor"], row["currency"]),
            profile=row["profile"],
            country=members.take("country"),
            strategy=members.one_of(Strategy, "strategy"),
            condition=members.one_of(ConditionWish, "condition"),
            format=members.one_of(FormatWish, "format"),
            sellers=None if sellers is None else frozenset(sellers),
            search_deadline_s=members.take("search_deadline_s"),
            priority=members.take("priority"),
            dry_run=bool(row["dry_run"]),
            note=members.take("note"),
            watch_id=row["watch_id"],
            submitted_at=moment(row["submitted_us"]),
        )
    except LedgerUnusable:
        raise
    except BookhuntError as error:
        raise LedgerUnusable(f"request {row['id']} cannot be read: {error.message}") from error
    members.end()
    return request


# -------------------------------------------------------------------------------------- changes
def submit(
    db: sqlite3.Connection, request: Request, *, fingerprint: str, again: bool, now: datetime
) -> Submitted:
    """As `ports.Ledger.submit`."""
    key = {"customer": request.customer, "idempotency_key": request.idempotency_key}
    row = db.execute(_SQL["by_key"], key).fetchone()
    if row is not None:
        if row["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused(
                f"the idempotency key {request.idempotency_key!r} came before, with another body",
                hint=f"use a new key, or see what the first became: bookhunt status {row['id']}",
            )
        return Submitted(record=record_of(row), created=False)
    # A dry run buys nothing, and each copy of a watch list has a key of its own.
    if not (again or request.dry_run or request.watch_id):
        _refuse_duplicate(db, request, now)
    watches.require_wanted(db, request)
    parameters = {
        **key,
        "id": request.id,
        "id_reversed": request.id[::-1],
        "fingerprint": fingerprint,
        "book": request.book.identity,
        "profile": request.profile,
        "max_minor": request.max_price.minor,
        "currency": request.max_price.currency,
        "dry_run": int(request.dry_run),
        "watch_id": request.watch_id,
        "body": body_of(request),
        "submitted_us": micros(request.submitted_at),
        "result": result_text(Result()),
    }
    db.execute(_SQL["insert"], parameters)
    return Submitted(record=require(db, request.id), created=True)


def _refuse_duplicate(db: sqlite3.Connection, request: Request, now: datetime) -> None:
    older = db.execute(
        _SQL["recent_same_book"],
        {
            "customer": request.customer,
            "profile": request.profile,
            "book": request.book.identity,
            "since_us": micros(now - _DUPLICATE_FOR),
        },
    ).fetchone()
    if older is not None:
        raise PossibleDuplicate(
            f"request {older['id']} is for the same book and still active, or bought it within "
            "a day",
            older_id=older["id"],
            hint="to have one more copy, say --again",
        )


def move(
    db: sqlite3.Connection,
    record: RequestRecord,
    to: RequestState,
    *,
    result: Result | None,
    now: datetime,
) -> RequestRecord:
    """As `ports.Ledger.move`."""
    live = attempts.live(db, record.request.id)
    if to in _WITH_AN_ATTEMPT or not _may_stand_alone(to, live):
        stage = "no attempt" if live is None else f"an attempt that is {live.stage}"
        raise IllegalTransition(
            f"request {record.request.id} has {stage} and cannot become {to} by itself"
        )
    return advance(db, record, to, result=result, now=now)


def _may_stand_alone(to: RequestState, live: Attempt | None) -> bool:
    if to is RequestState.NEEDS_ATTENTION:
        return live is not None and live.stage is Stage.MANUAL
    return live is None


def advance(
    db: sqlite3.Connection,
    record: RequestRecord,
    to: RequestState,
    *,
    result: Result | None,
    now: datetime,
) -> RequestRecord:
    """Move a request from exactly where `record` saw it.

    Raises:
        IllegalTransition: the table forbids it, or somebody moved it first.
    """
    request_id = record.request.id
    if not record.state.may_become(to):
        raise IllegalTransition(f"request {request_id} is {record.state} and cannot become {to}")
    parameters: dict[str, Any] = {
        "id": request_id,
        "state": record.state.value,
        "version": record.version,
        "to": to.value,
        "result": None if result is None else result_text(result),
        "finished_us": micros(now) if to.is_final else None,
    }
    if db.execute(_SQL["move"], parameters).rowcount != 1:
        current = require(db, request_id)
        raise IllegalTransition(
            f"request {request_id} was {record.state} in version {record.version}, and is "
            f"{current.state} in version {current.version} now"
        )
    return replace(
        record,
        state=to,
        version=record.version + 1,
        result=record.result if result is None else result,
        finished_at=now if to.is_final else None,
    )


def note(db: sqlite3.Connection, record: RequestRecord, result: Result) -> RequestRecord:
    """Write down a result while the request stays where it is."""
    parameters = {
        "id": record.request.id,
        "version": record.version,
        "result": result_text(result),
    }
    changed = db.execute(_SQL["note_result"], parameters).rowcount
    assert changed == 1, "the record was read in this transaction"
    return replace(record, version=record.version + 1, result=result)


def cancel(db: sqlite3.Connection, request_id: str, *, now: datetime) -> RequestRecord:
    """As `ports.Ledger.cancel`."""
    record = require(db, request_id)
    if record.state is RequestState.CANCELLED:
        return record
    if record.state.is_final:
        raise TooLate(
            f"request {request_id} is {record.state} already",
            hint=f"bookhunt status {request_id}",
        )
    if attempts.live(db, request_id) is None:
        cancelled = Result(
            findings=record.result.findings, reason="cancelled", message="cancelled by the customer"
        )
        return advance(db, record, RequestState.CANCELLED, result=cancelled, now=now)
    if record.cancel_requested:
        return record
    parameters = {"id": request_id, "version": record.version}
    changed = db.execute(_SQL["remember_cancellation"], parameters).rowcount
    assert changed == 1, "the record was read in this transaction"
    return replace(record, version=record.version + 1, cancel_requested=True)


# ---------------------------------------------------------------------------------------- reads
def get(db: sqlite3.Connection, request_id: str) -> RequestRecord | None:
    """The request of that id."""
    row = db.execute(_SQL["by_id"], {"id": request_id}).fetchone()
    return None if row is None else record_of(row)


def knows(db: sqlite3.Connection, *, customer: str, idempotency_key: str) -> bool:
    """As `ports.Ledger.knows`."""
    key = {"customer": customer, "idempotency_key": idempotency_key}
    return db.execute(_SQL["by_key"], key).fetchone() is not None


def require(db: sqlite3.Connection, request_id: str) -> RequestRecord:
    """The request of that id.

    Raises:
        NotFound: there is none.
    """
    record = get(db, request_id)
    if record is None:
        raise NotFound(f"there is no request {request_id}", hint="bookhunt status lists them")
    return record


def states_json(states: frozenset[RequestState] | None) -> str | None:
    """States as the JSON array that the statements take; None: any."""
    if states is None:
        return None
    return orjson.dumps(sorted(state.value for state in states)).decode()
