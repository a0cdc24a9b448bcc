"""Routes of what a person says of sellers: their tier, whether they are asked, how they were."""

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from bookhunt.daemon.bodies import FeedbackBody, PinBody
from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.standing import seller_told
from bookhunt.daemon.table import add
from bookhunt.home.overrides import Switch
from bookhunt.model.errors import NotFound
from bookhunt.model.seller import Seller
from bookhunt.wire.contract import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class ByHandRoutes:
    """What a person may say; durable when it is answered, in force for the next request."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["sellers"])
        add(router, "sellers.pin", self.pin)
        add(router, "sellers.enable", self.enable)
        add(router, "sellers.disable", self.disable)
        add(router, "sellers.block", self.block)
        add(router, "sellers.reset", self.reset)
        add(router, "feedback", self.feedback)
        return router

    async def pin(self, seller_id: str, body: PinBody) -> JSONResponse:
        """Put a seller into a tier, whatever its figures; null: where its figures put it."""
        self._require(seller_id)
        await self.daemon.catalogue.pin(seller_id, body.tier)
        return self._told(seller_id)

    async def enable(self, seller_id: str) -> JSONResponse:
        """Ask a seller, whatever the configuration and its definition say."""
        return await self._switched(seller_id, Switch.ENABLED)

    async def disable(self, seller_id: str) -> JSONResponse:
        """Ask a seller no more."""
        return await self._switched(seller_id, Switch.DISABLED)

    async def block(self, seller_id: str) -> JSONResponse:
        """Never ask a seller, even where a request names it."""
        return await self._switched(seller_id, Switch.BLOCKED)

    async def reset(self, seller_id: str) -> JSONResponse:
        """Forget the failures of a seller: it is called again at once."""
        self._require(seller_id)
        self.daemon.service.reset_seller(seller_id)
        return self._told(seller_id)

    async def feedback(self, request_id: str, body: FeedbackBody) -> JSONResponse:
        """Learn from a word about a purchase; `counted` is false where it was said before."""
        record = await self.daemon.find(request_id)
        counted = await self.daemon.service.feedback(record.request.id, body.feedback)
        bought = record.result.bought
        return JSONResponse(
            {
                "request_id": record.request.id,
                "seller": bought.seller if bought is not None else None,
                "feedback": body.feedback.value,
                "counted": counted,
                "schema_version": SCHEMA_VERSION,
            }
        )

    async def _switched(self, seller_id: str, to: Switch) -> JSONResponse:
        self._require(seller_id)
        await self.daemon.catalogue.switch(seller_id, to)
        return self._told(seller_id)

    def _require(self, seller_id: str) -> Seller:
        seller = self.daemon.sellers.get(seller_id)
        if seller is None:
            raise NotFound(f"no seller {seller_id}", hint="bookhunt sellers list")
        return seller

    def _told(self, seller_id: str) -> JSONResponse:
        return JSONResponse(seller_told(self.daemon, self._require(seller_id)))
