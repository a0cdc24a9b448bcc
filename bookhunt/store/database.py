"""Opening a database file: private, exclusive, checked, and of a schema this version knows.

One process and one connection hold a file at a time. That is a rule of safety (two daemons over
one ledger would buy twice), and it avoids a defect of SQLite before 3.51.3, where two connections
that checkpoint at the same moment can damage the file.

The naive way to open is to connect and to create what is missing. Here a file that is damaged, of
a newer schema, another user's or held by another process is refused before a row is read; an older
schema is brought up to date in one transaction, after a snapshot.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from bookhunt.model.errors import LedgerUnusable, UnsafePath
from bookhunt.store.queries import queries
from bookhunt.telemetry.failpoints import fp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE = 0o600
_META = queries("meta")
# The pragmas are the research's (safety, section 3); fullfsync makes macOS write through its
# drive's cache. `trusted_schema` stays on: the journal's triggers need json_object, which SQLite
# before 3.41 takes for unsafe, and who can write the schema of a private file is its owner.
_PRAGMAS = (
    "locking_mode = EXCLUSIVE",
    "journal_mode = WAL",
    "foreign_keys = ON",
    "cell_size_check = ON",
    "mmap_size = 0",
    "secure_delete = FAST",
    "temp_store = MEMORY",
    "fullfsync = 1",
    "checkpoint_fullfsync = 1",
)


class Damaged(LedgerUnusable):
    """The file is not what SQLite wrote."""


class NewerSchema(LedgerUnusable):
    """A newer version of bookhunt wrote the file."""


class Held(LedgerUnusable):
    """Another process has the file."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The numbered files `schema/<name>_NNNN.sql`, and how durable a commit of this file is."""

    name: str
    synchronous: str
    precious: bool = True  # copied before it is migrated

    def steps(self) -> list[str]:
        """The text of every step, the first one first."""
        folder = files("bookhunt.store").joinpath("schema")
        names = sorted(f.name for f in folder.iterdir() if f.name.startswith(f"{self.name}_"))
        expected = [f"{self.name}_{number:04}.sql" for number in range(1, len(names) + 1)]
        assert names == expected, f"the steps of {self.name} have a gap: {names}"
        return [folder.joinpath(name).read_text("utf-8") for name in names]


LEDGER = Schema("ledger", "FULL")
CACHE = Schema("cache", "NORMAL", precious=False)


def open_database(path: Path, schema: Schema) -> sqlite3.Connection:
    """The one connection to a file, which is created if it is not there.

    Raises:
        Damaged: the file is not a database, or its pages contradict each other.
        LedgerUnusable: another process holds it, a newer version wrote it, or it cannot be read.
        UnsafePath: it is a link or another user's.
    """
    make_private(path)
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, cached_statements=256)
    try:
        connection.row_factory = sqlite3.Row
        _prepare(connection, path, schema)
        _check(connection, path)
        migrate(connection, path, schema)
    except sqlite3.Error as error:
        connection.close()
        raise _as_unusable(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def make_private(path: Path) -> None:
    """Create a file that only its owner reads, or close one that others could read.

    SQLite gives its side files (`-wal`) the mode of the file itself.

    Raises:
        UnsafePath: it is a link or another user's.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, PRIVATE)
    except OSError as error:
        if path.is_symlink():
            raise UnsafePath(f"{path} is a symbolic link", hint="put the real file there") from None
        raise LedgerUnusable(f"{path} cannot be opened: {error.strerror}") from error
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            raise UnsafePath(
                f"{path} belongs to user {status.st_uid}, and this process runs as {os.geteuid()}",
                hint="set BOOKHUNT_HOME to a folder of your own",
            )
        if stat.S_IMODE(status.st_mode) != PRIVATE:
            os.fchmod(descriptor, PRIVATE)
    finally:
        os.close(descriptor)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Take the write lock first, so what is read cannot change before it is written."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def roll_back(connection: sqlite3.Connection) -> None:
    """Undo the open transaction; some errors of SQLite already did."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def migrate(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    """Bring the schema up to date, all missing steps in one transaction.

    An older file that is precious is copied first, to `<name>.before-NNNN.db` beside it.

    Raises:
        NewerSchema: a newer version of bookhunt wrote the file.
        LedgerUnusable: it is another program's.
    """
    steps, version = schema.steps(), schema_version(connection, path)
    if version > len(steps):
        raise NewerSchema(
            f"{path} has schema {version}, and this version of bookhunt knows {len(steps)}",
            hint="start the newer bookhunt that wrote it; an older one could misread an order",
        )
    if version == len(steps):
        return
    if version and schema.precious:
        snapshot(connection, path.with_suffix(f".before-{len(steps):04}{path.suffix}"))
    fp(f"{schema.name}.migrate.before")
    with transaction(connection):
        for step in steps[version:]:
            for statement in statements(step):
                connection.execute(statement)
        connection.execute(_META["put"], {"name": "schema", "value": len(steps)})
        fp(f"{schema.name}.migrate.before_commit")
    fp(f"{schema.name}.migrate.after_commit")


def schema_version(connection: sqlite3.Connection, path: Path) -> int:
    """The number of the newest schema step in the file; 0: it is empty."""
    tables = connection.execute(_META["tables"]).fetchone()["tables"]
    if not tables:
        return 0
    if connection.execute(_META["has_meta"]).fetchone() is None:
        raise LedgerUnusable(
            f"{path} is a database of another program", hint="move it out of the way"
        )
    row = connection.execute(_META["get"], {"name": "schema"}).fetchone()
    if row is None or not isinstance(row["value"], int):
        raise Damaged(f"{path} does not say which schema it has")
    return int(row["value"])


def snapshot(connection: sqlite3.Connection, to: Path) -> None:
    """Copy the whole file, compacted; the copy is whole, private and on disk when this returns."""
    to.unlink(missing_ok=True)
    make_private(to)
    connection.execute("VACUUM INTO ?", (str(to),))
    descriptor = os.open(to, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: a trigger is one, whatever it holds.

    `sqlite3.executescript` would do, but it commits the open transaction first.
    """
    gathered = ""
    for line in script.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
    assert not gathered.strip(), f"the script ends within a statement: {gathered[:80]}"


def _prepare(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    for pragma in (*_PRAGMAS, f"synchronous = {schema.synchronous}"):
        connection.execute(f"PRAGMA {pragma}")
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if mode != "wal":
        raise LedgerUnusable(
            f"{path} cannot have a write-ahead log (its journal is {mode!r})",
            hint="put it on a local disk, not on a network or memory file system",
        )
    # The lock is taken here, and kept: a transaction that only began would not hold it.
    with transaction(connection):
        pass


def _check(connection: sqlite3.Connection, path: Path) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise Damaged(f"{path} is damaged: {verdict}")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file is not what it wrote."""
    return primary_code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def primary_code(error: sqlite3.Error) -> int:
    """The primary result code of an error of SQLite; 0 where the driver itself raised it."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _as_unusable(error: sqlite3.Error, path: Path) -> LedgerUnusable:
    if is_damage(error):
        return Damaged(f"{path} is damaged: {error}")
    if primary_code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Held(
            f"{path} is held by another process",
            hint="bookhunt daemon status tells whether a daemon runs; stop it, or use it",
        )
    return LedgerUnusable(f"{path} cannot be used: {error}")
