"""Routes of what the daemon says about itself: traces, metrics, and one look at everything."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.live import look_of
from bookhunt.daemon.table import add
from bookhunt.model.errors import NotFound
from bookhunt.telemetry.spans import document_of
from bookhunt.telemetry.trace_ids import trace_id_of
from bookhunt.telemetry.waterfall import whole
from bookhunt.wire.contract import SCHEMA_VERSION
from bookhunt.wire.shapes import time_text


@dataclass(frozen=True, slots=True)
class TelemetryRoutes:
    """What can be seen."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["telemetry"])
        add(router, "trace", self.trace)
        add(router, "metrics", self.metrics)
        add(router, "top", self.top)
        return router

    async def trace(self, request_id: str) -> JSONResponse:
        """Everything that was recorded of a request: what is kept, and what goes on now."""
        record = await self.daemon.find(request_id)
        request_id = record.request.id
        trace_id = trace_id_of(request_id)
        parts = [] if self.daemon.traces is None else await self.daemon.traces.of(trace_id)
        for live in self.daemon.service.tracer.live(request_id):
            parts.append(document_of(live, outcome=record.state))
        if not parts:
            raise self._not_kept(request_id)
        told = _told(parts)
        told["spans"][0]["told"]["outcome"] = record.state.value  # whatever its last part saw
        return JSONResponse({"request_id": request_id, "trace_id": trace_id, **told})

    async def metrics(self) -> Response:
        """Everything that is measured, in Prometheus' text format."""
        from bookhunt.daemon.metrics import CONTENT_TYPE, page_of

        return Response(await page_of(self.daemon), media_type=CONTENT_TYPE)

    async def top(self) -> JSONResponse:
        """One look at everything that is counted."""
        return JSONResponse(await look_of(self.daemon))

    def _not_kept(self, request_id: str) -> NotFound:
        settings = self.daemon.config_file.config.telemetry
        if not settings.record:
            why, hint = "none is recorded (telemetry.record)", "set telemetry.record: true"
        elif self.daemon.traces is None or not settings.keep_mb:
            why, hint = "none is (telemetry.keep_mb is 0)", "set telemetry.keep_mb: 500"
        else:
            why = (
                f"kept are failures, purchases and {settings.sample:.0%} of the rest, for "
                f"{settings.keep_days:g} days and up to {settings.keep_mb} MB"
            )
            hint = f"bookhunt status {request_id} --why; or set telemetry.sample: 1 from now on"
        return NotFound(f"the trace of {request_id} was not kept: {why}", hint=hint)


def _told(parts: list[dict[str, Any]]) -> dict[str, Any]:
    seen = whole(sorted(parts, key=lambda part: int(part["began_us"])))
    began = datetime.fromtimestamp(seen.pop("began_us") / 1e6, UTC)
    return {"began_at": time_text(began), **seen, "schema_version": SCHEMA_VERSION}
