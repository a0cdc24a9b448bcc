"""What the daemon asks of a ledger beside the hunt: copies, pages, figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.purchase import Attempt
    from bookhunt.store.records import LedgerFacts, Place, Turn


class Records(Protocol):
    """Bounded reads of everything that was ever asked and ordered."""

    async def snapshot(self, to: Path) -> None:
        """Copy the ledger as it stands at one moment into a new private file; on disk."""
        ...

    async def requests(
        self, *, after: str = "", since: datetime | None = None, limit: int = 500
    ) -> list[RequestRecord]:
        """The next requests after an id, oldest first."""
        ...

    async def attempts(
        self, *, after: str = "", since: datetime | None = None, limit: int = 500
    ) -> list[Attempt]:
        """The next attempts after an id, oldest first."""
        ...

    async def outcomes(self, *, since: datetime | None, after: Place | None = None) -> Turn:
        """The next requests for figures."""
        ...

    async def facts(self) -> LedgerFacts:
        """How large it is, and of which schema."""
        ...
