"""Routes of the shipping profiles; a profile travels as JSON or YAML, as people write it."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.table import add
from bookhunt.home.profiles import ProfileDocument
from bookhunt.model.buyer import Buyer
from bookhunt.wire.shapes import profile_object

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": ProfileDocument.model_json_schema(mode="serialization")}
            for kind in ("application/json", "application/yaml")
        },
    }
}


@dataclass(frozen=True, slots=True)
class ProfileRoutes:
    """What can be done with profiles."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["profiles"])
        add(router, "profile.list", self.list)
        add(router, "profile.show", self.show)
        add(router, "profile.add", self.put, openapi_extra=_BODY)
        add(router, "profile.remove", self.remove)
        add(router, "profile.default", self.default)
        return router

    async def list(self) -> JSONResponse:
        """Every profile, in the order they were added."""
        return JSONResponse([self._object(buyer) for buyer in self.daemon.profiles.all()])

    async def show(self, name: str) -> JSONResponse:
        """One profile."""
        return self._told(self.daemon.profiles.buyer(name))

    async def put(
        self, name: str, call: Request, *, replace: Annotated[bool, Query()] = False
    ) -> JSONResponse:
        """Store a profile, durably; one of that name is replaced only with `replace`."""
        content = await call.body()
        buyer = await asyncio.to_thread(
            self.daemon.profiles.add, name, content, file="profile", replace=replace
        )
        return self._told(buyer)

    async def remove(self, name: str) -> JSONResponse:
        """Forget a profile; the profile as it was."""
        buyer = self.daemon.profiles.buyer(name)
        told = self._told(buyer)
        await asyncio.to_thread(self.daemon.profiles.remove, name)
        return told

    async def default(self, name: str) -> JSONResponse:
        """Make it the profile of requests that name none."""
        await asyncio.to_thread(self.daemon.profiles.set_default, name)
        return self._told(self.daemon.profiles.buyer(name))

    def _told(self, buyer: Buyer) -> JSONResponse:
        return JSONResponse(self._object(buyer))

    def _object(self, buyer: Buyer) -> dict[str, object]:
        return profile_object(buyer, default=buyer.profile == self.daemon.default_profile)
