"""The route of prices seen."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.table import add
from bookhunt.hunt.history import summaries_of
from bookhunt.model.book import Book
from bookhunt.wire.prices import price_line_object

_MOST_DAYS = 400  # as long as prices are kept


@dataclass(frozen=True, slots=True)
class HistoryRoutes:
    """What books cost."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["books"])
        add(router, "history", self.history)
        return router

    async def history(
        self,
        book: Annotated[str, Query(min_length=1, max_length=500)],
        days: Annotated[int, Query(ge=1, le=_MOST_DAYS)] = 90,
    ) -> JSONResponse:
        """The prices of each line that has one in the last days; a pinned title is its ISBN too."""
        prices = self.daemon.prices
        named = Book.named(book)
        if named.title is not None:
            pinned = await asyncio.to_thread(self.daemon.pins.of, named.title)
            named = named if pinned is None else Book(title=named.title, isbn13=pinned)
        lines = {} if prices is None else await prices.of(named)
        since = self.daemon.clock.now() - timedelta(days=days)
        return JSONResponse([price_line_object(each) for each in summaries_of(lines, since=since)])
