"""`bookhunt books`: what is shown, and what a pin needs to be said."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from bookhunt.cli import books
from bookhunt.cli.output import Terminal
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import BOOK_FIELDS

_ISBNS = ["9780547928227", "9781402894626", "9780141439518", "9780132350884"]


def _book(**fields: Any) -> dict[str, Any]:
    return dict.fromkeys(BOOK_FIELDS) | {"title": "The Hobbit", "isbns": [], **fields}


@dataclass
class ScriptedDaemon:
    """Stands for the daemon's client."""

    known: list[dict[str, Any]] = field(default_factory=list)
    pinned: list[tuple[str, str | None]] = field(default_factory=list)

    def books(self, *, limit: int | None = None) -> list[dict[str, Any]]:
        return self.known[:limit]

    def book(self, title: str) -> dict[str, Any]:
        return self.known[0] | {"title": title}

    def pin_book(self, title: str, isbn: str | None) -> dict[str, Any]:
        self.pinned.append((title, isbn))
        return _book(title=title, pinned=isbn)


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> ScriptedDaemon:
    scripted = ScriptedDaemon()
    monkeypatch.setattr(books, "connect", lambda _: scripted)
    return scripted


def test_the_list_shows_a_few_isbns_and_who_says_so(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    at = "2026-03-02T12:00:00.000Z"
    daemon.known = [
        _book(pinned=_ISBNS[0]),
        _book(title="Emma", isbns=_ISBNS, resolver="openlibrary", resolved_at=at),
        _book(title="Nobody's", resolver="openlibrary", resolved_at=at),
    ]
    books.list_books(Terminal(), limit=100)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.split("\t") == ["The Hobbit", _ISBNS[0], "you", "-"]
    assert second.split("\t") == ["Emma", " ".join(_ISBNS[:3]) + " +1", "openlibrary", "2026-03-02"]
    assert third.split("\t")[1] == "none"


def test_objects_have_the_fields_of_the_contract(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.known = [_book(pinned=_ISBNS[0])]
    books.list_books(Terminal(json=True), limit=100)
    assert list(json.loads(capsys.readouterr().out)) == BOOK_FIELDS


def test_an_empty_list_says_how_to_begin(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    books.list_books(Terminal(), limit=100)
    told = capsys.readouterr()
    assert told.out == ""
    assert "bookhunt books show" in told.err


def test_a_title_that_nobody_knows_names_the_next_command(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ready to be copied, quotes and all."""
    daemon.known = [_book(why="openlibrary knows no ISBN of this title")]
    books.show(Terminal(), "Bob's Book")
    told = capsys.readouterr()
    assert "openlibrary knows no ISBN" in told.err
    assert """bookhunt books pin 'Bob'"'"'s Book' ISBN""" in told.err


def test_a_pin_says_what_a_title_means_from_now_on(
    daemon: ScriptedDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    books.pin(Terminal(), "The Hobbit", _ISBNS[0])
    assert f"The Hobbit means {_ISBNS[0]}" in capsys.readouterr().err
    books.pin(Terminal(), "The Hobbit", None, remove=True)
    assert "any edition" in capsys.readouterr().err
    assert daemon.pinned == [("The Hobbit", _ISBNS[0]), ("The Hobbit", None)]


@pytest.mark.parametrize(("isbn", "remove"), [(None, False), (_ISBNS[0], True)])
def test_a_pin_is_an_isbn_or_its_removal(
    daemon: ScriptedDaemon, isbn: str | None, *, remove: bool
) -> None:
    with pytest.raises(InputError):
        books.pin(Terminal(), "The Hobbit", isbn, remove=remove)
    assert daemon.pinned == []
