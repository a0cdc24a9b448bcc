"""Traces in memory: the double of `hunt.ports.TraceShelf`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bookhunt.telemetry.spans import document_of
from bookhunt.telemetry.trace_ids import trace_id_of
from bookhunt.telemetry.waterfall import whole

if TYPE_CHECKING:
    from bookhunt.telemetry.spans import Trace


@dataclass(slots=True)
class MemoryTraces:
    """The parts of each trace, made when they are kept."""

    kept: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def keep(self, trace: Trace, *, outcome: str) -> None:
        part = document_of(trace, outcome=outcome)
        self.kept.setdefault(trace_id_of(trace.request_id), []).append(part)

    def append(self, trace: Trace, *, outcome: str) -> None:
        if trace_id_of(trace.request_id) in self.kept:
            self.keep(trace, outcome=outcome)

    async def of(self, trace_id: str) -> list[dict[str, Any]]:
        return self.kept.get(trace_id, [])

    def spans(self, request_id: str) -> list[dict[str, Any]]:
        """All spans of a request, every one with what is said of it beside its name."""
        seen = whole(self.kept[trace_id_of(request_id)])
        spans: list[dict[str, Any]] = seen["spans"]
        return spans
