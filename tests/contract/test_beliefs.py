"""What a shelf of beliefs promises: the last row of each name, and each word of feedback once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.hunt.ports import BeliefRows
from tests.support.builders import an_id

if TYPE_CHECKING:
    from tests.contract.conftest import AnyBeliefShelf

EMPTY = BeliefRows(sellers={}, books={}, hint=None)


async def test_an_empty_shelf_holds_nothing(belief_shelf: AnyBeliefShelf) -> None:
    assert await belief_shelf.load() == EMPTY


async def test_what_was_kept_is_there(belief_shelf: AnyBeliefShelf) -> None:
    """Sellers, books and the hint, letter for letter, as soon as `keep` has returned."""
    rows = BeliefRows(
        sellers={"alpha": '{"level":0.5}', "beta": "{}"},
        books={"isbn:1|USD|US|any|paper": '{"title":"Émile"}'},
        hint='{"mean":0.1}',
    )
    belief_shelf.keep(rows)
    assert await belief_shelf.load() == rows


async def test_the_later_row_of_a_name_counts(belief_shelf: AnyBeliefShelf) -> None:
    """And names that a later batch does not mention stay as they are, the hint too."""
    belief_shelf.keep(BeliefRows(sellers={"a": "1", "b": "2"}, books={"x": "3"}, hint="h"))
    await belief_shelf.load()
    belief_shelf.keep(BeliefRows(sellers={"a": "4"}, books={"x": "5"}))
    belief_shelf.keep(BeliefRows(sellers={"a": "6"}, books={}))
    assert await belief_shelf.load() == BeliefRows(
        sellers={"a": "6", "b": "2"}, books={"x": "5"}, hint="h"
    )


async def test_what_is_forgotten_is_gone_until_it_is_kept_again(
    belief_shelf: AnyBeliefShelf,
) -> None:
    belief_shelf.keep(BeliefRows(sellers={"a": "1", "b": "2"}, books={"x": "3", "y": "4"}))
    belief_shelf.forget(sellers={"a", "nobody"}, books={"x"})
    assert await belief_shelf.load() == BeliefRows(sellers={"b": "2"}, books={"y": "4"})
    belief_shelf.keep(BeliefRows(sellers={"a": "5"}, books={}))
    belief_shelf.forget(sellers=(), books=())
    assert await belief_shelf.load() == BeliefRows(sellers={"a": "5", "b": "2"}, books={"y": "4"})


async def test_each_word_of_feedback_is_new_once_for_each_request(
    belief_shelf: AnyBeliefShelf,
) -> None:
    first, second = an_id(), an_id()
    said = [(first, "good"), (first, "good"), (first, "late"), (second, "good"), (first, "late")]
    assert [await belief_shelf.note_feedback(*each) for each in said] == [
        True, False, True, True, False,
    ]  # fmt: skip
