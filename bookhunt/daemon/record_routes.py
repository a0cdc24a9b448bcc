"""Routes of records: a copy of the ledger, pages of what is in it, figures over a period."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bookhunt.daemon import snapshots
from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.figures import Figures
from bookhunt.daemon.records import Records
from bookhunt.daemon.table import add
from bookhunt.model.errors import BookhuntError, InputError
from bookhunt.wire.contract import SCHEMA_VERSION
from bookhunt.wire.records import attempt_record, request_record

# A page is built in the event loop: 100 take a few milliseconds there.
MOST_A_PAGE = 100


class PageQuery(BaseModel):
    """Which page: those after an id, from a time on, oldest first."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    after: Annotated[str, Field(max_length=100)] = ""
    since: datetime | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_A_PAGE)] = MOST_A_PAGE


@dataclass(frozen=True, slots=True)
class RecordRoutes:
    """What the ledger says of the past."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["records"])
        add(router, "db.snapshot", self.snapshot, status=201)
        add(router, "db.requests", self.requests)
        add(router, "db.attempts", self.attempts)
        add(router, "db.facts", self.facts)
        add(router, "stats", self.stats)
        return router

    async def snapshot(self) -> JSONResponse:
        """Copy the ledger into a file of the home; whoever asked moves it where it should be.

        The daemon may be confined to its home, so it does not write elsewhere.
        """
        await asyncio.to_thread(snapshots.sweep, self.daemon.home)
        file = await asyncio.to_thread(snapshots.new_place, self.daemon.home)
        await self._records.snapshot(file)
        size = (await asyncio.to_thread(file.stat)).st_size
        told = {"file": str(file), "bytes": size, "schema_version": SCHEMA_VERSION}
        return JSONResponse(told, status_code=201)

    async def requests(self, query: Annotated[PageQuery, Query()]) -> JSONResponse:
        """A page of requests, oldest first."""
        found = await self._records.requests(
            after=query.after, since=_aware(query.since), limit=query.limit
        )
        return JSONResponse([request_record(record) for record in found])

    async def attempts(self, query: Annotated[PageQuery, Query()]) -> JSONResponse:
        """A page of attempts, oldest first."""
        found = await self._records.attempts(
            after=query.after, since=_aware(query.since), limit=query.limit
        )
        return JSONResponse([attempt_record(attempt) for attempt in found])

    async def facts(self) -> JSONResponse:
        """How large the ledger is, and its schema; nothing of what is in it."""
        facts = await self._records.facts()
        told: dict[str, Any] = {
            "schema": facts.schema,
            "sqlite": facts.sqlite,
            "requests": facts.requests,
            "attempts": facts.attempts,
            "entries": facts.entries,
            "statements": list(facts.statements),
            "schema_version": SCHEMA_VERSION,
        }
        return JSONResponse(told)

    async def stats(self, since: datetime | None = None) -> JSONResponse:
        """What became of the requests submitted since then, in all, by seller and by strategy."""
        since = _aware(since)
        figures = Figures(since=since, until=self.daemon.clock.now())
        await figures.gather(self._records)
        return JSONResponse(figures.told())

    @property
    def _records(self) -> Records:
        records = self.daemon.records
        if records is None:
            raise BookhuntError("this ledger cannot be read but by the hunt")
        return records


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise InputError("`since` needs a time zone", hint="2026-03-02T12:00:00Z")
    return moment.astimezone(UTC)
