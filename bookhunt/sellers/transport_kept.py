"""Connections that wait for the next question: the one used last goes first, the oldest is closed.

They are bounded together and not for each seller: two hundred sellers that were each asked fifty
questions at once would otherwise hold more descriptors than a process may have.
"""

from __future__ import annotations

import resource
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from bookhunt.sellers.transport_connection import Connection

_KEEPALIVE_S = 30.0
_MOST_IDLE = 2000


class KeptConnections:
    """By origin; each waits for half a minute at the longest."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int | None = None) -> None:
        """`most`: of all origins together; by the limit of open files where None."""
        self._loop = loop
        self._most = _most_idle() if most is None else most
        self._of: dict[str, dict[Connection, None]] = {}  # the one used last at the end
        self._oldest_first: OrderedDict[Connection, None] = OrderedDict()
        self._sweeper: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._oldest_first)

    def take(self, origin: str) -> Connection | None:
        """One that can be asked now; None: there is none."""
        idle = self._of.get(origin)
        while idle:
            connection, _ = idle.popitem()
            del self._oldest_first[connection]
            if not connection.is_open:
                continue
            if self._is_too_old(connection) or connection.has_unread():
                connection.abort()
                continue
            return connection
        return None

    def keep(self, connection: Connection) -> None:
        """Let one wait; where there are too many, the one that has waited longest is closed."""
        connection.idle_since_s = self._loop.time()
        self._of.setdefault(connection.origin, {})[connection] = None
        self._oldest_first[connection] = None
        if len(self._oldest_first) > self._most:
            self._close(next(iter(self._oldest_first)))
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(_KEEPALIVE_S, self._sweep)

    def drop(self, connection: Connection) -> None:
        """One is no more, whether it waited or not."""
        if connection in self._oldest_first:
            del self._oldest_first[connection]
            del self._of[connection.origin][connection]

    def close(self) -> None:
        """Close them all."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        while self._oldest_first:
            self._close(next(iter(self._oldest_first)))

    def _close(self, connection: Connection) -> None:
        self.drop(connection)
        connection.abort()

    def _is_too_old(self, connection: Connection) -> bool:
        return connection.idle_since_s + _KEEPALIVE_S <= self._loop.time()

    def _sweep(self) -> None:
        """Close what nobody needed for so long."""
        while self._oldest_first and self._is_too_old(first := next(iter(self._oldest_first))):
            self._close(first)
        self._of = {origin: idle for origin, idle in self._of.items() if idle}
        self._sweeper = None
        if self._oldest_first:
            self._sweeper = self._loop.call_later(_KEEPALIVE_S / 2, self._sweep)


def _most_idle() -> int:
    """A quarter of the files that may be open: callers, calls under way and the store need more."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_IDLE if soft == resource.RLIM_INFINITY else min(_MOST_IDLE, soft // 4)
