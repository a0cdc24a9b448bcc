"""A ledger that no daemon has open: copied and checked as it lies there, and not changed.

The caller holds the daemon's lock, so that none begins meanwhile. Nothing is recovered: what was
under way when its daemon ended is still under way in the copy.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bookhunt.model.errors import LedgerUnusable, SetupMissing
from bookhunt.store import meta
from bookhunt.store.copying import copy, settle_on_disk
from bookhunt.store.database import Damaged, is_damage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def copy_resting(ledger: Path, to: Path) -> None:
    """Copy a ledger that nobody has open into a new file of mode 0600; on disk.

    Raises:
        SetupMissing: there is no ledger.
        InputError: there is a file of that name already.
        LedgerUnusable: it cannot be read, or the copy not be written.
    """
    with _opened(ledger) as db:
        copy(db, to, between=lambda: None)
    settle_on_disk(to)


def examine_resting(ledger: Path) -> str | None:
    """Look whether the pages of a ledger agree; why only searching is allowed there, or None.

    Raises:
        SetupMissing: there is no ledger.
        LedgerUnusable: it is damaged, or cannot be read.
    """
    with _opened(ledger) as db:
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise Damaged(f"{ledger} is damaged: {verdict}")
        return meta.safe_mode(db)


@contextmanager
def _opened(ledger: Path) -> Iterator[sqlite3.Connection]:
    if not ledger.exists():
        raise SetupMissing(
            f"there is no ledger yet at {ledger}", hint="bookhunt buy BOOK --max-price 30 begins it"
        )
    # Not `mode=ro`: the log of a daemon that was killed could not be read then.
    db = sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA query_only = ON")
        yield db
    except sqlite3.Error as error:
        if is_damage(error):
            raise Damaged(f"{ledger} is damaged: {error}") from error
        raise LedgerUnusable(f"{ledger} cannot be read: {error}") from error
    finally:
        db.close()
