"""`hunt.ports.BeliefShelf` on the cache: what was learned of sellers and books, over restarts.

Rows are gathered and written together in the background; of two rows of one name the later one
counts. Whatever happens to the file, a caller is never held up and never told.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import BeliefRows
from bookhunt.store.queries import queries
from bookhunt.store.values import micros

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from bookhunt.hunt.ports import BeliefShelf, Clock
    from bookhunt.store.cache import Cache

_SQL = queries("beliefs")
_META = queries("meta")
_GATHER_S = 0.2  # so long rows wait for others, to be written together
_HINT = "hint"  # its name in `meta`
_PRUNE_EVERY_S = 60.0
_MOST_BOOKS = 20_000  # as many as the hunt itself believes something of
_MOST_SELLERS = 10_000
_MOST_LOADED_BYTES = 8 * 1024 * 1024  # of books: what a start reads within half a second
_MOST_WAITING = 20_000  # rows; more wait only for a disk that takes nothing
_FEEDBACK_KEPT = timedelta(days=400)

_Waiting = OrderedDict[str, "str | None"]  # by name; None: forget it


class SqliteBeliefs:
    """The shelf; `close` it before its cache."""

    def __init__(
        self,
        cache: Cache,
        *,
        clock: Clock,
        most_books: int = _MOST_BOOKS,
        most_loaded_bytes: int = _MOST_LOADED_BYTES,
        most_waiting: int = _MOST_WAITING,
    ) -> None:
        self.dropped = 0  # rows that were lost because the cache was too slow
        self._cache = cache
        self._clock = clock
        self._most_books = most_books
        self._most_loaded_bytes = most_loaded_bytes
        self._most_waiting = most_waiting
        self._sellers: _Waiting = OrderedDict()
        self._books: _Waiting = OrderedDict()
        self._hint: str | None = None
        self._flush: asyncio.Task[None] | None = None
        self._prune_at = 0.0
        self._closed = False

    async def load(self) -> BeliefRows:
        """As `ports.BeliefShelf.load`; of very many books those that were learned of last."""
        await self._written()
        nothing = BeliefRows(sellers={}, books={})
        read = partial(_read, most_bytes=self._most_loaded_bytes)
        return await self._cache.run(read, otherwise=nothing)

    def keep(self, rows: BeliefRows) -> None:
        """As `ports.BeliefShelf.keep`."""
        self._wait(self._sellers, rows.sellers)
        self._wait(self._books, rows.books)
        self._hint = rows.hint if rows.hint is not None else self._hint
        self._write_in_a_while()

    def forget(self, *, sellers: Collection[str], books: Collection[str]) -> None:
        """As `ports.BeliefShelf.forget`."""
        self._wait(self._sellers, dict.fromkeys(sellers))
        self._wait(self._books, dict.fromkeys(books))
        self._write_in_a_while()

    async def note_feedback(self, request_id: str, word: str) -> bool:
        """As `ports.BeliefShelf.note_feedback`."""
        note = partial(_note, request_id=request_id, word=word, now=self._clock.now())
        return await self._cache.run(note, otherwise=True)

    async def close(self) -> None:
        """Write what waits; the cache is closed by whoever opened it."""
        self._closed = True
        await self._written()

    # -------------------------------------------------------------------------- in the background
    def _wait(self, waiting: _Waiting, rows: Mapping[str, str | None]) -> None:
        for name, text in rows.items():
            waiting.pop(name, None)
            waiting[name] = text
        while len(waiting) > self._most_waiting:
            waiting.popitem(last=False)
            self.dropped += 1

    def _write_in_a_while(self) -> None:
        if self._flush is None and not self._closed:
            self._flush = asyncio.create_task(self._write_soon())

    async def _written(self) -> None:
        """Return when nothing waits any more."""
        while self._flush is not None:
            await asyncio.shield(self._flush)

    async def _write_soon(self) -> None:
        if not self._closed:
            await asyncio.sleep(_GATHER_S)
        try:
            while self._sellers or self._books or self._hint is not None:
                await self._cache.run(self._next_write(), otherwise=None)
            if self._clock.monotonic() >= self._prune_at:
                self._prune_at = self._clock.monotonic() + _PRUNE_EVERY_S
                prune = partial(_prune, most_books=self._most_books, now=self._clock.now())
                await self._cache.run(prune, otherwise=None)
        finally:
            self._flush = None

    def _next_write(self) -> Callable[[sqlite3.Connection], None]:
        """Take all that waits, as the work that writes it."""
        write = partial(
            _write,
            sellers=self._sellers,
            books=self._books,
            hint=self._hint,
            now=self._clock.now(),
        )
        self._sellers, self._books, self._hint = OrderedDict(), OrderedDict(), None
        return write


def _write(
    db: sqlite3.Connection, *, sellers: _Waiting, books: _Waiting, hint: str | None, now: datetime
) -> None:
    kept_us = micros(now)
    for name, text in sellers.items():
        if text is None:
            db.execute(_SQL["drop_seller"], {"name": name})
        else:
            db.execute(_SQL["keep_seller"], {"name": name, "belief": text})
    for name, text in books.items():
        if text is None:
            db.execute(_SQL["drop_book"], {"name": name})
        else:
            row = {"name": name, "belief": text, "kept_us": kept_us}
            db.execute(_SQL["keep_book"], row)
    if hint is not None:
        db.execute(_META["put"], {"name": _HINT, "value": hint})


def _read(db: sqlite3.Connection, *, most_bytes: int) -> BeliefRows:
    sellers = db.execute(_SQL["sellers"], {"most": _MOST_SELLERS})
    books: dict[str, str] = {}
    left = most_bytes
    for row in db.execute(_SQL["books_newest_first"]):
        left -= len(row["belief"])
        if left < 0:
            break
        books[row["subject"]] = row["belief"]
    hint = db.execute(_META["get"], {"name": _HINT}).fetchone()
    return BeliefRows(
        sellers={row["seller"]: row["belief"] for row in sellers},
        books=books,
        hint=None if hint is None else str(hint["value"]),
    )


def _note(db: sqlite3.Connection, *, request_id: str, word: str, now: datetime) -> bool:
    said = {"request_id": request_id, "word": word, "said_us": micros(now)}
    return db.execute(_SQL["note_feedback"], said).rowcount == 1


def _prune(db: sqlite3.Connection, *, most_books: int, now: datetime) -> None:
    db.execute(_SQL["drop_surplus_books"], {"most": most_books - 1})
    db.execute(_SQL["drop_old_feedback"], {"before_us": micros(now - _FEEDBACK_KEPT)})


if TYPE_CHECKING:

    def _is_shelf(beliefs: SqliteBeliefs) -> BeliefShelf:
        return beliefs
