"""Routes of watches: kept, shown, changed, run now, removed."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.schedule import Schedule
from bookhunt.daemon.table import add
from bookhunt.daemon.watch_bodies import WatchBody, WatchEdit, edited, watch_of
from bookhunt.model.errors import (
    IllegalTransition,
    InputError,
    LedgerUnusable,
    NotFound,
    StateConflict,
    TooLate,
)
from bookhunt.model.watch import Watch, WatchRecord, WatchState
from bookhunt.wire.watches import watch_object

_log = logging.getLogger(__name__)
_MOST_LISTED = 500
_RUN_WITHIN_S = 30.0  # then it goes on, and what it came to is shown later
_TRIES = 5  # of a change that somebody else was faster with
Change = Callable[[WatchRecord], tuple[Watch, WatchState]]
# What a purchase under way was asked for with.
_OF_THE_PURCHASE = frozenset(
    {"max_price", "profile", "condition", "format", "sellers", "quote_only"}
)
_THERE = frozenset(WatchState) - {WatchState.REMOVED}


class WatchesQuery(BaseModel):
    """Which watches, by their ids; those that were removed are not listed."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    state: list[WatchState] | None = None
    after: Annotated[str, Field(max_length=40)] = ""
    limit: Annotated[int, Field(ge=1, le=_MOST_LISTED)] = 100


@dataclass(frozen=True, slots=True)
class WatchRoutes:
    """What can be done with watches."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["watches"])
        add(router, "watch.list", self.watches)
        add(router, "watch.add", self.add, status=201)
        add(router, "watch.show", self.show)
        add(router, "watch.edit", self.edit)
        add(router, "watch.pause", self.pause)
        add(router, "watch.resume", self.resume)
        add(router, "watch.run", self.run)
        add(router, "watch.remove", self.remove)
        return router

    @property
    def _schedule(self) -> Schedule:
        if self.daemon.schedule is None:
            raise LedgerUnusable("this ledger keeps no watches")
        return self.daemon.schedule

    async def watches(self, query: Annotated[WatchesQuery, Query()]) -> JSONResponse:
        """Watches in the order of their ids, after one of them."""
        states = frozenset(query.state) - {WatchState.REMOVED} if query.state else _THERE
        found = await self._schedule.watching.watches.page(
            states=states, after=query.after, limit=query.limit
        )
        now, told = self.daemon.clock.now(), []
        for record in found:
            told.append(watch_object(record, now=now))
            await asyncio.sleep(0)  # five next runs of each: somebody may buy between them
        return JSONResponse(told)

    async def add(self, body: WatchBody) -> JSONResponse:
        """Keep a watch, and run it at once unless `first_run` is false.

        With an `id` the call can be made again: the same watch is not kept twice.
        """
        watch = watch_of(self.daemon, body)
        now = self.daemon.clock.now()
        if watch.next_run(now) is None:
            raise InputError("it would never run: no time is left for it", hint="--at, --until")
        try:
            record = await self._schedule.watching.watches.add(watch, first_run=body.first_run)
        except StateConflict:
            there = await self._schedule.watching.watches.get(watch.id)
            gone = there is None or there.state is WatchState.REMOVED
            if there is None or gone or not _is_same(there.watch, watch):
                raise
            return self._told(there)
        self._schedule.put(record)
        _log.info("a watch was added", extra={"watch_id": watch.id})
        return self._told(record, status=201)

    async def show(self, watch_id: str) -> JSONResponse:
        """One watch, by its id or the beginning of it."""
        return self._told(await self._found(watch_id))

    async def edit(self, watch_id: str, body: WatchEdit) -> JSONResponse:
        """Change what is named; what the watch bought counts on.

        A purchase by the old terms that is not ordered yet is cancelled: the next run asks anew.
        """
        if not body.model_fields_set:
            raise InputError("no change is named", hint="bookhunt watch edit ID --max-price 20")

        def change(record: WatchRecord) -> tuple[Watch, WatchState]:
            return edited(self.daemon, record, body)

        changed = await self._change(watch_id, change)
        if body.model_fields_set & _OF_THE_PURCHASE:
            changed = await self._cut_short(changed)
        return self._told(changed)

    async def pause(self, watch_id: str) -> JSONResponse:
        """Look and buy no more until it is resumed; what is not ordered yet is cancelled."""

        def change(record: WatchRecord) -> tuple[Watch, WatchState]:
            if record.state not in {WatchState.ACTIVE, WatchState.PAUSED}:
                raise StateConflict(f"watch {record.watch.id} is {record.state} and rests already")
            return record.watch, WatchState.PAUSED

        return self._told(await self._cut_short(await self._change(watch_id, change)))

    async def resume(self, watch_id: str) -> JSONResponse:
        """Look again; what was due meanwhile is one run, at once."""

        def change(record: WatchRecord) -> tuple[Watch, WatchState]:
            if record.state not in {WatchState.ACTIVE, WatchState.PAUSED}:
                hint = f"bookhunt watch edit {record.watch.id} --times N, or --until DATE"
                raise StateConflict(f"watch {record.watch.id} is {record.state}", hint=hint)
            return record.watch, WatchState.ACTIVE

        return self._told(await self._change(watch_id, change))

    async def run(self, watch_id: str) -> JSONResponse:
        """Look now, whatever its times are; the watch after it."""
        record = await self._found(watch_id)
        if record.state is not WatchState.ACTIVE:
            hint = f"bookhunt watch resume {record.watch.id}"
            raise StateConflict(f"watch {record.watch.id} is {record.state}", hint=hint)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RUN_WITHIN_S):
                await self._schedule.run_now(record.watch.id)
        return self._told(await self._found(record.watch.id))

    async def remove(self, watch_id: str) -> JSONResponse:
        """Forget a watch; what it bought stays, and what is not ordered yet is cancelled."""

        def change(record: WatchRecord) -> tuple[Watch, WatchState]:
            return record.watch, WatchState.REMOVED

        return self._told(await self._cut_short(await self._change(watch_id, change)))

    # --------------------------------------------------------------------------------- within
    async def _found(self, name: str) -> WatchRecord:
        watches = self._schedule.watching.watches
        record = await watches.get(name)
        if record is not None and record.state is not WatchState.REMOVED:
            return record
        found = await watches.named(name, most=2)
        if not found:
            raise NotFound(f"no watch {name}", hint="bookhunt watch list")
        if len(found) > 1:
            raise InputError(f"several watches begin with {name}", hint="give more of the id")
        return found[0]

    async def _change(self, name: str, change: Change) -> WatchRecord:
        """Change what is there; where somebody was faster, what they left."""
        record = await self._found(name)
        for left in reversed(range(_TRIES)):
            watch, state = change(record)
            try:
                changed = await self._schedule.watching.watches.change(record, watch, state)
            except IllegalTransition:
                if not left:
                    raise
                record = await self._found(record.watch.id)
            else:
                self._schedule.put(changed)
                return changed
        raise AssertionError("the last try returns or raises")

    async def _cut_short(self, record: WatchRecord) -> WatchRecord:
        if record.open_request is None:
            return record
        with contextlib.suppress(TooLate, NotFound):
            await self.daemon.service.cancel(record.open_request)
        return await self._schedule.watching.watches.get(record.watch.id) or record

    def _told(self, record: WatchRecord, *, status: int = 200) -> JSONResponse:
        told = watch_object(record, now=self.daemon.clock.now())
        return JSONResponse(told, status_code=status)


def _is_same(there: Watch, said: Watch) -> bool:
    return replace(said, created_at=there.created_at, anchor=there.anchor) == there
