"""Bringing every open order to its end, after a lost answer and after a crash alike.

The ledger's own part of recovery (SENDING becomes UNKNOWN, PREPARED becomes ABANDONED) is done in
one transaction when it is opened. What is left are orders that a seller must be asked about. Each
has one task here, which sleeps until its next check is due.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import Order, Sent
from bookhunt.hunt.settlement import Settled, write_down
from bookhunt.hunt.unknown import settle_once
from bookhunt.model.errors import BookhuntError
from bookhunt.model.purchase import Answer, Attempt, Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bookhunt.hunt.world import World
    from bookhunt.model.outcome import RequestRecord

_log = logging.getLogger(__name__)


class Settler:
    """Settles open attempts in the background, and says what became of their requests."""

    def __init__(
        self, world: World, *, when_settled: Callable[[RequestRecord], Awaitable[None]]
    ) -> None:
        self._world = world
        self._when_settled = when_settled
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def take(self, attempt: Attempt, *, recovered: bool = False) -> None:
        """Settle this attempt from now on; `recovered`: it is of an earlier life of the daemon."""
        if attempt.id in self._tasks:
            return
        if recovered:
            self._world.doubts.add(attempt.seller)
        task = asyncio.create_task(self._settle(attempt, recovered=recovered))
        self._tasks[attempt.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(attempt.id, None))

    async def take_all_open(self) -> int:
        """Settle everything an earlier life left open; how many there are."""
        attempts = await self._world.ledger.open_attempts()
        for attempt in attempts:
            if attempt.stage in {Stage.UNKNOWN, Stage.PLACED}:
                self.take(attempt, recovered=True)
        return len(attempts)

    async def stop(self) -> None:
        """Stop asking; what is open stays open on disk."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _settle(self, attempt: Attempt, *, recovered: bool) -> None:
        try:
            await self._until_settled(attempt, recovered=recovered)
        except BookhuntError:
            # The attempt stays open on disk with all that is known; the next start takes it up.
            _log.exception("an order could not be settled", extra={"attempt_id": attempt.id})

    async def _until_settled(self, attempt: Attempt, *, recovered: bool) -> None:
        in_doubt = recovered
        try:
            while True:
                if not in_doubt:
                    await self._wait_until_due(attempt)
                outcome = await self._round(attempt)
                if in_doubt:
                    await self._world.doubts.clear(attempt.seller)
                    in_doubt = False
                if isinstance(outcome, Settled):
                    await self._when_settled(outcome.record)
                    return
                attempt = outcome
        finally:
            if in_doubt:
                await self._world.doubts.clear(attempt.seller)

    async def _wait_until_due(self, attempt: Attempt) -> None:
        if attempt.next_check_at is None:
            return
        left_s = (attempt.next_check_at - self._world.clock.now()).total_seconds()
        await self._world.clock.sleep(max(left_s, 0.0))

    async def _round(self, attempt: Attempt) -> Settled | Attempt:
        world = self._world
        seller = world.sellers.get(attempt.seller)
        record = await world.ledger.get(attempt.request_id)
        if record is None:
            message = f"attempt {attempt.id} belongs to no request"
            raise AssertionError(message)
        if seller is None:
            gone = Sent(
                answer=Answer.UNKNOWN, detail=f"no definition of {attempt.seller} is left to ask it"
            )
            return await write_down(world, attempt, Stage.MANUAL, gone)
        order = Order(
            attempt=attempt,
            buyer=world.buyers.buyer(attempt.profile),
            book=record.request.book,
            ceiling=attempt.agreed or attempt.max_price,
        )
        return await world.shield.run(settle_once(world, order, seller.proof))
