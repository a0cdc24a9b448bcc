"""`cache.db`: one connection, one thread, and nothing in it that must survive.

A cache that cannot be read (damaged, of a newer version, another program's) is set aside and begun
anew; a disk that takes nothing more costs what was to be remembered, and a line in the log. No
trouble here reaches a caller as an error.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from bookhunt.model.errors import LedgerUnusable
from bookhunt.store.database import CACHE, Held, is_damage, open_database, roll_back

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Cache:
    """The file and its thread; `close` it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cache")
        self._connection: sqlite3.Connection | None = None

    @classmethod
    async def open(cls, path: Path) -> Cache:
        """Open the cache, or begin a new one where it cannot be read.

        Raises:
            LedgerUnusable: another process holds it, or no file can be there.
            UnsafePath: it is a link or another user's.
        """
        cache = cls(path)
        try:
            await cache._in_thread(cache._open)
        except BaseException:
            cache._thread.shutdown(wait=False)
            raise
        return cache

    async def run(self, work: Callable[[sqlite3.Connection], _T], *, otherwise: _T) -> _T:
        """Do `work` in one transaction; `otherwise` is the answer where that is not possible."""
        return await self._in_thread(lambda: self._attempt(work, otherwise))

    async def close(self) -> None:
        """Finish what waits and let the file go."""
        await self._in_thread(self._let_go)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # ---------------------------------------------------------------------------- in the thread
    def _open(self) -> None:
        try:
            self._connection = open_database(self._path, CACHE)
        except Held:
            raise
        except LedgerUnusable as trouble:
            try:
                self._begin_anew(trouble)
            except OSError:
                raise trouble from None

    def _begin_anew(self, trouble: Exception) -> None:
        _log.warning("the cache is set aside and begun anew: %s", trouble)
        self._let_go()
        aside = self._path.with_suffix(f".aside{self._path.suffix}")
        self._path.replace(aside)
        for ending in ("-wal", "-shm", "-journal"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        self._connection = open_database(self._path, CACHE)

    def _attempt(self, work: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        connection = self._connection
        if connection is None:
            return otherwise
        try:
            connection.execute("BEGIN IMMEDIATE")
            answer = work(connection)
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._survive(connection, error)
            return otherwise
        except BaseException:
            roll_back(connection)
            raise
        return answer

    def _survive(self, connection: sqlite3.Connection, error: Exception) -> None:
        damaged = isinstance(error, sqlite3.Error) and is_damage(error)
        try:
            if damaged:
                self._begin_anew(error)
            else:
                _log.warning("the cache could not be used: %s", error)
                roll_back(connection)
        except (sqlite3.Error, OSError, LedgerUnusable) as worse:
            _log.warning("this process goes on without a cache: %s", worse)
            self._let_go()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
