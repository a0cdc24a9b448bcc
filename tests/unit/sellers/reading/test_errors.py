"""What stood there, as a message shows it: short, and cheap whatever it is."""

from typing import Any

import pytest

from bookhunt.sellers.reading.errors import shown
from bookhunt.sellers.reading.exact_json import JsonNumber

_DEEP: list[Any] = []
for _ in range(5000):
    _DEEP = [_DEEP]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Was $30 Now $12", "'Was $30 Now $12'"),
        (None, "None"),
        (7, "7"),
        (True, "True"),
        (JsonNumber("12.10"), "'12.10'"),
        (12.5, "'12.5'"),
        ([1, 2], "[1, 2]"),
        ({"a": 1}, "{'a': 1}"),
        ("a\x1b[31m", "'a\\x1b[31m'"),
    ],
)
def test_a_value_is_shown_as_it_stood_there(raw: Any, text: str) -> None:
    assert shown(raw) == text


@pytest.mark.parametrize(
    "raw",
    [
        "x" * 10**6,
        b"x" * 10**6,
        list(range(10**6)),
        _DEEP,
        10**1000,
        {str(n): n for n in range(99)},
    ],
)
def test_what_is_large_or_deep_is_shortened(raw: Any) -> None:
    assert len(shown(raw)) <= 123
