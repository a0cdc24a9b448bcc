"""One life of the hunt in memory: the real service over doubles of every port.

The ledger and the sellers outlive it, as the disk and the world do: `another` is the next life
after a crash. Time belongs to the clock of the loop, which jumps.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bookhunt.hunt.service import HuntService, at_rest
from bookhunt.hunt.settings import HuntSettings
from bookhunt.model.errors import LedgerUnusable, ProfileMissing
from bookhunt.model.offer import Offer
from bookhunt.model.seller import Capability
from tests.support.builders import a_buyer, a_request, an_offer, usd
from tests.support.memory_ledger import MemoryLedger
from tests.support.no_shelf import NoShelf
from tests.support.scripted_sellers import QuoteScript, ScriptedSellers, a_seller

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bookhunt.hunt.ports import Clock, Knowledge, OfferShelf, TraceShelf
    from bookhunt.model.buyer import Buyer
    from bookhunt.model.outcome import RequestRecord, SellerNote
    from bookhunt.model.purchase import Attempt
    from bookhunt.model.reasons import Reason
    from bookhunt.model.seller import Seller

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


class FailingLedger:
    """A ledger on a disk that fails, before a call or after it is written."""

    def __init__(self, clock: Clock) -> None:
        self.real = MemoryLedger(clock)
        self.faults: Iterator[str] = iter(())  # for each call to come: "", "before", "after"
        self._broken: dict[str, int] = {}
        self._after: set[str] = set()

    def break_(self, call: str, times: int, *, after: bool = False) -> None:
        """Let this call fail so often; `after`: what it writes is written all the same."""
        self._broken[call] = times
        if after:
            self._after.add(call)

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.real, name)
        if not inspect.iscoroutinefunction(real):
            return real

        async def call(*args: Any, **kwargs: Any) -> Any:
            fails, after = self._fault(name)
            if fails and not after:
                raise LedgerUnusable("the disk is full")
            answer = await real(*args, **kwargs)
            if fails:
                raise LedgerUnusable("the disk is full")
            return answer

        return call

    def _fault(self, name: str) -> tuple[bool, bool]:
        fault = next(self.faults, "")
        if fault:
            return True, fault == "after"
        left = self._broken.get(name, 0)
        self._broken[name] = max(left - 1, 0)
        return left > 0, name in self._after


class Life:
    """A service that runs, and what it runs on."""

    def __init__(
        self,
        clock: Clock,
        *,
        settings: HuntSettings = SETTINGS,
        ledger: Any = None,
        sellers: ScriptedSellers | None = None,
        shelf: OfferShelf | None = None,
        knowledge: Knowledge | None = None,
        traces: TraceShelf | None = None,
    ) -> None:
        self.clock = clock
        self.traces = traces
        self.settings = settings
        self.sellers = sellers or ScriptedSellers(clock)
        self.ledger: Any = ledger or MemoryLedger(clock)
        self.buyers = MemoryBuyers()
        self.explanations = MemoryExplanations()
        self.shelf = shelf or NoShelf()
        self.knowledge = knowledge
        self.clock_went_back = False  # what the ledger of the next life finds
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
            knowledge=self.knowledge,
            traces=self.traces,
            clock_went_back=self.clock_went_back,
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

    def sells(
        self,
        seller_id: str,
        *totals: str | Offer,
        delay_s: float = 0.0,
        capability: Capability = Capability.KEY_AND_LOOKUP,
        **fields: Any,
    ) -> Seller:
        """Open a seller with one copy per total (an offer as it is, or what it costs in all)."""
        offers = tuple(
            total
            if isinstance(total, Offer)
            else an_offer(seller_id, item=f'"{n}"', price=usd(total), shipping=usd("0"))
            for n, total in enumerate(totals)
        )
        seller = a_seller(seller_id, capability=capability, **fields)
        return self.sellers.add(seller, QuoteScript(offers=offers, delay_s=delay_s))

    def fails(
        self, seller_id: str, reason: Reason, *, delay_s: float = 0.0, **fields: Any
    ) -> Seller:
        """Open a seller that gives this reason instead of offers."""
        script = QuoteScript(reason=reason, delay_s=delay_s)
        return self.sellers.add(a_seller(seller_id, **fields), script)

    async def attempts(self, record: RequestRecord) -> list[Attempt]:
        return await self.ledger.attempts(record.request.id)

    async def submit(self, **fields: Any) -> RequestRecord:
        """A request of a new customer, so that two are never taken for duplicates."""
        request = a_request(**{"submitted_at": self.clock.now()} | fields)
        if "customer" not in fields:
            request = replace(request, customer=request.id)
        submitted = await self.service.submit(request, fingerprint="f", again=False)
        return submitted.record

    async def outcome(self, record: RequestRecord, *, within_s: float = LONG) -> RequestRecord:
        """The request when it rests."""
        rested = None
        while rested is None:
            with contextlib.suppress(LedgerUnusable):
                rested = await self.service.wait(record.request.id, within_s=within_s)
            await asyncio.sleep(0.001 if rested is None else 0)
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
