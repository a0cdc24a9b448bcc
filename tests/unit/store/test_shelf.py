"""Answers are kept as long as they hold, no longer, and never too many of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bookhunt.hunt.ports import Kept, OfferKey, Quoted
from bookhunt.model.money import Money
from bookhunt.store.shelf import MemoryShelf

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def key(number: int) -> OfferKey:
    return (f"seller{number}", "hash", "subject")


def kept(ttl_s: float, *, at: datetime = NOW) -> Kept:
    quoted = Quoted(seller="seller")
    return Kept(quoted=quoted, max_price=Money(1, "USD"), until=at + timedelta(seconds=ttl_s))


def test_an_answer_is_there_until_it_holds_no_longer() -> None:
    shelf = MemoryShelf()
    answer = kept(30)
    shelf.put(key(1), answer, now=NOW)
    assert shelf.get(key(1), now=NOW + timedelta(seconds=29)) is answer
    assert shelf.get(key(1), now=NOW + timedelta(seconds=30)) is None
    assert shelf.get(key(2), now=NOW) is None


def test_what_holds_no_longer_goes_without_being_asked_for() -> None:
    """A minute's answers are what is kept, whatever the hours before have brought."""
    shelf = MemoryShelf()
    shelf.put(key(0), kept(3600), now=NOW)
    for second in range(1, 1000):
        at = NOW + timedelta(seconds=second)
        shelf.put(key(second), kept(60, at=at), now=at)
    assert shelf.count == 61
    assert shelf.get(key(0), now=at) is not None
    assert shelf.get(key(990), now=at) is not None


def test_an_answer_in_the_place_of_an_older_one_stays_for_its_own_time() -> None:
    shelf = MemoryShelf()
    shelf.put(key(1), kept(10), now=NOW)
    longer = kept(100)
    shelf.put(key(1), longer, now=NOW)
    later = NOW + timedelta(seconds=50)
    shelf.put(key(2), kept(10, at=later), now=later)
    assert shelf.get(key(1), now=later) is longer


def test_answers_in_the_place_of_others_leave_nothing_behind() -> None:
    shelf = MemoryShelf()
    for ttl_s in range(10_000):
        shelf.put(key(1), kept(3600 + ttl_s), now=NOW)
    assert shelf.count == 1
    assert len(shelf._ends) <= 2000


def test_of_too_many_those_go_that_were_used_least_lately() -> None:
    shelf = MemoryShelf(most=2)
    shelf.put(key(1), kept(30), now=NOW)
    shelf.put(key(2), kept(30), now=NOW)
    shelf.get(key(1), now=NOW)
    shelf.put(key(3), kept(30), now=NOW)
    assert [shelf.get(key(n), now=NOW) is not None for n in (1, 2, 3)] == [True, False, True]
