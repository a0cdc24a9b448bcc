"""Entries of the journal that no trigger writes: limits, pauses, overcharges, safe mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.store.queries import queries
from bookhunt.store.values import text_of

if TYPE_CHECKING:
    import sqlite3

    from bookhunt.model.purchase import Attempt

_SQL = queries("meta")


def write(
    db: sqlite3.Connection,
    event: str,
    data: dict[str, Any],
    *,
    attempt: Attempt | None = None,
    seq: int | None = None,
) -> None:
    """Append an entry; `seq` is only for leaving a gap, after entries that were lost."""
    db.execute(
        _SQL["journal"],
        {
            "seq": seq,
            "request_id": None if attempt is None else attempt.request_id,
            "attempt_id": None if attempt is None else attempt.id,
            "event": event,
            "data": text_of(data),
        },
    )


def last_seq(db: sqlite3.Connection) -> int:
    """The number of the last entry; 0: there is none."""
    return int(db.execute(_SQL["last_seq"]).fetchone()["seq"])
