"""Ids of traces: a request's trace is called as the request is, without the dashes.

A request's id is a UUIDv7, 128 bits of which the last 62 are random: what W3C trace context asks of
a trace id, the random flag of its level 2 included. So the trace of a request is found again after
a crash, and after the cache was lost, without being stored anywhere.

A client that wants to know the trace before the answer makes such an id itself and sends it as
`traceparent`; the daemon gives the request that id. A trace id of another make (a caller that is
traced by other software) is kept beside the trace, as a link.
"""

from __future__ import annotations

import os
import re
import time
from typing import NamedTuple

HEADER_TRACEPARENT = "traceparent"
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1
_RANDOM = 2
_VARIANT = 0b10 << 62
_FRESH_MS = 60_000


class Caller(NamedTuple):
    """What a caller says of itself: its trace, its span, and whether it wants to be kept."""

    trace_id: str
    span_id: str
    sampled: bool


def new_trace_id() -> str:
    """A new id: 32 hexadecimal digits, a UUIDv7 (RFC 9562) of this moment."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    high = milliseconds << 16 | 7 << 12 | chance >> 68
    low = _VARIANT | chance & (1 << 62) - 1
    return f"{high:016x}{low:016x}"


def trace_id_of(request_id: str) -> str:
    """The trace of a request."""
    return request_id.replace("-", "")


def request_id_of(trace_id: str) -> str:
    """The request of a trace."""
    h = trace_id
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def milliseconds_of(trace_id: str) -> int:
    """When an id was made, in milliseconds since 1970."""
    return int(trace_id[:12], 16)


def may_name_a_request(trace_id: str, *, now_ms: float) -> bool:
    """Whether it is a UUIDv7 of the last minute: ids of requests are in the order of time."""
    is_uuid7 = trace_id[12] == "7" and trace_id[16] in "89ab"
    return is_uuid7 and abs(now_ms - milliseconds_of(trace_id)) <= _FRESH_MS


def traceparent(trace_id: str, *, sampled: bool) -> str:
    """The header of a call that begins a trace; `sampled`: it is to be kept, however it ends."""
    span_id = os.urandom(8).hex()
    return f"00-{trace_id}-{span_id}-{_RANDOM | (_SAMPLED if sampled else 0):02x}"


def caller_of(header: str | None) -> Caller | None:
    """What the header says; None where it is none, as W3C asks: a bad one is no header."""
    found = _TRACEPARENT.fullmatch((header or "").strip())
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    return Caller(found[1], found[2], bool(int(found[3], 16) & _SAMPLED))


def is_sampled(trace_id: str, share: float) -> bool:
    """Whether a trace is among this share: by the random end of its id, so each part agrees."""
    return int(trace_id[-14:], 16) < share * (1 << 56)
