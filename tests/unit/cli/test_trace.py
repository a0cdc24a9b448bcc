"""`bookhunt trace`: a waterfall within eighty columns, lines for programs, files for others."""

from __future__ import annotations

import json
import re
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.cli import trace as module
from bookhunt.cli.output import Terminal
from bookhunt.cli.table import width_of
from bookhunt.cli.trace import trace
from bookhunt.cli.waterfall import print_waterfall
from bookhunt.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

ID = "01a212f8-6ffe-7043-8020-8dd48a093ff1"
REQUEST: dict[str, Any] = {
    "request_id": ID, "trace_id": ID.replace("-", ""), "status": "SUCCESS",
    "book": {"title": "Pride and Prejudice", "isbn13": None},
    "max_price": {"amount": "30.00", "currency": "USD"}, "resolved_seller": "alpha",
    "resolved_price": {"amount": "12.50", "currency": "USD"}, "calls": 2,
    "stopped_because": "nobody is worth another call",
}  # fmt: skip


def a_span(number: int, parent: int | None, name: str, start: float, ms: Any, **told: Any) -> Any:
    return {"id": number, "parent": parent, "name": name, "start_ms": start, "ms": ms, "told": told}


TRACE: dict[str, Any] = {
    "request_id": ID, "trace_id": ID.replace("-", ""), "began_at": "2026-03-02T12:00:00.000Z",
    "ms": 1000.0, "parts": 2, "link": None, "dropped": 0, "schema_version": 1,
    "spans": [
        a_span(1, None, "request", 0.0, 1000.0, outcome="SUCCESS"),
        a_span(2, 1, "hunt", 10.0, None, ease="whole"),
        a_span(3, 2, "search", 10.0, 400.0, why="nobody is worth another call"),
        a_span(4, 3, "decide", 10.0, 0.0, asked=2, window=2),
        a_span(5, 3, "call", 10.0, 200.0, seller="alpha", offers=1, total="12.50 USD",
               expected="14.00 USD", z="20.00 USD", window=2),
        a_span(6, 3, "call", 10.0, 400.0, seller="b" * 40, reason="not_waited_for", window=2),
        a_span(7, 2, "buy", 410.0, 590.0, error="OSError"),
    ],
}  # fmt: skip
NOTES = [
    {"seller": "alpha", "reason": None, "asked_ms": 0.0},
    {"seller": "gamma", "reason": "skipped_early_exit", "asked_ms": None},
    {"seller": "delta", "reason": "needs_setup", "asked_ms": None},
]


class Daemon:
    def status(self, _: str) -> dict[str, Any]:
        return REQUEST

    def trace(self, _: str) -> dict[str, Any]:
        return TRACE

    def why(self, _: str) -> list[dict[str, Any]]:
        return NOTES


@pytest.fixture(autouse=True)
def daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "connect", lambda _: Daemon())


Capture = pytest.CaptureFixture[str]


def test_on_a_terminal_it_fits_eighty_columns(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every span, every call with what was expected, who was not asked, what was saved."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    request = {**REQUEST, "full_fan_out": 3, "saved_calls": 1, "sellers": NOTES}
    print_waterfall(Terminal(color="never"), request, TRACE)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(width_of, lines)) <= 80
    shown = "\n".join(lines)
    assert "nobody is worth another call" in shown
    assert "2 of 3 for asking everybody: 1 saved" in shown
    assert re.search(r"10\.0 +400\.0 +search", shown)
    assert re.search(r"alpha +12\.50 +14\.00 +20\.00 +2 +an offer", shown)
    assert "skipped_early_exit (1): gamma" in shown
    assert "needs_setup (1): delta" in shown
    assert "alpha" not in shown.partition("not asked")[2]
    assert "..." in next(line for line in lines if " hunt" in line)


def test_a_bar_lies_where_its_span_does(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole fills the columns; the last part ends where the whole does."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    print_waterfall(Terminal(color="never"), {**REQUEST, "sellers": []}, TRACE)
    lines = capsys.readouterr().out.splitlines()
    whole = next(line for line in lines if line.endswith("█" * 20))
    buy = next(line for line in lines if " buy " in line)
    assert width_of(buy) == width_of(whole)
    assert width_of(buy[: buy.index("█")]) == width_of(whole[: whole.index("█")]) + 8


def test_elsewhere_a_span_is_a_line_of_fields(capsys: Capture) -> None:
    trace(Terminal(), "@last")
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[3] for line in lines] == [span["name"] for span in TRACE["spans"]]
    assert lines[4] == [
        "10.000",
        "200.000",
        "3",
        "call",
        "seller=alpha offers=1 total=12.50 USD expected=14.00 USD z=20.00 USD window=2",
    ]
    assert lines[1][1] == ""


def test_with_json_the_request_s_figures_stand_beside_the_spans(capsys: Capture) -> None:
    trace(Terminal(json=True), "@last")
    [found] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found["spans"] == TRACE["spans"]
    assert found["status"] == "SUCCESS"
    assert found["full_fan_out"] == 2
    assert [note["seller"] for note in found["sellers"]] == ["alpha", "gamma", "delta"]


@pytest.mark.parametrize(
    ("name", "form", "key"),
    [
        ("trace.json", None, "traceEvents"),
        ("t.chrome.json", None, "traceEvents"),
        ("t.otlp.json", None, "resourceSpans"),
        ("whatever", "otlp", "resourceSpans"),
    ],
)
def test_a_file_is_written_for_its_owner_alone(
    tmp_path: Path, name: str, form: str | None, key: str
) -> None:
    """In the format that is said, or that its name says."""
    file = tmp_path / name
    trace(Terminal(quiet=True), "@last", export=str(file), form=form)
    assert key in json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_can_be_stdout(capsys: Capture) -> None:
    trace(Terminal(), "@last", export="-", form="otlp")
    assert "resourceSpans" in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("export", "form"),
    [("trace.txt", None), ("trace.json", "jaeger"), (None, "otlp"), ("/nowhere/t.json", None)],
)
def test_what_cannot_be_written_is_said_with_a_way_out(
    export: str | None, form: str | None
) -> None:
    with pytest.raises(InputError):
        trace(Terminal(), "@last", export=export, form=form)


def test_a_call_for_several_books_says_of_how_many(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cost stands in one of their traces: the others must not look like mistakes."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    told = {"seller": "beta", "reason": "not_stocked", "together": 8, "calls": 0}
    spans = [*TRACE["spans"][:5], a_span(6, 3, "call", 10.0, 400.0, **told)]
    print_waterfall(Terminal(color="never"), {**REQUEST, "sellers": []}, TRACE | {"spans": spans})
    assert "not_stocked of 8 books" in capsys.readouterr().out
