"""A clock that runs many times too fast, the same in every life of a case.

Back-offs, the time for which an order may still appear and the retention of a key take minutes to
hours; here they pass in milliseconds and in the right proportion. What is spoken over HTTP keeps
the real time: a case's definitions have time-outs of their own (`tests.crash.definitions`).
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FastClock:
    """Implements `hunt.ports.Clock`. `origin` is the real monotonic time at which it began.

    `leap_s`: so far somebody has moved the time of day; the monotonic time does not follow.
    """

    def __init__(self, *, factor: float, origin: float, leap_s: float = 0.0) -> None:
        self.factor = factor
        self._origin = origin
        self._leap_s = leap_s

    def leapt(self, seconds: float) -> FastClock:
        """The same clock after the time of day was moved."""
        return FastClock(factor=self.factor, origin=self._origin, leap_s=seconds)

    def now(self) -> datetime:
        return _START + timedelta(seconds=self.monotonic() + self._leap_s)

    def monotonic(self) -> float:
        return (time.monotonic() - self._origin) * self.factor

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.factor)
