"""Beliefs outlive a restart; what cannot be read is learned anew."""

from __future__ import annotations

import json

import pytest

from bookhunt.hunt.beliefs import Beliefs
from bookhunt.hunt.learned import SellerBelief
from bookhunt.hunt.remembering import Remembering
from bookhunt.model.reasons import Reason
from tests.support.builders import a_seller
from tests.support.jump_clock import JumpClock
from tests.support.memory_beliefs import MemoryBeliefShelf
from tests.support.scripted_sellers import ScriptedSellers

NOW = 1_800_000_000.0


def some_beliefs() -> Beliefs:
    beliefs = Beliefs()
    for n in range(3):
        beliefs.book(f"isbn:{n}", NOW, max_minor=3000)
        for seller in ("a", "b", "c"):
            beliefs.learn(
                seller, f"isbn:{n}", now=NOW, total_minor=2500, reason=None, latency_s=0.2
            )
    beliefs.learn(
        "a", "isbn:0", now=NOW, total_minor=None, reason=Reason.NOT_STOCKED, latency_s=0.2
    )
    beliefs.learn_hint("isbn:0", max_minor=3000)
    return beliefs


def remembering(beliefs: Beliefs, shelf: MemoryBeliefShelf) -> Remembering:
    clock = JumpClock()
    return Remembering(beliefs, shelf, clock, ScriptedSellers(clock))


async def test_what_was_believed_is_believed_after_a_restart() -> None:
    """Sellers, books with their listings, and the hint: every figure."""
    before, shelf, after = some_beliefs(), MemoryBeliefShelf(), Beliefs()
    remembering(before, shelf).keep()
    await remembering(after, shelf).load()
    assert after.sellers == before.sellers
    assert after.books == before.books
    assert after.hint == before.hint


async def test_only_what_changed_is_kept_again() -> None:
    """A quiet daemon writes nothing."""
    beliefs, shelf = some_beliefs(), MemoryBeliefShelf()
    kept = remembering(beliefs, shelf)
    kept.keep()
    kept.keep()
    assert shelf.kept == 1
    shelf.sellers.clear()
    beliefs.learn_order("b", weight=1.0)
    kept.keep()
    assert set(shelf.sellers) == {"b"}


@pytest.mark.parametrize(
    "row",
    [
        "",
        "[]",
        "not json",
        '{"answers": "many"}',
        '{"answers": NaN}',
        '{"noise_shape": 0}',
        '{"level": null}',
    ],
)
async def test_a_row_that_cannot_be_read_is_learned_anew(row: str) -> None:
    """It never stops the daemon from starting, and never poisons a figure."""
    shelf, beliefs = MemoryBeliefShelf(sellers={"a": row}, books={"isbn:0": row}), Beliefs()
    await remembering(beliefs, shelf).load()
    assert beliefs.seller("a") == SellerBelief()
    assert not beliefs.books


async def test_fields_of_other_versions_are_passed_over() -> None:
    """A newer version's field is unknown here, an older one's is missing: both are read."""
    row = json.dumps({"level": 0.5, "of_tomorrow": 3})
    shelf, beliefs = MemoryBeliefShelf(sellers={"a": row}), Beliefs()
    await remembering(beliefs, shelf).load()
    assert beliefs.seller("a") == SellerBelief(level=0.5)


async def test_sellers_that_are_gone_are_forgotten_on_the_shelf_too() -> None:
    """The shelf does not grow with definitions that come and go."""
    clock = JumpClock()
    sellers = ScriptedSellers(clock)
    sellers.add(a_seller("a"))
    beliefs, shelf = some_beliefs(), MemoryBeliefShelf()
    kept = Remembering(beliefs, shelf, clock, sellers)
    kept.keep()
    assert set(shelf.sellers) == {"a", "b", "c"}
    kept._prune()
    assert set(shelf.sellers) == {"a"}


async def test_many_books_are_kept_a_few_at_a_time() -> None:
    """Nobody waits for thousands of them to be written; in the end all are."""
    clock, beliefs, shelf = JumpClock(), Beliefs(), MemoryBeliefShelf()
    for n in range(175):
        beliefs.book(f"isbn:{n}", NOW, max_minor=3000)
        beliefs.learn("a", f"isbn:{n}", now=NOW, total_minor=2500, reason=None, latency_s=0.2)
    kept = Remembering(beliefs, shelf, clock, ScriptedSellers(clock))
    kept.keep(most_books=50)
    assert len(shelf.books) == 50
    for _ in range(3):
        kept.keep(most_books=50)
    assert len(shelf.books) == 175
