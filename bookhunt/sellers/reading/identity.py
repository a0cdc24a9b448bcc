"""Whether a row is the book that was asked for: by ISBN where both have one, else by title."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from bookhunt.model.book import fold_title, isbn10_of, isbn13_of
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.texts import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookhunt.model.book import Book

_LONGEST_ISBNS = 2_000  # characters of all the ISBNs of one row
_LONGEST_TITLE = 1_000
_BETWEEN = re.compile(r"[\s,;/|]+")
_HYPHENS = str.maketrans("", "", "- \t\u00a0\u2010\u2011\u2012\u2013\u2014\u00ad")
_DIGIT = re.compile(r"[0-9]")
# What stands before an ISBN and is no part of it: `ISBN-13: `, `urn:isbn:`, `ISBN `.
_PREFIX = re.compile(r"(?:urn:)?isbn(?:[- ]?1[03](?=[ :#]))?[:#]?", re.IGNORECASE)
# How a search writes the words it found into a title.
_MARKED = re.compile(r"</?(?:b|i|em|strong|mark)>", re.IGNORECASE)


class Names(NamedTuple):
    """What a row says of its own identity: valid ISBN-13s, the texts that are none, its title."""

    isbns: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()  # stands where an ISBN should, with digits, and is none
    title: str | None = None


def names_of(isbns: Iterable[Any], title: Any) -> Names:
    """Read the values of the fields `isbn` and `title` of a row.

    Several ISBNs in one text are split; one that is written with spaces stays one. What stands
    there without a digit (`none`, `N/A`) names no book and counts as nothing.

    Raises:
        Unreadable: a value is an object, or longer than any name.
    """
    texts = [text_of(each).strip() for each in isbns]
    if sum(map(len, texts)) > _LONGEST_ISBNS:
        raise Unreadable("the ISBNs of a row are too long", raw=texts[0][:80])
    found: dict[str, None] = {}
    strange: list[str] = []
    for text in texts:
        for token in _split(text):
            isbn13 = _isbn13(token)
            if isbn13 is not None:
                found[isbn13] = None
            elif _DIGIT.search(token):
                strange.append(token)
    name = None if title is None else " ".join(text_of(title)[:_LONGEST_TITLE].split())
    return Names(isbns=tuple(found), strange=tuple(strange), title=name or None)


def _split(text: str) -> list[str]:
    if _isbn13(text) is not None:
        return [text]
    text = _PREFIX.sub(" ", text)
    if _isbn13(text) is not None:
        return [text]
    return [token for token in _BETWEEN.split(text) if token]


@lru_cache(maxsize=4096)
def _isbn13(text: str) -> str | None:
    """The ISBN-13 of one ISBN, hyphens and spaces in it passed over."""
    compact = text.translate(_HYPHENS)
    if len(compact) not in {10, 13} or not compact.isascii():
        return None
    return isbn13_of(compact)


_isbn10 = lru_cache(maxsize=4096)(isbn10_of)
_folded = lru_cache(maxsize=4096)(fold_title)


def same_book(names: Names, book: Book) -> bool:
    """Whether a row is this book.

    Every ISBN of the row must be the book's where both have one; only where one of them has none
    do titles decide. Where neither can be compared it is not.
    """
    if book.isbn13 is not None and (names.isbns or names.strange):
        return names.isbns == (book.isbn13,) and not names.strange
    if book.title is None or names.title is None:
        return False
    if same_title(names.title, book.title):
        return True
    # Titles in JSON are often what a page would show: `Pride &amp; <b>Prejudice</b>`.
    is_marked = "&" in names.title or "<" in names.title
    return is_marked and same_title(html.unescape(_MARKED.sub("", names.title)), book.title)


def same_title(one: str, other: str) -> bool:
    """Whether two titles are the same after folding case, width, punctuation and space."""
    folded = _folded(one)
    return bool(folded) and folded == _folded(other)


def same_identifier(found: Any, wanted: Any) -> bool:
    """Whether two values name the same thing: ISBNs normalised, else as folded text.

    This is how `equals` of a pick compares: `{upc: "{book.isbn13}"}`. Only what has several words
    can be a title: `A-1` and `A.1` are two articles.
    """
    one, other = text_of(found).strip(), text_of(wanted).strip()
    isbn = _isbn13(other)
    if isbn is not None:
        return all(_isbn13(token) == isbn for token in _split(one)) and bool(one)
    return one.casefold() == other.casefold() or (" " in other and same_title(one, other))
