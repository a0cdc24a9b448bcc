"""Numbers and truths beside a comparator are what they look like; everything else is untouched."""

from __future__ import annotations

import pytest

from bookhunt.sellers.reading.finders import json_finder
from bookhunt.sellers.reading.literals import with_literals

ANSWER = {
    "quantity": 3,
    "in_stock": True,
    "gone": None,
    "rows": [{"price": 5, "id": "a"}, {"price": 15, "id": "b"}],
    "true": "a member of that name",
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("quantity > 0", True),
        ("quantity>0", True),
        ("0 < quantity", True),
        ("quantity == 3 && quantity != -2.5", True),
        ("length(rows) >= 2", True),
        ("rows[?price < 10].id", ["a"]),
        ("rows[?price > 1e1].id | [0]", "b"),
        ("in_stock == true", True),
        ("in_stock == false", False),
        ("gone == null", True),
        ("!(quantity > 5)", True),
        ("quantity > `0`", True),
        ("rows[1].id", "b"),
        ("rows[-1].id", "b"),
        ("rows[0:1].id", ["a"]),
        ("true", "a member of that name"),
        ("'quantity > 0'", "quantity > 0"),
        ("contains('a < 1', '< 1')", True),
        ("\"true\" == 'a member of that name'", True),
    ],
)
def test_an_expression_means_what_it_looks_like(expression: str, value: object) -> None:
    assert json_finder(expression).one(ANSWER) == value


@pytest.mark.parametrize(
    "expression",
    [
        "a.b[0].c",
        "rows[?id == 'true'].x",
        "items[2:4]",
        "@",
        "values(@)",
        "a == 'x > 0'",
        'a == "b > 0"',
        "a > `0`",
        "{true: a, n: b}",
    ],
)
def test_what_is_no_bare_literal_is_left_as_it_is(expression: str) -> None:
    assert with_literals(expression) == expression
