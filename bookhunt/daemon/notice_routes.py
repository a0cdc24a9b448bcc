"""Routes of notices: what waits to be told, and a test of who is told."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from bookhunt.daemon.bodies import ClosedBody
from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.table import add
from bookhunt.wire.contract import SCHEMA_VERSION
from bookhunt.wire.notices import delivery_object

_MOST = 500


class NotifyTestBody(ClosedBody):
    """`POST /notices/test`: the number of a target in the configuration; null: all."""

    to: Annotated[int, Field(ge=1, le=1000)] | None = None


@dataclass(frozen=True, slots=True)
class NoticeRoutes:
    """What is told, and to whom."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["notices"])
        add(router, "notify.list", self.list)
        add(router, "notify.test", self.test)
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
