"""More books and more copies than the catalogue has, for load."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bookhunt.simulated import start
from bookhunt.simulated.catalogue import book_of, books

if TYPE_CHECKING:
    from pathlib import Path


def test_a_made_up_book_is_found_by_its_isbn_alone() -> None:
    some = books(300)
    assert len({book.isbn for book in some}) == len({book.title for book in some}) + 1  # two Dunes
    assert all(book_of(book.isbn) == book for book in some)


@pytest.mark.parametrize("isbn", ["9798999000000", "979899900000X", "9780000000000", "9798999"])
def test_what_is_no_book_of_the_street_is_not_made_up_on_the_way(isbn: str) -> None:
    assert book_of(isbn) is None


def test_a_street_with_more_books_and_copies_is_the_same_street(tmp_path: Path) -> None:
    """The usual offers stand as they were, but for how many there are of each."""
    usual = start(tmp_path / "usual", parent_pid=os.getpid())
    large = start(tmp_path / "large", parent_pid=os.getpid(), made_up_books=50, copies=3)
    try:
        offers = {(each["seller"], each["item"]): each for each in large.offers()}
        for offer in usual.offers():
            tripled = offer | {"inventory": 3 * offer["inventory"]}
            assert offers.pop((offer["seller"], offer["item"])) == tripled
        assert offers
        assert {isbn[:7] for isbn in (each["isbn"] for each in offers.values())} == {"9798999"}
    finally:
        usual.stop()
        large.stop()
