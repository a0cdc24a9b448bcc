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
