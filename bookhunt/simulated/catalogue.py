"""The books of the street: 42 real titles that any of its sellers may stock.

For load there may be thousands more. Those are made up by number: an ISBN of the prefix 979-8-999,
which stands for its number, so that a book is found by its ISBN without a list of all.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One edition: its ISBN-13 is its identity, two editions may share a title."""

    isbn: str
    title: str
    author: str


_MADE_UP = "9798999"
MOST_MADE_UP = 10_000


@cache
def books(made_up: int = 0) -> tuple[Book, ...]:
    """Every book in the order of the data file (title, ISBN-13, author; tab separated), and more.

    `made_up`: how many books of no other street's follow them.
    """
    if made_up:
        return books() + tuple(_made_up(number) for number in range(made_up))
    text = files("bookhunt.simulated").joinpath("books.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line)
    return tuple(Book(title=title, isbn=isbn, author=author) for title, isbn, author in rows)


def book_of(isbn: str) -> Book | None:
    """The book with an ISBN-13, a made-up one included, whether or not anybody stocks it."""
    if isbn.startswith(_MADE_UP) and isbn.isdigit() and len(isbn) == 13:
        book = _made_up(int(isbn[len(_MADE_UP) : -1]))
        return book if book.isbn == isbn else None
    return next((book for book in books() if book.isbn == isbn), None)


def _made_up(number: int) -> Book:
    core = f"{_MADE_UP}{number:05d}"
    return Book(
        isbn=core + _check_digit(core),
        title=f"Collected Letters, Volume {number + 1}",
        author=f"{_SURNAMES[number % len(_SURNAMES)]}, A.",
    )


_SURNAMES = ("Abel", "Brandt", "Castell", "Dorn", "Ekholm", "Farkas", "Gruber", "Hollis")


def folded(title: str) -> str:
    """A title as sellers compare it: NFKC, case folded, letters and digits only."""
    text = unicodedata.normalize("NFKC", title).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in text).split())


def isbn13(text: str) -> str:
    """The ISBN-13 of an ISBN in either length, hyphens dropped; unchanged if it is neither.

    An ISBN-10 becomes 978 + its first nine digits + the EAN-13 check digit (ISO 2108).
    """
    digits = text.replace("-", "").strip()
    if len(digits) != 10 or not digits[:9].isdigit():
        return digits
    core = "978" + digits[:9]
    return core + _check_digit(core)


def _check_digit(core: str) -> str:
    return str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(core)) % 10)
