"""Calls about the past: a copy of the ledger, pages of it, figures. A part of `DaemonClient`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

COPIED_WITHIN_S = 600.0  # a ledger of gigabytes, in steps between orders


class RecordCalls:
    """What `DaemonClient` can ask of the ledger's past."""

    if TYPE_CHECKING:

        def _object(self, name: str, **how: Any) -> dict[str, Any]: ...
        def _list(self, name: str, **how: Any) -> list[dict[str, Any]]: ...

    def snapshot(self) -> dict[str, Any]:
        """Have the ledger copied: `{"file", "bytes"}`; the file is the caller's to move away."""
        return self._object("db.snapshot", within_s=COPIED_WITHIN_S)

    def exported(
        self, what: str, *, since: str | None = None, page: int = 100
    ) -> Iterator[dict[str, Any]]:
        """All `requests` or `attempts`, oldest first; `page` at a call, at most 100."""
        name = {"requests": "request_id", "attempts": "attempt_id"}[what]
        query = {"limit": str(page)} | ({} if since is None else {"since": since})
        while found := self._list(f"db.{what}", query=query):
            yield from found
            query["after"] = found[-1][name]

    def facts(self) -> dict[str, Any]:
        """How large the ledger is, and its schema."""
        return self._object("db.facts")

    def stats(self, *, since: str | None = None) -> dict[str, Any]:
        """Figures of the requests submitted since then, a time in ISO 8601; None: of all."""
        query = None if since is None else {"since": since}
        return self._object("stats", query=query, within_s=COPIED_WITHIN_S)
