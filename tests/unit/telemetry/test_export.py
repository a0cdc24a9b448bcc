"""Traces in the formats of others: ids, times and lanes as those formats ask for them."""

from __future__ import annotations

import re
from typing import Any

from bookhunt.telemetry.export import chrome, otlp

TRACE: dict[str, Any] = {
    "request_id": "01a212f8-6ffe-7043-8020-8dd48a093ff1",
    "trace_id": "01a212f86ffe704380208dd48a093ff1",
    "began_at": "2026-03-02T12:00:00.500Z",
    "ms": 100.0,
    "link": ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"],
    "spans": [
        {"id": 1, "parent": None, "name": "request", "start_ms": 0.0, "ms": 100.0, "told": {}},
        {"id": 2, "parent": 1, "name": "call", "start_ms": 10.0, "ms": 50.0,
         "told": {"seller": "alpha", "calls": 1, "cached": False, "wire_ms": 1.5}},
        {"id": 3, "parent": 1, "name": "call", "start_ms": 20.0, "ms": None,
         "told": {"seller": "beta", "error": "OSError"}},
        {"id": 4, "parent": 1, "name": "call", "start_ms": 70.0, "ms": 5.0,
         "told": {"seller": "gamma"}},
        {"id": 5, "parent": 1, "name": "stop", "start_ms": 80.0, "ms": 0.0, "told": {"why": "w"}},
    ],
}  # fmt: skip


def test_otlp_is_one_request_of_spans_that_name_their_parents() -> None:
    """64-bit numbers as text, ids in hexadecimal, as the protocol's JSON encoding says."""
    [resource] = otlp(TRACE)["resourceSpans"]
    assert {"key": "service.name", "value": {"stringValue": "bookhunt"}} in resource["resource"][
        "attributes"
    ]
    spans = resource["scopeSpans"][0]["spans"]
    ids = [span["spanId"] for span in spans]
    assert len(set(ids)) == 5
    assert all(re.fullmatch(r"[0-9a-f]{16}", each) for each in ids)
    assert {span["traceId"] for span in spans} == {TRACE["trace_id"]}
    assert "parentSpanId" not in spans[0]
    assert {span["parentSpanId"] for span in spans[1:]} == {ids[0]}
    assert spans[0]["startTimeUnixNano"] == "1772452800500000000"
    assert spans[0]["endTimeUnixNano"] == "1772452800600000000"
    assert spans[0]["links"] == [{"traceId": TRACE["link"][0], "spanId": TRACE["link"][1]}]
    assert spans[1]["attributes"] == [
        {"key": "bookhunt.seller", "value": {"stringValue": "alpha"}},
        {"key": "bookhunt.calls", "value": {"intValue": "1"}},
        {"key": "bookhunt.cached", "value": {"boolValue": False}},
        {"key": "bookhunt.wire_ms", "value": {"doubleValue": 1.5}},
    ]
    assert spans[2]["status"] == {"code": 2}
    assert spans[2]["endTimeUnixNano"] == spans[0]["endTimeUnixNano"]


def test_ids_of_spans_are_the_same_each_time() -> None:
    """Exported twice, a collector has it once."""
    assert otlp(TRACE) == otlp(TRACE)


def test_chrome_shows_calls_that_overlap_in_lanes_of_their_own() -> None:
    made = chrome(TRACE)
    events = {event["name"]: event for event in made["traceEvents"] if event["ph"] != "M"}
    assert events["request"]["tid"] == 1
    assert events["call alpha"]["tid"] == 2
    assert events["call beta"]["tid"] == 3
    assert events["call gamma"]["tid"] == 2  # alpha's lane is free again
    assert events["call alpha"]["dur"] == 50_000
    assert events["call beta"]["dur"] == 80_000
    assert events["stop"]["ph"] == "i"
    lanes = {e["tid"]: e["args"]["name"] for e in made["traceEvents"] if e["ph"] == "M"}
    assert lanes == {1: "request", 2: "calls 1", 3: "calls 2"}
