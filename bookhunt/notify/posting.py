"""One POST to an address of the configuration, over a connection of its own.

The configuration's rules of the network hold here as they do for sellers: `Network` resolves the
name, checks what stands behind it, and the connection is made to the checked address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

import httpx

import bookhunt
from bookhunt.notify.target import NotTold

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

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


class Posted(NamedTuple):
    """An answer: its status, how long it asks to be left alone, the beginning of its body."""

    status: int
    retry_after: str | None
    body: bytes


async def post(
    url: str, way: Way, headers: Sequence[tuple[str, str]], body: bytes, *, reads: int = 0
) -> Posted:
    """Send JSON, follow nothing, and read as many bytes of the answer as are wanted.

    Raises:
        NotTold: there is no answer; it may have arrived all the same.
    """
    refused = "it has no address"
    for host in way.hosts or (None,):
        try:
            return await _send(url, host, way, headers, body, reads=reads)
        except httpx.ConnectError:
            refused = "no connection"
        except httpx.ConnectTimeout:
            refused = "no connection in time"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise NotTold(f"the connection broke ({type(error).__name__})") from None
    raise NotTold(refused)


async def _send(
    url: str,
    host: str | None,
    way: Way,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    *,
    reads: int,
) -> Posted:
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
        # Streamed, and closed where enough is read: the answer may be as long as it likes.
        response = await client.send(request, stream=True)
        try:
            said = await _beginning(response, reads)
        finally:
            await response.aclose()
    return Posted(response.status_code, response.headers.get("Retry-After"), said)


async def _beginning(response: httpx.Response, most: int) -> bytes:
    found = b""
    if most:
        async for chunk in response.aiter_raw():
            found += chunk
            if len(found) >= most:
                break
    return found[:most]


def pause_of(retry_after: str | None, now: datetime) -> float | None:
    """Seconds of `Retry-After` (RFC 9110, 10.2.3): a number, or a date; None: it says nothing."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return min(float(retry_after), _LONGEST_PAUSE_S)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), _LONGEST_PAUSE_S)
