"""Traces go two ways: to the cache of this machine, and to a collector where one is configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.notify.collector import Endpoint, TraceExport

if TYPE_CHECKING:
    from bookhunt.home.config import Config
    from bookhunt.hunt.ports import TraceShelf
    from bookhunt.telemetry.spans import Trace


@dataclass(frozen=True, slots=True)
class ExportedTraces:
    """Implements `TraceShelf`: what is kept is sent as well."""

    shelf: TraceShelf
    export: TraceExport

    def keep(self, trace: Trace, *, outcome: str) -> None:
        """As `TraceShelf.keep`."""
        self.shelf.keep(trace, outcome=outcome)
        self.export.keep(trace, outcome=outcome)

    def append(self, trace: Trace, *, outcome: str) -> None:
        """As `TraceShelf.append`."""
        self.shelf.append(trace, outcome=outcome)
        self.export.append(trace, outcome=outcome)

    async def of(self, trace_id: str) -> list[dict[str, Any]]:
        """As `TraceShelf.of`."""
        return await self.shelf.of(trace_id)


def endpoint_of(config: Config) -> Endpoint | None:
    """Where the configuration sends traces; None: nowhere."""
    telemetry = config.telemetry
    if telemetry.otlp_endpoint is None:
        return None
    return Endpoint(address=telemetry.otlp_endpoint, headers=dict(telemetry.otlp_headers))


def told_of(export: TraceExport) -> dict[str, Any] | None:
    """What `health` says of it; None: traces stay here."""
    if export.endpoint is None:
        return None
    return {
        "to": export.endpoint.title,
        "sent": export.sent,
        "waiting": export.waiting,
        "dropped": export.dropped.total(),
        "trouble": export.trouble,
    }
