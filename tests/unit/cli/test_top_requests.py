"""The traces in `top`: the newest requests, one chosen by keys, and its waterfall."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import pytest
from rich.console import Console

from bookhunt.cli.output import Terminal
from bookhunt.cli.table import width_of
from bookhunt.cli.top import obey_all
from bookhunt.cli.top_requests import MOST_LISTED, Requests, keys_of
from bookhunt.cli.top_view import Wish
from bookhunt.model.errors import NotFound

if TYPE_CHECKING:
    from bookhunt.client import DaemonClient

UP, DOWN, PAGE_DOWN = "\x1b[A", "\x1b[B", "\x1b[6~"


def a_request(number: int, status: str = "SUCCESS") -> dict[str, Any]:
    return {
        "request_id": f"01a21354-b665-748a-a2e7-{number:012}", "status": status,
        "book": {"title": f"The book {number}"}, "submitted_at": "2026-03-02T12:00:00.000Z",
        "max_price": {"amount": "20.00", "currency": "USD"}, "resolved_seller": "amber",
        "resolved_price": {"amount": "12.00", "currency": "USD"}, "calls": 3,
    }  # fmt: skip


class Daemon:
    """A hundred requests, the newest first; `spans` calls in each of their traces."""

    def __init__(self) -> None:
        self.listed = [a_request(n) for n in range(100, 0, -1)]
        self.spans = 60
        self.asked: list[str] = []
        self.gone: set[str] = set()

    def requests(self, *, limit: int) -> list[dict[str, Any]]:
        return self.listed[:limit]

    def status(self, request_id: str) -> dict[str, Any]:
        return next(each for each in self.listed if each["request_id"] == request_id)

    def why(self, request_id: str) -> list[dict[str, Any]]:
        assert request_id
        return []

    def trace(self, request_id: str) -> dict[str, Any]:
        self.asked.append(request_id)
        if request_id in self.gone:
            raise NotFound("it was not kept", hint="set telemetry.sample: 1")
        spans = [
            {"id": n + 1, "parent": 1 if n else None, "name": f"step-{n}", "start_ms": 0.0,
             "ms": 1.0, "told": {}}
            for n in range(self.spans)
        ]  # fmt: skip
        return {"ms": 1.0, "parts": 1, "dropped": 0, "spans": spans}


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


@pytest.fixture
def pages(daemon: Daemon) -> Requests:
    return Requests(cast("DaemonClient", daemon), Terminal(color="never"))


def shown(pages: Requests, *, width: int = 80, height: int = 24) -> list[str]:
    console = Console(
        file=io.StringIO(), width=width, height=height, color_system="standard", force_terminal=True
    )
    console.print(pages.screen(width=width, height=height), end="")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def chosen(pages: Requests) -> list[str]:
    """The lines that are marked, but for that of the keys."""
    return [line for line in shown(pages)[:-1] if "\x1b[7m" in line]


def press(pages: Requests, *keys: str) -> None:
    assert obey_all("".join(keys), Wish(), pages)


def test_keys_choose_a_request_and_the_mark_follows(pages: Requests) -> None:
    """Arrows, j and k, pages; at either end it stays; what is chosen is always to be seen."""
    press(pages, "t")
    assert "The book 100 " in chosen(pages)[0]
    press(pages, "j", DOWN, "\x1bOB", "k", UP)
    assert "The book 99 " in chosen(pages)[0]
    press(pages, PAGE_DOWN)
    assert "The book 78 " in chosen(pages)[0]
    press(pages, *["k"] * 150)
    assert "The book 100 " in chosen(pages)[0]
    press(pages, *["j"] * 150)
    assert "The book 1 " in chosen(pages)[0]
    assert len(chosen(pages)) == 1


def test_an_id_is_shown_whole_or_not_at_all(pages: Requests, daemon: Daemon) -> None:
    """In a narrow window the book has its place."""
    daemon.listed[0]["book"] = {"title": "A very long title " * 9}
    press(pages, "t")
    assert daemon.listed[0]["request_id"] in shown(pages, width=120)[2]
    assert "01a21354" not in shown(pages, width=100)[2]
    assert "A very long title A very l…" in shown(pages, width=80)[2]


def test_the_chosen_one_stays_while_newer_ones_arrive(pages: Requests, daemon: Daemon) -> None:
    press(pages, "t", "j")
    daemon.listed.insert(0, a_request(101))
    pages.look()
    assert "The book 99 " in chosen(pages)[0]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40), (40, 10)])
def test_the_pages_fit_their_terminal(pages: Requests, width: int, height: int) -> None:
    press(pages, "t")
    for _ in range(2):
        console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
        console.print(pages.screen(width=width, height=height), end="")
        assert isinstance(console.file, io.StringIO)
        lines = console.file.getvalue().splitlines()
        assert max(map(width_of, lines)) <= width
        assert len(lines) == height
        assert "q back" in lines[-1]
        press(pages, "\r")


def test_enter_opens_the_trace_and_q_goes_back_twice(pages: Requests, daemon: Daemon) -> None:
    """The waterfall scrolls as far as it goes; q of the sellers' page alone is the end."""
    press(pages, "t", "j", "\r")
    assert daemon.asked == [daemon.listed[1]["request_id"]]
    assert "amber" in "".join(shown(pages))
    assert not any("step-59" in line for line in shown(pages))
    press(pages, *["j"] * 200)
    assert any("step-59" in line for line in shown(pages))
    press(pages, *[UP] * 200)
    assert any("step-0 " in line for line in shown(pages))
    press(pages, "q")
    assert "The book 99 " in chosen(pages)[0]
    press(pages, "\x1b")
    assert not pages.is_open
    assert not obey_all("q", Wish(), pages)


def test_a_trace_that_was_not_kept_is_said(pages: Requests, daemon: Daemon) -> None:
    daemon.gone.add(daemon.listed[0]["request_id"])
    press(pages, "t", "\r")
    assert "it was not kept" in shown(pages)[1]
    press(pages, "j", "\r")
    assert "it was not kept" not in shown(pages)[1]
    assert any("step-0" in line for line in shown(pages))


def test_a_trace_is_asked_for_again_until_its_request_rests(
    pages: Requests, daemon: Daemon
) -> None:
    daemon.listed[0]["status"] = "PROCESSING"
    press(pages, "t", "\r")
    pages.look()
    daemon.listed[0]["status"] = "SUCCESS"
    for _ in range(3):
        pages.look()
    assert len(daemon.asked) == 3


def test_without_requests_nothing_is_chosen(pages: Requests, daemon: Daemon) -> None:
    daemon.listed = []
    press(pages, "t", "j", "\r", UP)
    assert chosen(pages) == []
    assert daemon.asked == []
    assert MOST_LISTED <= 500  # what the route gives at the most


def test_a_t_that_is_typed_is_typed(pages: Requests) -> None:
    wish = Wish()
    assert obey_all("/t", wish, pages)
    assert (wish.words, pages.is_open) == ("t", False)


def test_keys_that_come_together_are_taken_one_by_one() -> None:
    assert keys_of(f"j{UP}\r\x1b[6~\x1bOB\x1b") == ["j", UP, "\r", "\x1b[6~", "\x1bOB", "\x1b"]
