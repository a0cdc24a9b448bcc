"""Traces in the formats of others: ids, times and lanes as those formats ask for them."""

from __future__ import annotations

import re
from typing import Any

from bookhunt.telemetry.export import chrome, otlp, otlp_of_parts
from bookhunt.telemetry.waterfall import whole

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


def a_part(began_us: int, *names: str) -> dict[str, Any]:
    """A part of a trace as it is stored, its spans one after the other."""
    spans = [[name, 1000 * n, 500, -1 if n < 2 else 0, {}] for n, name in enumerate(names)]
    return {
        "began_us": began_us,
        "outcome": "SUCCESS",
        "link": None,
        "dropped": 0,
        "spans": spans,
    }


def spans_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    [resource] = document["resourceSpans"]
    spans: list[dict[str, Any]] = resource["scopeSpans"][0]["spans"]
    return spans


def test_a_part_that_is_sent_alone_has_the_ids_of_the_whole() -> None:
    """The one in which the request was accepted: a file that is exported later says the same."""
    request_id, part = TRACE["request_id"], a_part(1_772_452_800_500_000, "accept", "hunt", "call")
    told = whole([part]) | {
        "request_id": request_id,
        "trace_id": TRACE["trace_id"],
        "began_at": TRACE["began_at"],
    }
    assert otlp_of_parts([(request_id, part)]) == otlp(told)


def test_further_parts_lie_under_the_request_and_collide_with_nothing() -> None:
    """After a crash, and after the order was settled: each with ids of its own."""
    request_id = TRACE["request_id"]
    parts = [a_part(1_000_000, "accept", "hunt"), a_part(9_000_000, "queue", "hunt", "call")]
    parts.append(a_part(12_000_000, "look_up"))
    first, second, third = (spans_of(otlp_of_parts([(request_id, part)])) for part in parts)
    ids = [span["spanId"] for span in (*first, *second, *third)]
    assert len(set(ids)) == len(ids)
    assert "parentSpanId" not in first[0]
    assert second[0]["parentSpanId"] == third[0]["parentSpanId"] == first[0]["spanId"]
    assert second[1]["parentSpanId"] == second[0]["spanId"]
    together = spans_of(otlp_of_parts([(request_id, part) for part in parts]))
    assert together == [*first, *second, *third]


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
