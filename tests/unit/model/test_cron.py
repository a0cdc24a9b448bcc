"""Lines of cron: read as Vixie cron reads them, and run when it would run them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from bookhunt.model.cron import read_cron
from bookhunt.model.errors import BadSchedule
from tests.unit.model.crontab_by_hand import Wall

FIRST, LAST = datetime(2027, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York")
# One clock goes on by half an hour, one is put back to the day before.
ODD_ZONES = ("Australia/Lord_Howe", "America/Havana")
LINES = Path(__file__).with_name("cron_lines.txt").read_text("utf-8").splitlines()
_A_DAY_EACH = 750  # runs in two years; a line that runs more often is looked at in pieces
_PIECE = 160


@cache
def the_wall(zone: str) -> Wall:
    return Wall(zone, FIRST, LAST)


def compare(line: str, zone: str) -> None:
    """Walk from run to run; dense lines from the start, and through each change of the clocks."""
    wall, cron, info = the_wall(zone), read_cron(line), ZoneInfo(zone)
    runs = wall.runs(line)
    starts, most = [-1], _A_DAY_EACH
    if len(runs) > _A_DAY_EACH:
        starts += [change - 70 for change in wall.jumps + wall.returns]
        most = _PIECE
    for start in starts:
        at = wall.at(start)
        for minute in runs[np.searchsorted(runs, start, side="right") :][:most]:
            found = cron.after(at, info)
            assert found == wall.at(minute), f"{line} in {zone} after {at.astimezone(info)}"
            at = found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("line", LINES)
def test_a_line_runs_when_the_manual_says(line: str, zone: str) -> None:
    """Over two years, through every change of the clocks, against a reading of its own."""
    compare(line, zone)


@pytest.mark.parametrize("zone", ODD_ZONES)
@pytest.mark.parametrize("line", LINES[::10])
def test_odd_zones_are_no_exception(line: str, zone: str) -> None:
    """As above, for a few of the lines."""
    compare(line, zone)


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert len(set(LINES)) >= 200
    assert all(the_wall(zone).jumps and the_wall(zone).returns for zone in ZONES + ODD_ZONES)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "0 fields"),
        ("0 7 * *", "4 fields"),
        ("0 7 * * * *", "6 fields"),
        ("60 7 * * *", "minute"),
        ("0 24 * * *", "hour"),
        ("0 7 0 * *", "day of month"),
        ("0 7 * 13 *", "month"),
        ("0 7 * * 8", "day of week"),
        ("0 7 * * monday", "day of week"),
        ("0 7 jan * *", "day of month"),
        ("0 7 * * 5-1", "backwards"),
        ("0 7 * * sat-sun", "backwards"),
        ("5/10 * * * *", "5/10"),
        ("*/0 * * * *", "'0'"),
        ("*/ * * * *", "''"),
        ("1, * * * *", "''"),
        ("-5 * * * *", "''"),
        ("1-2-3 * * * *", "2-3"),
        ("٣ * * * *", "minute"),
        ("0 0 30 2 *", "never"),
        ("0 0 31 4,6,9,11 *", "never"),
        ("@reboot", "@reboot"),
        ("@often", "@often"),
        ("* * * * L", "day of week"),
    ],
)
def test_what_cannot_be_read_is_said(line: str, says: str) -> None:
    with pytest.raises(BadSchedule, match=says):
        read_cron(line)


def test_the_rarest_day_is_found_across_a_century() -> None:
    """29 February on a Sunday: after 2088 the next one is in 2128, 2100 being no leap year."""
    cron = read_cron("0 0 29 2 */7")
    after = datetime(2088, 3, 1, tzinfo=UTC)
    assert cron.after(after, ZoneInfo("UTC")) == datetime(2128, 2, 29, tzinfo=UTC)


def test_at_the_end_of_the_calendar_there_is_no_next_run() -> None:
    for line in ("0 0 1 1 *", "* * 1 1 *"):
        after = datetime(9999, 12, 30, tzinfo=UTC)
        assert read_cron(line).after(after, ZoneInfo("America/New_York")) is None


def test_a_night_in_berlin_in_words() -> None:
    """2:30 does not exist on 28 March 2027: it runs at 3:00; in October 2:30 comes twice."""
    berlin, fixed, wild = (
        ZoneInfo("Europe/Berlin"),
        read_cron("30 2 * * *"),
        read_cron("30 * * * *"),
    )
    spring, autumn = datetime(2027, 3, 28, tzinfo=berlin), datetime(2027, 10, 31, tzinfo=berlin)
    skipped = fixed.after(spring, berlin)
    assert skipped is not None
    assert skipped.astimezone(berlin).isoformat() == "2027-03-28T03:00:00+02:00"
    first = fixed.after(autumn, berlin)
    assert first is not None
    assert first.astimezone(berlin).isoformat() == "2027-10-31T02:30:00+02:00"
    second = fixed.after(first, berlin)
    assert second is not None
    assert second.astimezone(berlin).isoformat() == "2027-11-01T02:30:00+01:00"
    again = wild.after(first, berlin)
    assert again is not None
    assert again.astimezone(berlin).isoformat() == "2027-10-31T02:30:00+01:00"
