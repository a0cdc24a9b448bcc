"""Lists of rows, a bounded number at a turn, so that no long list holds up a claim."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from bookhunt.store.attempts import attempt_of
from bookhunt.store.queries import queries
from bookhunt.store.requests import record_of, states_json
from bookhunt.store.values import micros

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.purchase import Attempt
    from bookhunt.model.request import RequestState

ROWS_A_TURN = 500
# The end of an id is random, its beginning is a time: so many characters of an end are one id.
LONG_PREFIX = 4
_REQUESTS, _ATTEMPTS = queries("requests"), queries("purchases")
_BEFORE_ALL_TIME_US, _AFTER_ALL_TIME_US = -(2**62), 2**62
_BEYOND = "\U0010ffff"


def find(
    db: sqlite3.Connection,
    *,
    states: frozenset[RequestState] | None,
    since: datetime | None,
    before: RequestRecord | None,
    limit: int,
) -> list[RequestRecord]:
    """One turn of the requests, newest first, those older than `before` if that is given."""
    parameters = {
        "since_us": _since(since),
        "before_us": _AFTER_ALL_TIME_US if before is None else micros(before.request.submitted_at),
        "before_id": "" if before is None else before.request.id,
        "limit": limit,
    }
    if states is None:
        return [record_of(row) for row in db.execute(_REQUESTS["find"], parameters)]
    # One indexed list per state, merged: a rare state is never looked for among all requests.
    lists = [
        db.execute(_REQUESTS["find_in_state"], {**parameters, "state": state.value}).fetchall()
        for state in states
    ]
    return [record_of(row) for row in heapq.nlargest(limit, _chain(lists), key=_age)]


def find_by_id(
    db: sqlite3.Connection,
    prefix: str,
    *,
    states: frozenset[RequestState] | None,
    since: datetime | None,
    limit: int,
) -> list[RequestRecord]:
    """The newest requests whose id begins with `prefix` or, if that is long, ends with it."""
    parameters = {"states": states_json(states), "since_us": _since(since), "limit": limit}
    looked_for = [("find_by_beginning", prefix)]
    if len(prefix) >= LONG_PREFIX:
        looked_for.append(("find_by_end", prefix[::-1]))
    found: dict[str, sqlite3.Row] = {}
    for statement, text in looked_for:
        bounds = {"prefix": text, "beyond": text + _BEYOND}
        for row in db.execute(_REQUESTS[statement], {**parameters, **bounds}):
            found[row["id"]] = row
    return [record_of(row) for row in heapq.nlargest(limit, found.values(), key=_age)]


def unfinished(db: sqlite3.Connection, *, after: str) -> list[RequestRecord]:
    """One turn of the requests that are neither final nor wait for a person, oldest first."""
    parameters = {"after": after, "limit": ROWS_A_TURN}
    return [record_of(row) for row in db.execute(_REQUESTS["unfinished"], parameters)]


def open_attempts(db: sqlite3.Connection, *, after: str) -> list[Attempt]:
    """One turn of the open attempts, oldest first."""
    parameters = {"after": after, "limit": ROWS_A_TURN}
    return [attempt_of(row) for row in db.execute(_ATTEMPTS["open"], parameters)]


def attempts_of(
    db: sqlite3.Connection, request_id: str, *, after: int
) -> tuple[list[Attempt], int]:
    """One turn of the attempts of a request, oldest first, and where the next turn begins."""
    parameters = {"request_id": request_id, "after": after, "limit": ROWS_A_TURN}
    rows = db.execute(_ATTEMPTS["of_request"], parameters).fetchall()
    return [attempt_of(row) for row in rows], rows[-1]["rowid"] if rows else after


def _since(since: datetime | None) -> int:
    return _BEFORE_ALL_TIME_US if since is None else micros(since)


def _age(row: sqlite3.Row) -> tuple[int, str]:
    return row["submitted_us"], row["id"]


def _chain(lists: list[list[sqlite3.Row]]) -> list[sqlite3.Row]:
    return [row for rows in lists for row in rows]
