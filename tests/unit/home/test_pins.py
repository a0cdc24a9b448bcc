"""What a title means by the customer's word: durable, found however it is written, never lost."""

from __future__ import annotations

import stat
import threading
from typing import TYPE_CHECKING

import pytest

from bookhunt.documents import DocumentMistakes
from bookhunt.home.pins import Pins
from bookhunt.model.book import Book
from bookhunt.model.errors import BadBook, UnsafePath

if TYPE_CHECKING:
    from bookhunt.home.paths import Home

HOBBIT, OTHER = "9780547928227", "9781402894626"


def test_nothing_is_pinned_where_there_is_no_file(home: Home) -> None:
    pins = Pins(home)
    assert (pins.of("The Hobbit"), pins.all()) == (None, [])
    book = Book(title="The Hobbit")
    assert pins.named(book) is book


def test_a_pin_is_found_however_the_title_is_written(home: Home) -> None:
    """And by another process, at once; the file is private."""
    mine, other = Pins(home), Pins(home)
    assert mine.pin("The Hobbit", "0-547-92822-X") == HOBBIT
    assert other.of("the  HOBBIT!") == HOBBIT
    assert other.named(Book(title="the hobbit")) == Book(title="the hobbit", isbn13=HOBBIT)
    assert stat.S_IMODE(home.pins_file.stat().st_mode) == 0o600


def test_who_names_an_isbn_means_it(home: Home) -> None:
    """A pin only says what a title means."""
    pins = Pins(home)
    pins.pin("The Hobbit", HOBBIT)
    for book in (Book(isbn13=OTHER), Book(title="The Hobbit", isbn13=OTHER)):
        assert pins.named(book) == book


def test_the_last_word_counts_and_can_be_taken_back(home: Home) -> None:
    pins = Pins(home)
    pins.pin("The Hobbit", HOBBIT)
    pins.pin("Emma", OTHER)
    pins.pin("the hobbit", OTHER)
    assert [(book.title, book.isbn13) for book in pins.all()] == [
        ("the hobbit", OTHER),
        ("Emma", OTHER),
    ]
    assert pins.pin("THE HOBBIT", None) is None
    assert pins.of("The Hobbit") is None
    assert [book.title for book in Pins(home).all()] == ["Emma"]


@pytest.mark.parametrize(
    ("title", "isbn"),
    [
        ("The Hobbit", "9780547928228"),
        ("The Hobbit", "The Hobbit"),
        ("The Hobbit", ""),
        ("", HOBBIT),
        ("!!!", HOBBIT),
        (HOBBIT, OTHER),
    ],
)
def test_what_is_no_title_or_no_isbn_is_not_pinned(home: Home, title: str, isbn: str) -> None:
    pins = Pins(home)
    with pytest.raises(BadBook):
        pins.pin(title, isbn)
    assert not home.pins_file.exists()


def test_pins_made_at_the_same_time_are_all_kept(home: Home) -> None:
    """Forty threads with files of their own: no word is lost."""
    threads = [
        threading.Thread(target=lambda n=n: Pins(home).pin(f"Volume {n}", HOBBIT))  # type: ignore[misc]
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Pins(home).all()) == 40


@pytest.mark.parametrize(
    "text",
    [
        "books: [{title: Emma, isbn13: 12}]",
        "books: [{title: Emma}]",
        "books: [{title: Emma, isbn13: 9780547928227, page: 7}]",
        "books: [{title: '9780547928227', isbn13: 9780547928227}]",
        "books: {Emma: 9780547928227}",
        "book: []",
    ],
)
def test_a_file_that_cannot_be_read_is_never_passed_over(home: Home, text: str) -> None:
    """Another edition would be bought: every question says what is wrong, and nothing is lost."""
    pins = Pins(home)
    pins.pin("The Hobbit", HOBBIT)
    home.pins_file.write_text(text)
    for _ in range(2):
        with pytest.raises(DocumentMistakes):
            pins.named(Book(title="The Hobbit"))
    with pytest.raises(DocumentMistakes):
        pins.pin("Emma", OTHER)
    assert home.pins_file.read_text() == text
    with pytest.raises(DocumentMistakes):
        Pins(home)


def test_a_mended_file_is_taken_up(home: Home) -> None:
    pins = Pins(home)
    home.data_dir.mkdir(parents=True, exist_ok=True)
    home.pins_file.write_text("books: nonsense")
    home.pins_file.chmod(0o600)
    with pytest.raises(DocumentMistakes):
        pins.of("Emma")
    home.pins_file.write_text(f"books: [{{title: Emma, isbn13: {OTHER}}}]")
    assert pins.of("Emma") == OTHER


def test_a_link_is_not_followed(home: Home) -> None:
    home.data_dir.mkdir(parents=True, exist_ok=True)
    home.pins_file.symlink_to(home.data_dir / "elsewhere")
    with pytest.raises(UnsafePath):
        Pins(home)
