"""A book: a title, an ISBN, or both, and whether two names mean the same one."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from bookhunt.model.errors import BadBook

_LONGEST_TITLE = 500


def fold_title(title: str) -> str:
    """A title as it is compared: NFKC, case-folded, punctuation and runs of space made one space.

    Letters, digits and marks are kept, so that scripts without case compare too.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
    kept = (c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    return " ".join("".join(kept).split())


def isbn13_of(text: str) -> str | None:
    """The ISBN-13 that a valid ISBN-10 or -13 (hyphens allowed) stands for, else None."""
    from stdnum import isbn  # python-stdnum costs 4 ms, and `status` never reads an ISBN

    compact = isbn.compact(text).upper()
    if not isbn.is_valid(compact):
        return None
    return str(isbn.to_isbn13(compact))


def isbn10_of(isbn13: str) -> str | None:
    """The ISBN-10 of an ISBN-13, or None: numbers that begin with 979 have none."""
    from stdnum import isbn

    return str(isbn.to_isbn10(isbn13)) if isbn13.startswith("978") else None


def _looks_like_isbn(text: str) -> bool:
    compact = text.replace("-", "").replace(" ", "").upper()
    digits = compact.removesuffix("X")
    if not (digits.isascii() and digits.isdigit()):
        return False
    return (len(compact) == 13 and compact[:3] in {"978", "979"}) or (
        len(compact) == 10 and len(digits) >= 9
    )


def _digits_of_a_cut_isbn(text: str) -> int | None:
    """How many digits there are where an ISBN-13 lost or gained one or two, else None."""
    compact = text.replace("-", "").replace(" ", "")
    is_number = compact.isascii() and compact.isdigit() and compact[:3] in {"978", "979"}
    return len(compact) if is_number and len(compact) in {11, 12, 14, 15} else None


def _likely_isbn(text: str) -> str | None:
    """The number that a wrong check digit most likely stood for."""
    from stdnum import isbn

    compact = text.replace("-", "").replace(" ", "").upper()
    for digit in "0123456789X":
        if isbn.is_valid(compact[:-1] + digit):
            return compact[:-1] + digit
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What the customer named: at least a title or an ISBN-13, the title as it was typed."""

    title: str | None = None
    isbn13: str | None = None
    authors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.title is None and self.isbn13 is None:
            raise BadBook("a book needs a title or an ISBN")
        if self.title is not None:
            if not fold_title(self.title):
                raise BadBook(f"{self.title!r} is not a title: it has no letter and no digit")
            if len(self.title) > _LONGEST_TITLE:
                raise BadBook(f"a title of over {_LONGEST_TITLE} characters is not a title")
        if self.isbn13 is not None and isbn13_of(self.isbn13) != self.isbn13:
            raise BadBook(f"{self.isbn13!r} is not a normalised, valid ISBN-13")

    @classmethod
    def named(cls, text: str) -> Book:
        """Read what a customer typed: an ISBN where it has the shape of one, else a title.

        Raises:
            BadBook: nothing there, an ISBN whose check digit is wrong (the hint names the likely
                right one), or one with a digit too few or too many: it is never taken for a title.
        """
        text = text.strip()
        lacking = _digits_of_a_cut_isbn(text)
        if lacking is not None:
            raise BadBook(
                f"{text} begins as an ISBN does and has {lacking} digits instead of 13",
                hint="look the number up again; a title may have any digits if it has a letter",
            )
        if not _looks_like_isbn(text):
            return cls(title=" ".join(text.split()) or text)
        isbn13 = isbn13_of(text)
        if isbn13 is None:
            likely = _likely_isbn(text)
            raise BadBook(
                f"{text} has the shape of an ISBN and its check digit is wrong",
                hint=f"did you mean {likely}?" if likely else None,
            )
        return cls(isbn13=isbn13)

    @property
    def isbn10(self) -> str | None:
        """The ISBN-10, where there is one."""
        return isbn10_of(self.isbn13) if self.isbn13 else None

    @property
    def identity(self) -> str:
        """One string per book, equal for equal books: what duplicates are recognised by."""
        if self.isbn13:
            return f"isbn:{self.isbn13}"
        return f"title:{fold_title(self.title or '')}"

    def __str__(self) -> str:
        return self.title or self.isbn13 or ""
