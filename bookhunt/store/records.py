"""The ledger as it is read beside the hunt: copied, exported, summed up. Nothing here writes it.

Each call is a bounded read, or a long one in steps: what moves money always goes first.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bookhunt.store import meta
from bookhunt.store.attempts import attempt_of
from bookhunt.store.copying import copy, settle_on_disk
from bookhunt.store.lists import ROWS_A_TURN
from bookhunt.store.operations import Lane
from bookhunt.store.queries import queries
from bookhunt.store.requests import record_of
from bookhunt.store.values import micros

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.purchase import Attempt
    from bookhunt.store.ledger import SqliteLedger

    T = TypeVar("T")

_SQL = queries("records")
_BEFORE_ALL_TIME_US = -(2**62)
_IDS_MAY_LAG = timedelta(days=1)  # an id is made when a request comes, and the row a moment later
Place = tuple[int, str]  # where a turn of outcomes ended: (submitted_us, id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFacts:
    """What can be said of a ledger without a word of what is in it."""

    schema: int
    sqlite: str
    requests: int
    attempts: int
    entries: int  # of the journal
    statements: tuple[str, ...]  # of its schema, as the file holds them


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One request, as far as figures need it. Money is in minor units of `currency`."""

    state: str
    strategy: str
    dry_run: bool
    took_us: int | None  # from submission to its end
    sellers_asked: int
    sellers_total: int
    calls: int
    cached: int
    coalesced: int
    seller: str | None  # who sold it; None: nothing was bought
    total_minor: int | None
    currency: str | None
    overcharged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How often attempts of one strategy at one seller stand at one stage."""

    seller: str
    stage: str
    strategy: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Some requests, what was tried for them, and where the next turn begins; None: no more."""

    outcomes: tuple[Outcome, ...]
    tried: tuple[Tried, ...]
    next: Place | None


class SqliteRecords:
    """Reads of one open ledger."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._writer = ledger.writer
        self._copying = asyncio.Lock()

    async def snapshot(self, to: Path) -> None:
        """Copy the ledger, as it stands at one moment, into a new file of mode 0600; on disk.

        Orders go on meanwhile. One snapshot at a time: a second one waits.

        Raises:
            InputError: there is such a file already.
            LedgerUnusable: it cannot be written, or the ledger is closed meanwhile.
        """
        async with self._copying:
            await self._writer.run_in_steps(
                "snapshot", lambda db, between: copy(db, to, between=between)
            )
        await asyncio.to_thread(settle_on_disk, to)

    async def requests(
        self, *, after: str = "", since: datetime | None = None, limit: int = ROWS_A_TURN
    ) -> list[RequestRecord]:
        """The next requests, oldest first, at most 500 of them; those after the id `after`."""
        return await self._read(partial(_requests, _page(after, since, limit)))

    async def attempts(
        self, *, after: str = "", since: datetime | None = None, limit: int = ROWS_A_TURN
    ) -> list[Attempt]:
        """The next attempts, oldest first, at most 500 of them; those after the id `after`."""
        return await self._read(partial(_attempts, _page(after, since, limit)))

    async def outcomes(self, *, since: datetime | None, after: Place | None = None) -> Turn:
        """The next 500 requests from `since` on, for figures, and what was tried for them."""
        if after is None:
            after = (_BEFORE_ALL_TIME_US if since is None else micros(since) - 1, "\U0010ffff")
        return await self._read(partial(_turn, after))

    async def facts(self) -> LedgerFacts:
        """How large it is, and of which schema."""
        return await self._read(_facts)

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._writer.run("read", work, lane=Lane.READ)


def _page(after: str, since: datetime | None, limit: int) -> dict[str, int | str]:
    since_us = _BEFORE_ALL_TIME_US if since is None else micros(since)
    # Ids begin with a time: what is older is not even walked over, however much it is.
    begins = "" if since is None else _id_at(since - _IDS_MAY_LAG)
    return {"after": max(after, begins), "since_us": since_us, "limit": min(limit, ROWS_A_TURN)}


def _id_at(moment: datetime) -> str:
    """What sorts before every UUIDv7 made then or later: its first 48 bits are milliseconds."""
    digits = f"{max(micros(moment) // 1000, 0):012x}"
    return f"{digits[:8]}-{digits[8:]}"


def _requests(page: dict[str, int | str], db: sqlite3.Connection) -> list[RequestRecord]:
    return [record_of(row) for row in db.execute(_SQL["requests"], page)]


def _attempts(page: dict[str, int | str], db: sqlite3.Connection) -> list[Attempt]:
    return [attempt_of(row) for row in db.execute(_SQL["attempts"], page)]


def _turn(after: Place, db: sqlite3.Connection) -> Turn:
    bounds = {"after_us": after[0], "after_id": after[1]}
    rows = db.execute(_SQL["outcomes"], {**bounds, "limit": ROWS_A_TURN}).fetchall()
    if not rows:
        return Turn(outcomes=(), tried=(), next=None)
    last: Place = (rows[-1]["submitted_us"], rows[-1]["id"])
    tried = db.execute(_SQL["tried"], {**bounds, "last_us": last[0], "last_id": last[1]})
    return Turn(
        outcomes=tuple(_outcome(row) for row in rows),
        tried=tuple(
            Tried(
                seller=row["seller"],
                stage=row["stage"],
                strategy=row["strategy"],
                times=row["times"],
            )
            for row in tried
        ),
        next=last if len(rows) == ROWS_A_TURN else None,
    )


def _outcome(row: sqlite3.Row) -> Outcome:
    finished_us = row["finished_us"]
    return Outcome(
        state=row["state"],
        strategy=row["strategy"],
        dry_run=bool(row["dry_run"]),
        took_us=None if finished_us is None else finished_us - row["submitted_us"],
        sellers_asked=row["sellers_asked"],
        sellers_total=row["sellers_total"],
        calls=row["calls"],
        cached=row["cached"],
        coalesced=row["coalesced"],
        seller=row["seller"],
        total_minor=row["total_minor"],
        currency=row["currency"],
        overcharged=bool(row["overcharged"]),
    )


def _facts(db: sqlite3.Connection) -> LedgerFacts:
    size = db.execute(_SQL["size"]).fetchone()
    return LedgerFacts(
        schema=int(meta.get(db, "schema")),
        sqlite=sqlite3.sqlite_version,
        requests=size["requests"],
        attempts=size["attempts"],
        entries=size["entries"],
        statements=tuple(row["sql"] for row in db.execute(_SQL["schema"])),
    )
