"""Ids of traces: made like ids of requests, and read from `traceparent` as W3C says."""

from __future__ import annotations

import time
import uuid

import pytest

from bookhunt.telemetry.trace_ids import (
    caller_of,
    is_sampled,
    may_name_a_request,
    milliseconds_of,
    new_trace_id,
    request_id_of,
    trace_id_of,
    traceparent,
)


def test_a_new_id_is_a_uuid_of_this_moment() -> None:
    before = time.time() * 1000
    made = [new_trace_id() for _ in range(100)]
    assert len(set(made)) == 100
    for each in made:
        read = uuid.UUID(each)
        assert (read.version, read.variant) == (7, uuid.RFC_4122)
        assert -1 <= milliseconds_of(each) - before < 60_000


def test_a_request_and_its_trace_name_each_other() -> None:
    trace_id = new_trace_id()
    request_id = request_id_of(trace_id)
    assert str(uuid.UUID(request_id)) == request_id
    assert trace_id_of(request_id) == trace_id


@pytest.mark.parametrize("sampled", [True, False])
def test_what_a_caller_says_is_read_back(sampled: bool) -> None:
    trace_id = new_trace_id()
    caller = caller_of(traceparent(trace_id, sampled=sampled))
    assert caller is not None
    assert (caller.trace_id, caller.sampled) == (trace_id, sampled)
    assert len(caller.span_id) == 16


GOOD = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        f"00-{GOOD}-00f067aa0ba902b7",
        f"ff-{GOOD}-00f067aa0ba902b7-01",
        f"00-{GOOD.upper()}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{GOOD}-{'0' * 16}-01",
        f"00-{GOOD}-00f067aa0ba902b7-01\n\n",
    ],
)
def test_a_bad_header_is_none(header: str | None) -> None:
    """W3C: what cannot be read is as if it were not there. A line end at the end is cut off."""
    found = caller_of(header)
    assert found is None or str(header).endswith("\n")


def test_a_header_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    caller = caller_of(f"01-{GOOD}-00f067aa0ba902b7-01-more")
    assert caller is not None
    assert caller.trace_id == GOOD


def test_only_a_fresh_id_of_our_make_names_a_request() -> None:
    """Requests are listed in the order of their ids: one of another time would be out of place."""
    now_ms = time.time() * 1000
    assert may_name_a_request(new_trace_id(), now_ms=now_ms)
    assert not may_name_a_request(GOOD, now_ms=now_ms)
    assert not may_name_a_request(new_trace_id(), now_ms=now_ms + 120_000)
    assert not may_name_a_request(new_trace_id(), now_ms=now_ms - 120_000)


def test_a_share_of_ids_is_sampled() -> None:
    """About as many as asked for, always the same ones, none and all at the ends."""
    ids = [new_trace_id() for _ in range(4000)]
    assert not any(is_sampled(each, 0.0) for each in ids)
    assert all(is_sampled(each, 1.0) for each in ids)
    some = [each for each in ids if is_sampled(each, 0.1)]
    assert 200 < len(some) < 700
    assert all(is_sampled(each, 0.2) for each in some)
