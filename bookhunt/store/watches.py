"""`hunt.ports.Watches` on the ledger's file: watches stand beside the requests they make.

Each change is one operation of the ledger's writer, durable when it ends. What the schema refuses
is refused here first, with words for people; `schema/ledger_0003.sql` says why each rule is there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from bookhunt.model.errors import (
    BookhuntError,
    IllegalTransition,
    LedgerUnusable,
    NotFound,
    StateConflict,
)
from bookhunt.model.money import Money
from bookhunt.model.request import ConditionWish, FormatWish, Strategy
from bookhunt.model.schedule import read_schedule
from bookhunt.model.watch import NextCopy, Watch, WatchRecord, WatchRun, WatchState
from bookhunt.store.operations import Lane
from bookhunt.store.queries import queries
from bookhunt.store.values import (
    Members,
    book_json,
    book_of,
    maybe_micros,
    maybe_moment,
    micros,
    moment,
    money_json,
    text_of,
)

if TYPE_CHECKING:
    import sqlite3

    from bookhunt.hunt.ports import Watches
    from bookhunt.model.request import Request
    from bookhunt.store.writer import Writer

_SQL = queries("watches")
_ROWS_A_TURN = 500
_BEYOND = "\U0010ffff"


class SqliteWatches:
    """The watches of a ledger that is open, by its writer."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def add(self, watch: Watch, *, first_run: bool) -> WatchRecord:
        """As `ports.Watches.add`."""
        work = partial(_add, watch=watch, first_run=first_run)
        return await self._writer.run("add_watch", work, lane=Lane.CHANGE)

    async def get(self, watch_id: str) -> WatchRecord | None:
        """As `ports.Watches.get`."""
        return await self._writer.run("read", partial(_get, watch_id=watch_id), lane=Lane.READ)

    async def named(self, beginning: str, *, most: int) -> list[WatchRecord]:
        """As `ports.Watches.named`; at most 500."""
        work = partial(_named, beginning=beginning, most=min(most, _ROWS_A_TURN))
        return await self._writer.run("read", work, lane=Lane.READ)

    async def all(self, *, states: frozenset[WatchState]) -> list[WatchRecord]:
        """As `ports.Watches.all`."""
        found: list[WatchRecord] = []
        while True:
            after = found[-1].watch.id if found else ""
            turn = await self.page(states=states, after=after, limit=_ROWS_A_TURN)
            found += turn
            if len(turn) < _ROWS_A_TURN:
                return found

    async def page(
        self, *, states: frozenset[WatchState], after: str, limit: int
    ) -> list[WatchRecord]:
        """As `ports.Watches.page`."""
        work = partial(_turn, states=states, after=after, limit=min(limit, _ROWS_A_TURN))
        return await self._writer.run("read", work, lane=Lane.READ)

    async def change(self, record: WatchRecord, watch: Watch, state: WatchState) -> WatchRecord:
        """As `ports.Watches.change`."""
        work = partial(_change, record=record, watch=watch, state=state)
        return await self._writer.run("change_watch", work, lane=Lane.CHANGE)

    async def next_copy(self, watch_id: str) -> NextCopy | None:
        """As `ports.Watches.next_copy`."""
        work = partial(_next_copy, watch_id=watch_id)
        return await self._writer.run("read", work, lane=Lane.READ)

    async def ran(self, watch_id: str, run: WatchRun) -> WatchRecord:
        """As `ports.Watches.ran`."""
        work = partial(_ran, watch_id=watch_id, run=run)
        return await self._writer.run("ran_watch", work, lane=Lane.CHANGE)


# -------------------------------------------------------------------------------------- changes
def require_wanted(db: sqlite3.Connection, request: Request) -> None:
    """Refuse a purchase that its watch may not ask for now; one of no known watch is its own.

    Raises:
        StateConflict: the watch is not active, has a purchase that is not settled, has bought all
            its copies, or pays less than this purchase might.
    """
    record = _get(db, request.watch_id) if request.watch_id is not None else None
    if record is None:
        return
    watch = record.watch
    if record.state is not WatchState.ACTIVE or watch.quote_only:
        raise StateConflict(f"watch {watch.id} is {record.state} and buys nothing")
    if record.open_request is not None:
        raise StateConflict(
            f"watch {watch.id} waits for request {record.open_request}",
            hint=f"bookhunt status {record.open_request}",
        )
    if record.bought >= watch.copies:
        raise StateConflict(f"watch {watch.id} has bought all its copies")
    if watch.wants_less_than(request.max_price):
        raise StateConflict(f"watch {watch.id} pays {watch.max_price} at most by now")


def _add(db: sqlite3.Connection, watch: Watch, *, first_run: bool) -> WatchRecord:
    if _get(db, watch.id) is not None:
        raise StateConflict(f"there is a watch {watch.id} already")
    db.execute(_SQL["insert"], _columns(watch) | {"created_us": micros(watch.created_at)})
    ran_us = None if first_run else micros(watch.created_at)
    db.execute(_SQL["insert_run"], {"id": watch.id, "ran_us": ran_us})
    return _require(db, watch.id)


def _change(
    db: sqlite3.Connection, record: WatchRecord, *, watch: Watch, state: WatchState
) -> WatchRecord:
    assert watch.id == record.watch.id, "an edit keeps the id"
    current = _require(db, watch.id)
    if current.state is WatchState.REMOVED:
        raise StateConflict(f"watch {watch.id} is removed")
    if current.version != record.version:
        raise IllegalTransition(
            f"watch {watch.id} was version {record.version}, and is {current.version} now"
        )
    spoken_for = db.execute(_SQL["spoken_for"], {"id": watch.id}).fetchone()["copies"]
    if watch.copies < current.watch.copies and watch.copies < spoken_for:
        raise StateConflict(f"{spoken_for} copies of watch {watch.id} are bought or being bought")
    parameters = _columns(watch) | {"state": state.value, "version": record.version}
    changed = db.execute(_SQL["change"], parameters).rowcount
    assert changed == 1, "the record was read in this transaction"
    return _require(db, watch.id)


def _ran(db: sqlite3.Connection, watch_id: str, *, run: WatchRun) -> WatchRecord:
    lowest = run.lowest
    parameters = {
        "id": watch_id,
        "ran_us": micros(run.at),
        "run": _run_text(run),
        "best_minor": None if lowest is None else lowest.minor,
        "best_currency": None if lowest is None else lowest.currency,
    }
    db.execute(_SQL["ran"], parameters)
    return _require(db, watch_id)


# ---------------------------------------------------------------------------------------- reads
def _get(db: sqlite3.Connection, watch_id: str) -> WatchRecord | None:
    row = db.execute(_SQL["by_id"], {"id": watch_id}).fetchone()
    return None if row is None else _record_of(db, row)


def _require(db: sqlite3.Connection, watch_id: str) -> WatchRecord:
    record = _get(db, watch_id)
    if record is None:
        raise NotFound(f"there is no watch {watch_id}", hint="bookhunt watch list")
    return record


def _named(db: sqlite3.Connection, *, beginning: str, most: int) -> list[WatchRecord]:
    parameters = {"prefix": beginning, "beyond": beginning + _BEYOND, "limit": most}
    return [_record_of(db, row) for row in db.execute(_SQL["named"], parameters).fetchall()]


def _turn(
    db: sqlite3.Connection, *, states: frozenset[WatchState], after: str, limit: int
) -> list[WatchRecord]:
    words = orjson.dumps(sorted(state.value for state in states)).decode()
    parameters = {"states": words, "after": after, "limit": limit}
    return [_record_of(db, row) for row in db.execute(_SQL["turn"], parameters).fetchall()]


def _next_copy(db: sqlite3.Connection, *, watch_id: str) -> NextCopy | None:
    record = _require(db, watch_id)
    if record.open_request is not None or record.bought >= record.watch.copies:
        return None
    tries = db.execute(_SQL["tries"], {"id": watch_id}).fetchone()["tries"]
    return NextCopy(watch_id=watch_id, copy=record.bought + 1, round=tries + 1)


# ----------------------------------------------------------------------------------------- rows
def _columns(watch: Watch) -> dict[str, Any]:
    return {
        "id": watch.id,
        "customer": watch.customer,
        "book": watch.book.identity,
        "copies": watch.copies,
        "quote_only": int(watch.quote_only),
        "body": _body_of(watch),
    }


def _body_of(watch: Watch) -> str:
    """What is not a column of its own."""
    return text_of(
        {
            "book": book_json(watch.book),
            "max_price": money_json(watch.max_price),
            "profile": watch.profile,
            "strategy": watch.strategy.value,
            "condition": watch.condition.value,
            "format": watch.format.value,
            "sellers": None if watch.sellers is None else sorted(watch.sellers),
            "schedule": str(watch.schedule),
            "timezone": watch.timezone,
            "until_us": maybe_micros(watch.until),
            "note": watch.note,
            "anchor_us": micros(watch.anchor),
        }
    )


def _record_of(db: sqlite3.Connection, row: sqlite3.Row) -> WatchRecord:
    open_request, open_state = row["open_request"], None
    if open_request is not None:
        found = db.execute(_SQL["state_of_request"], {"id": open_request}).fetchone()
        open_state = found["state"]
    return WatchRecord(
        watch=_watch_of(row),
        state=WatchState(row["state"]),
        version=row["version"],
        bought=row["bought"],
        open_request=open_request,
        open_state=open_state,
        ran_at=maybe_moment(row["ran_us"]),
        last_run=None if row["run"] is None else _run_of(row["run"]),
        best=None if row["best_minor"] is None else Money(row["best_minor"], row["best_currency"]),
    )


def _watch_of(row: sqlite3.Row) -> Watch:
    members = Members(row["body"], "a watch")
    sellers = members.take("sellers")
    try:
        watch = Watch(
            id=row["id"],
            customer=row["customer"],
            book=book_of(members.take("book")),
            max_price=members.some_money("max_price"),
            profile=members.take("profile"),
            strategy=members.one_of(Strategy, "strategy"),
            condition=members.one_of(ConditionWish, "condition"),
            format=members.one_of(FormatWish, "format"),
            sellers=None if sellers is None else frozenset(sellers),
            schedule=read_schedule(members.take("schedule")),
            timezone=members.take("timezone"),
            until=maybe_moment(members.take("until_us")),
            copies=row["copies"],
            quote_only=bool(row["quote_only"]),
            note=members.take("note"),
            created_at=moment(row["created_us"]),
            anchor=moment(members.take("anchor_us")),
        )
    except LedgerUnusable:
        raise
    except BookhuntError as error:
        raise LedgerUnusable(f"watch {row['id']} cannot be read: {error.message}") from error
    members.end()
    return watch


def _run_text(run: WatchRun) -> str:
    return text_of(
        {
            "at_us": micros(run.at),
            "outcome": run.outcome,
            "request_id": run.request_id,
            "lowest": money_json(run.lowest),
            "lowest_seller": run.lowest_seller,
            "told": money_json(run.told),
        }
    )


def _run_of(text: str) -> WatchRun:
    members = Members(text, "a run of a watch")
    run = WatchRun(
        at=moment(members.take("at_us")),
        outcome=members.take("outcome"),
        request_id=members.take("request_id"),
        lowest=members.money("lowest"),
        lowest_seller=members.take("lowest_seller"),
        told=members.money("told", None),
    )
    members.end()
    return run


if TYPE_CHECKING:

    def _is_a_book_of_watches(watches: SqliteWatches) -> Watches:
        return watches
