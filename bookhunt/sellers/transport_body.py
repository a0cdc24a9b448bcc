"""Bodies and headers within bounds: gzip only, counted as it is opened.

The naive way is to let the HTTP library decompress: a 408 KB body then arrives as a first chunk of
67 MB, so a limit on chunks comes too late. Ours asks for gzip only and opens it itself, with the
limit given to zlib, so that a bomb ends after `limit` bytes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from bookhunt.sellers.transport import FailureKind, WireFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_HEADER_BYTES = 64 * 1024
# What compression may add to what cannot be compressed, and then some.
_SLACK = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS  # a gzip header and trailer (zlib's documentation of wbits)
# Files in a row: one of nothing has 20 bytes, and a megabyte of those holds the loop half a second.
_MOST_MEMBERS = 1000
_MAGIC = b"\x1f\x8b"
_PLAIN = frozenset({"", "identity"})
_PACKED = frozenset({"gzip", "x-gzip"})
_KNOWN = _PLAIN | _PACKED


class Body:
    """Collects one body, chunk by chunk, decoded."""

    def __init__(self, *, encoding: str | None, length: str | None, limit: int) -> None:
        """Raise `WireFailed` where the headers alone say that it cannot be taken."""
        self._limit = limit
        self._raw = 0
        self._pieces: list[bytes] = []
        self._size = 0
        coding = (encoding or "").strip().lower()
        if coding not in _KNOWN:
            raise WireFailed(FailureKind.MALFORMED, "the body is encoded in a way not asked for")
        self._packed = coding in _PACKED
        self._members = 1
        if self._packed:
            self._opener = zlib.decompressobj(_GZIP)
        if length is not None and length.isdecimal() and int(length) > self._raw_limit:
            raise WireFailed(FailureKind.TOO_LARGE, f"a body of over {limit} bytes")

    @property
    def _raw_limit(self) -> int:
        return self._limit + (_SLACK if self._packed else 0)

    def add(self, chunk: bytes) -> None:
        """Take one chunk as it came.

        Raises:
            WireFailed: TOO_LARGE as soon as the limit is passed; MALFORMED where it is no gzip.
        """
        self._raw += len(chunk)
        if self._raw > self._raw_limit:
            raise WireFailed(FailureKind.TOO_LARGE, f"a body of over {self._limit} bytes")
        if self._packed:
            self._open(chunk)
        else:
            self._keep(chunk)

    def _open(self, chunk: bytes) -> None:
        while chunk:
            if self._opener.eof:
                chunk = self._next_member(chunk)
                if not chunk:
                    return
            try:
                self._keep(self._opener.decompress(chunk, self._limit - self._size + 1))
            except zlib.error:
                raise WireFailed(FailureKind.MALFORMED, "the body is not gzip") from None
            chunk = self._opener.unconsumed_tail or self._opener.unused_data

    def _next_member(self, rest: bytes) -> bytes:
        """A gzip file may be several in a row; zeros after the last are padding (RFC 1952)."""
        if rest.startswith(_MAGIC[: len(rest)]):
            self._members += 1
            if self._members > _MOST_MEMBERS:
                raise WireFailed(FailureKind.MALFORMED, "the gzip body is in too many pieces")
            self._opener = zlib.decompressobj(_GZIP)
            return rest
        if rest.strip(b"\0"):
            raise WireFailed(FailureKind.MALFORMED, "something follows the gzip body")
        return b""

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise WireFailed(FailureKind.TOO_LARGE, f"a body of over {self._limit} bytes")
        self._pieces.append(piece)

    def whole(self) -> bytes:
        """The body.

        Raises:
            WireFailed: a gzip body is cut short.
        """
        if self._packed and self._raw and not self._opener.eof:
            raise WireFailed(FailureKind.MALFORMED, "the gzip body is cut short")
        return b"".join(self._pieces)


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Headers as text: latin-1 is what bytes of HTTP are (RFC 9110), names in lower case.

    Raises:
        WireFailed: more than 64 KB of them.
    """
    headers = []
    size = 0
    for name, value in raw:
        size += len(name) + len(value)
        if size > MOST_HEADER_BYTES:
            raise WireFailed(FailureKind.TOO_LARGE, "over 64 KB of headers")
        headers.append((name.decode("latin-1").lower(), value.decode("latin-1").strip()))
    return tuple(headers)
