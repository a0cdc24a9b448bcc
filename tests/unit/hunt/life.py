"""One life of the hunt in memory: the real service over doubles of every port.

The ledger and the sellers outlive it, as the disk and the world do: `another` is the next life
after a crash. Time belongs to the clock of the loop, which jumps.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bookhunt.hunt.service import HuntService, at_rest
from bookhunt.hunt.settings import HuntSettings
from bookhunt.model.errors import ProfileMissing
from bookhunt.model.request import ConditionWish
from tests.support.builders import a_buyer, a_request
from tests.support.memory_ledger import MemoryLedger
from tests.support.no_shelf import NoShelf
from tests.support.scripted_sellers import ScriptedSellers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.hunt.ports import Clock, OfferShelf
    from bookhunt.model.buyer import Buyer
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import RequestRecord, SellerNote

SETTINGS = HuntSettings(workers=4)
LONG = 10 * 86_400.0


@dataclass(slots=True)
class MemoryBuyers:
    """Profiles in a dictionary."""

    profiles: dict[str, Buyer] = field(default_factory=lambda: {"home": a_buyer()})

    def buyer(self, profile: str) -> Buyer:
        try:
            return self.profiles[profile]
        except KeyError:
            raise ProfileMissing(f"there is no profile {profile!r}") from None


@dataclass(slots=True)
class MemoryExplanations:
    """Notes in a dictionary."""

    kept: dict[str, list[SellerNote]] = field(default_factory=dict)

    def keep(self, request_id: str, notes: Sequence[SellerNote]) -> None:
        self.kept[request_id] = list(notes)

    async def of(self, request_id: str) -> list[SellerNote]:
        return self.kept.get(request_id, [])


class Life:
    """A service that runs, and what it runs on."""

    def __init__(
        self,
        clock: Clock,
        *,
        settings: HuntSettings = SETTINGS,
        ledger: MemoryLedger | None = None,
        sellers: ScriptedSellers | None = None,
        shelf: OfferShelf | None = None,
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.sellers = sellers or ScriptedSellers(clock)
        self.ledger = ledger or MemoryLedger(clock)
        self.buyers = MemoryBuyers()
        self.explanations = MemoryExplanations()
        self.shelf = shelf or NoShelf()
        self.service = self._service()

    def _service(self) -> HuntService:
        return HuntService(
            ledger=self.ledger,
            sellers=self.sellers,
            buyers=self.buyers,
            explanations=self.explanations,
            shelf=self.shelf,
            clock=self.clock,
            settings=self.settings,
        )

    async def another(self) -> None:
        """The daemon dies (nothing of it goes on), and starts again over the same ledger."""
        service = self.service
        for task in [*service._world.shield._tasks, *service._settler._tasks.values()]:
            task.cancel()
        await service.stop(within_s=1.0)
        self.ledger.reopen()
        self.service = self._service()
        await self.service.start()

    async def submit(self, **fields: Any) -> RequestRecord:
        """A request of a new customer, so that two are never taken for duplicates."""
        request = a_request(**{"submitted_at": self.clock.now()} | fields)
        if "customer" not in fields:
            request = replace(request, customer=request.id)
        submitted = await self.service.submit(request, fingerprint="f", again=False)
        return submitted.record

    async def outcome(self, record: RequestRecord, *, within_s: float = LONG) -> RequestRecord:
        """The request when it rests."""
        rested = await self.service.wait(record.request.id, within_s=within_s)
        assert rested is not None
        assert at_rest(rested), f"after {within_s} s it is still {rested.state}"
        return rested

    async def hunted(self, **fields: Any) -> RequestRecord:
        """Submit a request and wait for its outcome."""
        return await self.outcome(await self.submit(**fields))

    def notes(self, record: RequestRecord) -> dict[str, SellerNote]:
        """What each seller contributed to a request."""
        return {note.seller: note for note in self.explanations.kept[record.request.id]}

    def orders(self) -> list[str]:
        """The sellers where an order stands, one entry per order."""
        return [order.seller for order in self.sellers.orders]


ANY = ConditionWish.ANY


def prices(*offers: Offer) -> list[str]:
    return [offer.at_least.amount for offer in offers]
