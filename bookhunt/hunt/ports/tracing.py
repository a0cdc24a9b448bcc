"""Where traces are kept for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from bookhunt.telemetry.spans import Trace


class TraceShelf(Protocol):
    """Traces of requests; may lose any of them, which costs an explanation and nothing else."""

    def keep(self, trace: Trace, *, outcome: str) -> None:
        """Remember a part that has ended, soon and in the background; drops rather than waits."""
        ...

    def append(self, trace: Trace, *, outcome: str) -> None:
        """The same, if a part of its trace is kept; what nobody kept stays forgotten."""
        ...

    async def of(self, trace_id: str) -> list[dict[str, Any]]:
        """Every part that is kept of a trace, the oldest first, as `spans.document_of` says."""
        ...
