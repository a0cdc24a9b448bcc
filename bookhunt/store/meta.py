"""Facts about the whole ledger: paused, safe mode, epoch, the last time of day it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.hunt.ports import IntentRefusal
from bookhunt.store import journal
from bookhunt.store.queries import queries

if TYPE_CHECKING:
    import sqlite3

_SQL = queries("meta")
EPOCH, WALL_US, LEDGER = "epoch", "wall_us", "ledger"
_PAUSED, _SAFE_MODE = "paused", "safe_mode"


def get(db: sqlite3.Connection, name: str) -> Any:
    """The fact of that name; None: it was never set."""
    row = db.execute(_SQL["get"], {"name": name}).fetchone()
    return None if row is None else row["value"]


def put(db: sqlite3.Connection, name: str, value: str | int) -> None:
    """Set a fact."""
    db.execute(_SQL["put"], {"name": name, "value": value})


def paused(db: sqlite3.Connection) -> bool:
    """Whether buying is paused."""
    return bool(get(db, _PAUSED))


def set_paused(db: sqlite3.Connection, *, paused: bool) -> None:
    """Pause buying, or allow it again."""
    put(db, _PAUSED, int(paused))
    journal.write(db, "ledger.paused" if paused else "ledger.resumed", {})


def safe_mode(db: sqlite3.Connection) -> str | None:
    """Why only searching is allowed; None: all is well."""
    reason = get(db, _SAFE_MODE)
    return None if reason is None else str(reason)


def enter_safe_mode(db: sqlite3.Connection, reason: str, *, seq: int | None) -> None:
    """Allow searching only, until a person says otherwise; the first reason is kept."""
    if safe_mode(db) is None:
        put(db, _SAFE_MODE, reason)
    journal.write(db, "ledger.safe_mode", {"reason": reason}, seq=seq)


def leave_safe_mode(db: sqlite3.Connection) -> None:
    """A person has reconciled the ledger with the sellers: buying is allowed again."""
    reason = safe_mode(db)
    if reason is None:
        return
    db.execute(_SQL["forget"], {"name": _SAFE_MODE})
    journal.write(db, "ledger.accepted", {"reason": reason})


def forbids_buying(db: sqlite3.Connection) -> IntentRefusal | None:
    """Why nothing may be bought at all, whatever the request; None: it may."""
    facts = dict(db.execute(_SQL["forbidding"]).fetchall())
    if facts.get(_SAFE_MODE) is not None:
        return IntentRefusal.SAFE_MODE
    return IntentRefusal.PAUSED if facts.get(_PAUSED) else None
