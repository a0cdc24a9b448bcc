"""The hunt as the daemon runs it: takes requests in, hunts them, tells when they rest."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bookhunt.hunt.admission import Admission
from bookhunt.hunt.flow import hunt
from bookhunt.hunt.recovery import Settler
from bookhunt.hunt.settlement import settle_by_hand
from bookhunt.hunt.world import World
from bookhunt.model.errors import IllegalTransition, StateConflict
from bookhunt.model.outcome import Result
from bookhunt.model.purchase import Stage
from bookhunt.model.request import RequestState
from bookhunt.model.seller import SellerState, Trust

if TYPE_CHECKING:
    from bookhunt.hunt.ports import (
        Ask,
        Buyers,
        Clock,
        Explanations,
        Ledger,
        Quoted,
        Sellers,
        Submitted,
    )
    from bookhunt.hunt.settings import HuntSettings
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.request import Request

_log = logging.getLogger(__name__)


def at_rest(record: RequestRecord) -> bool:
    """Whether a request waits for nothing but, at most, a person."""
    return record.state.is_final or record.state is RequestState.NEEDS_ATTENTION


class HuntService:
    """Every request of this daemon, from submission to rest."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        sellers: Sellers,
        buyers: Buyers,
        explanations: Explanations,
        clock: Clock,
        settings: HuntSettings,
    ) -> None:
        self._world = World(
            ledger=ledger,
            sellers=sellers,
            buyers=buyers,
            explanations=explanations,
            clock=clock,
            settings=settings,
        )
        self._admission = Admission(queue=settings.queue, workers=settings.workers)
        self._settler = Settler(self._world, when_settled=self._settled)
        self._workers: list[asyncio.Task[None]] = []
        self._hunts: dict[str, asyncio.Task[None]] = {}
        self._resting: dict[str, asyncio.Event] = {}
        self._waiters: dict[str, int] = {}

    # ------------------------------------------------------------------------------ lifecycle
    async def start(self) -> None:
        """Settle what an earlier life left, queue its requests again, and begin to work."""
        await self._settler.take_all_open()
        for record in await self._world.ledger.unfinished():
            if record.state in {RequestState.PENDING, RequestState.PROCESSING}:
                self._admission.enter(record, promised=False)
            elif record.state is RequestState.IN_DOUBT:
                await self._tell_if_manual(record)
        for _ in range(self._world.settings.workers):
            self._workers.append(asyncio.create_task(self._work()))

    async def stop(self, *, within_s: float) -> None:
        """Close the door, cut searches off, let orders that are under way end."""
        self._admission.close()
        await self._settler.stop()
        tasks = [*self._workers, *self._hunts.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        late = await self._world.shield.drain(within_s=within_s)
        if late:
            _log.warning("orders were still under way at the end", extra={"count": late})

    # ------------------------------------------------------------------------------- requests
    async def submit(self, request: Request, *, fingerprint: str, again: bool) -> Submitted:
        """Write a request down and queue it; durable when this returns.

        Raises:
            TryLater, DaemonStopping: no room; nothing was written.
            IdempotencyKeyReused, PossibleDuplicate: as the ledger's `submit`.
        """
        self._admission.promise()
        entered = False
        try:
            submitted = await self._world.ledger.submit(
                request, fingerprint=fingerprint, again=again
            )
            if submitted.created:
                self._admission.enter(submitted.record)
                entered = True
        finally:
            if not entered:
                self._admission.release()
        return submitted

    async def cancel(self, request_id: str) -> RequestRecord:
        """Cancel before the commit step; after it, only what was not ordered is cancelled."""
        record = await self._world.ledger.cancel(request_id)
        if record.state is RequestState.CANCELLED:
            task = self._hunts.get(request_id)
            if task is not None:
                task.cancel()
            self._rest(record)
        return record

    async def settle_by_hand(
        self, record: RequestRecord, *, order_id: str | None, retry: bool
    ) -> RequestRecord:
        """Take a person's word for an order that nothing else can settle; hunt on where asked.

        Raises:
            StateConflict: no order of the request waits for a person, or it was settled meanwhile.
        """
        try:
            settled = await settle_by_hand(self._world, record, order_id=order_id, retry=retry)
        except IllegalTransition as moved:
            raise StateConflict("the order was settled meanwhile") from moved
        await self._settled(settled.record)
        return settled.record

    async def wait(self, request_id: str, *, within_s: float) -> RequestRecord | None:
        """The request when it rests, or as it is when the time is over; None: no such request."""
        event = self._resting.setdefault(request_id, asyncio.Event())
        self._waiters[request_id] = self._waiters.get(request_id, 0) + 1
        try:
            record = await self._world.ledger.get(request_id)
            if record is None or at_rest(record) or within_s <= 0:
                return record
            try:
                async with asyncio.timeout(within_s):
                    await event.wait()
            except TimeoutError:
                pass
            return await self._world.ledger.get(request_id)
        finally:
            self._waiters[request_id] -= 1
            if not self._waiters[request_id]:
                del self._waiters[request_id]
                self._resting.pop(request_id, None)

    async def quote(
        self, ask: Ask, *, sellers: frozenset[str] | None, within_s: float
    ) -> list[Quoted]:
        """Ask every seller that can be asked, and buy nothing."""
        world = self._world
        able = [
            seller.id
            for seller in world.sellers.all()
            if (sellers is None or seller.id in sellers)
            and seller.state is SellerState.READY
            and seller.trust is not Trust.BLOCKED
            and world.sellers.cannot_ask(seller.id, ask) is None
        ]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._quote(seller, ask, within_s)) for seller in able]
        return [task.result() for task in tasks]

    async def _quote(self, seller_id: str, ask: Ask, within_s: float) -> Quoted:
        async with self._world.calls:
            return await self._world.sellers.quote(seller_id, ask, within_s=within_s)

    # ------------------------------------------------------------------------------- the work
    async def _work(self) -> None:
        while True:
            record = await self._admission.next()
            task = asyncio.create_task(self._hunt(record))
            self._hunts[record.request.id] = task
            try:
                await asyncio.wait({task})
            finally:
                self._hunts.pop(record.request.id, None)
                task.cancel()

    async def _hunt(self, record: RequestRecord) -> None:
        try:
            ended = await hunt(self._world, record)
        except IllegalTransition:
            # Somebody moved the request meanwhile: a cancellation ends the hunt, nothing else may.
            current = await self._world.ledger.get(record.request.id)
            if current is None or not at_rest(current):
                await self._give_up(record)
                return
            self._rest(current)
        except Exception:  # noqa: BLE001 - a bug ends this hunt loudly, and no other
            await self._give_up(record)
        else:
            if ended.attempt is not None:
                self._settler.take(ended.attempt)
            if at_rest(ended.record):
                self._rest(ended.record)

    async def _give_up(self, record: RequestRecord) -> None:
        """A bug: say so in the log and to the customer, and leave open orders to recovery."""
        _log.exception("a hunt failed", extra={"request_id": record.request.id})
        ledger = self._world.ledger
        current = await ledger.get(record.request.id)
        if current is None or at_rest(current):
            return
        attempts = await ledger.attempts(record.request.id)
        if any(attempt.stage.is_open for attempt in attempts):
            return
        if current.state is RequestState.PENDING:
            current = await ledger.move(current, RequestState.PROCESSING)
        failed = Result(reason="internal", message="bookhunt failed; its log says how")
        self._rest(await ledger.move(current, RequestState.PURCHASE_FAILED, result=failed))

    async def _settled(self, record: RequestRecord) -> None:
        """An open order came to its end: rest, or hunt on."""
        if record.state is RequestState.PROCESSING:
            self._admission.enter(record, promised=False)
        elif at_rest(record):
            self._rest(record)

    async def _tell_if_manual(self, record: RequestRecord) -> None:
        """The daemon died between MANUAL and NEEDS_ATTENTION: finish the move."""
        attempts = await self._world.ledger.attempts(record.request.id)
        if any(attempt.stage is Stage.MANUAL for attempt in attempts):
            await self._world.ledger.move(record, RequestState.NEEDS_ATTENTION)

    def _rest(self, record: RequestRecord) -> None:
        event = self._resting.get(record.request.id)
        if event is not None:
            event.set()
