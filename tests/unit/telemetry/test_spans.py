"""Spans: recorded where a task is traced, nowhere else; bounded; nothing but what may be kept."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from weakref import ref

import pytest

from bookhunt.telemetry import spans
from bookhunt.telemetry.spans import ROOT, Row, Trace, belong_to, document_of, span
from bookhunt.telemetry.waterfall import whole


class Ticks:
    """A clock that moves by one at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def trace() -> Trace:
    made = Trace("r-1", monotonic=Ticks(), wall_s=1000.0)
    belong_to(made)
    return made


def names(trace: Trace) -> list[tuple[str, int]]:
    return [(row.name, row.parent) for row in trace.whole()]


def test_spans_lie_in_each_other(trace: Trace) -> None:
    with span("hunt"):
        with span("search", why="enough"):
            pass
        with span("buy"), span("claim"):
            pass
    assert names(trace) == [("hunt", ROOT), ("search", 0), ("buy", 0), ("claim", 2)]
    hunt, search, buy, claim = trace.whole()
    assert search.told == {"why": "enough"}
    assert hunt.start < search.start < search.end < buy.start < claim.start  # type: ignore[operator]
    assert claim.end <= buy.end <= hunt.end  # type: ignore[operator]


async def test_a_task_belongs_to_the_span_it_was_started_in(trace: Trace) -> None:
    async def work(name: str) -> None:
        with span(name):
            await asyncio.sleep(0)

    with span("hunt"):
        first, second = asyncio.create_task(work("a")), asyncio.create_task(work("b"))
        await asyncio.gather(first, second)
    assert names(trace) == [("hunt", ROOT), ("a", 0), ("b", 0)]


def test_nothing_is_recorded_without_a_trace() -> None:
    belong_to(None)
    with span("hunt") as seen:
        seen.tell(seller="alpha")
    assert spans.current() is None
    assert seen.index == ROOT


def test_a_context_that_is_kept_keeps_no_trace() -> None:
    """A connection keeps the one it was opened in; whose request that was is known all the same."""
    trace = Trace("r-1", monotonic=Ticks(), wall_s=1000.0)
    belong_to(trace)
    with span("hunt"):
        context = copy_context()
    belong_to(None)
    weak = ref(trace)
    del trace
    assert weak() is None
    assert context.run(spans.current) is None
    assert context.run(spans.current_request) == "r-1"

    def record() -> int:
        with span("late") as seen:
            return seen.index

    assert context.run(record) == ROOT


def test_a_span_that_fails_says_how_and_lets_the_error_pass(trace: Trace) -> None:
    """By the type of the error, or its stable code; its text may hold anything."""

    class Known(Exception):
        code = "known"

    with pytest.raises(ZeroDivisionError), span("hunt"):
        _ = 1 / 0
    with pytest.raises(Known), span("hunt"):
        raise Known("secret")
    assert [row.told for row in trace.whole()] == [
        {"error": "ZeroDivisionError"},
        {"error": "known"},
    ]


def test_a_trace_is_bounded(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is counted, and its children find a parent all the same."""
    monkeypatch.setattr(spans, "MOST_SPANS", 2)
    with span("a"), span("b"), span("c"), span("d"):
        pass
    assert names(trace) == [("a", ROOT), ("b", 0)]
    assert trace.dropped == 2


def test_what_comes_after_the_end_changes_nothing(trace: Trace) -> None:
    """A call may end in the background when its request has long been answered."""
    late = span("call")
    with late:
        trace.ended = True
        with span("step"):
            pass
    assert names(trace) == [("call", ROOT)]
    assert trace.whole()[0].end is None


def test_only_what_is_allowed_is_kept(trace: Trace) -> None:
    """An attribute that no list names, a long text, a character that a terminal would obey."""
    trace.add(
        "call",
        0.0,
        1.0,
        told={
            "seller": "alpha",
            "address": "1 Longbourn Lane",
            "total": "x" * 500,
            "why": "a\x1b[2J",
            "calls": 2,
            "cached": True,
            "wire_ms": 1.23456,
            "reason": None,
        },
    )
    [[_, _, _, _, told]] = document_of(trace, outcome="SUCCESS")["spans"]
    assert told == {
        "seller": "alpha",
        "total": "x" * spans.LONGEST_TEXT,
        "why": "?",
        "calls": 2,
        "cached": True,
        "wire_ms": 1.235,
    }


def test_times_are_told_from_the_first_one(trace: Trace) -> None:
    trace.add("submit", -2.5, 0.5)
    trace.add("queue", 0.5, None)
    document = document_of(trace, outcome="SUCCESS")
    # The trace was made at 1000 s of the day, when its clock showed 1.
    assert document["began_us"] == round((1000.0 - 1.0 - 2.5) * 1e6)
    assert [row[:4] for row in document["spans"]] == [
        ["submit", 0, 3_000_000, ROOT],
        ["queue", 3_000_000, None, ROOT],
    ]


def test_parts_make_one_trace() -> None:
    """The hunt, and after a crash its second part: one whole, everything in its place and time."""
    first = Trace("r-1", monotonic=Ticks(), wall_s=1000.0)
    hunt = first.add("hunt", 1.0, None)
    first.add("call", 2.0, 3.0, hunt, {"seller": "alpha"})
    second = Trace("r-1", monotonic=Ticks(), wall_s=2000.0)
    second.later.append(lambda: [Row("call", 2.0, 3.0, 0, {"seller": "beta"})])
    second.add("hunt", 1.0, 4.0)
    parts = [document_of(first, outcome="cut_off"), document_of(second, outcome="SUCCESS")]
    seen = whole(parts)
    assert seen["parts"] == 2
    assert seen["ms"] == 1_003_000.0
    told = [(s["name"], s["parent"], s["start_ms"], s["ms"]) for s in seen["spans"]]
    assert told == [
        ("request", None, 0.0, 1_003_000.0),
        ("hunt", 1, 0.0, None),
        ("call", 2, 1000.0, 1000.0),
        ("hunt", 1, 1_000_000.0, 3000.0),
        ("call", 4, 1_001_000.0, 1000.0),
    ]
    assert [s["id"] for s in seen["spans"]] == [1, 2, 3, 4, 5]
    assert seen["spans"][0]["told"] == {"outcome": "SUCCESS"}
