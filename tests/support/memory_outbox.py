"""Notices in memory: the double of `Outbox`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from uuid_utils import uuid7

from bookhunt.model.notice import Delivery, DeliveryState, Event, News, Notice

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from bookhunt.hunt.ports import Clock

_TOO_FAR = timedelta(days=3)


@dataclass(slots=True)
class MemoryOutbox:
    """Every delivery, by notice and target."""

    clock: Clock
    targets: dict[str, frozenset[Event]] = field(default_factory=dict)
    deliveries: dict[tuple[str, str], Delivery] = field(default_factory=dict)
    once: set[str] = field(default_factory=set)

    async def listen(self, targets: Mapping[str, Collection[Event]]) -> None:
        await asyncio.sleep(0)
        self.targets = {name: frozenset({*events, Event.TEST}) for name, events in targets.items()}
        for delivery in list(self.deliveries.values()):
            if delivery.target not in targets and delivery.state is DeliveryState.WAITING:
                self._end(delivery, DeliveryState.GIVEN_UP, "it is not configured any more")

    async def post(self, news: News) -> bool:
        await asyncio.sleep(0)
        listeners = [name for name, events in self.targets.items() if news.event in events]
        if not listeners or (news.once is not None and news.once in self.once):
            return False
        if news.once is not None:
            self.once.add(news.once)
        self.put(Notice(id=str(uuid7()), event=news.event, at=self.clock.now(), news=news))
        return True

    def put(self, notice: Notice) -> None:
        """What the ledger's trigger does: a delivery for each that listens."""
        for name, events in self.targets.items():
            if notice.event in events:
                self.deliveries[notice.id, name] = Delivery(
                    notice=notice,
                    target=name,
                    state=DeliveryState.WAITING,
                    tries=0,
                    due_at=notice.at,
                    error=None,
                )

    async def due(
        self, targets: Collection[str], *, at: datetime, limit: int
    ) -> Mapping[str, list[Delivery]]:
        await asyncio.sleep(0)
        waiting = sorted(
            (d for d in self.deliveries.values() if d.due_at is not None),
            key=lambda d: (d.due_at, d.notice.id),
        )
        due = [d for d in waiting if d.due_at and (d.due_at <= at or d.due_at > at + _TOO_FAR)]
        found = {name: [d for d in due if d.target == name][:limit] for name in targets}
        return {name: ready for name, ready in found.items() if ready}

    async def told(self, delivery: Delivery) -> None:
        await asyncio.sleep(0)
        self._end(delivery, DeliveryState.TOLD, None)

    async def failed(self, delivery: Delivery, *, error: str, again_at: datetime | None) -> None:
        await asyncio.sleep(0)
        state = DeliveryState.GIVEN_UP if again_at is None else DeliveryState.WAITING
        self._end(delivery, state, error, due_at=again_at, failures=1)

    async def undelivered(self, *, limit: int) -> list[Delivery]:
        await asyncio.sleep(0)
        open_ = [d for d in self.deliveries.values() if d.state is not DeliveryState.TOLD]
        by_target = sorted(open_, key=lambda d: d.target)
        return sorted(by_target, key=lambda d: d.notice.id, reverse=True)[:limit]

    async def prune(self, *, before: datetime, most_waiting: int) -> int:
        await asyncio.sleep(0)
        for name in {d.target for d in self.deliveries.values()}:
            waiting = [d for d in self.deliveries.values() if d.target == name and d.due_at]
            waiting.sort(key=lambda d: d.notice.id)
            for surplus in waiting[: max(len(waiting) - most_waiting, 0)]:
                error = f"more than {most_waiting} were waiting"
                self._end(surplus, DeliveryState.GIVEN_UP, error)
        busy = {d.notice.id for d in self.deliveries.values() if d.due_at is not None}
        ids = {
            d.notice.id
            for d in self.deliveries.values()
            if d.notice.at < before and d.notice.id not in busy
        }
        self.deliveries = {key: d for key, d in self.deliveries.items() if key[0] not in ids}
        return len(ids)

    def _end(
        self,
        delivery: Delivery,
        state: DeliveryState,
        error: str | None,
        *,
        due_at: datetime | None = None,
        failures: int = 0,
    ) -> None:
        key = (delivery.notice.id, delivery.target)
        kept = self.deliveries.get(key)
        if kept is None or kept.state is not DeliveryState.WAITING:
            return
        self.deliveries[key] = replace(
            kept, state=state, error=error, due_at=due_at, tries=kept.tries + failures
        )
