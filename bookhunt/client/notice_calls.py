"""Calls about notices and prices seen. A part of `DaemonClient`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.home.names import bare_name_of

NOTIFY_TEST_WITHIN_S = 90.0  # a mail server may take a minute


class NoticeCalls:
    """What `DaemonClient` can ask about what is told, and what was seen."""

    if TYPE_CHECKING:

        def _object(self, name: str, **how: Any) -> dict[str, Any]: ...
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

    def notify_login(self, name: str, value: str | None) -> dict[str, Any]:
        """Store the secret `notify/NAME`, or (None) forget it: where it is from now.

        Raises:
            InputError: that cannot be its name, or the environment gives it.
            SecretStoreUnavailable: the secret store cannot be opened.
        """
        return self._object(
            "notify.login", parts={"name": bare_name_of(name)}, body={"value": value}
        )

    def history(self, book: str, *, days: int) -> list[dict[str, Any]]:
        """What each seller asked for a book in the last days, the cheapest now first.

        Raises:
            BadBook: that names no book.
        """
        return self._list("history", query={"book": book, "days": days})
