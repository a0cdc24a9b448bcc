"""A trace in the formats of others: OTLP JSON and Chrome's trace events.

OTLP's JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding) writes 64-bit numbers
as strings and ids in hexadecimal; any collector takes it at `/v1/traces`. Chrome's events
(https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU) are read by
chrome://tracing and by Perfetto; spans that overlap lie in lanes of their own there.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import bookhunt
from bookhunt.telemetry.trace_ids import trace_id_of
from bookhunt.telemetry.waterfall import whole

if TYPE_CHECKING:
    from collections.abc import Iterable

_INTERNAL, _SERVER, _CLIENT = 1, 2, 3
_KINDS = {"accept": _SERVER, "call": _CLIENT, "step": _CLIENT, "submit": _CLIENT}
_ERROR = 2
_BEGINS_WITH = "accept"  # the span that only the first part of a trace has
_ABREAST = frozenset({"call"})  # spans that lie beside each other


def otlp(trace: dict[str, Any]) -> dict[str, Any]:
    """A trace, as the route gives it, as one `ExportTraceServiceRequest`."""
    return _otlp_request(_otlp_spans(trace, _began_us(trace)))


def otlp_of_parts(parts: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Parts of traces, each by the id of its request and as `document_of` says, in one request.

    A part is sent as it ends, and its trace may have others: before a crash, or after the order was
    settled. The part in which a request was accepted has the ids that the whole trace has; every
    other has ids of its own, and lies in a span of its own under the request's.
    """
    spans: list[dict[str, Any]] = []
    for request_id, document in parts:
        trace = whole([document]) | {
            "request_id": request_id,
            "trace_id": trace_id_of(request_id),
        }
        began_us = trace["began_us"]
        is_first = any(name == _BEGINS_WITH for name, *_ in document["spans"])
        spans += _otlp_spans(trace, began_us, part="" if is_first else f"/{began_us}")
    return _otlp_request(spans)


def _otlp_spans(trace: dict[str, Any], began_us: int, part: str = "") -> list[dict[str, Any]]:
    spans = [_otlp_span(each, trace, began_us * 1000, part) for each in trace["spans"]]
    if part:
        spans[0]["parentSpanId"] = _span_id(trace["trace_id"], 1)
    if trace.get("link"):
        trace_id, span_id = trace["link"]
        spans[0]["links"] = [{"traceId": trace_id, "spanId": span_id}]
    return spans


def _otlp_request(spans: list[dict[str, Any]]) -> dict[str, Any]:
    named = {"service.name": "bookhunt", "service.version": bookhunt.__version__}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(named)},
                "scopeSpans": [
                    {"scope": {"name": "bookhunt", "version": bookhunt.__version__}, "spans": spans}
                ],
            }
        ]
    }


def _otlp_span(
    span: dict[str, Any], trace: dict[str, Any], began_ns: int, part: str
) -> dict[str, Any]:
    start_ns = began_ns + round(span["start_ms"] * 1e6)
    length_ms = _length_ms(span, trace)
    told = {f"bookhunt.{name}": value for name, value in span["told"].items()}
    if span["id"] == 1:
        told["bookhunt.request_id"] = trace["request_id"]
    made: dict[str, Any] = {
        "traceId": trace["trace_id"],
        "spanId": _span_id(trace["trace_id"] + part, span["id"]),
        "name": _name_of(span),
        "kind": _KINDS.get(span["name"], _INTERNAL),
        "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(start_ns + round(length_ms * 1e6)),
        "attributes": _attributes(told),
        "status": {"code": _ERROR} if "error" in span["told"] else {},
    }
    if span["parent"] is not None:
        made["parentSpanId"] = _span_id(trace["trace_id"] + part, span["parent"])
    return made


def _span_id(trace_id: str, number: int) -> str:
    """The same each time it is exported, and another one in every trace."""
    return hashlib.sha256(f"{trace_id}/{number}".encode()).hexdigest()[:16]


def _attributes(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in told.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": str(value)}


def chrome(trace: dict[str, Any]) -> dict[str, Any]:
    """A trace, as the route gives it, as a file for chrome://tracing or Perfetto."""
    began_us = _began_us(trace)
    lanes: list[float] = []  # until when each is taken, in milliseconds
    events: list[dict[str, Any]] = []
    for span in trace["spans"]:
        length_ms = _length_ms(span, trace)
        lane = 1
        if span["name"] in _ABREAST:
            lane = 2 + _lane(lanes, span["start_ms"], span["start_ms"] + length_ms)
        event: dict[str, Any] = {
            "name": _name_of(span),
            "cat": span["name"],
            "ts": began_us + round(span["start_ms"] * 1000),
            "pid": 1,
            "tid": lane,
            "args": span["told"],
        }
        if span["ms"] == 0:
            event |= {"ph": "i", "s": "t"}
        else:
            event |= {"ph": "X", "dur": round(length_ms * 1000)}
        events.append(event)
    names = {1: "request"} | {2 + n: f"calls {1 + n}" for n in range(len(lanes))}
    labels = [
        {"name": "thread_name", "ph": "M", "pid": 1, "tid": tid, "args": {"name": name}}
        for tid, name in names.items()
    ]
    other = {"trace_id": trace["trace_id"], "request_id": trace["request_id"]}
    return {"traceEvents": [*labels, *events], "displayTimeUnit": "ms", "otherData": other}


def _lane(lanes: list[float], start: float, end: float) -> int:
    for number, taken_until in enumerate(lanes):
        if taken_until <= start:
            lanes[number] = max(end, start)
            return number
    lanes.append(max(end, start))
    return len(lanes) - 1


def _name_of(span: dict[str, Any]) -> str:
    about = span["told"].get("seller") or span["told"].get("step")
    return f"{span['name']} {about}" if about else str(span["name"])


def _length_ms(span: dict[str, Any], trace: dict[str, Any]) -> float:
    """How long it took; of what nobody saw the end of, as long as was looked."""
    if span["ms"] is None:
        return max(float(trace["ms"]) - float(span["start_ms"]), 0.0)
    return float(span["ms"])


def _began_us(trace: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(trace["began_at"]).timestamp() * 1e6)
