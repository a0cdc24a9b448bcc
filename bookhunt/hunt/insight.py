"""What can be seen of the hunt without a request: sellers, offers, and what is counted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bookhunt.hunt.beliefs import subject_of
from bookhunt.hunt.candidates import able_to_answer
from bookhunt.hunt.looking import Look, look
from bookhunt.hunt.tiering import figures_of

if TYPE_CHECKING:
    from bookhunt.hunt.easing import FanOut
    from bookhunt.hunt.gate import Suspension
    from bookhunt.hunt.naming import Names
    from bookhunt.hunt.ports import Ask, Quoted
    from bookhunt.hunt.settings import HuntSettings
    from bookhunt.hunt.tally import Tally
    from bookhunt.hunt.tiering import Figures
    from bookhunt.hunt.tracing import Tracer
    from bookhunt.hunt.world import World
    from bookhunt.model.request import Request
    from bookhunt.model.seller import Seller


class Insight:
    """The part of the service that buys nothing."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def fan_out(self) -> FanOut:
        """How wide searches are, for how late the event loop is."""
        return self._world.fan_out

    @property
    def calls_are_full(self) -> bool:
        """Whether calls wait for the cap on all of them."""
        return self._world.lookups.calls.locked()

    @property
    def asks_in_batches(self) -> bool:
        """Whether any seller can be asked for several books in one call."""
        return any(seller.batch > 1 for seller in self._world.sellers.all())

    @property
    def settings(self) -> HuntSettings:
        """The bounds and times in force."""
        return self._world.settings

    @property
    def tally(self) -> Tally:
        """What is counted."""
        return self._world.tally

    @property
    def tracer(self) -> Tracer:
        """What is recorded of requests."""
        return self._world.tracer

    def suspension(self, seller_id: str) -> Suspension | None:
        """Why a seller is not called just now, and for how long yet; None: it may be called."""
        return self._world.gate.suspension(seller_id, self._world.clock.monotonic())

    def drips(self, seller_id: str) -> bool:
        """Whether a seller fails by turns, so that it gets few calls."""
        return self._world.gate.drips(seller_id)

    def calls_at(self, seller_id: str) -> tuple[int, float] | None:
        """The calls under way to a seller, and how many it bears at once; None: never called."""
        return self._world.gate.load(seller_id)

    async def names_of(self, title: str, *, within_s: float) -> Names:
        """The ISBNs that resolvers give for a title; they are kept, and nothing is bought."""
        return await self._world.naming.names_of(title, within_s=within_s)

    def reset_seller(self, seller_id: str) -> None:
        """Call a seller again that was left alone, or expected to fail, for what it did."""
        self._world.gate.reset(seller_id)
        self._world.beliefs.forgive(seller_id)

    def figures(self, seller_id: str) -> Figures:
        """What a seller has been like, as far as is known."""
        return figures_of(self._world.beliefs.seller(seller_id))

    def tier_of(self, seller: Seller) -> int:
        """The tier a seller is in now."""
        world = self._world
        sizes = world.settings.tiers.sizes
        world.tiering.refresh(world.sellers.all(), sizes, now_s=world.clock.monotonic())
        return world.tiering.tier_of(seller)

    async def look(self, request: Request) -> Look:
        """Search as for this request, and neither order nor write anything down."""
        return await look(self._world, request)

    async def quote(
        self, ask: Ask, *, sellers: frozenset[str] | None, within_s: float
    ) -> list[Quoted]:
        """Ask every seller that can be asked, for `within_s` at the most, and buy nothing."""
        world, subject = self._world, subject_of(ask)
        await world.exchange.ready(within_s=world.settings.rates_wait_s)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(world.lookups.look_up(seller, ask, subject, within_s=within_s))
                for seller in able_to_answer(world, ask, sellers)
            ]
        return [task.result() for task in tasks]
