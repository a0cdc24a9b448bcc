"""Routes of notices: what waits to be told, and a test of who is told."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from bookhunt.daemon.bodies import ClosedBody, Secret
from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.table import add
from bookhunt.home.names import notify_secret
from bookhunt.wire.contract import SCHEMA_VERSION
from bookhunt.wire.notices import delivery_object

_MOST = 500


class NotifyTestBody(ClosedBody):
    """`POST /notices/test`: the number of a target in the configuration; null: all."""

    to: Annotated[int, Field(ge=1, le=1000)] | None = None


class NotifyLoginBody(ClosedBody):
    """`PUT /notices/secrets/{name}`: a secret that targets may name; null forgets it."""

    value: Secret | None


@dataclass(frozen=True, slots=True)
class NoticeRoutes:
    """What is told, and to whom."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["notices"])
        add(router, "notify.list", self.list)
        add(router, "notify.test", self.test)
        add(router, "notify.login", self.login)
        return router

    async def list(self, limit: Annotated[int, Query(ge=1, le=_MOST)] = 100) -> JSONResponse:
        """What waits to be told or was given up, the newest first."""
        notices = self.daemon.notices
        found = await notices.outbox.undelivered(limit=limit)
        return JSONResponse(
            [delivery_object(each, target=notices.title_of(each.target)) for each in found]
        )

    async def test(self, body: NotifyTestBody) -> JSONResponse:
        """Tell the targets something, once and now; how that went for each."""
        tried = await self.daemon.notices.test(body.to)
        return JSONResponse(
            [
                {
                    "number": each.number,
                    "target": each.target,
                    "told": each.error is None,
                    "error": each.error,
                    "ms": round(each.took_s * 1000, 1),
                    "schema_version": SCHEMA_VERSION,
                }
                for each in tried
            ]
        )

    async def login(self, name: str, body: NotifyLoginBody) -> JSONResponse:
        """Keep a secret in the secret store, or forget it; its value is never told again."""
        secrets, full = self.daemon.secrets, notify_secret(name)
        if body.value is None:
            await asyncio.to_thread(secrets.remove, full)
        else:
            await asyncio.to_thread(secrets.put, full, body.value)
        stored = await asyncio.to_thread(secrets.source, full)
        return JSONResponse(
            {"secret": f"secret:{full}", "stored": stored, "schema_version": SCHEMA_VERSION}
        )
