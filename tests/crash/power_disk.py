"""A disk whose power can be cut: what was written and what was synced, and what is left of it.

SQLite's file layer (its VFS) is recorded while the ledger works. From the record any moment can be
played again: what was synced by then is there; what was only written is there, or not, or a part
of it, in any order, as a disk with a cache of its own may leave it.

The program speaks the standard library's `sqlite3`, which takes no file layer; `PowerConnection`
is as much of its interface as the store uses, over apsw.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping

_SECTOR = 512
VFS_NAME = "power"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in the order in which it did; `what` says how to read the rest."""

    what: str  # write, truncate, sync, delete; or a word of the test's own
    file: str = ""
    offset: int = 0
    data: bytes = b""
    note: Any = None


Record = list[Event]


# --------------------------------------------------------------------------------- while it works
class PowerVFS(apsw.VFS):
    """The system's file layer, with a record of what changes files."""

    def __init__(self, record: Record) -> None:
        self.record = record
        super().__init__(VFS_NAME, "")

    def xOpen(self, name: Any, flags: Any) -> _File:  # noqa: N802 - SQLite's names
        return _File(self.record, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self.record.append(Event("delete", Path(filename).name, note=bool(syncdir)))


class _File(apsw.VFSFile):
    def __init__(self, record: Record, name: Any, flags: Any) -> None:
        said = name.filename() if hasattr(name, "filename") else name
        self._name = Path(said).name if said else ""
        self._record = record
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._keep(Event("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._keep(Event("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._keep(Event("sync", self._name))

    def _keep(self, event: Event) -> None:
        if self._name:
            self._record.append(event)


@dataclass(frozen=True, slots=True)
class _Row:
    """What the store wants of `sqlite3.Row`: by place and by name."""

    names: tuple[str, ...]
    values: tuple[Any, ...]

    def __getitem__(self, key: int | str) -> Any:
        return self.values[self.names.index(key) if isinstance(key, str) else key]


@dataclass(frozen=True, slots=True)
class _Cursor:
    rows: list[_Row]
    rowcount: int

    def fetchone(self) -> _Row | None:
        return self.rows.pop(0) if self.rows else None

    def fetchall(self) -> list[_Row]:
        return self.rows

    def __iter__(self) -> Iterator[_Row]:
        return iter(self.rows)


class PowerConnection:
    """`sqlite3.Connection`, as far as the store uses it, on the recorded disk."""

    def __init__(self, path: Path, **_: Any) -> None:
        self.row_factory: Any = None
        self._db = apsw.Connection(str(path), vfs=VFS_NAME)
        # The moments at which the log is emptied are the hard ones: more of them in a short run.
        self._db.execute("PRAGMA wal_autocheckpoint = 40")

    @property
    def in_transaction(self) -> bool:
        return bool(self._db.in_transaction)

    def execute(self, sql: str, values: Mapping[str, Any] | tuple[Any, ...] = ()) -> _Cursor:
        cursor = self._db.cursor()
        rows = []
        try:
            for found in cursor.execute(sql, values or None):
                names = tuple(column[0] for column in cursor.get_description())
                rows.append(_Row(names, tuple(found)))
        except apsw.Error as error:
            raise _as_sqlite3(error) from error
        changes = sql.lstrip().partition(" ")[0].upper() in {"INSERT", "UPDATE", "DELETE"}
        return _Cursor(rows, self._db.changes() if changes else -1)

    def close(self) -> None:
        self._db.close()


def _as_sqlite3(error: apsw.Error) -> sqlite3.Error:
    kind = sqlite3.OperationalError
    if isinstance(error, apsw.ConstraintError):
        kind = sqlite3.IntegrityError
    told = kind(str(error))
    told.sqlite_errorcode = getattr(error, "extendedresult", 0)
    return told


# ------------------------------------------------------------------------------ after the power cut
@dataclass(slots=True)
class _Image:
    """One file on the disk: what is safe, and what was written since the last sync."""

    safe: bytearray = field(default_factory=bytearray)
    there: bool = False  # the file surely exists
    waiting: list[Event] = field(default_factory=list)

    def take(self, event: Event) -> None:
        if event.what == "sync":
            for waiting in self.waiting:
                _apply(self.safe, waiting, len(waiting.data))
            self.waiting.clear()
            self.there = True
        elif event.what == "delete" and event.note:
            self.safe, self.there, self.waiting = bytearray(), False, []
        else:
            self.waiting.append(event)

    def forget_if_deleted(self) -> None:
        """Make a removal safe, with what came after it still waiting."""
        places = [n for n, event in enumerate(self.waiting) if event.what == "delete"]
        if places:
            self.safe, self.there, self.waiting = bytearray(), False, self.waiting[places[-1] + 1 :]

    def after_a_cut(self, dice: random.Random) -> bytes | None:
        """The file as it may be found; None: it is not."""
        found, there = bytearray(self.safe), self.there
        for event in self.waiting:
            fate = dice.choice(("kept", "lost", "torn"))
            if fate == "lost":
                continue
            if event.what == "delete":
                found, there = bytearray(), False
                continue
            length = len(event.data)
            if fate == "torn" and length:
                length = min(length, _SECTOR * dice.randint(0, length // _SECTOR))
            _apply(found, event, length)
            there = True
        return bytes(found) if there else None


def _apply(image: bytearray, event: Event, length: int) -> None:
    if event.what == "truncate":
        del image[event.offset :]
        image.extend(bytes(event.offset - len(image)))
    elif event.what == "write":
        image.extend(bytes(max(0, event.offset - len(image))))
        image[event.offset : event.offset + length] = event.data[:length]


class Disk:
    """Plays a record; at any moment the power may be cut."""

    def __init__(self) -> None:
        self._images: dict[str, _Image] = {}

    def take(self, event: Event) -> None:
        if event.what == "sync":
            # File systems with a journal keep the order of what happens to names: the sync of a
            # later file makes an earlier removal safe.
            for image in self._images.values():
                image.forget_if_deleted()
        if event.file:
            self._images.setdefault(event.file, _Image()).take(event)

    def cut(self, folder: Path, dice: random.Random) -> None:
        """Write into a folder what is found there when the power is back."""
        for name, image in self._images.items():
            found = image.after_a_cut(dice)
            if found is not None:
                path = folder / name
                path.write_bytes(found)
                path.chmod(0o600)
