"""The ledger as the writer's thread holds it: opened and recovered, fenced, stamped, closed."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from bookhunt.model.errors import LedgerUnusable
from bookhunt.store import journal, meta
from bookhunt.store.database import LEDGER, Damaged, open_database
from bookhunt.store.queries import queries
from bookhunt.store.recovery import recover
from bookhunt.store.stamp import (
    Stamp,
    UnreadableStamp,
    read_stamp,
    stamp_path,
    write_stamp,
)
from bookhunt.store.values import micros

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from pathlib import Path

    from bookhunt.hunt.ports import Clock, Limits, Recovered

_META = queries("meta")
_STAMP_EVERY_S = 1.0
_SIDE_FILES = ("", "-wal", "-shm", "-journal")
_log = logging.getLogger(__name__)


class LedgerFile:
    """One opening of `ledger.db`; `recovered` says what was found."""

    recovered: Recovered

    def __init__(self, path: Path, *, clock: Clock, defaults: Mapping[str, Limits]) -> None:
        self._path = path
        self._clock = clock
        self._defaults = defaults
        self._ledger = ""
        self._stamped = -1  # the last journal number in the side file
        self._stamp_due = 0.0  # monotonic
        self._may_have_moved = True  # since that number was read

    def open(self) -> sqlite3.Connection:
        """Open, or set a damaged file aside and begin anew in safe mode; then recover.

        Raises:
            LedgerUnusable: a newer version wrote it, or another process holds it.
            UnsafePath: it is a link or another user's.
        """
        stamp, trouble = self._read_stamp()
        if stamp is not None and not self._path.exists():
            trouble = f"{self._path.name} is missing: a new, empty ledger was begun"
        try:
            connection = open_database(self._path, LEDGER)
        except Damaged as damage:
            aside = _set_aside(self._path)
            trouble = f"{damage.message}; it was set aside as {aside.name}"
            _log.critical(
                "the ledger was damaged: it was set aside and a new one begun",
                extra={"file": aside.name},
            )
            connection = open_database(self._path, LEDGER)
        try:
            self.recovered = recover(
                connection,
                trouble=trouble,
                stamp=stamp,
                defaults=self._defaults,
                now=self._clock.now(),
            )
            self._ledger = str(meta.get(connection, meta.LEDGER))
            self._stamp(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def begin(self, connection: sqlite3.Connection) -> None:
        """Be sure that the ledger is still ours, and let it see the time of day.

        Raises:
            LedgerUnusable: another process has begun a newer epoch.
        """
        self._may_have_moved = True
        parameters = {"epoch": self.recovered.epoch, "now_us": micros(self._clock.now())}
        if connection.execute(_META["fence"], parameters).rowcount != 1:
            raise LedgerUnusable(
                f"another process has taken {self._path} over",
                hint="one daemon at a time may use a ledger",
            )

    def keep_up(self, connection: sqlite3.Connection) -> float | None:
        """Stamp about once a second while there are changes."""
        if not self._may_have_moved:
            return None
        left_s = self._stamp_due - time.monotonic()
        if left_s > 0:
            return left_s
        return None if self._stamp(connection) else _STAMP_EVERY_S

    def close(self, connection: sqlite3.Connection) -> None:
        """Stamp, and bring the write-ahead log home."""
        self._stamp(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _stamp(self, connection: sqlite3.Connection) -> bool:
        """Whether the side file has the number of the last entry now."""
        seq = journal.last_seq(connection)
        self._stamp_due = time.monotonic() + _STAMP_EVERY_S
        if seq != self._stamped:
            if not write_stamp(stamp_path(self._path), Stamp(ledger=self._ledger, seq=seq)):
                return False
            self._stamped = seq
        self._may_have_moved = False
        return True

    def _read_stamp(self) -> tuple[Stamp | None, str | None]:
        try:
            return read_stamp(stamp_path(self._path)), None
        except UnreadableStamp as error:
            return None, f"the side file of the ledger cannot be read: {error}"


def _set_aside(path: Path) -> Path:
    """Move a damaged file and what belongs to it out of the way, and lose nothing."""
    number = 1
    while (aside := path.with_suffix(f".damaged-{number}{path.suffix}")).exists():
        number += 1
    for ending in _SIDE_FILES:
        side = path.with_name(path.name + ending)
        if side.exists():
            side.rename(aside.with_name(aside.name + ending))
    return aside
