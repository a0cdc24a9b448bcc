"""Schedules and watches: what is read, when a run is due, and when it begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.model import schedule as schedule_module
from bookhunt.model.errors import BadMoney, BadSchedule, InputError
from bookhunt.model.schedule import At, ByCron, Every, end_of, read_schedule, zone_of
from bookhunt.model.watch import WatchRecord, WatchState
from tests.support.builders import NOON, a_book, a_watch, another_book, usd

HOUR = timedelta(hours=1)


def a_kept(**fields: Any) -> WatchRecord:
    standard = {
        "watch": a_watch(),
        "state": WatchState.ACTIVE,
        "version": 1,
        "bought": 0,
        "open_request": None,
        "open_state": None,
        "ran_at": NOON,
        "last_run": None,
        "best": None,
    }
    return WatchRecord(**standard | fields)


@pytest.mark.parametrize(
    ("text", "schedule", "told"),
    [
        ("0 7 * * 1-5", ByCron("0 7 * * 1-5"), "0 7 * * 1-5"),
        ("  @daily ", ByCron("@daily"), "@daily"),
        ("every 6h", Every(21_600), "every 6h"),
        ("every 90m", Every(5400), "every 1h30m"),
        ("every 1w 2d", Every(777_600), "every 1w2d"),
        (
            "at 2026-12-08T07:00, 2026-12-01 07:30",
            At((datetime(2026, 12, 1, 7, 30), datetime(2026, 12, 8, 7))),  # noqa: DTZ001 - naive
            "at 2026-12-01T07:30, 2026-12-08T07:00",
        ),
    ],
)
def test_a_schedule_is_read_and_told(text: str, schedule: object, told: str) -> None:
    assert read_schedule(text) == schedule
    assert str(read_schedule(text)) == told
    assert read_schedule(told) == schedule


@pytest.mark.parametrize(
    "text",
    [
        "every",
        "every 59s",
        "every 6",
        "every 6 hours",
        "every -6h",
        "every 400d",
        "every 1h x",
        "at",
        "at noon",
        "at 2026-12-01T07:00Z",
        "at 2026-12-01T07:00+01:00",
        "at " + ", ".join(f"2026-12-01T{n // 60:02}:{n % 60:02}" for n in range(101)),
        "tomorrow",
    ],
)
def test_what_is_no_schedule_is_said(text: str) -> None:
    with pytest.raises(BadSchedule):
        read_schedule(text)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"max_price": usd("0")}, BadMoney),
        ({"copies": 0}, InputError),
        ({"copies": 101}, InputError),
        ({"profile": "two words"}, InputError),
        ({"id": "A"}, InputError),
        ({"note": "x" * 501}, InputError),
        ({"until": datetime(2027, 1, 1)}, InputError),  # noqa: DTZ001 - that is the mistake
    ],
)
def test_a_watch_cannot_be_wrong(changed: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        a_watch(**changed)


_WORDS = st.sampled_from(
    "every at @daily @reboot * */5 0 7 1-5 60 mon , - / 6h 90m 2026-12-01T07:00 9999-12-31 "
    "Z +14:00 0001-01-01T00:00 99999999999999999999 ٣ é".split()
)


@given(st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=7).map(" ".join)))
def test_any_text_is_a_schedule_or_is_refused(text: str) -> None:
    """And one that is read is read again from how it is told, and can be asked when it runs."""
    try:
        schedule = read_schedule(text)
    except BadSchedule:
        return
    assert read_schedule(str(schedule)) == schedule
    for zone in ("Asia/Tokyo", "America/New_York"):
        watch = a_watch(schedule=schedule, timezone=zone)
        assert watch.next_runs(NOON, most=3) == sorted(watch.next_runs(NOON, most=3))


@given(st.one_of(st.text(max_size=30), st.lists(_WORDS, max_size=2).map("".join)))
def test_any_text_is_an_end_or_is_refused(text: str) -> None:
    for zone in ("Asia/Tokyo", "America/New_York"):
        try:
            assert end_of(text, zone_of(zone)).utcoffset() == timedelta(0)
        except BadSchedule:
            continue


@pytest.mark.parametrize("name", ["Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "", "utc "])
def test_what_is_no_time_zone_is_said(name: str) -> None:
    with pytest.raises(BadSchedule):
        zone_of(name)


def test_utc_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a small system: a watch in UTC runs, one in another zone is read and cannot run."""

    def unknown(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(schedule_module, "ZoneInfo", unknown)
    zone_of.cache_clear()
    assert a_watch().next_run(NOON) == NOON + 19 * HOUR
    with pytest.raises(BadSchedule):
        a_watch(timezone="Europe/Berlin").next_run(NOON)
    zone_of.cache_clear()


def test_every_counts_real_time_through_a_change_of_the_clocks() -> None:
    """Six hours are six hours, also in the night that has one more on the wall."""
    anchor = datetime(2027, 10, 30, 12, tzinfo=UTC)
    watch = a_watch(schedule=Every(21_600), timezone="Europe/Berlin", anchor=anchor)
    runs = watch.next_runs(anchor, most=4)
    assert [run - anchor for run in runs] == [6 * HOUR * n for n in (1, 2, 3, 4)]
    assert [run.hour for run in runs] == [20, 2, 7, 13]
    assert watch.next_run(anchor - 100 * HOUR) == anchor - 96 * HOUR


def test_runs_are_told_in_the_zone_of_the_watch() -> None:
    watch = a_watch(timezone="Europe/Berlin")
    start = datetime(2027, 3, 26, 12, tzinfo=UTC)
    told = [run.isoformat() for run in watch.next_runs(start, most=3)]
    assert told == [
        "2027-03-27T07:00:00+01:00",
        "2027-03-28T07:00:00+02:00",
        "2027-03-29T07:00:00+02:00",
    ]


def test_a_named_time_that_is_skipped_is_the_change_itself() -> None:
    watch = a_watch(schedule=read_schedule("at 2027-03-28T02:30"), timezone="Europe/Berlin")
    assert watch.next_run(NOON) == datetime(2027, 3, 28, 1, tzinfo=UTC)


def test_until_ends_a_watch_with_that_day_in_its_zone() -> None:
    berlin = zone_of("Europe/Berlin")
    assert end_of("2027-03-28", berlin) == datetime(2027, 3, 28, 22, tzinfo=UTC)
    assert end_of("2027-03-28T07:00", berlin) == datetime(2027, 3, 28, 5, tzinfo=UTC)
    assert end_of("2027-03-28T07:00Z", berlin) == datetime(2027, 3, 28, 7, tzinfo=UTC)
    watch = a_watch(until=end_of("2026-03-03", zone_of("UTC")))
    assert len(watch.next_runs(NOON, most=5)) == 1
    for wrong in ("tomorrow", "2027-02-30", "9999-12-31"):
        with pytest.raises(BadSchedule):
            end_of(wrong, berlin)


def test_what_was_missed_is_one_run_and_due_in_the_past() -> None:
    record = a_kept(ran_at=NOON)
    a_week_later = NOON + timedelta(days=7)
    assert record.due(a_week_later) == NOON + 19 * HOUR
    ran = a_kept(ran_at=a_week_later)
    assert ran.due(a_week_later) == a_week_later + 19 * HOUR


def test_a_clock_put_back_does_not_silence_a_watch() -> None:
    """It ran in what is now the far future: what counts is the clock."""
    record = a_kept(ran_at=NOON + timedelta(days=400))
    assert record.due(NOON) == NOON + 19 * HOUR


def test_after_its_end_nothing_is_due() -> None:
    record = a_kept(watch=a_watch(until=NOON + HOUR), ran_at=None)
    assert record.due(NOON) == NOON
    assert record.due(NOON + HOUR) is None


def test_watches_of_one_book_begin_together_and_others_are_spread() -> None:
    due = NOON + 19 * HOUR
    together = {a_watch(book=a_book()).begins(due) for _ in range(10)}
    assert len(together) == 1
    apart = [a_watch(book=another_book()).begins(due) - due for _ in range(1000)]
    assert all(timedelta(0) <= late <= timedelta(minutes=5) for late in apart)
    assert len(set(apart)) > 990
    thirds = [sum(late // timedelta(seconds=100) == third for late in apart) for third in range(3)]
    assert min(thirds) > 250


def test_a_run_begins_within_a_tenth_of_the_time_to_the_next() -> None:
    for number in range(100):
        watch = a_watch(book=another_book(), schedule=Every(60))
        due = watch.next_run(NOON + timedelta(minutes=number))
        assert due is not None
        assert due <= watch.begins(due) <= due + timedelta(seconds=6)


def test_the_first_run_begins_at_once() -> None:
    assert a_kept(ran_at=None).begins(NOON + HOUR) == NOON


@pytest.mark.parametrize(
    ("state", "open_state", "shown"),
    [
        (WatchState.ACTIVE, None, "active"),
        (WatchState.ACTIVE, "PROCESSING", "buying"),
        (WatchState.ACTIVE, "NEEDS_ATTENTION", "blocked"),
        (WatchState.PAUSED, "NEEDS_ATTENTION", "paused"),
        (WatchState.DONE, None, "done"),
    ],
)
def test_what_blocks_a_watch_is_shown(
    state: WatchState, open_state: str | None, shown: str
) -> None:
    opened = "r-1" if open_state else None
    assert a_kept(state=state, open_request=opened, open_state=open_state).shown_state == shown
