"""`hunt.ports.Ledger` on SQLite: each method is one operation of the writer, durable when it ends.

What the methods promise stands in `hunt.ports`; how, in the modules they call: `requests` and
`lists`, `purchases` with `claims` and `budgets`, `by_hand`, `meta`, `watches`.
"""

from __future__ import annotations

import os
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from bookhunt.model.errors import LedgerUnusable
from bookhunt.store import budgets, by_hand, lists, meta, purchases, requests
from bookhunt.store.ledger_file import LedgerFile
from bookhunt.store.operations import Lane
from bookhunt.store.outbox import SqliteOutbox
from bookhunt.store.watches import SqliteWatches
from bookhunt.store.writer import Writer, end_process

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from bookhunt.hunt.ports import (
        Clock,
        Facts,
        Intended,
        Intent,
        IntentRefusal,
        Ledger,
        Limits,
        Recovered,
        Submitted,
    )
    from bookhunt.model.money import Money
    from bookhunt.model.outcome import RequestRecord, Result
    from bookhunt.model.purchase import Attempt, Frozen, Stage
    from bookhunt.model.request import Request, RequestState

# The research page's floor: below it the result of an order might find no room.
FREE_SPACE_FLOOR = 64 * 1024 * 1024
_T = TypeVar("_T")
_NO_DEFAULTS: Mapping[str, Limits] = MappingProxyType({})


class SqliteLedger:
    """The ledger. One object, one connection, one thread; `close` it."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        defaults: Mapping[str, Limits],
        free_space_floor: int,
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        self._path = path
        self._clock = clock
        self._defaults = defaults
        self._free_space_floor = free_space_floor
        self._file = LedgerFile(path, clock=clock, defaults=defaults)
        self._writer = Writer(self._file, on_fatal=on_fatal)
        self.outbox = SqliteOutbox(self._writer, clock)  # notices; theirs are the same transactions

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        defaults: Mapping[str, Limits] = _NO_DEFAULTS,
        free_space_floor: int = FREE_SPACE_FLOOR,
        on_fatal: Callable[[BaseException], None] = end_process,
    ) -> SqliteLedger:
        """Open the file, take it for this process alone, and recover what the last one left.

        `defaults` are the configured limits by currency; a currency without any has 100 a purchase
        and 200 a day. With less than `free_space_floor` bytes free on its disk nothing is intended.
        `on_fatal` is called when nobody can say what is on disk; it must end the process.

        Raises:
            LedgerUnusable: another process holds it, or a newer version of bookhunt wrote it.
            UnsafePath: it is a link or another user's.
        """
        ledger = cls(
            path,
            clock=clock,
            defaults=defaults,
            free_space_floor=free_space_floor,
            on_fatal=on_fatal,
        )
        await ledger._writer.start()
        return ledger

    @property
    def recovered(self) -> Recovered:
        """What was found at the opening."""
        return self._file.recovered

    @property
    def watches(self) -> SqliteWatches:
        """The watches, in the same file."""
        return SqliteWatches(self._writer)

    @property
    def writer(self) -> Writer:
        """The thread that has the file: for what is read beside the hunt (`store.records`)."""
        return self._writer

    async def close(self) -> None:
        """Finish what waits, bring the write-ahead log home, and let the file go."""
        await self._writer.close()

    # ------------------------------------------------------------------------------ requests
    async def submit(self, request: Request, *, fingerprint: str, again: bool) -> Submitted:
        """As `ports.Ledger.submit`; a dry run is no duplicate and has none."""
        work = partial(
            requests.submit,
            request=request,
            fingerprint=fingerprint,
            again=again,
            now=self._clock.now(),
        )
        return await self._writer.run("submit", work, lane=Lane.CHANGE)

    async def knows(self, customer: str, idempotency_key: str) -> bool:
        """As `ports.Ledger.knows`."""
        key = partial(requests.knows, customer=customer, idempotency_key=idempotency_key)
        return await self._read(key)

    async def get(self, request_id: str) -> RequestRecord | None:
        """As `ports.Ledger.get`."""
        return await self._read(partial(requests.get, request_id=request_id))

    async def find(
        self,
        *,
        prefix: str | None = None,
        states: frozenset[RequestState] | None = None,
        since: datetime | None = None,
        limit: int = 100,
    ) -> list[RequestRecord]:
        """As `ports.Ledger.find`; by `prefix` at most 500, since a prefix is to find one."""
        if prefix is not None:
            most = min(limit, lists.ROWS_A_TURN)
            return await self._read(
                partial(lists.find_by_id, prefix=prefix, states=states, since=since, limit=most)
            )
        found: list[RequestRecord] = []
        while len(found) < limit:
            most = min(limit - len(found), lists.ROWS_A_TURN)
            before = found[-1] if found else None
            turn = await self._read(
                partial(lists.find, states=states, since=since, before=before, limit=most)
            )
            found += turn
            if len(turn) < most:
                break
        return found

    async def unfinished(self) -> list[RequestRecord]:
        """As `ports.Ledger.unfinished`."""
        found: list[RequestRecord] = []
        while True:
            after = found[-1].request.id if found else ""
            turn = await self._read(partial(lists.unfinished, after=after))
            found += turn
            if len(turn) < lists.ROWS_A_TURN:
                return found

    async def move(
        self, record: RequestRecord, to: RequestState, *, result: Result | None = None
    ) -> RequestRecord:
        """As `ports.Ledger.move`."""
        work = partial(requests.move, record=record, to=to, result=result, now=self._clock.now())
        return await self._writer.run("move", work, lane=Lane.CHANGE)

    async def cancel(self, request_id: str) -> RequestRecord:
        """As `ports.Ledger.cancel`."""
        work = partial(requests.cancel, request_id=request_id, now=self._clock.now())
        return await self._writer.run("cancel", work, lane=Lane.MONEY)

    # ------------------------------------------------------------------------------ attempts
    async def intend(self, intent: Intent) -> Intended | IntentRefusal:
        """As `ports.Ledger.intend`.

        Raises:
            LedgerUnusable: the disk of the ledger is nearly full; nothing was written.
        """

        def work(db: sqlite3.Connection) -> Intended | IntentRefusal:
            self._require_space()
            return purchases.intend(db, intent, defaults=self._defaults, now=now)

        now = self._clock.now()
        return await self._writer.run("intend", work, lane=Lane.MONEY)

    async def attempts(self, request_id: str) -> list[Attempt]:
        """As `ports.Ledger.attempts`."""
        found: list[Attempt] = []
        after = 0
        while True:
            turn, after = await self._read(
                partial(lists.attempts_of, request_id=request_id, after=after)
            )
            found += turn
            if len(turn) < lists.ROWS_A_TURN:
                return found

    async def open_attempts(self) -> list[Attempt]:
        """As `ports.Ledger.open_attempts`."""
        found: list[Attempt] = []
        while True:
            after = found[-1].id if found else ""
            turn = await self._read(partial(lists.open_attempts, after=after))
            found += turn
            if len(turn) < lists.ROWS_A_TURN:
                return found

    async def start_sending(self, attempt: Attempt, frozen: Frozen) -> Attempt | IntentRefusal:
        """As `ports.Ledger.start_sending`."""

        def work(db: sqlite3.Connection) -> Attempt | IntentRefusal:
            return purchases.start_sending(db, attempt, frozen, defaults=self._defaults, now=now)

        now = self._clock.now()
        return await self._writer.run("start_sending", work, lane=Lane.MONEY)

    async def resend(self, attempt: Attempt) -> Attempt | IntentRefusal:
        """As `ports.Ledger.resend`; in safe mode the order may have ended since."""
        work = partial(purchases.resend, attempt=attempt, now=self._clock.now())
        return await self._writer.run("resend", work, lane=Lane.MONEY)

    async def checked(
        self, attempt: Attempt, *, not_found: bool, next_check_at: datetime | None
    ) -> Attempt:
        """As `ports.Ledger.checked`."""
        work = partial(
            purchases.checked, attempt=attempt, not_found=not_found, next_check_at=next_check_at
        )
        return await self._writer.run("checked", work, lane=Lane.MONEY)

    async def settle(
        self,
        attempt: Attempt,
        to: Stage,
        facts: Facts,
        *,
        request_to: RequestState | None = None,
        result: Result | None = None,
    ) -> tuple[Attempt, RequestRecord]:
        """As `ports.Ledger.settle`.

        Two cases the caller cannot see are decided here: a request that was cancelled meanwhile
        becomes CANCELLED instead of PROCESSING, and an order number that another attempt owns
        makes the attempt MANUAL and the request NEEDS_ATTENTION.
        """
        work = partial(
            purchases.settle,
            attempt=attempt,
            to=to,
            facts=facts,
            request_to=request_to,
            result=result,
            defaults=self._defaults,
            now=self._clock.now(),
        )
        return await self._writer.run("settle", work, lane=Lane.MONEY)

    async def settle_by_hand(
        self, request_id: str, *, order_id: str | None, retry: bool = False
    ) -> tuple[Attempt, RequestRecord]:
        """A person says that the order stands, under this number, or (None) that it does not.

        A request whose order does not stand is cancelled, or hunted on if `retry`.

        Raises:
            NotFound: no such request.
            StateConflict: it does not wait for a person, or the order is another request's.
        """
        work = partial(
            by_hand.settle_by_hand,
            request_id=request_id,
            order_id=order_id,
            retry=retry,
            defaults=self._defaults,
            now=self._clock.now(),
        )
        return await self._writer.run("settle_by_hand", work, lane=Lane.MONEY)

    # --------------------------------------------------------------------------------- money
    async def limits(self, currency: str) -> Limits:
        """As `ports.Ledger.limits`."""
        return await self._read(partial(budgets.limits, currency=currency, defaults=self._defaults))

    async def set_limits(self, currency: str, limits: Limits | None) -> None:
        """Set the limits of a currency from now on; None: back to the configured ones.

        Raises:
            CurrencyMismatch: a limit is in another currency.
            InputError: a limit is below zero.
        """
        work = partial(budgets.set_limits, currency=currency, limits=limits)
        await self._writer.run("set_limits", work, lane=Lane.MONEY)

    async def currencies(self) -> list[str]:
        """As `ports.Ledger.currencies`."""
        return await self._read(budgets.currencies)

    async def spent(self, currency: str, *, at: datetime) -> tuple[Money, Money]:
        """As `ports.Ledger.spent`."""
        return await self._read(partial(budgets.used, currency=currency, at=at))

    async def set_paused(self, *, paused: bool) -> None:
        """As `ports.Ledger.set_paused`."""
        work = partial(meta.set_paused, paused=paused)
        await self._writer.run("set_paused", work, lane=Lane.MONEY)

    async def paused(self) -> bool:
        """As `ports.Ledger.paused`."""
        return await self._read(meta.paused)

    async def safe_mode(self) -> str | None:
        """As `ports.Ledger.safe_mode`."""
        return await self._read(meta.safe_mode)

    async def leave_safe_mode(self) -> None:
        """As `ports.Ledger.leave_safe_mode`."""
        await self._writer.run("leave_safe_mode", meta.leave_safe_mode, lane=Lane.CHANGE)

    # ------------------------------------------------------------------------------- within
    async def _read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self._writer.run("read", work, lane=Lane.READ)

    def _require_space(self) -> None:
        status = os.statvfs(self._path.parent)
        free = status.f_bavail * status.f_frsize
        if free < self._free_space_floor:
            raise LedgerUnusable(
                f"only {free // 1024**2} MB are free on the disk of the ledger; "
                "nothing was ordered",
                hint="free some space there, then try again",
            )


if TYPE_CHECKING:

    def _is_a_ledger(ledger: SqliteLedger) -> Ledger:
        return ledger
