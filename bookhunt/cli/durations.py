"""Durations as people type them: `5s`, `200ms`, `2d`, `1h30m`; a bare number is seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from bookhunt.model.errors import InputError

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>ms|s|m|h|d|w)", re.ASCII)
_BARE = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)


def seconds(text: str) -> float:
    """A duration in seconds.

    Raises:
        InputError: it is none of the forms above.
    """
    given = text.strip().lower()
    if _BARE.fullmatch(given):
        return float(given)
    place, total = 0, 0.0
    while place < len(given):
        part = _PART.match(given, place)
        if part is None:
            break
        total += float(part["number"]) * _UNITS_S[part["unit"]]
        place = part.end()
    if not given or place < len(given):
        raise InputError(
            f"{text!r} is not a duration", hint="write it as 500ms, 5s, 10m, 2h, 7d or 1h30m"
        )
    return total


def time_ago(age: str) -> str:
    """The moment so long ago, in ISO 8601.

    Raises:
        InputError: it is no duration, or longer ago than there are dates.
    """
    try:
        moment = datetime.now(UTC) - timedelta(seconds=seconds(age))
    except OverflowError:
        raise InputError(f"{age} is before all time", hint="--since 30d") from None
    return moment.isoformat().replace("+00:00", "Z")
