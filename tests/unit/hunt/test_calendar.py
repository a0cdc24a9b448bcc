"""The calendar: due once each, in order, together where they belong together, and bounded."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bookhunt.hunt.calendar import Calendar
from tests.support.builders import NOON

MINUTE = timedelta(minutes=1)


def test_what_is_due_comes_out_once_and_by_group() -> None:
    calendar = Calendar()
    for number, group in enumerate(("emma", "hobbit", "emma", "hobbit", "later")):
        at = NOON + (60 if group == "later" else number) * MINUTE
        calendar.put(f"w{number}", at, group=group)
    assert calendar.next_at() == NOON
    assert calendar.take(NOON - MINUTE) == []
    assert calendar.take(NOON + 10 * MINUTE) == ["w0", "w2", "w1", "w3"]
    assert calendar.take(NOON + 10 * MINUTE) == []
    assert (len(calendar), calendar.next_at()) == (1, NOON + 60 * MINUTE)


def test_a_name_is_due_at_its_newest_time_only() -> None:
    calendar = Calendar()
    calendar.put("w", NOON, group="g")
    calendar.put("w", NOON + MINUTE, group="g")
    assert calendar.take(NOON) == []
    calendar.drop("w")
    assert calendar.next_at() is None
    assert calendar.take(NOON + MINUTE) == []
    calendar.drop("w")


def test_a_watch_that_moves_for_ever_takes_no_room() -> None:
    calendar = Calendar()
    for number in range(10_000):
        calendar.put("w", NOON + number * MINUTE, group="g")
    assert len(calendar._heap) <= 100
    assert calendar.next_at() == NOON + 9999 * MINUTE


def test_company_comes_out_with_the_first_that_is_due_and_none_before_it_may() -> None:
    calendar = Calendar()
    for number, since in enumerate((0, 0, 3, 9)):
        name, at = f"w{number}", NOON + (5 + number) * MINUTE
        calendar.put(name, at, group=name, party="home", since=NOON + since * MINUTE)
    calendar.put("other", NOON + 7 * MINUTE, group="o", party="work", since=NOON)
    assert calendar.take(NOON + 4 * MINUTE, company=9) == []
    assert calendar.take(NOON + 5 * MINUTE, company=9) == ["w0", "w1", "w2"]
    assert calendar.take(NOON + 7 * MINUTE, company=9) == ["other"]
    assert calendar.next_at() == NOON + 8 * MINUTE


def test_company_is_no_larger_than_was_asked_for_and_leaves_no_trace() -> None:
    calendar = Calendar()
    for number in range(100):
        at = NOON + number * timedelta(seconds=1)
        calendar.put(f"w{number:03}", at, group=f"{number:03}", party="home", since=NOON - MINUTE)
    assert calendar.take(NOON, company=32) == [f"w{n:03}" for n in range(32)]
    assert calendar.next_at() == NOON + 32 * timedelta(seconds=1)
    assert calendar.take(NOON + 31 * timedelta(seconds=1), company=32) == []
    assert calendar.take(NOON + MINUTE, company=0) == [f"w{n:03}" for n in range(32, 61)]
    assert len(calendar.take(NOON + MINUTE * 2, company=32)) == 39
    assert calendar.next_at() is None
    assert calendar._early_count <= 4 * len(calendar) + 200


def test_who_comes_out_early_takes_its_group_along() -> None:
    """Of whatever party: what one of them learns serves them all."""
    calendar = Calendar()
    for name, minute, group, party in (
        ("w0", 5, "emma", "home"),
        ("w1", 7, "hobbit", "home"),
        ("w2", 7, "hobbit", "work"),
        ("w3", 8, "dune", "play"),
    ):
        calendar.put(name, NOON + minute * MINUTE, group=group, party=party, since=NOON)
    assert calendar.take(NOON + 5 * MINUTE, company=2) == ["w0", "w1", "w2"]


def test_who_may_not_come_out_yet_may_later_and_few_are_looked_at() -> None:
    calendar = Calendar()
    calendar.put("first", NOON, group="first", party="home", since=NOON - MINUTE)
    for number in range(40):
        name, at = f"w{number:02}", NOON + 2 * MINUTE
        calendar.put(name, at, group=name, party="home", since=NOON + MINUTE)
    calendar.put("last", NOON + 3 * MINUTE, group="last", party="home", since=NOON - MINUTE)
    assert calendar.take(NOON, company=50) == ["first"]
    calendar.put("next", NOON + MINUTE, group="next", party="home", since=NOON)
    assert len(calendar.take(NOON + MINUTE, company=50)) == 42


def test_who_moves_for_ever_takes_no_room_in_any_company() -> None:
    calendar = Calendar()
    for number in range(10_000):
        at = NOON + number * MINUTE
        calendar.put("w", at, group="g", party="home", since=at - MINUTE)
    assert sum(map(len, calendar._early.values())) == calendar._early_count <= 200
    assert calendar.take(NOON + 9999 * MINUTE, company=9) == ["w"]


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(0, 20))), max_size=80
    ),
    st.integers(0, 20),
)
def test_it_is_a_dictionary_with_a_clock(moves: list[tuple[str, int | None]], now: int) -> None:
    """Whatever is put, moved and dropped: what is due is what a dictionary would say."""
    calendar, plain = Calendar(), dict[str, int]()
    for name, minute in moves:
        if minute is None:
            calendar.drop(name)
            plain.pop(name, None)
        else:
            calendar.put(name, NOON + minute * MINUTE, group=name)
            plain[name] = minute
    due = sorted(name for name, minute in plain.items() if minute <= now)
    assert calendar.take(NOON + now * MINUTE) == due
    assert len(calendar) == len(plain) - len(due)
