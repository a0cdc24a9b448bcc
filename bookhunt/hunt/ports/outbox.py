"""What is to be told, until it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from bookhunt.model.notice import Delivery, Event, News


class Outbox(Protocol):
    """Notices that are written where the outcome is, and kept until each target was told.

    The ledger itself writes the notice of an outcome, in the transaction that makes it true; so
    nothing here is called for one. What is due is told at least once: a process that ends between
    the telling and `told` tells again, under the same id.
    """

    async def listen(self, targets: Mapping[str, Collection[Event]]) -> None:
        """From now on these targets are told of these events; who is not named, of none.

        What waits for a target that is not named any more is given up.
        """
        ...

    async def post(self, news: News) -> bool:
        """Have something told that is no outcome; durable when this returns.

        False where it was posted before under the same `once`, or nobody listens to it.
        """
        ...

    async def due(
        self, targets: Collection[str], *, at: datetime, limit: int
    ) -> Mapping[str, list[Delivery]]:
        """What each of these targets is to be told now, the longest due first, `limit` each."""
        ...

    async def told(self, delivery: Delivery) -> None:
        """Remember that this target knows; a second time changes nothing."""
        ...

    async def failed(self, delivery: Delivery, *, error: str, again_at: datetime | None) -> None:
        """Remember that telling failed, and when it is tried again; None: it is given up."""
        ...

    async def undelivered(self, *, limit: int) -> list[Delivery]:
        """What waits or was given up, the newest first."""
        ...

    async def prune(self, *, before: datetime, most_waiting: int) -> int:
        """Forget notices from before that time that nothing waits for; how many.

        Of more than `most_waiting` that wait for one target the oldest are given up.
        """
        ...
