"""A second reading of cron's lines, written from crontab(5) and cron(8) alone.

It shares nothing with `bookhunt.model.cron`, in code or in method: every minute of the years is
laid out, each as the clock on the wall shows it, and a line is a mask over them. Where the clocks
change it does as the manual of Debian's cron says, and as the daemon does it: it goes from minute
to minute and looks what has to run.

    "Local time changes of less than three hours, such as those caused by the Daylight Saving
    changes, are handled in a special way. This only applies to jobs that run at a specific time
    and jobs that run with a granularity greater than one hour. Jobs that run more frequently are
    scheduled normally. If time was adjusted one hour forward, those jobs that would have run in
    the interval that has been skipped will be run immediately. Conversely, if time was adjusted
    backward, running the same job twice is avoided."
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

MONTHS = ["", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEK = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
NICKNAMES = {
    "@HOURLY": "0 * * * *",
    "@DAILY": "0 0 * * *",
    "@MIDNIGHT": "0 0 * * *",
    "@WEEKLY": "0 0 * * 0",
    "@MONTHLY": "0 0 1 * *",
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
}


class Wall:
    """Every minute of some years in one zone, as its clocks show it."""

    def __init__(self, zone: str, first: datetime, last: datetime) -> None:
        info = ZoneInfo(zone)
        self.first = first
        count = int((last - first) / timedelta(minutes=1))
        # Offsets change on whole hours of UTC in every zone of these tests, or on half ones.
        halves = count // 30
        offsets = np.empty(halves, dtype=np.int64)
        for half in range(halves):
            offset = (first + timedelta(minutes=30 * half)).astimezone(info).utcoffset()
            assert offset is not None
            offsets[half] = int(offset / timedelta(minutes=1))
        epoch = int((first - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(minutes=1))
        self.shown = epoch + np.arange(halves * 30) + np.repeat(offsets, 30)  # naive minutes
        self.parts = taken_apart(self.shown)
        seen_before = np.maximum.accumulate(self.shown)
        self.again = np.zeros(len(self.shown), dtype=bool)
        self.again[1:] = self.shown[1:] <= seen_before[:-1]
        self.jumps = [int(at) + 1 for at in np.flatnonzero(np.diff(self.shown) > 1)]
        self.returns = [int(at) + 1 for at in np.flatnonzero(np.diff(self.shown) < 0)]

    def at(self, minute: int) -> datetime:
        """The minute with that number, in UTC."""
        return self.first + timedelta(minutes=int(minute))

    def runs(self, line: str) -> np.ndarray:
        """The numbers of the minutes in which the line runs."""
        fields = NICKNAMES.get(line.strip().upper(), line).upper().split()
        wild = fields[0][0] == "*" or fields[1][0] == "*"
        due = matches(fields, self.parts)
        if not wild:
            due &= ~self.again
            for at in self.jumps:
                skipped = np.arange(self.shown[at - 1] + 1, self.shown[at])
                if matches(fields, taken_apart(skipped)).any():
                    due[at] = True
        return np.flatnonzero(due)


def taken_apart(naive: np.ndarray) -> tuple[np.ndarray, ...]:
    """Minute, hour, day of month, month, day of week (Sunday is 0) of naive minutes since 1970."""
    days = naive // 1440
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    day_of_month = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    month = months.astype(np.int64) % 12 + 1
    weekday = (days + 4) % 7  # 1970 began on a Thursday
    return naive % 60, naive // 60 % 24, day_of_month, month, weekday


def matches(fields: list[str], parts: tuple[np.ndarray, ...]) -> np.ndarray:
    minute, hour, day, month, weekday = parts
    in_month = numbers_of(fields[2], 1, 31)[day]
    week = numbers_of(fields[4], 0, 7)
    in_week = (week[:7] | (np.arange(7) == 0) & week[7])[weekday]  # "0 or 7 is Sunday"
    # "If both fields are restricted (i.e., do not contain the "*" character), the command will be
    # run when either field matches the current time."
    free = fields[2].startswith("*") or fields[4].startswith("*")
    on_day = in_month & in_week if free else in_month | in_week
    return (
        numbers_of(fields[0], 0, 59)[minute]
        & numbers_of(fields[1], 0, 23)[hour]
        & numbers_of(fields[3], 1, 12)[month]
        & on_day
    )


def numbers_of(field: str, low: int, high: int) -> np.ndarray:
    """Whether each number from nought on is one of those that the field names."""
    values = np.arange(high + 1)
    found = np.zeros(high + 1, dtype=bool)
    for element in field.split(","):
        span, _, step = element.partition("/")
        if span == "*":
            start, end = low, high
        else:
            start, end = (value_of(word, high) for word in (span.split("-") * 2)[:2])
        found |= (values >= start) & (values <= end) & ((values - start) % int(step or 1) == 0)
    return found


def value_of(word: str, high: int) -> int:
    names = {12: MONTHS, 7: WEEK}.get(high, [])
    return names.index(word) if word in names else int(word)
