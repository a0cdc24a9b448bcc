"""Calls about what the daemon says of itself: traces, metrics. A part of `DaemonClient`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


class TelemetryCalls:
    """What `DaemonClient` can see of what goes on."""

    if TYPE_CHECKING:

        def _object(self, name: str, **how: Any) -> dict[str, Any]: ...
        def _call(self, name: str, **how: Any) -> Any: ...

    def trace(self, request_id: str) -> dict[str, Any]:
        """What was done for a request, as spans.

        Raises:
            NotFound: no such request, or its trace was not kept.
        """
        return self._object("trace", parts={"request_id": request_id})

    def metrics(self) -> str:
        """What is measured, in Prometheus' text format."""
        return str(self._call("metrics", as_text=True))

    def top(self) -> dict[str, Any]:
        """One look at everything that is counted."""
        return self._object("top")
