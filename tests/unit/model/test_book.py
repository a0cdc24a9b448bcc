"""A book is what its customer named, and two names of one book are recognised as one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import isbn as stdnum_isbn

from bookhunt.model.book import Book, fold_title, isbn10_of, isbn13_of
from bookhunt.model.errors import BadBook


def with_check_digit(twelve: str) -> str:
    total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(twelve))
    return twelve + str(-total % 10)


ISBN13 = st.builds(
    lambda prefix, rest: with_check_digit(prefix + f"{rest:09}"),
    st.sampled_from(["978", "979"]),
    st.integers(0, 10**9 - 1),
)


@given(isbn=ISBN13)
def test_every_spelling_of_an_isbn_names_the_same_book(isbn: str) -> None:
    spellings = [isbn, f"{isbn[:3]}-{isbn[3:]}", f" {isbn} ", f"{isbn[:3]} {isbn[3:12]} {isbn[12]}"]
    isbn10 = isbn10_of(isbn)
    if isbn10 is not None:
        spellings += [isbn10, isbn10.lower()]
    assert {Book.named(text).identity for text in spellings} == {f"isbn:{isbn}"}


@given(isbn=ISBN13)
def test_isbn10_goes_back_to_the_same_isbn13(isbn: str) -> None:
    isbn10 = isbn10_of(isbn)
    assert (isbn10 is None) == isbn.startswith("979")
    if isbn10 is not None:
        assert isbn13_of(isbn10) == isbn


@given(isbn=ISBN13, wrong=st.integers(1, 9))
def test_a_wrong_check_digit_is_never_taken_for_a_title(isbn: str, wrong: int) -> None:
    """And the hint names the number it most likely stood for."""
    mistyped = isbn[:12] + str((int(isbn[12]) + wrong) % 10)
    with pytest.raises(BadBook) as caught:
        Book.named(mistyped)
    assert caught.value.hint is not None
    assert isbn in caught.value.hint


@pytest.mark.parametrize("title", ["1984", "2666", "9781", "007", "4 3 2 1", "Catch-22", "X"])
def test_a_number_that_is_a_title_is_a_title(title: str) -> None:
    assert Book.named(title) == Book(title=title)


@pytest.mark.parametrize("text", ["", "  ", "---", "…", "\x00", "!?"])
def test_nothing_is_not_a_book(text: str) -> None:
    with pytest.raises(BadBook):
        Book.named(text)


def test_a_book_needs_a_name() -> None:
    with pytest.raises(BadBook):
        Book()


@pytest.mark.parametrize("isbn", ["978-0-14-143951-8", "0141439513", "9780141439517", "", "x"])
def test_a_stored_isbn_is_normalised_and_valid(isbn: str) -> None:
    with pytest.raises(BadBook):
        Book(isbn13=isbn)


def test_a_title_has_an_end() -> None:
    with pytest.raises(BadBook):
        Book(title="x" * 501)


@given(title=st.text(min_size=1, max_size=60))
def test_folding_is_stable(title: str) -> None:
    """Folding twice changes nothing, so that what is stored compares with what is asked."""
    assert fold_title(fold_title(title)) == fold_title(title)


@given(title=st.text(min_size=1, max_size=60))
def test_folding_ignores_case_form_and_punctuation(title: str) -> None:
    folded = fold_title(title)
    assert fold_title(unicodedata.normalize("NFD", title)) == folded
    assert fold_title(f"  {title}! ") == folded
    assert all(unicodedata.category(c)[0] in "LNM" or c == " " for c in folded)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Hobbit", "the  hobbit"),
        ("Straße", "STRASSE"),
        ("Pride & Prejudice", "Pride, Prejudice"),
        ("ﬁsh", "fish"),
        ("Ⅷ", "viii"),
        ("Война и мир", "ВОЙНА И МИР"),
    ],
)
def test_titles_that_read_alike_are_one_book(one: str, other: str) -> None:
    assert Book(title=one).identity == Book(title=other).identity


def test_titles_that_differ_are_two_books() -> None:
    assert Book(title="Dune").identity != Book(title="Dune Messiah").identity
    assert Book(title="नदी").identity != Book(title="नद").identity  # marks carry meaning


def test_an_isbn_is_the_identity_whatever_the_title() -> None:
    isbn = "9780141439518"
    assert Book(title="Emma", isbn13=isbn).identity == Book(isbn13=isbn).identity
    assert str(Book(title="Emma", isbn13=isbn)) == "Emma"
    assert str(Book(isbn13=isbn)) == isbn
    assert stdnum_isbn.is_valid(Book(isbn13=isbn).isbn10)
