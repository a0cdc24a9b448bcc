"""Bringing every open order to its end, after a lost answer and after a crash alike.

The ledger's own part of recovery (SENDING becomes UNKNOWN, PREPARED becomes ABANDONED) is done in
one transaction when it is opened; `take_up` does the same for one request whose hunt broke off.
What is left are orders that a seller must be asked about. Each has one task here, which sleeps
until its next check is due, and which an error stops for a while, never for good. One that only a
person can settle is asked about now and then all the same: it may appear hours later.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bookhunt.hunt.claim import ceiling_as_sold
from bookhunt.hunt.ports import Order, Sent
from bookhunt.hunt.settlement import Settled, write_down
from bookhunt.hunt.tracing import CUT_OFF
from bookhunt.hunt.unknown import Lived, look_up_late, settle_once
from bookhunt.model.errors import BookhuntError, SetupMissing
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.model.request import RequestState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bookhunt.hunt.world import World
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.seller import Seller

_log = logging.getLogger(__name__)
_AGAIN_AFTER_S = 1.0  # after an error, doubled each time
_AGAIN_AT_MOST_S = 60.0
_MOST_SETBACKS = 5  # hunts of one request that were moved under their hands: then it is a bug
_SETUP_AWAITED = 10  # times a missing profile or definition is looked for: some five minutes
_LONGEST_SLEEP_S = 600.0  # the longest wait between two checks: the clock may have been moved
_LATE_AFTER_S = 3 * 3600.0  # what waits for a person is asked about again; doubled each time
_LATE_AT_MOST_S = 24 * 3600.0
_LATE_LOOKS = 32  # a month of them


async def take_up(world: World, request_id: str) -> RequestRecord | None:
    """Bring what a broken hunt left to where others can go on; only when nobody works on it.

    Before the commit step nothing was ordered: the attempt is given up. During it, nobody knows.
    """
    for attempt in await world.ledger.attempts(request_id):
        if attempt.stage is Stage.PREPARED:
            gone = Sent(answer=Answer.UNKNOWN, detail="the hunt broke off before the order")
            await write_down(world, attempt, Stage.ABANDONED, gone)
        elif attempt.stage is Stage.SENDING:
            lost = Sent(answer=Answer.UNKNOWN, detail="the hunt broke off while ordering")
            await write_down(world, attempt, Stage.UNKNOWN, lost)
    return await world.ledger.get(request_id)


class Returns:
    """Requests whose hunt broke off, and that are taken up again in a while."""

    def __init__(
        self, world: World, *, sort_in: Callable[[RequestRecord], Awaitable[None]]
    ) -> None:
        self._world = world
        self._sort_in = sort_in
        self._setbacks: dict[str, int] = {}  # of each request, since it last rested
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def may_come_back(self, request_id: str) -> bool:
        """Whether one more try is worth it: a hunt that breaks off again and again is a bug."""
        return self._setbacks.get(request_id, 0) < _MOST_SETBACKS

    def come_back(self, request_id: str) -> None:
        """Take a request up again in a while, longer each time."""
        if request_id in self._tasks:
            return
        setbacks = self._setbacks.get(request_id, 0)
        self._setbacks[request_id] = setbacks + 1
        after_s = min(_AGAIN_AFTER_S * 2.0 ** min(setbacks, 10), _AGAIN_AT_MOST_S)
        task = asyncio.create_task(self._return(request_id, after_s))
        self._tasks[request_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(request_id, None))

    def forget(self, request_id: str) -> None:
        """The request rests."""
        self._setbacks.pop(request_id, None)

    async def stop(self) -> None:
        """Take nothing up any more."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _return(self, request_id: str, after_s: float) -> None:
        while True:
            await self._world.clock.sleep(after_s)
            try:
                record = await take_up(self._world, request_id)
                if record is not None:
                    await self._sort_in(record)
            except BookhuntError:
                _log.exception("a request is not taken up", extra={"request_id": request_id})
                after_s = min(2 * after_s, _AGAIN_AT_MOST_S)
            else:
                return


class Settler:
    """Settles open attempts in the background, and says what became of their requests."""

    def __init__(
        self,
        world: World,
        *,
        when_settled: Callable[[RequestRecord], Awaitable[None]],
        clock_went_back: bool = False,
    ) -> None:
        """`clock_went_back`: nobody knows how long ago an earlier life sent what it sent."""
        self._world = world
        self._when_settled = when_settled
        self._clock_went_back = clock_went_back
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopped = False

    def take(self, attempt: Attempt, *, recovered: bool = False) -> None:
        """Settle this attempt from now on; `recovered`: it is of an earlier life of the daemon."""
        if self._stopped or attempt.id in self._tasks:
            return
        if recovered and attempt.stage is not Stage.MANUAL:
            self._world.doubts.add(attempt.seller)
        task = asyncio.create_task(self._settle(attempt, recovered=recovered))
        self._tasks[attempt.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(attempt.id, None))

    async def take_all_open(self) -> None:
        """Settle everything an earlier life left open."""
        for attempt in await self._world.ledger.open_attempts():
            if attempt.stage in {Stage.UNKNOWN, Stage.MANUAL}:
                seller = self._world.sellers.get(attempt.seller)
                self._world.quarantine.add(attempt, seller)
            self.take(attempt, recovered=True)

    async def stop(self) -> None:
        """Stop asking; what is open stays open on disk."""
        self._stopped = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _settle(self, attempt: Attempt, *, recovered: bool) -> None:
        self._world.tracer.settle(attempt.request_id, attempt.id)
        outcome = CUT_OFF
        try:
            outcome = await self._until_settled(attempt, recovered=recovered)
        finally:
            self._world.tracer.settled(attempt.id, outcome)
        if outcome == RequestState.NEEDS_ATTENTION:
            await self._ask_late(attempt)

    async def _ask_late(self, attempt: Attempt) -> None:
        """Look now and then whether an order has appeared that was left to a person."""
        course = _Course(self._world, attempt, in_doubt=False, ages_unknown=False)
        wait_s = _LATE_AFTER_S
        for _ in range(_LATE_LOOKS):
            await self._world.clock.sleep(wait_s)
            wait_s = min(2 * wait_s, _LATE_AT_MOST_S)
            try:
                current = await course.current()
                if current is None:  # a person was faster
                    return
                record = await course.ask_late(current)
                if record is not None:
                    await self._when_settled(record)
                    return
            except Exception:  # noqa: BLE001 - the next look may do better
                _log.exception("an order cannot be looked up", extra={"attempt_id": attempt.id})

    async def _until_settled(self, attempt: Attempt, *, recovered: bool) -> str:
        """The state of the request when there is nothing more to do for this attempt."""
        course = _Course(
            self._world,
            attempt,
            in_doubt=recovered,
            ages_unknown=recovered and self._clock_went_back,
        )
        wait_s, missing = _AGAIN_AFTER_S, 0
        while True:
            try:
                record = await course.until_settled(patient=missing < _SETUP_AWAITED)
                if record is not None:
                    self._world.tracer.settled(attempt.id, record.state)
                    await self._when_settled(record)
            except SetupMissing as error:
                missing += 1
                _log.warning("an order waits: %s", error, extra={"attempt_id": attempt.id})
            except Exception:  # noqa: BLE001 - the attempt is open on disk, and must not stay so
                _log.exception("an order is not settled", extra={"attempt_id": attempt.id})
            else:
                return record.state if record is not None else attempt.stage
            await self._world.clock.sleep(wait_s)
            wait_s = min(2 * wait_s, _AGAIN_AT_MOST_S)


class _Course:
    """One attempt's way to its end, and what this life's clock has seen of it."""

    def __init__(
        self, world: World, attempt: Attempt, *, in_doubt: bool, ages_unknown: bool
    ) -> None:
        self._world = world
        self._ages_unknown = ages_unknown
        self._attempt = attempt
        self._in_doubt = in_doubt and attempt.stage is not Stage.MANUAL
        self._recovered = in_doubt
        self._known_since = self._quiet_since = world.clock.monotonic()
        self._sends = attempt.sends

    async def until_settled(self, *, patient: bool) -> RequestRecord | None:
        """Ask until it is settled; its request then, or None where nothing more can be done.

        After an error it may be called again. Where `patient`, a profile or definition that is
        missing is an error, else the end of what can be asked.

        Raises:
            SetupMissing: see above.
        """
        try:
            attempt = await self.current()
            while attempt is not None and attempt.stage is not Stage.MANUAL:
                self._count_sends(attempt)
                if not self._in_doubt:
                    await self._wait_until_due(attempt)
                outcome = await self._round(attempt, patient=patient)
                await self._clear()
                if isinstance(outcome, Settled):
                    return outcome.record
                attempt = outcome
            return await self._for_a_person(attempt) if attempt else await self._record()
        finally:
            await self._clear()

    async def current(self) -> Attempt | None:
        """The attempt as the ledger has it; None: it is settled."""
        attempts = await self._world.ledger.attempts(self._attempt.request_id)
        return next((a for a in attempts if a.id == self._attempt.id and a.stage.is_open), None)

    async def _record(self) -> RequestRecord | None:
        return await self._world.ledger.get(self._attempt.request_id)

    async def _for_a_person(self, attempt: Attempt) -> RequestRecord | None:
        """Only a person can say; but a new life of the daemon asks the seller once more."""
        record = await self._record()
        if record is not None and record.state is RequestState.IN_DOUBT:
            # The last life ended between the attempt's move and its request's.
            record = await self._world.ledger.move(record, RequestState.NEEDS_ATTENTION)
        if not self._recovered:
            return record
        self._recovered = False
        return await self.ask_late(attempt) or record

    async def ask_late(self, attempt: Attempt) -> RequestRecord | None:
        """Ask about an order that waits for a person; its request, if that settled it."""
        seller = self._world.sellers.get(attempt.seller)
        if seller is None or not seller.proof.capability.has_lookup:
            return None
        try:
            order = await self._order(attempt)
        except SetupMissing:
            return None
        settled = await self._world.shield.run(look_up_late(self._world, order))
        return settled.record if settled else None

    def _count_sends(self, attempt: Attempt) -> None:
        if attempt.sends != self._sends:
            self._sends = attempt.sends
            self._quiet_since = self._world.clock.monotonic()

    async def _clear(self) -> None:
        if self._in_doubt:
            self._in_doubt = False
            await self._world.doubts.clear(self._attempt.seller)

    async def _wait_until_due(self, attempt: Attempt) -> None:
        if attempt.next_check_at is None:
            return
        left_s = (attempt.next_check_at - self._world.clock.now()).total_seconds()
        await self._world.clock.sleep(min(max(left_s, 0.0), _LONGEST_SLEEP_S))

    async def _round(self, attempt: Attempt, *, patient: bool) -> Settled | Attempt:
        world = self._world
        try:
            order, seller = await self._order(attempt), self._seller(attempt)
        except SetupMissing as missing:
            if patient:
                raise
            gone = Sent(answer=Answer.UNKNOWN, detail=missing.message)
            return await write_down(world, attempt, Stage.MANUAL, gone)
        now = world.clock.monotonic()
        lived = Lived(
            known_s=now - self._known_since,
            quiet_s=now - self._quiet_since,
            ages_unknown=self._ages_unknown,
        )
        return await world.shield.run(settle_once(world, order, seller, lived))

    def _seller(self, attempt: Attempt) -> Seller:
        seller = self._world.sellers.get(attempt.seller)
        if seller is None:
            raise SetupMissing(f"no definition of {attempt.seller} is left to ask it")
        return seller

    async def _order(self, attempt: Attempt) -> Order:
        record = await self._world.ledger.get(attempt.request_id)
        if record is None:
            message = f"attempt {attempt.id} belongs to no request"
            raise AssertionError(message)
        return Order(
            attempt=attempt,
            buyer=self._world.buyers.buyer(attempt.profile),
            book=record.request.book,
            ceiling=ceiling_as_sold(attempt.offer, attempt.agreed or attempt.max_price),
        )
