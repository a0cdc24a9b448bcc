"""One thread that owns the ledger's connection; asyncio callers hand it operations and wait.

A durable commit costs an fsync, 0.4 to 7 ms. One commit for each of 600 changes a second would be
most of a disk's time, so the thread commits in groups: it takes all that waits, gives each
operation a savepoint of its own, commits once, and answers. An operation that fails undoes its own
savepoint and nothing else. No caller is answered before its change is on disk.

What moves money goes before other changes, and changes before reads; reads come a few at a time.
Each lane holds a bounded number of operations: further callers wait.

When the disk refuses (full, an I/O error before the commit), nothing of the group was written,
and each of its callers is told so: the same call may be made again. When the commit itself fails
in a way that leaves open whether it reached the disk (a failed fsync above all, which must never
be tried again: the kernel may have dropped the pages), nobody can say what is true, and the
process must end: the next start reads what is really there. The same holds for a file that turns
out to be damaged, and for one that another process has taken over.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from bookhunt.model.errors import IllegalTransition, LedgerUnusable
from bookhunt.store.database import is_damage, roll_back
from bookhunt.store.operations import Lane, Lanes, Operation, Withdraw
from bookhunt.telemetry.counts import Histogram
from bookhunt.telemetry.failpoints import fp

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_CHANGES_A_TURN = 256  # measured: larger groups gain little and make claims wait for each other
_READS_A_TURN = 8
_WAITING = {Lane.MONEY: 4096, Lane.CHANGE: 4096, Lane.READ: 1024}
_EX_IOERR = 74  # sysexits.h
# Driver errors that are bugs of one operation, not troubles of the disk.
_BUGS = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.NotSupportedError,
    sqlite3.DataError,
)


class File(Protocol):
    """What the writer owns. All methods run in its thread."""

    def open(self) -> sqlite3.Connection:
        """The connection, after everything that must be done before it is used."""
        ...

    def begin(self, connection: sqlite3.Connection) -> None:
        """First thing in each transaction; raises `LedgerUnusable` if the file is lost to us."""
        ...

    def keep_up(self, connection: sqlite3.Connection) -> float | None:
        """Chores between groups; in how many seconds there are more, None: after a change."""
        ...

    def close(self, connection: sqlite3.Connection) -> None:
        """Leave the file as it should be found."""
        ...


def end_process(error: BaseException) -> None:
    """What must happen when nobody can say what is on disk: the process ends, at once."""
    _log.critical("the ledger's state is unknown, the process ends: %s", error)
    logging.shutdown()
    os._exit(_EX_IOERR)


class Writer:
    """The thread and its queue. `on_fatal` is called in the thread, and should not return."""

    def __init__(
        self, file: File, *, on_fatal: Callable[[BaseException], None] = end_process
    ) -> None:
        self.commits = Histogram()  # how long each took, fsync and all, in seconds
        self._file = file
        self._on_fatal = on_fatal
        self._wake = threading.Condition()
        self._lanes = Lanes()
        self._closing = False
        self._dead: LedgerUnusable | None = None
        self._room: dict[Lane, asyncio.Semaphore] = {}
        self._loop: asyncio.AbstractEventLoop
        self._ended: asyncio.Future[None]
        self._thread: threading.Thread

    # ----------------------------------------------------------------------------- callers
    async def start(self) -> None:
        """Open the file in the thread.

        Raises:
            LedgerUnusable, UnsafePath: as the file's `open`.
        """
        self._loop = asyncio.get_running_loop()
        self._room = {lane: asyncio.Semaphore(most) for lane, most in _WAITING.items()}
        self._ended = self._loop.create_future()
        opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(
            target=self._run, args=(opened,), name="ledger-writer", daemon=True
        )
        self._thread.start()
        try:
            await opened
        except asyncio.CancelledError:
            self._begin_to_close()
            raise

    async def run(
        self,
        name: str,
        work: Callable[[sqlite3.Connection], _T],
        *,
        lane: Lane,
    ) -> _T:
        """Have `work` done in the thread; a change is durable when this returns.

        Once it waits in the queue it is done, whatever happens to the caller.

        Raises:
            LedgerUnusable: nothing was written: the disk refused, or the ledger is closed.
            IllegalTransition: the file's own rules forbid it.
        """
        await self._room[lane].acquire()
        operation = Operation(name=name, work=work, lane=lane, future=self._loop.create_future())
        with self._wake:
            if self._closing or self._dead:
                self._room[lane].release()
                raise self._dead or LedgerUnusable("the ledger is closed")
            self._lanes.put(operation)
            self._wake.notify()
        result: _T = await operation.future
        return result

    async def run_in_steps(
        self, name: str, work: Callable[[sqlite3.Connection, Callable[[], None]], _T]
    ) -> _T:
        """Have a long read done in the thread; between its steps it calls what it is given.

        That call does everything that waits, money first, and raises `LedgerUnusable` where the
        ledger is closed or lost meanwhile. One such read at a time: they would nest.
        """

        def whole(connection: sqlite3.Connection) -> _T:
            return work(connection, lambda: self._let_others(connection))

        return await self.run(name, whole, lane=Lane.READ)

    async def close(self) -> None:
        """Do what waits, then close the file and end the thread."""
        self._begin_to_close()
        await asyncio.shield(self._ended)

    def _begin_to_close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()

    # ------------------------------------------------------------------------------ thread
    def _run(self, opened: asyncio.Future[None]) -> None:
        try:
            connection = self._file.open()
        except BaseException as error:  # noqa: BLE001 - the caller gets it, whatever it is
            self._call(_fail, opened, error)
            self._call(_finish, self._ended)
            return
        self._call(_finish, opened)
        try:
            self._work(connection)
            if self._dead is None:
                self._file.close(connection)
        except BaseException as error:  # noqa: BLE001 - a bug here leaves nobody to write
            self._die(error, [])
        finally:
            connection.close()
            self._call(_finish, self._ended)

    def _work(self, connection: sqlite3.Connection) -> None:
        chore_s: float | None = None
        while self._dead is None:
            turn = self._take(chore_s)
            if turn is None:
                return
            chore_s = self._do(connection, *turn)

    def _do(
        self, connection: sqlite3.Connection, changes: list[Operation], reads: list[Operation]
    ) -> float | None:
        """One turn; in how many seconds a chore is due."""
        if changes:
            self._commit(connection, changes)
        for read in reads:
            self._read(connection, read)
        self._tell(reads)
        return None if self._dead is not None else self._file.keep_up(connection)

    def _let_others(self, connection: sqlite3.Connection) -> None:
        """A turn between two steps of a long read."""
        with self._wake:
            changes = self._lanes.take_changes(_CHANGES_A_TURN)
            reads = self._lanes.take_reads(_READS_A_TURN)
            closing = self._closing
        self._do(connection, changes, reads)
        if self._dead is not None or closing:
            raise self._dead or LedgerUnusable("the ledger is being closed")

    def _take(self, chore_s: float | None) -> tuple[list[Operation], list[Operation]] | None:
        """What to do next; two empty lists when a chore is due; None at the end."""
        chore_at = None if chore_s is None else time.monotonic() + chore_s
        with self._wake:
            while not (self._lanes or self._closing):
                left_s = None if chore_at is None else max(chore_at - time.monotonic(), 0.0)
                if not self._wake.wait(left_s):
                    break
            changes = self._lanes.take_changes(_CHANGES_A_TURN)
            reads = self._lanes.take_reads(_READS_A_TURN)
            closing = self._closing
        if closing and not (changes or reads):
            return None
        return changes, reads

    def _commit(self, connection: sqlite3.Connection, group: list[Operation]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            self._file.begin(connection)
            for operation in group:
                _apply(connection, operation)
            fp("ledger.commit.before")
        except (sqlite3.Error, OSError) as error:
            self._undo(connection, group, error)
            return
        except LedgerUnusable as error:
            self._die(error, group)
            return
        try:
            began = time.monotonic()
            connection.execute("COMMIT")
            self.commits.observe(time.monotonic() - began)
        except sqlite3.Error as error:
            if _was_not_written(error):
                self._undo(connection, group, error)
            else:
                self._die(error, group)
            return
        try:
            fp("ledger.commit.after")
            for operation in group:
                fp(f"ledger.{operation.name}.after_commit")
        except OSError as error:
            self._die(error, group)
            return
        self._tell(group)

    def _undo(
        self, connection: sqlite3.Connection, group: list[Operation], error: Exception
    ) -> None:
        """Nothing of the group was written: say so to each of its callers."""
        try:
            roll_back(connection)
        except sqlite3.Error as worse:
            self._die(worse, group)
            return
        if isinstance(error, sqlite3.Error) and is_damage(error):
            self._die(error, group)
            return
        _log.error("the ledger could not be written: %s", error)
        for operation in group:
            operation.error = _refusal(error)
        self._tell(group)

    def _read(self, connection: sqlite3.Connection, operation: Operation) -> None:
        if self._dead is not None:
            operation.error = self._dead
            return
        try:
            operation.outcome = operation.work(connection)
        except sqlite3.Error as error:
            if is_damage(error):
                self._die(error, [operation])
                return
            operation.error = LedgerUnusable(f"the ledger could not be read: {error}")
        except Exception as error:  # noqa: BLE001 - a bug in one read is its caller's
            operation.error = error

    def _die(self, error: BaseException, group: list[Operation]) -> None:
        """Nobody can say what is on disk: end the process, or at least this writer."""
        self._on_fatal(error)
        dead = LedgerUnusable(
            f"the ledger's state is unknown after an error of the disk: {error}",
            hint="start bookhunt again: it reads what is really there",
        )
        dead.__cause__ = error
        with self._wake:
            self._dead = dead
            group = [*group, *self._lanes.take_changes(sum(_WAITING.values()))]
            group += self._lanes.take_reads(sum(_WAITING.values()))
        for operation in group:
            operation.error = dead
        self._tell(group)

    # ----------------------------------------------------------------- from thread to loop
    def _tell(self, operations: list[Operation]) -> None:
        if operations:
            self._call(self._answer, operations)

    def _answer(self, operations: list[Operation]) -> None:
        for operation in operations:
            self._room[operation.lane].release()
            operation.answer()

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            # The loop is closed: nobody waits any more, and what was written is written.
            _log.debug("an answer of the ledger came after its caller's end")


def _apply(connection: sqlite3.Connection, operation: Operation) -> None:
    """Do one operation of a group in a savepoint of its own.

    Raises:
        sqlite3.Error, OSError: the disk refused; the whole group is undone.
    """
    fp(f"ledger.{operation.name}.before")
    connection.execute("SAVEPOINT operation")
    try:
        operation.outcome = operation.work(connection)
        fp(f"ledger.{operation.name}.before_commit")
    except Withdraw as withdrawn:
        operation.outcome = withdrawn.answer
        connection.execute("ROLLBACK TO operation")
    except _BUGS as error:
        # Its own rules are the file's last word: the program tried what they forbid.
        operation.error = IllegalTransition(f"the ledger refuses to {operation.name}: {error}")
        operation.error.__cause__ = error
        connection.execute("ROLLBACK TO operation")
    except (sqlite3.Error, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - the caller gets it, whatever it is
        operation.error = error
        connection.execute("ROLLBACK TO operation")
    connection.execute("RELEASE operation")


def _was_not_written(error: sqlite3.Error) -> bool:
    """Whether a commit failed before its record was whole: no space, no quota, no write.

    A commit writes its pages to the log, the record that makes them count as the last one, and
    then calls fsync. A reader of the log stops before a record that is not whole. Every other
    error may have come after that.
    """
    code = getattr(error, "sqlite_errorcode", 0)
    return code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}


def _refusal(error: Exception) -> LedgerUnusable:
    refusal = LedgerUnusable(
        f"the ledger could not be written ({error}); nothing was recorded and nothing ordered",
        hint="free some space on the disk of the ledger, then try again",
    )
    refusal.__cause__ = error
    return refusal


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _fail(future: asyncio.Future[None], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
