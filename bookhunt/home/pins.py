"""Which ISBN a title means, by the customer's own word: `data/books.yaml`, changed whole, durable.

    books:
      - {title: The Hobbit, isbn13: 9780547928227}

It is written by `bookhunt books pin`, and goes before every resolver: who asks for such a title
asks for that ISBN. Unlike what resolvers say it is nothing that could be asked for again, so it
lies beside the profiles and not in the cache; and a file that cannot be read is never passed over,
since another edition would be bought.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import yaml
from pydantic import AfterValidator, Field

from bookhunt.documents import Closed, Misfit, read_document, validated
from bookhunt.documents.reading import LARGEST_BYTES
from bookhunt.home.durable import changing, read_private, stamp_of, write_durably
from bookhunt.model.book import Book, fold_title
from bookhunt.model.errors import BadBook, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.home.durable import Stamp
    from bookhunt.home.paths import Home

_HEAD = "# Written by `bookhunt books pin`.\n"


def _title(text: str) -> str:
    try:
        if Book.named(text).title is not None:
            return text
    except InputError as error:
        raise Misfit(error.message, hint=error.hint) from None
    raise Misfit(f"{text} is an ISBN, not a title")


def _isbn13(text: str) -> str:
    try:
        return isbn_of(text)
    except InputError as error:
        raise Misfit(error.message, hint=error.hint) from None


class _Pin(Closed):
    title: Annotated[str, AfterValidator(_title)]
    isbn13: Annotated[str, AfterValidator(_isbn13)]


class _PinsDocument(Closed):
    books: list[_Pin] = Field(default_factory=list)


def isbn_of(text: str) -> str:
    """The ISBN-13 that a text is.

    Raises:
        BadBook: it is none.
    """
    isbn13 = Book.named(text).isbn13
    if isbn13 is None:
        raise BadBook(f"{text!r} is not an ISBN", hint="give the 10 or 13 digits of the edition")
    return isbn13


class Pins:
    """The file. Looking up costs a look at its time; changing it blocks on the disk."""

    def __init__(self, home: Home) -> None:
        """Read the file.

        Raises:
            DocumentMistakes, UnsafePath: it cannot be read, and why.
        """
        self._path = home.pins_file
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._known = False
        self._pins: Mapping[str, Book] = {}
        self._read()

    def of(self, title: str) -> str | None:
        """The ISBN-13 that a title is pinned to, however the title is written; None: to none.

        Raises:
            DocumentMistakes, UnsafePath: the file was changed and cannot be read.
        """
        self._read()
        book = self._pins.get(fold_title(title))
        return None if book is None else book.isbn13

    def named(self, book: Book) -> Book:
        """The book as it is asked for: with its ISBN, where its title is pinned and it has none.

        Raises:
            DocumentMistakes, UnsafePath: as `of`.
        """
        if book.title is None or book.isbn13 is not None:
            return book
        isbn13 = self.of(book.title)
        return Book(title=book.title, isbn13=isbn13, authors=book.authors) if isbn13 else book

    def all(self) -> list[Book]:
        """Every pinned title with its ISBN, the one that was pinned last first."""
        self._read()
        return list(self._pins.values())[::-1]

    def pin(self, title: str, isbn: str | None) -> str | None:
        """Let a title mean this ISBN from now on, or (None) nothing more; the ISBN-13.

        Durable when this returns.

        Raises:
            BadBook: the title or the ISBN is none.
            DocumentMistakes, UnsafePath: the file cannot be read; it stays as it is.
        """
        book = Book.named(title)
        if book.title is None:
            raise BadBook(f"{title} is an ISBN", hint='bookhunt books pin "TITLE" ISBN')
        isbn13 = None if isbn is None else isbn_of(isbn)
        with changing(self._path):
            self._known = False  # read it as it is now, and not as it was when it was wrong
            self._read()
            pins = {key: known for key, known in self._pins.items() if key != fold_title(title)}
            if isbn13 is not None:
                pins[fold_title(title)] = Book(title=book.title, isbn13=isbn13)
            self._write(pins)
        return isbn13

    def _read(self) -> None:
        with self._lock:
            stamp = stamp_of(self._path)
            if stamp == self._stamp and self._known:
                return
            self._known = False
            content = read_private(self._path, most=LARGEST_BYTES + 1)
            document = read_document(content or b"", file=str(self._path))
            pins = validated(document, _PinsDocument).books
            self._pins = {
                fold_title(pin.title): Book(title=pin.title, isbn13=pin.isbn13) for pin in pins
            }
            # Stamped before it was read: what changes meanwhile is read again the next time.
            self._stamp, self._known = stamp, True

    def _write(self, pins: Mapping[str, Book]) -> None:
        said = [{"title": book.title, "isbn13": book.isbn13} for book in pins.values()]
        text = _HEAD + yaml.safe_dump({"books": said}, sort_keys=False, allow_unicode=True)
        if len(text.encode()) > LARGEST_BYTES:
            raise InputError("there are too many pinned titles", hint="bookhunt books list")
        write_durably(self._path, text.encode())
        self._known = False
        self._read()
