"""Webhooks: a POST of the notice, named, dated and signed.

Told is what is answered with 2xx, whatever the answer holds; nothing of it is read. Redirects are
failures: a receiver that moved is told of in the configuration. 410 is the receiver's word that it
wants no more of this.

The configuration's rules of the network hold here as they do for sellers: `Network` resolves the
name, checks what stands behind it, and the connection is made to the checked address.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import httpx

import bookhunt
from bookhunt.notify.signing import key_of, signed_headers
from bookhunt.notify.target import NotTold

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from bookhunt.hunt.ports import Clock
    from bookhunt.notify.target import Message

WITHIN_S = 15.0  # the specification's advice: 15 to 30 s
_CONNECT_WITHIN_S = 5.0
_LONGEST_PAUSE_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an address may be reached: numbers to connect to, or a proxy that knows the name."""

    hosts: tuple[str, ...]  # as they stand in an address; empty: through the proxy
    proxy: str | None
    tls: ssl.SSLContext


class Network(Protocol):
    """What the configuration allows of the network."""

    async def way_to(self, url: str) -> Way:
        """How to reach this address.

        Raises:
            NotTold: it may not be reached, or its name is not known.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One receiver. `address` and `secret` give what is configured now, and may be slow."""

    title: str
    address: Callable[[], Awaitable[str]]
    secret: Callable[[], Awaitable[str]] | None
    network: Network
    clock: Clock
    within_s: float = WITHIN_S

    async def tell(self, message: Message) -> None:
        """As `Target.tell`."""
        try:
            async with asyncio.timeout(self.within_s):
                await self._post(message)
        except TimeoutError:
            raise NotTold(f"no answer within {self.within_s:.0f} s") from None

    async def _post(self, message: Message) -> None:
        url = await self.address()
        key = None if self.secret is None else key_of(await self.secret())
        way = await self.network.way_to(url)
        headers = signed_headers(
            key,
            notice_id=message.id,
            at_s=int(self.clock.now().timestamp()),
            body=message.document,
        )
        refused = "it has no address"
        for host in way.hosts or (None,):
            try:
                status, after = await self._send(url, host, way, headers, message.document)
            except httpx.ConnectError:
                refused = "no connection"
            except httpx.ConnectTimeout:
                refused = "no connection in time"
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                raise NotTold(f"the connection broke ({type(error).__name__})") from None
            else:
                _require_success(status, self._pause_of(after))
                return
        raise NotTold(refused)

    async def _send(
        self, url: str, host: str | None, way: Way, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, str | None]:
        """One request over a connection of its own; the status, and how long to wait."""
        named = urlsplit(url)
        target = httpx.URL(url) if host is None else httpx.URL(url).copy_with(host=host)
        transport = httpx.AsyncHTTPTransport(
            verify=way.tls, retries=0, trust_env=False, proxy=way.proxy if host is None else None
        )
        times = {"connect": _CONNECT_WITHIN_S, "read": None, "write": None, "pool": None}
        request = httpx.Request(
            "POST",
            target,
            headers=[
                ("Host", named.netloc),
                ("Content-Type", "application/json"),
                ("User-Agent", f"bookhunt/{bookhunt.__version__}"),
                *headers,
            ],
            content=body,
            extensions={"sni_hostname": named.hostname or "", "timeout": times},
        )
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            # Streamed and closed unread: the answer may be as long as it likes.
            response = await client.send(request, stream=True)
            await response.aclose()
        return response.status_code, response.headers.get("Retry-After")

    def _pause_of(self, after: str | None) -> float | None:
        """Seconds of `Retry-After` (RFC 9110, 10.2.3): a number, or a date."""
        if after is None:
            return None
        if after.strip().isdecimal():
            return min(float(after), _LONGEST_PAUSE_S)
        try:
            at = parsedate_to_datetime(after)
        except ValueError:
            return None
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return min(max(_seconds(at, self.clock.now()), 0.0), _LONGEST_PAUSE_S)


def _seconds(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds()


def _require_success(status: int, after_s: float | None) -> None:
    if 200 <= status < 300:
        return
    raise NotTold(f"it answered with status {status}", for_good=status == 410, after_s=after_s)
