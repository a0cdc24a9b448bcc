"""Quotes over aiohttp: one session, kept connections, checked addresses.

Measured (research, performance A): with 100 hosts and 200 calls in flight aiohttp costs 133 us of
CPU a call and httpx 26,000, whose pool looks at every connection each time; with 1,000 in flight
httpx gave no result in 30 s. aiohttp also closes the socket of a cancelled call at once.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict
from yarl import URL

from bookhunt.sellers.network import HostRefused, literal_address, never_public, tls_context
from bookhunt.sellers.network_addresses import Addresses, NameUnknown
from bookhunt.sellers.transport import FailureKind, WireAnswer, WireFailed, WireRequest
from bookhunt.sellers.transport_body import Body, read_headers

if TYPE_CHECKING:
    import ssl

    from aiohttp.connector import Connection

_KEEPALIVE_S = 30.0
# The largest `limits.concurrency` of the language; below it the hunt's gate bounds each seller.
_MOST_PER_HOST = 1000
_CONNECT_WITHIN_S = 10.0
_LINE = 8190  # bytes of one header line, aiohttp's own default
# What aiohttp would add by itself: every header is the definition's or ours.
_OURS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class _CheckedResolver(AbstractResolver):
    """aiohttp connects to what this gives, and to nothing else."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._addresses.of(host)
        ]

    async def close(self) -> None:
        """Nothing is held here."""


class _OwnAnswer(aiohttp.ClientResponse):
    """Refuses what was in the connection before the question was asked.

    A seller that answers twice leaves the second answer in a kept connection; without this it
    would be taken for the answer to the next question.
    """

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        protocol = connection.protocol
        if protocol is not None and len(protocol):
            connection.close()
            raise aiohttp.ServerDisconnectedError("an answer came before the question")
        return await super().start(connection)


class QuoteTransport:
    """Implements `Transport` for everything that cannot spend. Make it inside a running loop."""

    def __init__(
        self,
        addresses: Addresses,
        *,
        tls: ssl.SSLContext | None = None,
        per_host: int = _MOST_PER_HOST,
    ) -> None:
        self._addresses = addresses
        self._proxy = addresses.rules.proxy
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=tls or tls_context(addresses.rules),
                limit=0,  # the hunt's throttle bounds the calls in flight
                limit_per_host=per_host,
                resolver=_CheckedResolver(addresses),
                use_dns_cache=False,  # `Addresses` remembers, for both transports
                keepalive_timeout=_KEEPALIVE_S,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            response_class=_OwnAnswer,
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=_OURS,
            max_line_size=_LINE,
            max_field_size=_LINE,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_WITHIN_S),
        )

    async def send(self, request: WireRequest, *, within_s: float, body_limit: int) -> WireAnswer:
        """See `Transport.send`."""
        try:
            async with asyncio.timeout(within_s):
                return await self._send(request, body_limit)
        except TimeoutError:
            raise WireFailed(FailureKind.TIMED_OUT, f"no answer within {within_s:.1f} s") from None
        except (HostRefused, NameUnknown) as refused:
            raise WireFailed(FailureKind.UNREACHABLE, str(refused)) from None
        except aiohttp.ClientError as error:
            raise _failure(error) from None
        except (ValueError, OSError) as error:
            raise WireFailed(FailureKind.UNREACHABLE, type(error).__name__) from None

    async def _send(self, request: WireRequest, body_limit: int) -> WireAnswer:
        url = URL(request.url, encoded=True)
        if (literal := literal_address(url.host or "")) is not None:
            await self._addresses.of(str(literal))  # aiohttp asks no resolver about an address
        options: dict[str, Any] = {}
        if self._proxy is not None and not never_public(url.host or ""):
            options["proxy"] = self._proxy
        async with self._session.request(
            request.method,
            url,
            headers=CIMultiDict(request.headers),
            data=request.body or None,
            allow_redirects=False,
            **options,
        ) as response:
            headers = read_headers(response.raw_headers)
            body = Body(
                encoding=response.headers.get("Content-Encoding"),
                length=response.headers.get("Content-Length"),
                limit=body_limit,
            )
            try:
                async for chunk in response.content.iter_any():
                    body.add(chunk)
                whole = body.whole()
            except BaseException:
                response.close()  # what is left unread must not be the next call's answer
                raise
            return WireAnswer(status=response.status, headers=headers, body=whole, url=request.url)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


def _failure(error: aiohttp.ClientError) -> WireFailed:
    """The kind of a failure, by the classes aiohttp documents; its text may hold the address."""
    if isinstance(error, aiohttp.ServerTimeoutError):
        return WireFailed(FailureKind.TIMED_OUT, type(error).__name__)
    if isinstance(error, aiohttp.ClientResponseError):
        too_large = "too long" in error.message.lower() or "too many" in error.message.lower()
        kind = FailureKind.TOO_LARGE if too_large else FailureKind.MALFORMED
        return WireFailed(kind, "headers beyond the limit" if too_large else "not HTTP")
    if isinstance(error, aiohttp.ClientPayloadError):
        return WireFailed(FailureKind.UNREACHABLE, "the connection broke inside the answer")
    if isinstance(error, aiohttp.InvalidURL):
        return WireFailed(FailureKind.UNREACHABLE, "the address cannot be read")
    return WireFailed(FailureKind.UNREACHABLE, type(error).__name__)
