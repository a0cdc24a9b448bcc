"""Names to checked addresses, remembered for a minute; what both transports connect to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bookhunt.sellers.network import (
    HostRefused,
    IPAddress,
    NetworkRules,
    check_address,
    literal_address,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

_KEPT_S = 60.0
_MOST_NAMES = 2000
# A name that does not resolve holds a thread for seconds; others must not wait behind it.
_THREADS = 32


@dataclass(frozen=True, slots=True)
class _Known:
    addresses: tuple[IPAddress, ...]
    until_s: float


class NameUnknown(Exception):
    """A name has no address now."""


class Addresses:
    """Resolves names for one set of rules; what it gives may be connected to.

    `look_up` stands in for the system's resolver in tests.
    """

    def __init__(
        self,
        rules: NetworkRules,
        *,
        look_up: Callable[[str], Awaitable[Sequence[str]]] | None = None,
    ) -> None:
        self.rules = rules
        # The proxy is the configuration's own choice: its address is nobody's trap.
        self._proxy = urlsplit(rules.proxy).hostname if rules.proxy else None
        self._look_up = look_up or self._ask_the_system
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[tuple[IPAddress, ...]]] = {}
        self._threads: ThreadPoolExecutor | None = None

    async def of(self, host: str) -> tuple[IPAddress, ...]:
        """The addresses of a host, in the order they should be tried; each one checked.

        Raises:
            HostRefused: one of them may not be contacted. One is enough: a public name that also
                says a private address is a trap or a mistake.
            NameUnknown: it does not resolve.
        """
        address = literal_address(host)
        if address is not None:
            check_address(host, address, self.rules)
            return (address,)
        loop = asyncio.get_running_loop()
        known = self._known.get(host)
        if known is not None and known.until_s > loop.time():
            return known.addresses
        task = self._asking.get(host)
        if task is None:
            # One look-up for all who wait; it outlives the first of them that gives up.
            task = loop.create_task(self._resolve(host))
            self._asking[host] = task
            task.add_done_callback(lambda done: self._forget(host, done))
        return await asyncio.shield(task)

    async def of_proxy(self) -> tuple[IPAddress, ...]:
        """The addresses of the proxy, which may be anywhere: this machine, the customer's network.

        Raises:
            NameUnknown: it does not resolve.
        """
        host = self._proxy or ""
        address = literal_address(host)
        return await self.of(host) if address is None else (address,)

    def _forget(self, host: str, task: asyncio.Task[tuple[IPAddress, ...]]) -> None:
        self._asking.pop(host, None)
        if not task.cancelled():
            task.exception()  # whoever waited was told; nobody may be left to ask

    async def _resolve(self, host: str) -> tuple[IPAddress, ...]:
        try:
            found = await self._look_up(host)
            addresses = tuple(
                dict.fromkeys(ipaddress.ip_address(a.partition("%")[0]) for a in found)
            )
        except (OSError, UnicodeError, ValueError):
            raise NameUnknown(f"{host} does not resolve") from None
        if not addresses:
            raise NameUnknown(f"{host} does not resolve")
        for address in addresses:
            if host != self._proxy:
                check_address(host, address, self.rules)
        if len(self._known) >= _MOST_NAMES:
            self._known.pop(next(iter(self._known)))
        until_s = asyncio.get_running_loop().time() + _KEPT_S
        self._known[host] = _Known(addresses, until_s)
        return addresses

    async def _ask_the_system(self, host: str) -> Sequence[str]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="resolve")
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _getaddrinfo, host)
        return [str(sockaddr[0]) for *_, sockaddr in found]

    async def close(self) -> None:
        """Give up what is being asked."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


def _getaddrinfo(
    host: str,
) -> list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[object, ...]]]:
    return list(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG))


__all__ = ["Addresses", "HostRefused", "NameUnknown"]
