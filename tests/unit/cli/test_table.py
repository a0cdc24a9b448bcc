"""Tables: whole where there is room, and readable where there is not."""

from collections.abc import Callable

import pytest

from bookhunt.cli import table
from bookhunt.cli.output import Terminal
from bookhunt.cli.render import (
    OFFER_HEADERS,
    OFFER_SPARE,
    REQUEST_HEADERS,
    REQUEST_SHORT,
    REQUEST_SPARE,
    SELLER_HEADERS,
    SELLER_SPARE,
)
from bookhunt.cli.table import print_table, width_of

Shown = Callable[..., list[str]]
_ID = "01a21309-e492-7c89-bb95-28c1f635ac6d"
_REQUEST = (
    "Designing Data-Intensive Applications",
    "not available",
    "30.00 USD",
    "132.78 USD",
    "harbourlight",
    "2026-11-25 14:09",
    _ID,
)
_SELLER = (
    "harbourlight",
    "Harbourlight Bookshop and Café",
    "auto",
    "3 pinned",
    "normal",
    "needs_setup",
    "2653 ms",
    "97%",
    "2026-11-25 14:09",
    "missing: client_key (bookhunt sellers login harbourlight)",
)
_OFFER = (
    "1",
    "harbourlight",
    "from 132.78 USD",
    "132.78 USD",
    "12.00 USD",
    "used",
    "12",
    "Designing Data-Intensive Applications",
    "wrong_currency",
)
_TABLES = {
    "requests": (
        REQUEST_HEADERS,
        _REQUEST,
        {"spare": REQUEST_SPARE, "short": REQUEST_SHORT},
    ),
    "sellers": (SELLER_HEADERS, _SELLER, {"flexible": 9, "spare": SELLER_SPARE}),
    "offers": (OFFER_HEADERS, _OFFER, {"flexible": 7, "spare": OFFER_SPARE}),
}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shown:
    """What is printed on a terminal so wide."""
    monkeypatch.setattr(Terminal, "is_plain", False)

    def show(columns: int, headers: tuple, row: tuple, **how: object) -> list[str]:
        monkeypatch.setattr(table, "terminal_columns", lambda *_: columns)
        print_table(Terminal(), headers, [row], **how)
        return capsys.readouterr().out.splitlines()

    return show


@pytest.mark.parametrize("name", sorted(_TABLES))
@pytest.mark.parametrize("columns", [80, 100, 140, 200])
def test_a_line_is_no_wider_than_the_terminal(name: str, columns: int, shown: Shown) -> None:
    headers, row, how = _TABLES[name]
    head, line = shown(columns, headers, row, **how)
    assert max(width_of(head), width_of(line)) <= columns


@pytest.mark.parametrize("name", sorted(_TABLES))
def test_with_room_nothing_is_left_out_or_cut(name: str, shown: Shown) -> None:
    headers, row, how = _TABLES[name]
    head, line = shown(240, headers, row, **how)
    assert all(header in head for header in headers)
    assert all(cell in line for cell in row)


def test_a_narrow_list_of_requests_still_names_each(shown: Shown) -> None:
    """The beginning of an id is one: `bookhunt status 01a21309-e492-7c89` takes it."""
    headers, row, how = _TABLES["requests"]
    head, line = shown(80, headers, row, **how)
    assert line.endswith("01a21309-e492-7c89")
    assert "not available" in line
    assert "submitted" not in head


def test_a_narrow_list_of_sellers_still_says_what_each_needs(shown: Shown) -> None:
    headers, row, how = _TABLES["sellers"]
    head, line = shown(80, headers, row, **how)
    assert line.startswith("harbourlight")
    assert "needs_setup" in line
    assert "missing: client_key" in line
    assert "last seen" not in head


def test_a_cell_without_a_character_fits_anywhere(shown: Shown) -> None:
    """Cutting ends at nothing: an empty cell is not cut for ever."""
    assert shown(10, ("a", "b"), ("", "x" * 30), flexible=0)
    assert table.fitted("", -1) is not None


def test_a_pipe_gets_every_cell_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(table, "terminal_columns", lambda *_: 20)
    for headers, row, how in _TABLES.values():
        print_table(Terminal(), headers, [row], **how)
        assert capsys.readouterr().out == "\t".join(row) + "\n"
