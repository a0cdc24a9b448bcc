"""Calls about notices and prices seen. A part of `DaemonClient`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

NOTIFY_TEST_WITHIN_S = 90.0  # a mail server may take a minute


class NoticeCalls:
    """What `DaemonClient` can ask about what is told, and what was seen."""

    if TYPE_CHECKING:

        def _list(self, name: str, **how: Any) -> list[dict[str, Any]]: ...

    def undelivered(self, *, limit: int | None = None) -> list[dict[str, Any]]:
        """What waits to be told or was given up, the newest first."""
        return self._list("notify.list", query={"limit": limit} if limit is not None else None)

    def test_notify(self, to: int | None = None) -> list[dict[str, Any]]:
        """Tell every target, or that of this number, something now; how that went for each.

        Raises:
            SetupMissing, NotFound: there is no target, or none of that number.
        """
        return self._list("notify.test", body={"to": to}, within_s=NOTIFY_TEST_WITHIN_S)

    def history(self, book: str, *, days: int) -> list[dict[str, Any]]:
        """What each seller asked for a book in the last days, the cheapest now first.

        Raises:
            BadBook: that names no book.
        """
        return self._list("history", query={"book": book, "days": days})
