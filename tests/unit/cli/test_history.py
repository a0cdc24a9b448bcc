"""`bookhunt history`: as a table, drawn, and as CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.cli import history
from bookhunt.cli.output import Terminal
from bookhunt.hunt.history import summaries_of
from bookhunt.model.errors import InputError
from bookhunt.model.seller import BookFormat, Condition
from bookhunt.wire.prices import price_line_object
from tests.support.builders import NOON
from tests.support.prices import a_line, a_point

if TYPE_CHECKING:
    from collections.abc import Sequence

BOOK = "9780141439518"
LINES = {
    a_line("alpha"): [a_point("12"), a_point("9.80", days=3), a_point("11", days=9)],
    a_line("beta", condition=Condition.USED): [a_point("4.5", landed=False), a_point("5", days=2)],
    a_line("gamma", format=BookFormat.EBOOK): [a_point("8", days=1)],
}


@dataclass
class ScriptedDaemon:
    lines: Sequence[dict[str, Any]] = field(
        default_factory=lambda: [price_line_object(s) for s in summaries_of(LINES, since=NOON)]
    )

    def history(self, book: str, *, days: int) -> Sequence[dict[str, Any]]:
        assert (book, days) == (BOOK, 90)
        return self.lines


@pytest.fixture(autouse=True)
def daemon(monkeypatch: pytest.MonkeyPatch) -> ScriptedDaemon:
    scripted = ScriptedDaemon()
    monkeypatch.setattr(history, "connect", lambda _: scripted)
    return scripted


def test_the_table_shows_each_line_and_the_lowest_ever(
    capsys: pytest.CaptureFixture[str],
) -> None:
    history.history(Terminal(), BOOK)
    shown = capsys.readouterr()
    rows = [line.split("\t") for line in shown.out.splitlines()]
    assert [row[:3] for row in rows] == [
        ["beta", "used", "5.00 USD"],
        ["gamma", "new ebook", "8.00 USD"],
        ["alpha", "new", "11.00 USD"],
    ]
    assert rows[2][3:6] == ["11.00 USD", "9.80 USD", "2026-03-05"]
    assert "lowest ever: 5.00 USD at beta (used), 2026-03-04" in shown.err


def test_a_price_without_shipping_is_marked(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {a_line(): [a_point("4", landed=False)]}
    daemon.lines = [price_line_object(each) for each in summaries_of(line, since=NOON)]
    history.history(Terminal(), BOOK)
    assert capsys.readouterr().out.split("\t")[2] == "4.00 USD +"


def test_csv_has_every_price_the_oldest_first(capsys: pytest.CaptureFixture[str]) -> None:
    history.history(Terminal(), BOOK, as_csv=True)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 6
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert rows[-1] == {
        "at": "2026-03-11T12:00:00.000Z",
        "seller": "alpha",
        "condition": "new",
        "format": "paper",
        "country": "US",
        "amount": "11.00",
        "currency": "USD",
        "landed": "yes",
    }


def test_json_has_the_points_of_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    history.history(Terminal(json=True), BOOK)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [len(line["points"]) for line in told] == [2, 1, 3]


def test_a_plot_names_its_lines_and_its_ends(capsys: pytest.CaptureFixture[str]) -> None:
    """Without colour each line has a letter of its own, and no control character is printed."""
    history.history(Terminal(), BOOK, plot=True)
    drawn = capsys.readouterr().out
    assert "\x1b" not in drawn
    for told in ("beta, used", "gamma, new ebook", "alpha, new", "2026-03-02", "2026-03-11", "USD"):
        assert told in drawn
    assert len(drawn.splitlines()) == 20


def test_a_plot_in_colour_has_colours(capsys: pytest.CaptureFixture[str]) -> None:
    history.history(Terminal(color="always"), BOOK, plot=True)
    assert "\x1b[" in capsys.readouterr().out


def test_one_price_can_be_drawn(daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    line = {a_line(): [a_point("4")]}
    daemon.lines = [price_line_object(each) for each in summaries_of(line, since=NOON)]
    history.history(Terminal(), BOOK, plot=True)
    assert "alpha, new" in capsys.readouterr().out


def test_nothing_seen_is_said(daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    daemon.lines = []
    history.history(Terminal(), BOOK, plot=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "no price" in shown.err


def test_one_way_of_showing_at_a_time() -> None:
    with pytest.raises(InputError, match="in different ways"):
        history.history(Terminal(), BOOK, plot=True, as_csv=True)


def test_only_a_plot_imports_what_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotext", None)
    history.history(Terminal(), BOOK)
    with pytest.raises(ImportError):
        history.history(Terminal(), BOOK, plot=True)
