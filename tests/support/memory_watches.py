"""Watches in memory: the double of `hunt.ports.Watches`, beside a ledger in memory."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bookhunt.model.errors import IllegalTransition, NotFound, StateConflict
from bookhunt.model.request import RequestState
from bookhunt.model.watch import NextCopy, WatchRecord, WatchState

if TYPE_CHECKING:
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.request import Request
    from bookhunt.model.watch import Watch, WatchRun
    from tests.support.memory_ledger import MemoryLedger

_BUYING = frozenset({WatchState.ACTIVE, WatchState.PAUSED, WatchState.ENDED})


@dataclass(slots=True)
class MemoryWatches:
    """Watches without a disk; `ledger` asks it which of their purchases are wanted."""

    ledger: MemoryLedger
    kept: dict[str, WatchRecord] = field(default_factory=dict)
    _made: dict[str, list[str]] = field(default_factory=dict)  # requests, by their watch
    _known: int = 0  # requests of the ledger that are in there

    def __post_init__(self) -> None:
        self.ledger.watches = self

    async def add(self, watch: Watch, *, first_run: bool) -> WatchRecord:
        await asyncio.sleep(0)
        if watch.id in self.kept:
            raise StateConflict(f"there is a watch {watch.id} already")
        self.kept[watch.id] = WatchRecord(
            watch=watch,
            state=WatchState.ACTIVE,
            version=1,
            bought=0,
            open_request=None,
            open_state=None,
            ran_at=None if first_run else watch.created_at,
            last_run=None,
            best=None,
        )
        return self._now(watch.id)

    async def get(self, watch_id: str) -> WatchRecord | None:
        await asyncio.sleep(0)
        return self._now(watch_id) if watch_id in self.kept else None

    async def named(self, beginning: str, *, most: int) -> list[WatchRecord]:
        await asyncio.sleep(0)
        found = [self._now(name) for name in sorted(self.kept) if name.startswith(beginning)]
        return [record for record in found if record.state is not WatchState.REMOVED][:most]

    async def all(self, *, states: frozenset[WatchState]) -> list[WatchRecord]:
        await asyncio.sleep(0)
        found = [self._now(watch_id) for watch_id in sorted(self.kept)]
        return [record for record in found if record.state in states]

    async def page(
        self, *, states: frozenset[WatchState], after: str, limit: int
    ) -> list[WatchRecord]:
        found = await self.all(states=states)
        return [record for record in found if record.watch.id > after][:limit]

    async def change(self, record: WatchRecord, watch: Watch, state: WatchState) -> WatchRecord:
        await asyncio.sleep(0)
        current = self._now(watch.id)
        if current.state is WatchState.REMOVED:
            raise StateConflict(f"watch {watch.id} is removed")
        if current.version != record.version:
            raise IllegalTransition(f"watch {watch.id} is version {current.version}")
        spoken_for = current.bought + (current.open_request is not None)
        if watch.copies < current.watch.copies and watch.copies < spoken_for:
            raise StateConflict(f"{spoken_for} copies are bought or being bought")
        self.kept[watch.id] = replace(
            self.kept[watch.id], watch=watch, state=state, version=record.version + 1
        )
        return self._now(watch.id)

    async def next_copy(self, watch_id: str) -> NextCopy | None:
        await asyncio.sleep(0)
        record = self._now(watch_id)
        if record.open_request is not None or record.bought >= record.watch.copies:
            return None
        tries = sum(r.state is not RequestState.SUCCESS for r in self._requests(watch_id))
        return NextCopy(watch_id=watch_id, copy=record.bought + 1, round=tries + 1)

    async def ran(self, watch_id: str, run: WatchRun) -> WatchRecord:
        await asyncio.sleep(0)
        record, best = self._now(watch_id), run.lowest
        same = (
            record.best is not None and best is not None and record.best.currency == best.currency
        )
        if best is None or (same and record.best is not None and record.best < best):
            best = record.best
        self.kept[watch_id] = replace(self.kept[watch_id], ran_at=run.at, last_run=run, best=best)
        return self._now(watch_id)

    # ---------------------------------------------------------------------- what the ledger asks
    def require_wanted(self, request: Request) -> None:
        """As the real ledger's `submit`."""
        if request.watch_id not in self.kept:
            return
        record = self._now(request.watch_id)
        if (
            record.state is not WatchState.ACTIVE
            or record.watch.quote_only
            or record.open_request is not None
            or record.bought >= record.watch.copies
            or record.watch.wants_less_than(request.max_price)
        ):
            raise StateConflict(f"watch {request.watch_id} buys nothing now")

    def _requests(self, watch_id: str) -> list[RequestRecord]:
        every = self.ledger.requests  # none is ever taken out, and new ones come last
        for request_id in itertools.islice(every, self._known, None):
            of = every[request_id].request.watch_id
            if of is not None:
                self._made.setdefault(of, []).append(request_id)
        self._known = len(every)
        return [every[request_id] for request_id in self._made.get(watch_id, ())]

    def _now(self, watch_id: str) -> WatchRecord:
        """What is kept, with what the requests say; the last copy ends the watch."""
        if watch_id not in self.kept:
            raise NotFound(f"there is no watch {watch_id}")
        requests = self._requests(watch_id)
        bought = sum(record.state is RequestState.SUCCESS for record in requests)
        kept = self.kept[watch_id]
        if bought > kept.bought and bought >= kept.watch.copies and kept.state in _BUYING:
            kept = replace(kept, state=WatchState.DONE, version=kept.version + 1)
        kept = self.kept[watch_id] = replace(kept, bought=bought)
        opened = next((record for record in requests if not record.state.is_final), None)
        return replace(
            kept,
            open_request=None if opened is None else opened.request.id,
            open_state=None if opened is None else opened.state.value,
        )
