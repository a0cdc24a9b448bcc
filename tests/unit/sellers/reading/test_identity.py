"""Whether a row is the book: ISBNs in every dress, titles folded, and neither."""

from typing import Any

import pytest

from bookhunt.model.book import Book
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.identity import (
    names_of,
    same_book,
    same_identifier,
    same_title,
)

ISBN13, ISBN10 = "9780316769488", "0316769487"
OTHER = "9780141439518"
BOTH = Book(isbn13=ISBN13, title="The Catcher in the Rye")
ISBN_ONLY = Book(isbn13=ISBN13)
TITLE_ONLY = Book(title="The Catcher in the Rye")
NO_ISBN10 = Book(isbn13="9798990529229")


@pytest.mark.parametrize(
    "said",
    [
        [ISBN13],
        [ISBN10],
        ["978-0-316-76948-8"],
        ["978 0 316 76948 8"],
        ["0-316-76948-7"],
        ["978\u20110\u2011316\u201176948\u20118"],
        [9780316769488],
        [f"{ISBN10} {ISBN13}"],
        [f"{ISBN10}, {ISBN13}"],
        [f"{ISBN10};{ISBN13}", ISBN13],
        [ISBN10, ISBN13],
        [f" {ISBN13} "],
        [ISBN13, "N/A"],
        [ISBN13, ""],
        [f"urn:isbn:{ISBN13}"],
        [f"URN:ISBN:{ISBN10}"],
        [f"ISBN {ISBN13}"],
        [f"ISBN-13: {ISBN13}"],
        ["ISBN-10: 0-316-76948-7, ISBN-13: 978-0-316-76948-8"],
        ["isbn:978 0 316 76948 8"],
        [f"{ISBN13} (pbk.)"],
    ],
)
def test_an_isbn_in_any_dress_is_the_book(said: list[Any]) -> None:
    names = names_of(said, "Another title")
    assert names.isbns == (ISBN13,)
    assert same_book(names, BOTH)
    assert same_book(names, ISBN_ONLY)


@pytest.mark.parametrize(
    "said",
    [
        [OTHER],
        [f"{ISBN13} {OTHER}"],
        [ISBN13, OTHER],
        ["9780316769489"],
        [f"{ISBN13} 12345"],
        ["12345"],
        ["B00ABC1234"],
        [f"urn:isbn:{OTHER}"],
        [f"ISBN-13: {OTHER}"],
        ["ISBN 13"],
        [f"isbn{ISBN13}9"],
        [ISBN13 + "0"],
        ["٩٧٨٠٣١٦٧٦٩٤٨٨"],
        [f"{ISBN13}\n{OTHER}"],
    ],
)
def test_another_isbn_among_them_is_another_book(said: list[Any]) -> None:
    names = names_of(said, "The Catcher in the Rye")
    assert not same_book(names, ISBN_ONLY)
    if names.isbns or names.strange:
        assert not same_book(names, BOTH)


@pytest.mark.parametrize("said", [[], [""], ["N/A"], ["none"], ["-"]])
def test_without_an_isbn_the_title_decides(said: list[Any]) -> None:
    assert same_book(names_of(said, "the catcher in the RYE"), BOTH)
    assert not same_book(names_of(said, "The Catcher"), BOTH)
    assert not same_book(names_of(said, None), BOTH)
    assert not same_book(names_of(said, "The Catcher in the Rye"), ISBN_ONLY)


def test_a_row_with_an_isbn_and_the_title_asked_for_is_the_book_of_that_title() -> None:
    assert same_book(names_of([OTHER], "The Catcher in the Rye"), TITLE_ONLY)
    assert not same_book(names_of([ISBN13], None), TITLE_ONLY)


def test_a_book_of_979_has_no_other_number() -> None:
    assert same_book(names_of(["979-8-9905292-2-9"], None), NO_ISBN10)
    assert not same_book(names_of([ISBN10], None), NO_ISBN10)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Pride & Prejudice", "Pride, Prejudice"),
        ("STRASSE", "straße"),
        ("ﬁsh", "Fish"),
        ("Ⅷ", "viii"),
        ("a\u0301", "á"),
        ("  two\u00a0 words\n", "Two words"),
        ("本のタイトル", "本のﾀｲﾄﾙ"),
        ("Who's Afraid?", "Who s afraid"),
    ],
)
def test_titles_are_compared_folded(one: str, other: str) -> None:
    assert same_title(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("", ""), ("!!!", "???"), ("1984", "1985"), ("C", "C Sharp"), ("Emma", "Emma 2")],
)
def test_titles_that_fold_to_nothing_or_to_others_are_not_the_same(one: str, other: str) -> None:
    assert not same_title(one, other)


@pytest.mark.parametrize(
    ("said", "same"),
    [
        ("Pride &amp; Prejudice", True),
        ("Pride &#38; <b>Prejudice</b>", True),
        ("<em>Pride</em> & prejudice", True),
        ("Pride &amp; Prejudice &amp; Zombies", False),
        ("<b></b>", False),
        ("&nbsp;", False),
    ],
)
def test_a_title_may_come_as_a_page_would_write_it(said: str, same: bool) -> None:
    assert same_book(names_of([], said), Book(title="Pride & Prejudice")) is same


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        (ISBN10, ISBN13, True),
        ("978-0-316-76948-8", ISBN13, True),
        (f"{ISBN13} {OTHER}", ISBN13, False),
        ("", ISBN13, False),
        ("A-1", "a-1", True),
        ("A-1", "A.1", False),
        (7, "7", True),
        ("The Catcher, in the Rye", "the catcher in the rye", True),
        ("x", "y", False),
    ],
)
def test_identifiers_are_compared_like_identity(found: Any, wanted: str, same: bool) -> None:
    assert same_identifier(found, wanted) is same


def test_what_is_no_name_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        names_of([{"isbn": ISBN13}], None)
    with pytest.raises(Unreadable):
        names_of([], ["a", "b"])
    with pytest.raises(Unreadable):
        names_of(["1234567890 " * 10_000], None)
