"""What the writer is asked to do: one operation is one transaction in miniature."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    import sqlite3
    from collections.abc import Callable


class Lane(IntEnum):
    """Who goes first: what moves money, then other changes, then reads."""

    MONEY = 0
    CHANGE = 1
    READ = 2


class Withdraw(Exception):
    """The operation takes back all it wrote, and `answer` is its result."""

    def __init__(self, answer: object) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(slots=True, eq=False)
class Operation:
    """One call of the ledger, on its way through the writer."""

    name: str
    work: Callable[[sqlite3.Connection], Any]
    lane: Lane
    future: asyncio.Future[Any]
    outcome: Any = None
    error: BaseException | None = None

    def answer(self) -> None:
        """Tell the caller; in the caller's event loop."""
        if self.future.done():  # the caller was cancelled; what was done stays done
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.outcome)


@dataclass(slots=True)
class Lanes:
    """Operations that wait, by lane. The caller holds the lock."""

    _waiting: tuple[deque[Operation], ...] = field(
        default_factory=lambda: (deque(), deque(), deque())
    )

    def put(self, operation: Operation) -> None:
        """The last of its lane."""
        self._waiting[operation.lane].append(operation)

    def take_changes(self, most: int) -> list[Operation]:
        """The first of them, money before the rest."""
        taken: list[Operation] = []
        for lane in (Lane.MONEY, Lane.CHANGE):
            waiting = self._waiting[lane]
            while waiting and len(taken) < most:
                taken.append(waiting.popleft())
        return taken

    def take_reads(self, most: int) -> list[Operation]:
        """The first of them."""
        waiting = self._waiting[Lane.READ]
        return [waiting.popleft() for _ in range(min(most, len(waiting)))]

    def __bool__(self) -> bool:
        return any(self._waiting)
