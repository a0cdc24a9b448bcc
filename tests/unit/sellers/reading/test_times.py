"""Moments in five notations, all as aware times in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.exact_json import JsonNumber
from bookhunt.sellers.reading.times import moment

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KINDS = ["iso8601", "unix", "unix_ms", "rfc2822", "seconds_from_now"]


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("iso8601", "2026-03-02T13:00:00Z", "2026-03-02T13:00:00+00:00"),
        ("iso8601", "2026-03-02t13:00:00z", "2026-03-02T13:00:00+00:00"),
        ("iso8601", "2026-10-06T11:00:20-07:00", "2026-10-06T18:00:20+00:00"),
        ("iso8601", "2014-11-17T00:00:00.000+09:00", "2014-11-16T15:00:00+00:00"),
        ("iso8601", "2026-03-02 13:00", "2026-03-02T13:00:00+00:00"),
        ("iso8601", "2026-03-02 13:00:00 +01:00", "2026-03-02T12:00:00+00:00"),
        ("iso8601", "2026-03-02T13:00:00,5Z", "2026-03-02T13:00:00.500000+00:00"),
        ("iso8601", "2020-11-05", "2020-11-05T00:00:00+00:00"),
        ("iso8601", "2020-11", "2020-11-01T00:00:00+00:00"),
        ("unix", 1543523165, "2018-11-29T20:26:05+00:00"),
        ("unix", "1543523165", "2018-11-29T20:26:05+00:00"),
        ("unix", JsonNumber("1543523165.5"), "2018-11-29T20:26:05.500000+00:00"),
        ("unix_ms", 1543523165250, "2018-11-29T20:26:05.250000+00:00"),
        ("rfc2822", "Sun, 13 Dec 2009 15:00:00 GMT", "2009-12-13T15:00:00+00:00"),
        ("rfc2822", "Tue, 19 Aug 2025 17:22:16 +0900", "2025-08-19T08:22:16+00:00"),
        ("rfc2822", "Tue, 19 Aug 2025 17:22:16 -0000", "2025-08-19T17:22:16+00:00"),
        ("seconds_from_now", 90, "2026-03-02T12:01:30+00:00"),
        ("seconds_from_now", "0", "2026-03-02T12:00:00+00:00"),
    ],
)
def test_a_moment_is_read_into_utc(kind: Any, raw: Any, expected: str) -> None:
    assert moment(raw, kind, now=NOW).isoformat() == expected


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("iso8601", "tomorrow"),
        ("iso8601", "2026-13-01"),
        ("iso8601", "20260302"),
        ("iso8601", "2026-W10-1"),
        ("iso8601", "0001-01-01T00:00:00+14:00"),
        ("iso8601", 20260302),
        ("unix", "-1"),
        ("unix", "1e9"),
        ("unix", 10**18),
        ("unix", True),
        ("unix", "9" * 15),
        ("unix_ms", ""),
        ("rfc2822", "nonsense"),
        ("rfc2822", "Sun, 99 Dec 2009 15:00:00 GMT"),
        ("rfc2822", "x" * 1000),
        ("seconds_from_now", "-5"),
        ("seconds_from_now", 10**12),
        ("seconds_from_now", 10**10),
        ("seconds_from_now", []),
    ],
)
def test_what_is_no_such_moment_is_unreadable(kind: Any, raw: Any) -> None:
    with pytest.raises(Unreadable):
        moment(raw, kind, now=NOW)


@given(
    raw=st.text(max_size=40) | st.integers() | st.floats() | st.lists(st.integers()),
    kind=st.sampled_from(KINDS),
)
def test_anything_is_a_moment_in_utc_or_unreadable(raw: Any, kind: Any) -> None:
    try:
        found = moment(raw, kind, now=NOW)
    except Unreadable:
        return
    assert found.utcoffset() == timedelta(0)
