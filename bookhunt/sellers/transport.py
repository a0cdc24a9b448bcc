"""One request over the wire and one answer back: the seam between steps and HTTP libraries.

Two transports stand behind it, because two things are wanted that no library gives together: quotes
want many cheap calls over kept connections (`transport_quotes`, our own), orders want to know for
certain whether a byte left this machine (`order_transport`, httpx). Neither follows redirects,
keeps cookies, decompresses or retries: those are decisions of the steps above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bookhunt.sellers.template_sealed import CannotRender

DEFAULT_USER_AGENT = "bookhunt/1"
# RFC 9110, 5.5: printable characters with spaces and tabs between them.
_VALUE = re.compile(r"(?:[!-~\x80-\U0010ffff](?:[ \t]*[!-~\x80-\U0010ffff])*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """What leaves: an absolute, encoded address, headers in order, and the exact body.

    It holds revealed secrets, so it is made for one send, and its repr shows none of them. One with
    a header that HTTP cannot hold is never made: a library would refuse it when it is unclear
    whether anything was sent.

    Raises:
        CannotRender: a header holds a line break or another control character.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        for name, value in self.headers:
            if value.isascii() and value.isprintable() and value == value.strip():
                continue
            if not _VALUE.fullmatch(value):
                raise CannotRender(f"the value of the header {name} cannot stand in a header")

    def __repr__(self) -> str:
        return f"<WireRequest {self.method} {len(self.body)} bytes>"


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAnswer:
    """What came back: names of headers in lower case and in order, the body decoded (gzip)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        wanted = name.lower()
        for known, value in self.headers:
            if known == wanted:
                return value
        return None

    def every(self, name: str) -> tuple[str, ...]:
        """Every value of a header, in order."""
        wanted = name.lower()
        return tuple([value for known, value in self.headers if known == wanted])

    def __repr__(self) -> str:
        return f"<WireAnswer {self.status}, {len(self.body)} bytes>"


class FailureKind(StrEnum):
    """Why there is no answer."""

    NOT_SENT = "not_sent"  # certainly no byte of the request left (orders only)
    UNREACHABLE = "unreachable"  # no connection, or it broke
    TIMED_OUT = "timed_out"
    TOO_LARGE = "too_large"  # more headers or a larger body than is allowed
    MALFORMED = "malformed"  # not HTTP, a broken encoding


class WireFailed(Exception):
    """There is no answer. The text names no address and no value: it may be shown and kept."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(f"{kind.value}: {detail}")
        self.kind = kind
        self.detail = detail


class Transport(Protocol):
    """Sends one request."""

    async def send(self, request: WireRequest, *, within_s: float, body_limit: int) -> WireAnswer:
        """Send and read the whole answer within a time and a size (bytes, decoded).

        Cancelling it closes the connection.

        Raises:
            WireFailed: there is no answer.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
