"""The door: a bounded queue between acceptance and the hunt.

A request is accepted only if there is room for it, so that what was accepted is also worked on. A
higher priority is taken first; among equals the oldest.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

from bookhunt.model.errors import DaemonStopping, TryLater

if TYPE_CHECKING:
    from bookhunt.model.outcome import RequestRecord

_SECONDS_PER_HUNT = 2.0  # what one hunt takes, roughly: only for the advice when to come back


class Admission:
    """Room for `queue` waiting requests; `workers` take them out."""

    def __init__(self, *, queue: int, workers: int) -> None:
        self._most = queue
        self._workers = workers
        self._promised = 0
        self._open = True
        self._turn = itertools.count()
        self._queue: asyncio.PriorityQueue[tuple[int, int, RequestRecord]] = asyncio.PriorityQueue()

    def promise(self) -> None:
        """Keep a place for one request, before it is written down.

        Raises:
            TryLater: the queue is full.
            DaemonStopping: the door is closed.
        """
        if not self._open:
            raise DaemonStopping("the daemon is stopping and takes no new request")
        waiting = self._queue.qsize() + self._promised
        if waiting >= self._most:
            raise TryLater(
                f"{waiting} requests are waiting already",
                retry_after_s=max(1.0, waiting / self._workers * _SECONDS_PER_HUNT),
            )
        self._promised += 1

    def release(self) -> None:
        """Give the place back: the request is in the queue now, or never comes."""
        self._promised -= 1

    def enter(self, record: RequestRecord) -> None:
        """Queue a request that was accepted, now or in an earlier life; needs no place."""
        self._queue.put_nowait((-record.request.priority, next(self._turn), record))

    async def next(self) -> RequestRecord:
        """The request to work on next."""
        _, _, record = await self._queue.get()
        return record

    def close(self) -> None:
        """Let nobody in any more."""
        self._open = False
