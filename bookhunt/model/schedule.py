"""When something is to run: by a line of cron, every so often, or at named times.

A schedule is written and shown as one text, and read back from it: a line of cron as it is,
`every 6h`, or `at 2026-12-01T07:00, 2026-12-08T07:00` (times of the watch's own zone).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bookhunt.model.cron import instant_of, read_cron
from bookhunt.model.errors import BadSchedule

if TYPE_CHECKING:
    from bookhunt.model.cron import Cron

_UNITS_S = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"([0-9]{1,9})([wdhms])", re.ASCII)
_EVERY, _AT = "every ", "at "
SHORTEST_S = 60
_LONGEST_S = 366 * 86_400
_MOST_TIMES = 100
_YEARS = range(2000, 3000)  # far from where the calendar ends, in any zone


@dataclass(frozen=True, slots=True)
class Every:
    """Every so many seconds of real time, counted from when the watch was made or changed."""

    seconds: int

    def __post_init__(self) -> None:
        if not SHORTEST_S <= self.seconds <= _LONGEST_S:
            raise BadSchedule("a watch looks once a minute at the most, and once a year at least")

    def __str__(self) -> str:
        return f"every {_told_duration(self.seconds)}"


@dataclass(frozen=True, slots=True)
class At:
    """At these times of the watch's zone, naive and in order, whole minutes."""

    times: tuple[datetime, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.times) <= _MOST_TIMES:
            raise BadSchedule(f"a watch has 1 to {_MOST_TIMES} times")
        if any(time.tzinfo is not None or time.second or time.microsecond for time in self.times):
            raise BadSchedule("a time is a whole minute of the watch's own zone")
        if any(time.year not in _YEARS for time in self.times):
            raise BadSchedule("a time lies in this millennium")
        if list(self.times) != sorted(set(self.times)):
            raise BadSchedule("times are in order, each once")

    def __str__(self) -> str:
        return "at " + ", ".join(time.isoformat(timespec="minutes") for time in self.times)


@dataclass(frozen=True, slots=True)
class ByCron:
    """By a line of cron, as it was written."""

    line: str

    def __post_init__(self) -> None:
        read_cron(self.line)

    @property
    def cron(self) -> Cron:
        """What the line means."""
        return read_cron(self.line)

    def __str__(self) -> str:
        return self.line


Schedule = ByCron | Every | At


def read_schedule(text: str) -> Schedule:
    """The schedule that such a text stands for.

    Raises:
        BadSchedule: it stands for none.
    """
    given = " ".join(text.split())
    if given.startswith(_EVERY):
        return Every(_seconds_of(given.removeprefix(_EVERY)))
    if given.startswith(_AT):
        named = [_time_of(part) for part in given.removeprefix(_AT).split(",")]
        return At(tuple(sorted(set(named))))
    return ByCron(given)


def after(
    schedule: Schedule, moment: datetime, *, zone: tzinfo, anchor: datetime
) -> datetime | None:
    """The first time after `moment` (aware), in UTC; None: there is none.

    `anchor` is what `every` counts from, to either side: a clock may be put back. A time of day
    that a change of the clocks skips is the moment of the change, and of one that comes twice it is
    the first.
    """
    if isinstance(schedule, ByCron):
        return schedule.cron.after(moment, zone)
    if isinstance(schedule, Every):
        step = timedelta(seconds=schedule.seconds)
        return anchor + step * ((moment - anchor) // step + 1)
    real = (instant_of(time, zone) for time in schedule.times)
    return next((each for each in real if each > moment), None)


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """The time zone of that name of the IANA database.

    Raises:
        BadSchedule: there is none.
    """
    if name == "UTC":
        return UTC  # needs no database, which a small system may not have
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSchedule(
            f"{name!r} is no time zone", hint="as in Europe/Berlin, America/New_York or UTC"
        ) from error


def end_of(text: str, zone: tzinfo) -> datetime:
    """When something ends that is to go on until a date (that day included) or a time.

    Raises:
        BadSchedule: it is neither.
    """
    given = text.strip()
    try:
        is_day = len(given) == len("2026-12-31")
        named = datetime.fromisoformat(given)
    except ValueError as error:
        raise BadSchedule(
            f"{given!r} is no date", hint="2026-12-31, or 2026-12-31T18:00"
        ) from error
    if named.year not in _YEARS:
        raise BadSchedule(f"{given!r} does not lie in this millennium")
    if named.tzinfo is not None:
        return named.astimezone(UTC)
    if is_day:
        named += timedelta(days=1)
    return instant_of(named.replace(second=0, microsecond=0), zone)


def _seconds_of(text: str) -> int:
    compact = text.replace(" ", "").lower()
    parts = _PART.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise BadSchedule(f"{text!r} is no duration", hint="write it as 30m, 6h, 1d or 1h30m")
    return sum(int(number) * _UNITS_S[unit] for number, unit in parts)


def _told_duration(seconds: int) -> str:
    told = ""
    for unit, length in _UNITS_S.items():
        count, seconds = divmod(seconds, length)
        told += f"{count}{unit}" if count else ""
    return told


def _time_of(text: str) -> datetime:
    given = text.strip()
    try:
        named = datetime.fromisoformat(given)
    except ValueError as error:
        raise BadSchedule(f"{given!r} is no time", hint="write it as 2026-12-01T07:00") from error
    if named.tzinfo is not None:
        raise BadSchedule(
            f"{given!r} names an offset, and times are those of the watch's zone",
            hint="give the time alone, and --timezone",
        )
    return named.replace(second=0, microsecond=0)
