"""When watches run: one timer for all of them, a few at once, and what was missed once.

The loop waits for the next time that is due and never longer than a minute, since the machine may
have slept or its clock may have been set meanwhile: then it is looked again what is due. Whoever
was missed runs at once, one run for however many times were missed, as many at a time as any
others. A run that nobody could write down is due again a minute later.

A run begins a little after it is due (`Watch.begins`). Where a seller can be asked for several
books in one call, those of one profile that are due by then begin with the first of them, as many
as run at once, and look together.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bookhunt.hunt.calendar import Calendar
from bookhunt.hunt.watching import Company
from bookhunt.model.errors import BadSchedule, BookhuntError, DaemonStopping, NotFound
from bookhunt.model.watch import WatchRecord, WatchState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bookhunt.hunt.ports import Clock
    from bookhunt.hunt.watching import Watching

_log = logging.getLogger(__name__)
AT_ONCE = 32  # looks; more would hold up the purchases of people
_LOOK_EVERY_S = 60.0
_AGAIN_AFTER = timedelta(seconds=60)
_CLOCK_SLACK_S = 60.0  # a time server may correct a clock by that much


class Schedule:
    """The times of every active watch; `start` it, `keep_on`, and `stop` it at the end."""

    def __init__(
        self, watching: Watching, clock: Clock, *, in_company: Callable[[], bool] = lambda: False
    ) -> None:
        """`in_company`: whether runs profit from beginning together, as sellers are now."""
        self.watching = watching
        self._clock = clock
        self._in_company = in_company
        self._calendar = Calendar()
        self._line: OrderedDict[str, None] = OrderedDict()  # due, and not begun
        self._runs: dict[str, asyncio.Task[WatchRecord | None]] = {}
        self._newer: dict[str, WatchRecord] = {}  # changed during their run
        self._changed = asyncio.Event()
        self._stopped = False
        self._ahead_s = 0.0  # the time of day, of the time that only goes forward

    def __len__(self) -> int:
        """How many watches have a run before them."""
        return len(self._calendar) + len(self._line) + len(self._runs)

    async def start(self) -> None:
        """Read every active watch from the ledger; what is due begins when `keep_on` does."""
        self._calendar.clear()
        for record in await self.watching.watches.all(states=frozenset({WatchState.ACTIVE})):
            self.put(await self._ended(record))

    async def keep_on(self) -> None:
        """Begin what is due, until cancelled."""
        self._ahead_s = self._offset_s()
        while True:
            self._changed.clear()
            wait_s = _LOOK_EVERY_S
            try:
                await self._begin_what_is_due()
                wait_s = self._wait_s()
            except Exception:  # noqa: BLE001 - no mistake with one watch may silence all of them
                _log.exception("what is due could not be begun: it is looked at again")
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _begin_what_is_due(self) -> None:
        if abs(self._offset_s() - self._ahead_s) > _CLOCK_SLACK_S:
            self._ahead_s = self._offset_s()
            _log.info("the clock was set: watches are looked at again")
            await self._start_again()
        company = AT_ONCE if self._in_company() else 0
        for name in self._calendar.take(self._clock.now(), company=company):
            self._line[name] = None
        self._fill()

    async def stop(self) -> None:
        """Begin nothing more and cut looks off; a purchase that was asked for goes on."""
        self._stopped = True
        self._line.clear()
        runs = list(self._runs.values())
        for task in runs:
            task.cancel()
        await asyncio.gather(*runs, return_exceptions=True)

    def put(self, record: WatchRecord) -> None:
        """Take a watch up as it is now: new, changed, or after a run."""
        name, now = record.watch.id, self._clock.now()
        if name in self._runs:
            self._newer[name] = record
            return
        if name in self._line:
            return  # its run reads it again
        span = self._span(record, now) if record.state is WatchState.ACTIVE else None
        if span is None:
            self._calendar.drop(name)
        else:
            watch, (since, begins) = record.watch, span
            self._calendar.put(
                name, begins, group=watch.book.identity, party=watch.profile, since=since
            )
        self._changed.set()

    async def run_now(self, watch_id: str) -> WatchRecord:
        """Run a watch now, or wait for the run that is under way; the watch after it.

        Raises:
            NotFound: there is none.
            DaemonStopping: nothing is begun any more.
        """
        task = self._runs.get(watch_id)
        if task is None:
            if self._stopped:
                raise DaemonStopping("the daemon is stopping and begins no run")
            self._calendar.drop(watch_id)
            self._line.pop(watch_id, None)
            task = self._begin(watch_id)
        record = await asyncio.shield(task)
        if record is None:
            raise NotFound(f"there is no watch {watch_id}", hint="bookhunt watch list")
        return record

    # --------------------------------------------------------------------------------- within
    def _offset_s(self) -> float:
        """How far the time of day is ahead of the time that only goes forward."""
        return self._clock.now().timestamp() - self._clock.monotonic()

    def _wait_s(self) -> float:
        due = self._calendar.next_at()
        if due is None:
            return _LOOK_EVERY_S
        return min(max((due - self._clock.now()).total_seconds(), 0.0), _LOOK_EVERY_S)

    async def _start_again(self) -> None:
        try:
            await self.start()
        except BookhuntError:
            _log.exception("watches could not be read; those that are known keep their times")

    async def _ended(self, record: WatchRecord) -> WatchRecord:
        try:
            if record.due(self._clock.now()) is not None:
                return record
        except BadSchedule:
            return record
        return await self.watching.end(record)

    def _span(self, record: WatchRecord, now: datetime) -> tuple[datetime, datetime] | None:
        try:
            return record.span(now)
        except BadSchedule as error:
            _log.warning("a watch cannot run: %s", error, extra={"watch_id": record.watch.id})
            return None

    def _fill(self) -> None:
        room = 0 if self._stopped else min(AT_ONCE - len(self._runs), len(self._line))
        names = [self._line.popitem(last=False)[0] for _ in range(room)]
        company = Company(names)
        for name in names:
            self._begin(name, company)

    def _begin(
        self, watch_id: str, company: Company | None = None
    ) -> asyncio.Task[WatchRecord | None]:
        task = asyncio.create_task(self.watching.run(watch_id, company))
        self._runs[watch_id] = task
        task.add_done_callback(lambda done: self._over(watch_id, done))
        return task

    def _over(self, watch_id: str, task: asyncio.Task[WatchRecord | None]) -> None:
        del self._runs[watch_id]
        newer = self._newer.pop(watch_id, None)
        if task.cancelled() or self._stopped:
            return
        failure = task.exception()
        if failure is not None:
            if not isinstance(failure, DaemonStopping):
                _log.error("a watch was not run", exc_info=failure, extra={"watch_id": watch_id})
            self._calendar.put(watch_id, self._clock.now() + _AGAIN_AFTER, group=watch_id)
        elif (record := task.result()) is not None:
            if newer is not None and newer.version > record.version:
                record = replace(newer, ran_at=record.ran_at)
            self.put(record)
        self._changed.set()
