"""Who buys, and what time it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.model.buyer import Buyer


class Buyers(Protocol):
    """The shipping profiles."""

    def buyer(self, profile: str) -> Buyer:
        """The profile of that name.

        Raises:
            ProfileMissing: there is none.
        """
        ...


class Clock(Protocol):
    """Both kinds of time, and waiting: tests hold one that jumps."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC: what is shown and stored."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward: what durations are measured with."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so long."""
        ...
