"""The hunt as the daemon runs it: takes requests in, hunts them, tells when they rest."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from typing import TYPE_CHECKING

from bookhunt.hunt.admission import Admission
from bookhunt.hunt.feedback import purchase_of
from bookhunt.hunt.flow import hunt
from bookhunt.hunt.insight import Insight
from bookhunt.hunt.ports import Knowledge
from bookhunt.hunt.recovery import Returns, Settler, take_up
from bookhunt.hunt.remembering import Remembering
from bookhunt.hunt.tracing import CUT_OFF
from bookhunt.hunt.world import World
from bookhunt.model.errors import (
    BookhuntError,
    IllegalTransition,
    LedgerUnusable,
    NotFound,
)
from bookhunt.model.outcome import Result
from bookhunt.model.purchase import Stage
from bookhunt.model.request import RequestState
from bookhunt.telemetry.spans import span

if TYPE_CHECKING:
    from bookhunt.hunt.admission import Load, Place
    from bookhunt.hunt.buying import Ended
    from bookhunt.hunt.easing import Ease
    from bookhunt.hunt.feedback import Feedback
    from bookhunt.hunt.ports import (
        BeliefShelf,
        Buyers,
        Clock,
        Explanations,
        Ledger,
        OfferShelf,
        PriceShelf,
        Sellers,
        Submitted,
        TraceShelf,
    )
    from bookhunt.hunt.settings import HuntSettings
    from bookhunt.hunt.turns import Waiting
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.request import Request
    from bookhunt.telemetry.trace_ids import Caller

_log = logging.getLogger(__name__)
_HUNTED = frozenset({RequestState.PENDING, RequestState.PROCESSING})


def at_rest(record: RequestRecord) -> bool:
    """Whether a request waits for nothing but, at most, a person."""
    return record.state.is_final or record.state is RequestState.NEEDS_ATTENTION


class HuntService(Insight):
    """Every request of this daemon, from submission to rest."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        sellers: Sellers,
        buyers: Buyers,
        explanations: Explanations,
        shelf: OfferShelf,
        clock: Clock,
        settings: HuntSettings,
        belief_shelf: BeliefShelf | None = None,
        knowledge: Knowledge | None = None,
        traces: TraceShelf | None = None,
        prices: PriceShelf | None = None,
        clock_went_back: bool = False,
    ) -> None:
        """Build it; `clock_went_back` is what the ledger found when it was opened."""
        world = World(
            ledger=ledger,
            sellers=sellers,
            buyers=buyers,
            explanations=explanations,
            shelf=shelf,
            clock=clock,
            settings=settings,
            knowledge=knowledge or Knowledge(),
            trace_shelf=traces,
            price_shelf=prices,
        )
        super().__init__(world)
        self._admission = Admission(
            lambda: self._world.settings,
            clock,
            worth_of=self._world.exchange.worth_of,
            width=lambda: self._world.fan_out.width,
        )
        self._settler = Settler(
            self._world, when_settled=self._sort_in, clock_went_back=clock_went_back
        )
        self._belief_shelf = belief_shelf
        self._remembering: Remembering | None = None
        if belief_shelf is not None:
            self._remembering = Remembering(self._world.beliefs, belief_shelf, clock, sellers)
        self._remembers: asyncio.Task[None] | None = None
        self._workers: list[asyncio.Task[None]] = []
        self._queued: set[str] = set()
        self._hunts: dict[str, asyncio.Task[None]] = {}
        self._returns = Returns(self._world, sort_in=self._sort_in)
        self._waiting: dict[str, set[asyncio.Event]] = {}

    # ------------------------------------------------------------------------------ lifecycle
    async def start(self) -> None:
        """Settle what an earlier life left, queue its requests again, and begin to work."""
        if self._remembering is not None:
            await self._remembering.load()
            self._remembers = asyncio.create_task(self._remembering.keep_on())
        self._world.exchange.start()
        for record in await self._world.ledger.unfinished():
            if record.state in _HUNTED:
                self._queue(record)
        await self._settler.take_all_open()
        for _ in range(self._world.settings.workers):
            self._workers.append(asyncio.create_task(self._work()))

    async def stop(self, *, within_s: float) -> None:
        """Close the door, cut searches off, let orders that are under way end."""
        self._admission.close()
        self._world.tracer.stop()
        await self._settler.stop()
        await self._returns.stop()
        tasks = [*self._workers, *self._hunts.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._world.lookups.stop()
        await self._world.naming.stop()
        await self._world.exchange.stop()
        if self._remembering is not None and self._remembers is not None:
            self._remembers.cancel()
            self._remembering.keep()
        late = await self._world.shield.drain(within_s=within_s)
        self._world.tracer.stopped()
        if late:
            _log.warning("orders were still under way at the end", extra={"count": late})
        for request_id in list(self._waiting):
            self._rest(request_id)

    def load(self) -> Load:
        """How much is waiting and being hunted."""
        return self._admission.load()

    def take_up(self, settings: HuntSettings) -> None:
        """Hunt by other settings from now on; `in_flight`, `queue`, `workers` stay as they were."""
        self._world.settings = settings
        self._world.gate.regions = settings.regions
        self._world.gate.most_per_seller = settings.per_seller

    # ------------------------------------------------------------------------------- requests
    async def submit(
        self,
        request: Request,
        *,
        fingerprint: str,
        again: bool,
        caller: Caller | None = None,
    ) -> Submitted:
        """Write a request down and queue it; durable when this returns.

        Once begun it is done to its end, whether the caller still waits or not: what is on disk
        is also worked on.

        Raises:
            TryLater, DaemonStopping: no room; nothing was written.
            NotFound: it names a seller that no definition describes.
            IdempotencyKeyReused, PossibleDuplicate: as the ledger's `submit`.
        """
        for seller_id in sorted(request.sellers or ()):
            if self._world.sellers.get(seller_id) is None:
                raise NotFound(f"no seller is called {seller_id!r}", hint="bookhunt sellers list")
        knows = partial(self._world.ledger.knows, request.customer, request.idempotency_key)
        self._world.tracer.accept(request.id, caller=caller)
        try:
            with span("accept"):
                try:
                    place = await self._admission.admit(request, came_before=knows)
                except BaseException:
                    self._world.tracer.forget(request.id)
                    raise
                accepting = self._accept(request, fingerprint, place, again=again)
                return await self._world.shield.run(accepting)
        except BookhuntError as error:
            self._world.tally.refused[error.code] += 1
            raise

    async def _accept(
        self, request: Request, fingerprint: str, place: Place | None, *, again: bool
    ) -> Submitted:
        counts, created = True, False
        try:
            submitted = await self._world.ledger.submit(
                request, fingerprint=fingerprint, again=again
            )
            counts = created = submitted.created
        finally:
            self._admission.release(place, counts=counts)
            if not created:
                self._world.tracer.forget(request.id)
        if submitted.created:
            self._world.tally.accepted += 1
            self._queue(submitted.record, place)
        return submitted

    async def cancel(self, request_id: str) -> RequestRecord:
        """Cancel before the commit step; after it, only what was not ordered is cancelled.

        Raises:
            NotFound, TooLate: as the ledger's `cancel`.
        """
        before = await self._world.ledger.get(request_id)
        record = await self._world.ledger.cancel(request_id)
        if record.state is RequestState.CANCELLED:
            if before is not None and before.state is not record.state:
                self._world.tally.rests(record)
            task = self._hunts.get(request_id)
            if task is not None:
                task.cancel()
            self._rest(request_id)
        return record

    async def settle_by_hand(
        self, request_id: str, *, order_id: str | None, retry: bool
    ) -> RequestRecord:
        """Take a person's word for an order that nothing else can settle; hunt on where asked.

        Raises:
            NotFound, StateConflict: as the ledger's `settle_by_hand`.
        """
        _, record = await self._world.ledger.settle_by_hand(
            request_id, order_id=order_id, retry=retry
        )
        await self._sort_in(record)
        return record

    async def feedback(self, request_id: str, word: Feedback) -> bool:
        """Learn from what a customer says of a purchase; False: it was said before.

        Each word counts once for each request, as long as what it taught is remembered; without a
        shelf nothing is.

        Raises:
            NotFound, StateConflict: there is no such purchase.
        """
        bought = purchase_of(await self._world.ledger.get(request_id), request_id)
        shelf = self._belief_shelf
        if shelf is not None and not await shelf.note_feedback(request_id, word.value):
            return False
        self._world.beliefs.learn_order(bought.seller, weight=word.weight)
        if self._remembering is not None:
            self._remembering.keep()
        return True

    async def wait(self, request_id: str, *, within_s: float) -> RequestRecord | None:
        """The request when it rests, or as it is when the time is over; None: no such request."""
        ends_at = self._world.clock.monotonic() + within_s
        rests = asyncio.Event()
        self._waiting.setdefault(request_id, set()).add(rests)
        try:
            record = await self._world.ledger.get(request_id)
            if record is None or at_rest(record):
                return record
            left_s = ends_at - self._world.clock.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(left_s, 0.0)):
                    await rests.wait()
            return await self._world.ledger.get(request_id)
        finally:
            self._waiting[request_id].discard(rests)
            if not self._waiting[request_id]:
                del self._waiting[request_id]

    # ------------------------------------------------------------------------------- the work
    def _queue(self, record: RequestRecord, place: Place | None = None) -> None:
        """Have a request hunted, unless it is about to be or just being."""
        request_id = record.request.id
        if request_id not in self._queued and request_id not in self._hunts:
            self._queued.add(request_id)
            self._world.tracer.enqueue(request_id)
            self._admission.enter(record, place)

    async def _work(self) -> None:
        while True:
            # No name is given to what is worked on: while a worker waits, it would keep all of it.
            await self._work_on(await self._admission.next())

    async def _work_on(self, waiting: Waiting) -> None:
        monotonic = self._world.clock.monotonic
        request_id, began = waiting.record.request.id, monotonic()
        task = asyncio.create_task(self._hunt(waiting.record, waiting.ease))
        self._hunts[request_id] = task
        self._queued.discard(request_id)
        try:
            await asyncio.wait({task})
        finally:
            if self._hunts.get(request_id) is task:
                del self._hunts[request_id]
            task.cancel()
            self._admission.done(monotonic() - began)

    async def _hunt(self, record: RequestRecord, ease: Ease) -> None:
        request_id, outcome = record.request.id, CUT_OFF
        failure: BookhuntError | None = None
        ended: Ended | None = None
        try:
            self._world.tracer.take(request_id)
            with span("hunt", ease=ease):
                ended = await hunt(self._world, record, ease)
            outcome = ended.record.state
        except BookhuntError as error:
            failure = error
        except Exception:  # noqa: BLE001 - a bug ends this hunt loudly, and no other
            failure = BookhuntError("bookhunt failed; its log says how")
            _log.exception("a hunt failed", extra={"request_id": request_id})
        finally:
            self._world.tracer.end(request_id, failure.code if failure else outcome)
        # From here on others may take the request up, this worker first of all.
        self._hunts.pop(request_id, None)
        if failure is not None:
            await self._after_failure(request_id, failure)
        elif ended is not None and ended.attempt is not None:
            self._settler.take(ended.attempt)
        elif ended is not None and at_rest(ended.record):
            self._world.tally.rests(ended.record)
            self._rest(request_id)
        else:
            self._returns.come_back(request_id)

    async def _after_failure(self, request_id: str, failure: BookhuntError) -> None:
        """Hunt again a little later where that may help; else the request has failed.

        It helps where the ledger could not be written, and where somebody moved the request
        meanwhile: a cancellation, or another worker.
        """
        may_pass = isinstance(failure, LedgerUnusable)
        moved = isinstance(failure, IllegalTransition)
        try:
            current = await self._world.ledger.get(request_id)
            if current is None or at_rest(current):
                self._rest(request_id)
            elif may_pass or (moved and self._returns.may_come_back(request_id)):
                self._returns.come_back(request_id)
            else:
                await self._fail(request_id, failure)
        except BookhuntError:
            _log.exception("a failed hunt cannot be ended", extra={"request_id": request_id})
            self._returns.come_back(request_id)

    async def _fail(self, request_id: str, failure: BookhuntError) -> None:
        """Say so to the customer, and leave an open order to the settler."""
        _log.error("a hunt ends: %s", failure, extra={"request_id": request_id})
        record = await take_up(self._world, request_id)
        if record is not None and record.state is RequestState.PENDING:
            record = await self._world.ledger.move(record, RequestState.PROCESSING)
        if record is not None and record.state is RequestState.PROCESSING:
            result = Result(reason=failure.code, message=failure.message)
            record = await self._world.ledger.move(
                record, RequestState.PURCHASE_FAILED, result=result
            )
        if record is not None:
            await self._sort_in(record)

    async def _sort_in(self, record: RequestRecord) -> None:
        """Give a request to whoever goes on with it: a worker, the settler, or whoever waits."""
        if at_rest(record):
            self._world.tally.rests(record)
            self._rest(record.request.id)
        elif record.state in _HUNTED:
            self._queue(record)
        else:
            for attempt in await self._world.ledger.attempts(record.request.id):
                if attempt.stage in {Stage.UNKNOWN, Stage.PLACED, Stage.MANUAL}:
                    self._settler.take(attempt)

    def _rest(self, request_id: str) -> None:
        self._returns.forget(request_id)
        for rests in self._waiting.get(request_id, ()):
            rests.set()
