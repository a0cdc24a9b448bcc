"""Routes of requests: submit, look, wait, cancel, settle, and the offers without buying."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bookhunt.daemon import quoting
from bookhunt.daemon.bodies import PurchaseBody, QuoteBody, SettleBody
from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.intake import fingerprint_of, key_of
from bookhunt.daemon.table import add
from bookhunt.home.settings import WhenFull
from bookhunt.hunt.ports import Submitted
from bookhunt.model.errors import InputError, TryLater
from bookhunt.model.outcome import RequestRecord
from bookhunt.model.request import RequestState
from bookhunt.telemetry.trace_ids import HEADER_TRACEPARENT, caller_of
from bookhunt.wire.contract import LONGEST_WAIT_S
from bookhunt.wire.routes import HEADER_IDEMPOTENCY_KEY, ROUTES
from bookhunt.wire.shapes import note_object, request_object

_log = logging.getLogger(__name__)
MOST_LISTED = 500


class _ClosedQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class StatusQuery(_ClosedQuery):
    """`request_id` in full, its beginning, or `@last`; `wait_s` is cut to the longest wait."""

    request_id: Annotated[str, Field(min_length=1, max_length=100)]
    wait_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class ListQuery(_ClosedQuery):
    """Which requests; newest first."""

    state: list[RequestState] | None = None
    since: datetime | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 100


@dataclass(frozen=True, slots=True)
class RequestRoutes:
    """What can be done with requests."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["requests"])
        add(router, "buy", self.buy, status=202)
        add(router, "status", self.status)
        add(router, "requests", self.requests)
        add(router, "cancel", self.cancel)
        add(router, "settle", self.settle)
        add(router, "why", self.why)
        add(router, "quote", self.quote)
        return router

    async def buy(
        self,
        body: PurchaseBody,
        call: Request,
        idempotency_key: Annotated[str | None, Header(alias=HEADER_IDEMPOTENCY_KEY)] = None,
        traceparent: Annotated[str | None, Header(alias=HEADER_TRACEPARENT)] = None,
    ) -> JSONResponse:
        """Accept a purchase: durable and queued when this answers 202, nobody was asked yet.

        The same key with the same body is the same request; with another body it is 422. The same
        book while one is under way or was bought within a day is 409, unless `again`.
        """
        key = key_of(idempotency_key)
        profile = await self.daemon.profile_of(body.customer_info)
        caller = caller_of(traceparent)
        request = self.daemon.intake.request(body, key=key, profile=profile, caller=caller)
        fingerprint = fingerprint_of(body, profile=profile)
        submitting = self.daemon.service.submit(
            request, fingerprint=fingerprint, again=body.again, caller=caller
        )
        if self.daemon.config_file.config.throttle.when_full is WhenFull.DELAY:
            submitting = _as_long_as_somebody_listens(submitting, call)
        submitted = await submitting
        record = submitted.record
        if submitted.created:
            _log.info("a request was accepted", extra={"request_id": record.request.id})
        where = f"{ROUTES['status'].path}?request_id={record.request.id}"
        return JSONResponse(
            {"request_id": record.request.id, "status": record.state.value},
            status_code=202,
            headers={"Location": where},
        )

    async def status(self, query: Annotated[StatusQuery, Query()], call: Request) -> JSONResponse:
        """One request; with `wait_s` when it rests or the time is over, whichever is first."""
        record = await self.daemon.find(query.request_id)
        wait_s = min(query.wait_s, LONGEST_WAIT_S)
        if wait_s > 0:
            record = await self._rested(record, wait_s, call)
        return await self._told(record)

    async def _rested(self, record: RequestRecord, wait_s: float, call: Request) -> RequestRecord:
        """The record when it rests; sooner, if the caller hangs up or the daemon has to stop."""
        request_id = record.request.id
        rested = asyncio.create_task(self.daemon.service.wait(request_id, within_s=wait_s))
        waits: list[asyncio.Task[Any]] = [
            rested,
            asyncio.create_task(self.daemon.closing.wait()),
            asyncio.create_task(_hung_up(call)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if not rested.cancelled():
            return rested.result() or record
        return await self.daemon.ledger.get(request_id) or record

    async def requests(self, query: Annotated[ListQuery, Query()]) -> JSONResponse:
        """Requests, newest first, each with its attempts."""
        if query.since is not None and query.since.tzinfo is None:
            raise InputError("`since` needs a time zone", hint="2026-03-02T12:00:00Z")
        records = await self.daemon.ledger.find(
            states=frozenset(query.state) if query.state else None,
            since=query.since.astimezone(UTC) if query.since else None,
            limit=query.limit,
        )
        return JSONResponse(await asyncio.gather(*map(self._object, records)))

    async def cancel(self, request_id: str) -> JSONResponse:
        """Cancel before the order is sent; afterwards only what was not ordered is cancelled."""
        record = await self.daemon.find(request_id)
        return await self._told(await self.daemon.service.cancel(record.request.id))

    async def settle(self, request_id: str, body: SettleBody) -> JSONResponse:
        """Write down what a person found out about an order that nothing else can settle."""
        record = await self.daemon.find(request_id)
        settled = await self.daemon.service.settle_by_hand(
            record.request.id, order_id=body.bought, retry=body.retry
        )
        return await self._told(settled)

    async def why(self, request_id: str) -> JSONResponse:
        """What each seller contributed, in the order sellers were ranked."""
        record = await self.daemon.find(request_id)
        notes = await self.daemon.explanations.of(record.request.id)
        return JSONResponse([note_object(note) for note in notes])

    async def quote(self, body: QuoteBody) -> JSONResponse:
        """The offers of a book, cheapest first; nothing is bought."""
        call = self.daemon.intake.quote(body)
        answers = await self.daemon.service.quote(
            call.ask, sellers=call.sellers, within_s=call.within_s
        )
        return JSONResponse(quoting.offers_told(self.daemon, call, answers))

    async def _told(self, record: RequestRecord) -> JSONResponse:
        return JSONResponse(await self._object(record))

    async def _object(self, record: RequestRecord) -> dict[str, Any]:
        attempts = await self.daemon.ledger.attempts(record.request.id)
        return request_object(record, attempts)


async def _as_long_as_somebody_listens(
    submitting: Coroutine[Any, Any, Submitted], call: Request
) -> Submitted:
    """Let a submission wait at the door until its caller hangs up.

    What is being written down by then is written, whoever listens.
    """
    task = asyncio.ensure_future(submitting)
    hung_up = asyncio.create_task(_hung_up(call))
    try:
        await asyncio.wait({task, hung_up}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        if task.cancelled():
            raise TryLater("nobody waits for an answer any more", retry_after_s=1.0)
        return task.result()
    finally:
        hung_up.cancel()
        task.cancel()


async def _hung_up(call: Request) -> None:
    """Return when the caller is gone."""
    while (await call.receive())["type"] != "http.disconnect":
        pass
