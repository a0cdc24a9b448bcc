"""A copy of a database that is being written: consistent, private, and taken in small steps.

Nobody but the writer can read the ledger: its connection is exclusive. `VACUUM INTO` would copy it
at one go and hold every claim up as long. SQLite's backup copies some pages at a step, and what the
same connection writes between two steps goes into the copy, too: at the end it is the file as it
stood in one moment, the last.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from typing import TYPE_CHECKING

from bookhunt.model.errors import InputError, LedgerUnusable
from bookhunt.store.database import PRIVATE, Damaged, is_damage
from bookhunt.store.ledger import FREE_SPACE_FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGES_A_STEP = 64  # 256 KB, well under a millisecond


def copy(
    db: sqlite3.Connection, to: Path, *, between: Callable[[], None], pages: int = PAGES_A_STEP
) -> None:
    """Copy the whole database into a new file of mode 0600; `between` is called after each step.

    The copy is one file of its own, without a write-ahead log. What was copied until an error is
    removed. The copy may still be in the system's memory when this returns: `settle_on_disk`.

    Raises:
        InputError: there is such a file already.
        LedgerUnusable: it cannot be read or written, there is no room for it beside what orders
            need, or `between` raised it.
    """
    _require_room(db, to.parent)
    _create(to)
    try:
        _fill(db, to, between, pages)
    except sqlite3.Error as error:
        to.unlink(missing_ok=True)
        if is_damage(error):
            raise Damaged(f"the ledger is damaged: {error}") from error
        raise LedgerUnusable(
            f"the copy could not be written ({error})", hint="is there space on that disk?"
        ) from error
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def settle_on_disk(path: Path) -> None:
    """Return when the file and its name survive a power cut."""
    for each, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(each, flags | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _require_room(db: sqlite3.Connection, folder: Path) -> None:
    """Never fill the disk that the result of an order has to find room on."""
    [(pages,)] = db.execute("PRAGMA page_count").fetchall()
    [(size,)] = db.execute("PRAGMA page_size").fetchall()
    free = shutil.disk_usage(folder).free
    if free - pages * size < FREE_SPACE_FLOOR:
        raise LedgerUnusable(
            f"the copy needs {pages * size // 1024**2} MB, and {free // 1024**2} are free",
            hint=f"free some space on the disk of {folder}",
        )


def _create(path: Path) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        os.close(os.open(path, flags, PRIVATE))
    except FileExistsError:
        raise InputError(f"{path} exists", hint="name a file that does not") from None
    except OSError as error:
        raise LedgerUnusable(f"{path} cannot be created: {error.strerror}") from error


def _fill(db: sqlite3.Connection, to: Path, between: Callable[[], None], pages: int) -> None:
    target = sqlite3.connect(to, isolation_level=None)
    try:
        # Nobody sees the copy before it is whole: it needs no journal, and its fsync is not ours.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            target.execute(f"PRAGMA {pragma}")
        db.backup(target, pages=pages, progress=lambda *_: between())
        target.execute("PRAGMA journal_mode = DELETE")
    finally:
        target.close()
