"""The books of the street: 42 real titles that any of its sellers may stock."""

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


@cache
def books() -> tuple[Book, ...]:
    """Every book in the order of the data file (title, ISBN-13, author; tab separated)."""
    text = files("bookhunt.simulated").joinpath("books.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line)
    return tuple(Book(title=title, isbn=isbn, author=author) for title, isbn, author in rows)


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
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(core)) % 10
    return f"{core}{check}"
