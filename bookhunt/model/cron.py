"""Lines of cron, as Vixie cron means them (crontab(5) and cron(8) of Debian).

A line is `minute hour day-of-month month day-of-week`. Sunday is 0 and 7. Where both day fields are
restricted, a day that matches either of them will do; where one of them begins with `*`, a day must
match both. Names are three letters of English, in any case. A step follows `*` or a range. Of the
short forms there are `@hourly` to `@yearly`, and no `@reboot`.

When the clocks of the zone change, the manual's two rules hold. A line whose minute and hour both
name times is kept to the day: what falls into the hour that is skipped runs when that hour would
have ended, and of an hour that comes twice only the first counts. A line whose minute or hour
begins with `*` follows the clock on the wall as it shows, so `0 * * * *` runs once in every real
hour.

What implementations read differently is refused rather than guessed: a step after a single number,
a range that runs backwards, a line that no date fits.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from bookhunt.model.errors import BadSchedule

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHORT = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = {
    name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
}
_DAYS = {name: n for n, name in enumerate("sun mon tue wed thu fri sat".split())}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_EXAMPLE = 'five fields, as in "0 7 * * 1-5": minute, hour, day of month, month, day of week'
_LONGEST_NUMBER = 4  # digits; cron takes leading noughts
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
# Every weekday falls on every date within 28 years that hold no century: see `_fits_some_day`.
_WHOLE_CYCLE = range(2000, 2028)
# From any day, the next one that a line fits: 29 February on one weekday, across 2100.
_FURTHEST = timedelta(days=41 * 366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """One line, read; `weekdays` are those of `date.isoweekday`, Sunday being 7."""

    line: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    needs_both_days: bool
    follows_the_wall: bool  # minute or hour begins with `*`

    def after(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """The first time after `moment` (aware) that the line names in a zone, in UTC.

        None only where the calendar ends before there is one.
        """
        try:
            if self.follows_the_wall:
                return self._by_the_wall(moment, zone)
            return self._by_the_day(moment, zone)
        except OverflowError:
            return None

    def _by_the_day(self, moment: datetime, zone: tzinfo) -> datetime | None:
        start = moment.astimezone(zone).replace(tzinfo=None)
        for day in self._days_from(start.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    named = datetime.combine(day, time(hour, minute))
                    if named > start:
                        real = instant_of(named, zone)
                        if real > moment:
                            return real
        return None

    def _by_the_wall(self, moment: datetime, zone: tzinfo) -> datetime | None:
        at = moment.astimezone(UTC).replace(second=0, microsecond=0) + _MINUTE
        ends_at = at + _FURTHEST
        while at < ends_at:
            local = at.astimezone(zone)
            if not self.fits_day(local.date()):
                day = next(self._days_from(local.date() + _DAY), None)
                if day is None:
                    return None
                at = instant_of(datetime.combine(day, time()), zone)
            elif local.hour in self.hours and local.minute in self.minutes:
                return at
            else:
                at = self._step(at, local, zone)
        return None

    def _step(self, at: datetime, local: datetime, zone: tzinfo) -> datetime:
        """On to the next minute that may fit; never over a change of the clocks."""
        if local.hour in self.hours:
            later = [minute for minute in self.minutes if minute > local.minute]
            ahead = (later[0] if later else 60) - local.minute
        else:
            ahead = 60 - local.minute
        there = at + timedelta(minutes=ahead)
        if there.astimezone(zone).utcoffset() != local.utcoffset():
            return at + _MINUTE
        return there

    def fits_day(self, day: date) -> bool:
        """Whether the line runs on a day at all."""
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() in self.weekdays
        return (in_month and in_week) if self.needs_both_days else (in_month or in_week)

    def _days_from(self, day: date) -> Iterator[date]:
        """The days that fit, from one on."""
        ends = day + _FURTHEST
        while day < ends:
            if day.month not in self.months:
                day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
                continue
            if self.fits_day(day):
                yield day
            day += _DAY

    def _fits_some_day(self) -> bool:
        return any(
            self.fits_day(date(year, month, day))
            for year in _WHOLE_CYCLE
            for month in sorted(self.months)
            for day in range(1, calendar.monthrange(year, month)[1] + 1)
        )


def instant_of(named: datetime, zone: tzinfo) -> datetime:
    """When a clock of the zone shows a (naive) time, in UTC.

    The first of two; for a time that is skipped the moment at which the clocks are put forward.
    """
    real = named.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if real.astimezone(zone).replace(tzinfo=None) == named:
        return real
    # Skipped. Read with the offset from before the change the time lies after it, read with the one
    # from behind the change it lies before: the change is between the two, on a whole minute.
    early = named.replace(tzinfo=zone, fold=1).astimezone(UTC)
    late = real
    while late - early > _MINUTE:
        middle = early + (late - early) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle.astimezone(zone).replace(tzinfo=None) < named:
            early = middle
        else:
            late = middle
    return late


@lru_cache(maxsize=4096)
def read_cron(line: str) -> Cron:
    """Read a line.

    Raises:
        BadSchedule: what is wrong with it, and how it is written.
    """
    given = " ".join(line.split())
    if given.startswith("@"):
        if given.lower() not in _SHORT:
            raise BadSchedule(
                f"{given!r} is no schedule", hint=f"there are {', '.join(sorted(_SHORT))}"
            )
        fields = _SHORT[given.lower()].split()
    else:
        fields = given.split()
    if len(fields) != len(_FIELDS):
        raise BadSchedule(f"{given!r} has {len(fields)} fields", hint=_EXAMPLE)
    minutes, hours, days, months, weekdays = (
        _read_field(text, *field) for text, field in zip(fields, _FIELDS, strict=True)
    )
    cron = Cron(
        line=given,
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(day or 7 for day in weekdays),
        needs_both_days=fields[2].startswith("*") or fields[4].startswith("*"),
        follows_the_wall=fields[0].startswith("*") or fields[1].startswith("*"),
    )
    if not cron._fits_some_day():  # noqa: SLF001 - a line is read here or nowhere
        raise BadSchedule(f"{given!r} never runs: no date fits it")
    return cron


def _read_field(text: str, what: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        body, slash, step_text = part.partition("/")
        step = _number(step_text, what, 1, high, {}) if slash else 1
        if body == "*":
            first, last = low, high
        elif "-" in body:
            start, _, end = body.partition("-")
            first, last = (_number(each, what, low, high, names) for each in (start, end))
        elif slash:
            hint = f"a step follows * or a range: {body}-{high}/{step_text}"
            raise BadSchedule(f"{part!r} is no {what}", hint=hint)
        else:
            first = last = _number(body, what, low, high, names)
        if first > last:
            sunday = "Sunday is 7, too: sat-sun is 6-7" if names is _DAYS else None
            raise BadSchedule(f"the {what} {part!r} runs backwards", hint=sunday)
        found.update(range(first, last + 1, step))
    return found


def _number(text: str, what: str, low: int, high: int, names: dict[str, int]) -> int:
    value = names.get(text.lower())
    if value is not None:
        return value
    is_short = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    if not (is_short and low <= int(text) <= high):
        raise BadSchedule(f"{text!r} is no {what}: it is {low} to {high}", hint=_EXAMPLE)
    return int(text)
