"""Moments as sellers write them, as aware times in UTC.

A time without an offset is taken as UTC, a day as its beginning: an offer that is taken to end too
early is asked for again, one that is taken to last is bought at a price that no longer stands.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.reading.errors import Unreadable, shown
from bookhunt.sellers.reading.texts import text_of

if TYPE_CHECKING:
    from bookhunt.sellers.language.fields import TimeKind

_LONGEST_TEXT = 64
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:[Tt ][0-9:.,]+\s?(?:[Zz]|[+-][0-9:]+)?)?)?")
_SECONDS = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?", re.ASCII)
_LONGEST_WAIT_S = 10 * 366 * 86_400


def moment(raw: Any, kind: TimeKind, *, now: datetime) -> datetime:
    """The moment that stands there; `now` is when the answer came, for `seconds_from_now`.

    Raises:
        Unreadable: it is no such moment.
    """
    text = text_of(raw).strip()
    if len(text) > _LONGEST_TEXT:
        raise Unreadable("a moment is not that long", raw=text[:_LONGEST_TEXT])
    try:
        return _read(text, kind, now)
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        raise Unreadable(f"{shown(raw)} is not a moment as {kind} writes it", raw=raw) from None


def _read(text: str, kind: TimeKind, now: datetime) -> datetime:
    if kind == "iso8601":
        return _iso(text)
    if kind == "rfc2822":
        return _aware(parsedate_to_datetime(text))
    if not _SECONDS.fullmatch(text):
        raise ValueError(text)
    seconds = Decimal(text)
    if kind == "seconds_from_now":
        if seconds > _LONGEST_WAIT_S:
            raise ValueError(text)
        return now + timedelta(seconds=float(seconds))
    return datetime.fromtimestamp(float(seconds / 1000 if kind == "unix_ms" else seconds), UTC)


def _iso(text: str) -> datetime:
    if not _ISO.fullmatch(text):
        raise ValueError(text)
    # A comma before the fraction and a space before the offset are ISO 8601's and not Python's.
    plain = text.replace(",", ".").upper()
    if len(plain) > len("2026-01-01"):
        plain = plain[:10] + "T" + plain[11:].replace(" ", "")
    return _aware(datetime.fromisoformat(plain if len(plain) > len("2026-01") else f"{plain}-01"))


def _aware(time: datetime) -> datetime:
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).astimezone(UTC)
