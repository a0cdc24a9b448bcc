"""A line for each hunt, for somebody who looks, and drawn in its own place each time."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace
from typing import Any

import pytest

from bookhunt.cli import output
from bookhunt.cli.live import Live
from bookhunt.cli.output import Terminal
from bookhunt.model.errors import DaemonNotAnswering


class Screen(io.StringIO):
    """A terminal as far as it matters here: what stands on it after all that was written."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        rows, row, column = [""], 0, 0
        for piece in re.findall(r"\x1b\[\d*[AJK]|[\r\n]|[^\x1b\r\n]+", self.getvalue()):
            if piece == "\r":
                column = 0
            elif piece == "\n":
                row, column = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
            elif piece.endswith("A") and piece.startswith("\x1b"):
                row -= int(piece[2:-1])
            elif piece == "\x1b[K":
                rows[row] = rows[row][:column]
            elif piece == "\x1b[J":
                rows = [*rows[:row], rows[row][:column]]
            else:
                rows[row] = rows[row][:column].ljust(column) + piece
                column += len(piece)
        return [each for each in rows if each]


def _request(number: int, status: str) -> dict[str, Any]:
    book = {"title": f"Book {number}", "isbn13": None}
    return {"request_id": f"r-{number}", "status": status, "book": book}


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    # Not `sys.stderr`: pytest puts its own there between a fixture and its test.
    monkeypatch.setattr(output, "sys", SimpleNamespace(stderr=made, stdout=made))
    monkeypatch.setenv("COLUMNS", "40")
    return made


def _live(terminal: Terminal, answers: list[Any]) -> Live:
    def requests(**_: object) -> list[dict[str, Any]]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Live(terminal, lambda: SimpleNamespace(requests=requests))


def test_each_book_has_a_line_that_changes_in_its_place(screen: Screen) -> None:
    first = [_request(2, "PROCESSING"), _request(1, "PROCESSING")]
    then = [_request(2, "PROCESSING"), _request(1, "RESOLVED")]
    live = _live(Terminal(), [first, then])
    live.show(["r-1", "r-2"])
    live.show(["r-1", "r-2"])
    assert screen.lines() == [
        "ordering        Book 1",
        "asking sellers  Book 2",
        "hunting 2 books ... (Ctrl-C stops waiting, not the hunt)",
    ]


def test_they_go_before_the_next_word(screen: Screen) -> None:
    """A notice, or a line of data, stands where they stood."""
    terminal = Terminal()
    live = _live(terminal, [[_request(n, "PENDING") for n in range(3)]])
    live.show([f"r-{n}" for n in range(3)])
    terminal.notice("stopped waiting")
    assert screen.lines() == ["stopped waiting"]


def test_of_many_some_are_shown_and_the_others_counted(screen: Screen) -> None:
    live = _live(Terminal(), [[_request(n, "PENDING") for n in range(12)]])
    live.show([f"r-{n}" for n in range(12)])
    shown = screen.lines()
    assert len(shown) == 10
    assert shown[-2] == "and 4 more"


def test_no_line_is_so_wide_that_it_wraps(screen: Screen) -> None:
    long = _request(1, "PROCESSING") | {"book": {"title": "A " * 60, "isbn13": None}}
    live = _live(Terminal(), [[long, _request(2, "PENDING")]])
    live.show(["r-1", "r-2"])
    assert all(len(line) < 40 for line in screen.lines()[:-1])


def test_one_book_asks_the_daemon_for_nothing_more(screen: Screen) -> None:
    _live(Terminal(), []).show(["r-1"])
    assert screen.lines() == ["hunting 1 book ... (Ctrl-C stops waiting, not the hunt)"]


def test_a_daemon_that_does_not_answer_is_told_by_whoever_waits(screen: Screen) -> None:
    _live(Terminal(), [DaemonNotAnswering("slow")]).show(["r-1", "r-2"])
    assert screen.lines() == ["hunting 2 books ... (Ctrl-C stops waiting, not the hunt)"]


@pytest.mark.parametrize("terminal", [Terminal(json=True), Terminal(quiet=True)])
def test_nobody_who_did_not_ask_is_shown_anything(terminal: Terminal, screen: Screen) -> None:
    _live(terminal, []).show(["r-1", "r-2"])
    assert screen.getvalue() == ""


def test_a_pipe_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = io.StringIO()
    monkeypatch.setattr(output, "sys", SimpleNamespace(stderr=quiet, stdout=quiet))
    _live(Terminal(), []).show(["r-1", "r-2"])
    assert quiet.getvalue() == ""
