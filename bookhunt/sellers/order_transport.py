"""Every request that can spend, over httpx: a fresh connection each, no redirects, no retries.

The one question here is whether a byte may have left this machine. httpx answers it with its error
classes, read in its source (httpx 0.28, httpcore 1.0): `ConnectError` and `ConnectTimeout` cover
TCP and TLS, before the request is written; `PoolTimeout`, `UnsupportedProtocol` and `InvalidURL`
come before a connection is opened. Everything else may come after the request was read, a failed
*write* too (httpcore passes over it and reads on), and says nothing about what the seller did.

A connection is never used twice: on a kept one, "the server disconnected" can mean that the order
was lost before it was read or after it was executed, and nobody can tell which.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from bookhunt.sellers.network import (
    HostRefused,
    IPAddress,
    never_public,
    origin_of,
    tls_context,
)
from bookhunt.sellers.network_addresses import Addresses, NameUnknown
from bookhunt.sellers.transport import FailureKind, WireAnswer, WireFailed, WireRequest
from bookhunt.sellers.transport_body import Body, read_headers

if TYPE_CHECKING:
    import ssl

_CONNECT_WITHIN_S = 10.0
_MOST_ADDRESSES = 3
NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
_UNKNOWN: tuple[tuple[type[Exception], FailureKind], ...] = (
    (httpx.TimeoutException, FailureKind.TIMED_OUT),
    (httpx.RemoteProtocolError, FailureKind.MALFORMED),
    (httpx.DecodingError, FailureKind.MALFORMED),
)


class OrderTransport:
    """Implements `Transport` for purchases, their look-ups and cancellations."""

    def __init__(self, addresses: Addresses, *, tls: ssl.SSLContext | None = None) -> None:
        self._addresses = addresses
        self._tls = tls or tls_context(addresses.rules)

    async def send(self, request: WireRequest, *, within_s: float, body_limit: int) -> WireAnswer:
        """See `Transport.send`; `NOT_SENT` only where no byte of the request left."""
        try:
            async with asyncio.timeout(within_s):
                return await self._to_an_address(request, within_s, body_limit)
        except TimeoutError:
            # It may have ended while connecting, but nobody can prove it from here.
            raise WireFailed(FailureKind.TIMED_OUT, f"no answer within {within_s:.1f} s") from None

    async def _to_an_address(
        self, request: WireRequest, within_s: float, body_limit: int
    ) -> WireAnswer:
        """Try the addresses in turn until one takes the connection; the request is sent once."""
        refused = WireFailed(FailureKind.NOT_SENT, "no address")
        targets = await self._targets(request)
        # Connecting to all of them leaves time for the answer: a deadline that strikes while the
        # last one is tried would make an order unknown that was never sent.
        connect_s = min(_CONNECT_WITHIN_S, within_s / (len(targets) + 1))
        for url, host in targets:
            times = {"connect": connect_s, "pool": within_s, "read": within_s, "write": within_s}
            try:
                return await self._send(request, url, host, times, body_limit)
            except WireFailed as failed:
                if failed.kind is not FailureKind.NOT_SENT:
                    raise
                refused = failed
        raise refused

    async def _targets(self, request: WireRequest) -> list[tuple[httpx.URL, str]]:
        """The request's address with checked numbers for the name, and the name for TLS."""
        try:
            host = origin_of(request.url).host
            url = httpx.URL(request.url)
            addresses = await self._addresses.of(host) if not self._proxied(host) else ()
        except httpx.InvalidURL:
            raise WireFailed(FailureKind.NOT_SENT, "the address cannot be read") from None
        except (HostRefused, NameUnknown) as refused:
            raise WireFailed(FailureKind.NOT_SENT, str(refused)) from None
        if self._proxied(host):
            return [(url, host)]
        return [(url.copy_with(host=_numeric(a)), host) for a in addresses[:_MOST_ADDRESSES]]

    def _proxied(self, host: str) -> bool:
        return self._addresses.rules.proxy is not None and not never_public(host)

    async def _send(
        self,
        request: WireRequest,
        url: httpx.URL,
        host: str,
        times: dict[str, float],
        body_limit: int,
    ) -> WireAnswer:
        transport = httpx.AsyncHTTPTransport(
            verify=self._tls,
            retries=0,
            trust_env=False,
            http2=False,
            proxy=self._addresses.rules.proxy if self._proxied(host) else None,
        )
        try:
            # No client around it: redirects, cookies and credentials of its own are what an order
            # must not have, and it doubles the work of a message.
            async with transport:
                made = httpx.Request(
                    request.method,
                    url,
                    headers=_headers(request),
                    content=request.body,
                    extensions={"sni_hostname": host, "timeout": times},
                )
                response = await transport.handle_async_request(made)
                try:
                    return await _read(response, request.url, body_limit)
                finally:
                    await response.aclose()
        except NOT_SENT as error:
            raise WireFailed(FailureKind.NOT_SENT, type(error).__name__) from None
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as error:
            raise _unknown(error) from None

    async def close(self) -> None:
        """Nothing is kept open."""


async def _read(response: httpx.Response, url: str, body_limit: int) -> WireAnswer:
    headers = read_headers(response.headers.raw)
    body = Body(
        encoding=response.headers.get("Content-Encoding"),
        length=response.headers.get("Content-Length"),
        limit=body_limit,
    )
    async for chunk in response.aiter_raw():
        body.add(chunk)
    return WireAnswer(status=response.status_code, headers=headers, body=body.whole(), url=url)


def _unknown(error: Exception) -> WireFailed:
    for known, kind in _UNKNOWN:
        if isinstance(error, known):
            return WireFailed(kind, type(error).__name__)
    return WireFailed(FailureKind.UNREACHABLE, type(error).__name__)


def _numeric(address: IPAddress) -> str:
    return str(address) if address.version == 4 else f"[{address}]"


def _headers(request: WireRequest) -> list[tuple[bytes, bytes]]:
    """`Host` as the address writes it, since what is connected to is a number; then the others."""
    host = request.url.split("/", 3)[2].partition("?")[0]
    headers = [("Host", host), *request.headers]
    return [(name.encode("ascii"), value.encode()) for name, value in headers]
