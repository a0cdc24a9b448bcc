"""What an opening does to the rows: a new epoch, and no attempt that only a dead process knew.

One transaction. What was being sent is UNKNOWN now, because the bytes may have left; what was
prepared is ABANDONED, because they cannot have. Requests follow: in doubt, or to be hunted again.
What remains, orders that a seller must be asked about, is the settler's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from bookhunt.hunt.ports import Facts, Recovered
from bookhunt.model.purchase import STAGE_MOVES, Stage
from bookhunt.model.request import REQUEST_MOVES, RequestState
from bookhunt.store import attempts, journal, meta, purchases
from bookhunt.store.database import transaction
from bookhunt.store.queries import queries
from bookhunt.store.values import micros
from bookhunt.telemetry.failpoints import fp

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

    from bookhunt.hunt.ports import Limits
    from bookhunt.store.stamp import Stamp

_SQL = queries("recovery")
_CLOCK_SLACK_US = 60 * 1_000_000  # a time server may correct a clock by that much


def recover(
    db: sqlite3.Connection,
    *,
    trouble: str | None,
    stamp: Stamp | None,
    defaults: Mapping[str, Limits],
    now: datetime,
) -> Recovered:
    """Begin a new epoch and settle what the last one left, in one transaction.

    `trouble` is what is known of the file to be wrong; the ledger is compared with `stamp` here.
    """
    fp("ledger.recover.before")
    with transaction(db):
        _allow_moves(db)
        behind_s = _wind_clock(db, micros(now))
        epoch = int(meta.get(db, meta.EPOCH) or 0) + 1
        meta.put(db, meta.EPOCH, epoch)
        if meta.get(db, meta.LEDGER) is None:
            meta.put(db, meta.LEDGER, uuid4().hex)
        trouble = trouble or _older_than_stamp(db, stamp)
        if trouble is not None:
            meta.enter_safe_mode(db, trouble, seq=_after(db, stamp))
        interrupted, abandoned = _settle_interrupted(db, defaults, now)
        recovered = Recovered(
            epoch=epoch,
            safe_mode=meta.safe_mode(db),
            interrupted=interrupted,
            abandoned=abandoned,
            requeued=db.execute(_SQL["waiting"]).fetchone()["requests"],
            clock_behind_s=behind_s,
        )
        fp("ledger.recover.before_commit")
    fp("ledger.recover.after_commit")
    return recovered


def _allow_moves(db: sqlite3.Connection) -> None:
    """The file's triggers allow what this version's tables allow."""
    db.execute(_SQL["forget_request_moves"])
    db.execute(_SQL["forget_stage_moves"])
    for before, after in REQUEST_MOVES:
        moves = {"before": before.value, "after": after.value}
        db.execute(_SQL["allow_request_move"], moves)
    for start, stop in STAGE_MOVES:
        db.execute(_SQL["allow_stage_move"], {"before": start.value, "after": stop.value})


def _wind_clock(db: sqlite3.Connection, now_us: int) -> float:
    """Compare the time of day with the last one the ledger saw; how far it is behind, in seconds.

    A clock that went back makes every age too short, the age of a key at a seller above all. While
    an order is open that was sent before, the old time is kept, so that the next opening tells
    the same; without one the ledger goes on from the new time.
    """
    last_us = int(meta.get(db, meta.WALL_US) or 0)
    behind_us = last_us - now_us
    sent = db.execute(_SQL["was_sent"]).fetchone() is not None
    if behind_us <= _CLOCK_SLACK_US or not sent:
        meta.put(db, meta.WALL_US, now_us if not sent else max(now_us, last_us))
    return behind_us / 1_000_000 if behind_us > _CLOCK_SLACK_US else 0.0


def _older_than_stamp(db: sqlite3.Connection, stamp: Stamp | None) -> str | None:
    if stamp is None:
        return None
    if meta.get(db, meta.LEDGER) != stamp.ledger:
        return "this is not the ledger its side file belongs to"
    last = journal.last_seq(db)
    if last < stamp.seq:
        lost = stamp.seq - last
        return f"the ledger is older than its side file: its last {lost} entries are missing"
    return None


def _after(db: sqlite3.Connection, stamp: Stamp | None) -> int:
    """The first number that surely no lost entry had."""
    return max(journal.last_seq(db), stamp.seq if stamp else 0) + 1


def _settle_interrupted(
    db: sqlite3.Connection, defaults: Mapping[str, Limits], now: datetime
) -> tuple[int, int]:
    interrupted = abandoned = 0
    for row in db.execute(_SQL["interrupted"]).fetchall():
        attempt = attempts.attempt_of(row)
        if attempt.stage is Stage.SENDING:
            interrupted += 1
            to, request_to = Stage.UNKNOWN, RequestState.IN_DOUBT
            detail = "the program stopped while the order was being sent"
        else:
            abandoned += 1
            to, request_to = Stage.ABANDONED, RequestState.PROCESSING
            detail = "the program stopped before the order was sent"
        purchases.end(
            db,
            attempt,
            to,
            Facts(detail=detail),
            request_to=request_to,
            result=None,
            defaults=defaults,
            now=now,
        )
    return interrupted, abandoned
