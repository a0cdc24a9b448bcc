"""The world one hunt runs in: its ports, its settings, and what must outlive a cancelled hunt."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from bookhunt.hunt.beliefs import Beliefs
from bookhunt.hunt.easing import FanOut
from bookhunt.hunt.exchange import Exchange
from bookhunt.hunt.gate import Gate
from bookhunt.hunt.lines import Lines
from bookhunt.hunt.lookups import Lookups
from bookhunt.hunt.naming import Naming
from bookhunt.hunt.ports import Knowledge
from bookhunt.hunt.steadiness import Steadiness
from bookhunt.hunt.strategies import policy_for
from bookhunt.hunt.tally import Tally
from bookhunt.hunt.tiering import Tiering
from bookhunt.hunt.tracing import Tracer
from bookhunt.model.seller import Capability

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bookhunt.hunt.ports import (
        Buyers,
        Clock,
        Explanations,
        Ledger,
        OfferShelf,
        PriceShelf,
        Sellers,
        TraceShelf,
    )
    from bookhunt.hunt.settings import HuntSettings
    from bookhunt.hunt.strategies import PolicyFactory
    from bookhunt.model.purchase import Attempt
    from bookhunt.model.seller import Seller

_T = TypeVar("_T")


class Shield:
    """Runs what must not be cut off: from the intent until the ledger knows how the order ended.

    The caller may be cancelled (the daemon stops); the work goes on and `drain` waits for it.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    async def run(self, work: Coroutine[object, object, _T]) -> _T:
        """Do `work` to its end, whatever happens to the caller."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def drain(self, *, within_s: float) -> int:
        """Wait for all of it, and say how many had not ended in time."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(self._tasks, timeout=within_s)
        return len(late)


class Doubts:
    """Sellers where an order of an earlier life is not settled yet: nothing new is ordered there.

    Recovery names them; the first round of look-ups or re-sends at a seller, whatever it says,
    frees the seller again.
    """

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._settled = asyncio.Condition()

    def add(self, seller: str) -> None:
        """One more unsettled order at this seller."""
        self._open[seller] += 1

    async def clear(self, seller: str) -> None:
        """One order less."""
        async with self._settled:
            self._open[seller] -= 1
            self._settled.notify_all()

    async def wait(self, seller: str, *, within_s: float) -> bool:
        """Whether the seller is free of doubts, now or within the time."""
        if not self._open[seller]:
            return True
        try:
            async with asyncio.timeout(within_s), self._settled:
                await self._settled.wait_for(lambda: self._open[seller] <= 0)
        except TimeoutError:
            return False
        return True


class Quarantine:
    """Sellers that lost the answer to an order and can prove nothing: nothing new goes there.

    A seller with neither a key nor a look-up that loses one answer may lose the next one too, and
    each costs a person's time. It is free again when the order is settled, by whomever.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._open: dict[str, dict[str, str]] = {}  # by seller: attempts, and whose they are

    def add(self, attempt: Attempt, seller: Seller | None) -> None:
        """An order at a seller is in doubt; only one that can prove nothing is held."""
        if seller is None or seller.proof.capability is Capability.NONE:
            self._open.setdefault(attempt.seller, {})[attempt.id] = attempt.request_id

    async def holds(self, seller: str) -> str | None:
        """The request that somebody must settle before this seller is ordered from; None: free."""
        waiting = self._open.get(seller, {})
        for attempt_id, request_id in list(waiting.items()):
            attempts = await self._ledger.attempts(request_id)
            if any(each.id == attempt_id and each.stage.is_open for each in attempts):
                return request_id
            waiting.pop(attempt_id, None)
        return None


@dataclass(slots=True, kw_only=True)
class World:
    """Everything a stage of the hunt may touch."""

    ledger: Ledger
    sellers: Sellers
    buyers: Buyers
    explanations: Explanations
    clock: Clock
    settings: HuntSettings
    shield: Shield = field(default_factory=Shield)
    shelf: OfferShelf
    policies: PolicyFactory = policy_for
    beliefs: Beliefs = field(default_factory=Beliefs)
    doubts: Doubts = field(default_factory=Doubts)
    fan_out: FanOut = field(default_factory=FanOut)
    knowledge: Knowledge = field(default_factory=Knowledge)
    trace_shelf: TraceShelf | None = None  # None: nothing is recorded
    tally: Tally = field(default_factory=Tally)
    price_shelf: PriceShelf | None = None  # None: prices seen are not kept
    quarantine: Quarantine = field(init=False)
    tiering: Tiering = field(init=False)
    lines: Lines = field(init=False)
    gate: Gate = field(init=False)
    steadiness: Steadiness = field(init=False)
    naming: Naming = field(init=False)
    exchange: Exchange = field(init=False)
    lookups: Lookups = field(init=False)
    tracer: Tracer = field(init=False)

    def __post_init__(self) -> None:
        self.tracer = Tracer(
            shelf=self.trace_shelf,
            clock=self.clock,
            settings=lambda: self.settings,
            tally=self.tally,
        )
        self.quarantine = Quarantine(self.ledger)
        self.tiering = Tiering(self.beliefs)
        self.lines = Lines(self.clock)
        self.gate = Gate(
            started_at=self.clock.monotonic(),
            regions=self.settings.regions,
            most_per_seller=self.settings.per_seller,
        )
        self.steadiness = Steadiness(self.gate)
        self.naming = Naming(
            resolvers=self.knowledge.resolvers,
            shelf=self.knowledge.names,
            gate=self.gate,
            clock=self.clock,
        )
        self.exchange = Exchange(
            settings=lambda: self.settings.exchange,
            sources=self.knowledge.rate_sources,
            shelf=self.knowledge.rates,
            clock=self.clock,
        )
        self.lookups = Lookups(
            sellers=self.sellers,
            shelf=self.shelf,
            beliefs=self.beliefs,
            clock=self.clock,
            gate=self.gate,
            calls=asyncio.Semaphore(self.settings.in_flight),
            naming=self.naming,
            exchange=self.exchange,
            tally=self.tally,
            prices=self.price_shelf,
        )
