"""One run of a watch: look at the market, and ask for a copy where one fits.

The level counts, not the edge: whatever the price was before, a copy that fits now is asked for.
Asking is submitting a request with the only key this copy can have at this moment (`NextCopy`), so
that two runs, two lives of the daemon, or a run and one that was cut off make one request. While
that request is not settled, nothing further is asked for; how it ends is the hunt's business, and
its limits, its pause and its patience with sellers are those of any other request.

Prices that go to and fro are told once: what is told is a price below the lowest that was told (at
first: that was seen), or, where nothing is to be bought, that it fits again; at most once a day.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from uuid_utils import uuid7

from bookhunt.model.errors import (
    BookhuntError,
    DaemonStopping,
    IllegalTransition,
    LedgerUnusable,
    StateConflict,
    TryLater,
)
from bookhunt.model.notice import Event, News
from bookhunt.model.outcome import ProofOfAbsence
from bookhunt.model.request import Request
from bookhunt.model.watch import NextCopy, RunOutcome, WatchRecord, WatchRun, WatchState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bookhunt.hunt.ports import Buyers, Clock, Ledger, Outbox, Watches
    from bookhunt.hunt.service import HuntService
    from bookhunt.model.money import Money
    from bookhunt.model.outcome import Findings
    from bookhunt.model.watch import Watch

_log = logging.getLogger(__name__)
_AFTER_PEOPLE = -1  # the priority of a watch's purchases: a person waits for others
_TRIES = 5
_LONGEST_PAUSE_S = 60.0
_COMPANY_S = 1.0  # so long one that begins with others waits for the ledger to answer them


class Company:
    """Runs that begin together, and look at the market in one turn of the loop.

    So books that one seller is asked for leave in one call. Each reads the ledger first, and that
    takes one a little longer than another; nobody waits for long.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._awaited = set(names)
        self._complete = asyncio.Event()

    def leave(self, name: str) -> None:
        """A run does not look, or looks now: it is waited for no more."""
        self._awaited.discard(name)
        if not self._awaited:
            self._complete.set()

    async def wait_for(self, name: str) -> None:
        """Wait until every run is about to look, as this one is, or has left."""
        self.leave(name)
        try:
            async with asyncio.timeout(_COMPANY_S):
                await self._complete.wait()
        except TimeoutError:
            return


class Watching:
    """Runs watches, one at a time each; who calls sees to that."""

    def __init__(
        self,
        *,
        watches: Watches,
        ledger: Ledger,
        service: HuntService,
        buyers: Buyers,
        clock: Clock,
        outbox: Outbox | None,
        deadline_s: Callable[[], float],
    ) -> None:
        """`deadline_s` is how long a search may take, by the settings of that moment."""
        self.watches = watches
        self._ledger = ledger
        self._service = service
        self._buyers = buyers
        self._clock = clock
        self._outbox = outbox
        self._deadline_s = deadline_s

    async def run(self, watch_id: str, company: Company | None = None) -> WatchRecord | None:
        """Look, act, and write down what it came to; None: there is no such watch.

        A watch that is not active is left as it is. What went wrong with one (its profile is gone)
        is what its run came to. Those of one `company` look together.

        Raises:
            LedgerUnusable, DaemonStopping: it was not run, and is due as before.
        """
        company = company or Company(())
        try:
            return await self._look_and_act(watch_id, company)
        finally:
            company.leave(watch_id)

    async def _look_and_act(self, watch_id: str, company: Company) -> WatchRecord | None:
        record = await self.watches.get(watch_id)
        if record is None or record.state is not WatchState.ACTIVE:
            return record
        if record.due(self._clock.now()) is None:
            return await self.end(record)
        run = await self._run_as_it_is(record, company)
        run = replace(run, told=await self._tell(record, run))
        after = await self.watches.ran(watch_id, run)
        if after.state is WatchState.ACTIVE and after.due(self._clock.now()) is None:
            return await self.end(after)
        return after

    async def end(self, record: WatchRecord) -> WatchRecord:
        """No time is left for an active watch: it has ended."""
        try:
            return await self.watches.change(record, record.watch, WatchState.ENDED)
        except (IllegalTransition, StateConflict):  # somebody changed it meanwhile
            return await self.watches.get(record.watch.id) or record

    async def _run_as_it_is(self, record: WatchRecord, company: Company) -> WatchRun:
        """A run; where the watch was changed meanwhile and so nothing was asked for, once more."""
        began, watch_id = self._clock.now(), record.watch.id
        for left in reversed(range(_TRIES)):
            try:
                return await self._run(record, company)
            except (LedgerUnusable, DaemonStopping):
                raise
            except BookhuntError as error:
                now = await self.watches.get(watch_id)
                changed = now is not None and now.version != record.version
                if now is None or not (changed and now.state is WatchState.ACTIVE and left):
                    _log.warning("a watch could not look: %s", error, extra={"watch_id": watch_id})
                    return WatchRun(at=began, outcome=error.code)
                record = now
        raise AssertionError("the last try returns")

    async def _run(self, record: WatchRecord, company: Company) -> WatchRun:
        watch, began = record.watch, self._clock.now()
        copy = None
        if not watch.quote_only:
            copy = await self.watches.next_copy(watch.id)
            if copy is None:
                done = record.bought >= watch.copies
                outcome = RunOutcome.DONE if done else RunOutcome.WAITING
                return WatchRun(at=began, outcome=outcome, request_id=record.open_request)
        await company.wait_for(watch.id)
        seen = await self._service.look(self._request(watch, copy))
        findings, request_id = seen.findings, None
        if seen.best is None:
            outcome = _why_nothing(watch, findings)
        elif copy is None:
            outcome = RunOutcome.FITS
        elif await self._ledger.paused() or await self._ledger.safe_mode() is not None:
            outcome = RunOutcome.BUYING_PAUSED
        else:
            outcome, request_id = RunOutcome.ORDERED, await self._ask_for(watch, copy)
        return WatchRun(
            at=began,
            outcome=outcome,
            request_id=request_id,
            lowest=findings.lowest,
            lowest_seller=findings.lowest_seller,
        )

    async def _ask_for(self, watch: Watch, copy: NextCopy) -> str:
        """Submit the request of this copy, or find the one that was submitted; its id."""
        for left in reversed(range(_TRIES)):
            try:
                submitted = await self._service.submit(
                    self._request(watch, copy), fingerprint=copy.key, again=True
                )
            except TryLater as full:
                if not left:
                    raise
                await self._clock.sleep(min(full.retry_after_s, _LONGEST_PAUSE_S))
            else:
                return submitted.record.request.id
        raise AssertionError("the last try returns or raises")

    def _request(self, watch: Watch, copy: NextCopy | None) -> Request:
        """What is looked for, or asked for where this copy is meant.

        Raises:
            ProfileMissing: nobody is left to send it to.
        """
        return Request(
            id=str(uuid7()),
            customer=watch.customer,
            idempotency_key=copy.key if copy is not None else f"watch:{watch.id}",
            book=watch.book,
            max_price=watch.max_price,
            profile=watch.profile,
            country=self._buyers.buyer(watch.profile).ship.country,
            strategy=watch.strategy,
            condition=watch.condition,
            format=watch.format,
            sellers=watch.sellers,
            search_deadline_s=self._deadline_s(),
            priority=_AFTER_PEOPLE,
            dry_run=False,
            note=watch.note,
            watch_id=watch.id,
            submitted_at=self._clock.now(),
        )

    async def _tell(self, before: WatchRecord, run: WatchRun) -> Money | None:
        """Have a price told that is worth it; the lowest one that was ever told."""
        lowest, told = run.lowest, before.last_run.told if before.last_run else None
        if self._outbox is None or lowest is None or not _is_news(before, run, told):
            return told
        posted = await self._outbox.post(_news_of(before.watch, run, lowest))
        return lowest if posted else told


def _news_of(watch: Watch, run: WatchRun, lowest: Money) -> News:
    where = f" at {run.lowest_seller}" if run.lowest_seller else ""
    most = watch.max_price
    return News(
        event=Event.PRICE,
        title=f"{watch.book} for {lowest}",
        message=f"{watch.book} costs {lowest}{where}; your maximum is {most}",
        data={
            "watch_id": watch.id,
            "book": {"title": watch.book.title, "isbn13": watch.book.isbn13},
            "price": {"amount": lowest.amount, "currency": lowest.currency},
            "seller": run.lowest_seller,
            "max_price": {"amount": most.amount, "currency": most.currency},
        },
        once=f"watch:{watch.id}:price:{run.at.date()}",
    )


def _why_nothing(watch: Watch, findings: Findings) -> RunOutcome:
    """Whether somebody has it for too much, or nobody that can be bought from; how sure that is."""
    lowest, most = findings.lowest, watch.max_price
    if lowest is not None and lowest.currency == most.currency and lowest > most:
        return RunOutcome.TOO_DEAR
    if not findings.sellers_asked:
        return RunOutcome.CANNOT_ASK
    if findings.proof is ProofOfAbsence.COMPLETE:
        return RunOutcome.NOT_FOUND
    return RunOutcome.UNPROVEN


def _is_news(before: WatchRecord, run: WatchRun, told: Money | None) -> bool:
    """A price below any that was told, or, where none was, below the best seen; and a fit again."""
    lowest, watch, known = run.lowest, before.watch, told or before.best
    if lowest is None or lowest.currency != watch.max_price.currency:
        return False
    if known is not None and known.currency == lowest.currency and lowest < known:
        return True
    if not watch.quote_only or run.outcome != RunOutcome.FITS:
        return False
    return before.last_run is None or before.last_run.outcome != RunOutcome.FITS
