"""Quotes over kept connections to checked addresses.

What cannot spend may be asked again: a kept connection that the seller closed meanwhile is replaced
without a word, whatever the method, and once: a seller that hangs up on a question is not asked it
on every connection there is. The hunt's throttle and the gates of the sellers bound the
calls in flight and so the connections; here those that wait for the next call are bounded.

Left out on purpose: pipelining and HTTP/2 (one slow answer would hold up the others of a seller),
redirects, cookies and retries, which are decisions of the steps above.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bookhunt.sellers.network import HostRefused, Origin, never_public, origin_of, tls_context
from bookhunt.sellers.network_addresses import Addresses, NameUnknown
from bookhunt.sellers.transport import FailureKind, WireAnswer, WireFailed, WireRequest
from bookhunt.sellers.transport_connection import Answered, Connection, Unheard
from bookhunt.sellers.transport_kept import KeptConnections

if TYPE_CHECKING:
    import ssl

_CONNECT_WITHIN_S = 10.0
_MOST_ADDRESSES = 3
_TUNNEL_BYTES = 64 * 1024
_MOST_TURNS = 1000
_FRAMING = frozenset({"content-length", "transfer-encoding"})  # said here, and only once
_WITHOUT_LENGTH = frozenset({"GET", "DELETE"})  # methods that say nothing of a body they have not


class QuoteTransport:
    """Implements `Transport` for everything that cannot spend. Make it inside a running loop."""

    def __init__(self, addresses: Addresses, *, tls: ssl.SSLContext | None = None) -> None:
        self._addresses = addresses
        self._proxy = _proxy_of(addresses)
        self._tls = tls or tls_context(addresses.rules)
        self._loop = asyncio.get_running_loop()
        self._kept = KeptConnections(self._loop)
        self._open: set[Connection] = set()
        self._closed = False

    async def send(self, request: WireRequest, *, within_s: float, body_limit: int) -> WireAnswer:
        """See `Transport.send`."""
        ends_at = self._loop.time() + within_s
        try:
            origin = origin_of(request.url)
            data = self._written(request, origin)
            answered = await self._ask_a_kept_one(origin, data, body_limit, ends_at)
            if answered is None:
                async with asyncio.timeout_at(ends_at):
                    fresh = await self._connected(origin, within_s)
                answered = await self._ask(fresh, data, body_limit, ends_at)
            status, headers, body = answered
            return WireAnswer(status=status, headers=headers, body=body, url=request.url)
        except Unheard:
            raise WireFailed(FailureKind.UNREACHABLE, "the seller hung up") from None
        except TimeoutError:
            raise WireFailed(FailureKind.TIMED_OUT, f"no answer within {within_s:.1f} s") from None
        except (HostRefused, NameUnknown) as refused:
            raise WireFailed(FailureKind.UNREACHABLE, str(refused)) from None
        except (ValueError, OSError) as error:
            raise WireFailed(FailureKind.UNREACHABLE, type(error).__name__) from None

    async def _ask_a_kept_one(
        self, origin: Origin, data: bytes, body_limit: int, ends_at: float
    ) -> Answered | None:
        """The answer on a kept connection; None: there is none that the seller left open."""
        connection = self._kept.take(origin.text)
        if connection is None:
            return None
        try:
            return await self._ask(connection, data, body_limit, ends_at)
        except Unheard:
            return None

    async def _ask(
        self, connection: Connection, data: bytes, body_limit: int, ends_at: float
    ) -> Answered:
        timer = self._loop.call_at(ends_at, connection.expire)
        try:
            answered = await connection.ask(data, body_limit=body_limit)
        except BaseException:
            connection.abort()  # what is left unread must not be the next call's answer
            raise
        finally:
            timer.cancel()
        if connection.is_open:
            self._kept.keep(connection)
        return answered

    def _written(self, request: WireRequest, origin: Origin) -> bytes:
        """The request as it is sent; `WireRequest` holds nothing that HTTP cannot hold."""
        target = request.url.partition("#")[0]
        if origin.scheme == "https" or not self._is_proxied(origin):
            target = _target(target, len(origin.scheme) + 3)
        lines, host = [], origin.netloc
        for name, value in request.headers:
            if (known := name.lower()) == "host":
                host = value
            elif known not in _FRAMING:
                lines.append(f"{name}: {value}\r\n")
        if request.body or request.method not in _WITHOUT_LENGTH:
            lines.append(f"Content-Length: {len(request.body)}\r\n")
        head = "".join(lines)
        first = f"{request.method} {target} HTTP/1.1\r\nHost: {host}\r\n"
        return f"{first}{head}\r\n".encode() + request.body

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._kept.drop(connection)

    # -------------------------------------------------------------------------- connecting
    def _is_proxied(self, origin: Origin) -> bool:
        return self._proxy is not None and not never_public(origin.host)

    async def _connected(self, origin: Origin, within_s: float) -> Connection:
        if self._closed:
            raise ConnectionError
        if self._proxy is None or not self._is_proxied(origin):
            return await self._connected_to(origin, within_s, for_origin=origin)
        connection = await self._connected_to(self._proxy, within_s, for_origin=origin)
        if origin.scheme == "https":
            try:
                await self._tunnel(connection, origin)
            except BaseException:
                connection.abort()
                # Given up in the middle of TLS, its loss is told to nobody.
                self._lost(connection)
                raise
        return connection

    async def _connected_to(
        self, place: Origin, within_s: float, *, for_origin: Origin
    ) -> Connection:
        """Try the addresses in turn; each but the last leaves time for the next."""
        found = (
            self._addresses.of_proxy() if place is self._proxy else self._addresses.of(place.host)
        )
        addresses = (await found)[:_MOST_ADDRESSES]
        others_s = min(_CONNECT_WITHIN_S, within_s / (len(addresses) + 1))
        failure: OSError = ConnectionError()
        for address in addresses:
            is_last = address is addresses[-1]
            try:
                async with asyncio.timeout(_CONNECT_WITHIN_S if is_last else others_s):
                    _, connection = await self._loop.create_connection(
                        lambda: Connection(for_origin.text, self._lost),
                        host=str(address),
                        port=place.port,
                        ssl=self._tls if place.scheme == "https" else None,
                        server_hostname=place.host if place.scheme == "https" else None,
                    )
            except OSError as error:  # a time-out is one, too
                failure = error
            else:
                if self._closed:
                    connection.abort()
                elif connection.is_open:
                    self._open.add(connection)
                return connection
        raise failure

    async def _tunnel(self, connection: Connection, origin: Origin) -> None:
        """Through the proxy: TLS is spoken with the seller, and verified for its name."""
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        line = f"CONNECT {host}:{origin.port} HTTP/1.1\r\nHost: {host}:{origin.port}\r\n\r\n"
        answered = await connection.ask(line.encode(), body_limit=_TUNNEL_BYTES, tunnels=True)
        if not 200 <= answered.status < 300:
            raise WireFailed(FailureKind.UNREACHABLE, f"the proxy says {answered.status}")
        await connection.start_tls(
            lambda transport, protocol: self._loop.start_tls(
                transport, protocol, self._tls, server_hostname=origin.host
            )
        )

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        self._kept.close()
        for connection in list(self._open):
            connection.abort()
        for _ in range(_MOST_TURNS):  # the loop closes sockets in its next turns
            if not self._open:
                break
            await asyncio.sleep(0)


def _target(url: str, begins: int) -> str:
    """What stands behind the authority of an address, which begins there: path and query."""
    path, question = url.find("/", begins), url.find("?", begins)
    if path < 0 or -1 < question < path:
        return "/" if question < 0 else f"/{url[question:]}"
    return url[path:]


def _proxy_of(addresses: Addresses) -> Origin | None:
    proxy = addresses.rules.proxy
    if proxy is None:
        return None
    parts = urlsplit(proxy)
    return Origin(
        parts.scheme,
        (parts.hostname or "").lower(),
        parts.port or (443 if parts.scheme == "https" else 80),
    )
