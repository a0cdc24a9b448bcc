"""The world one hunt runs in: its ports, its settings, and what must outlive a cancelled hunt."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from bookhunt.hunt.beliefs import Beliefs
from bookhunt.hunt.exchange import Exchange
from bookhunt.hunt.gate import Gate
from bookhunt.hunt.lookups import Lookups
from bookhunt.hunt.naming import Naming
from bookhunt.hunt.ports import Knowledge
from bookhunt.hunt.strategies import policy_for
from bookhunt.hunt.tiering import Tiering

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bookhunt.hunt.ports import (
        Buyers,
        Clock,
        Explanations,
        Ledger,
        OfferShelf,
        Sellers,
    )
    from bookhunt.hunt.settings import HuntSettings
    from bookhunt.hunt.strategies import PolicyFactory

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
    knowledge: Knowledge = field(default_factory=Knowledge)
    tiering: Tiering = field(init=False)
    gate: Gate = field(init=False)
    naming: Naming = field(init=False)
    exchange: Exchange = field(init=False)
    lookups: Lookups = field(init=False)

    def __post_init__(self) -> None:
        self.tiering = Tiering(self.beliefs)
        self.gate = Gate(
            started_at=self.clock.monotonic(),
            regions=self.settings.regions,
            most_per_seller=self.settings.per_seller,
        )
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
        )
