"""Rows: one expression, rows in rows, conditions, and a miss that must be said."""

from typing import Any

import pytest

from bookhunt.sellers.language.scalars import AnswerFormat
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.rows import MOST_ROWS, Place, Rows
from tests.unit.sellers.reading.answering import received


def rows_of(
    body: Any, rows: list[str] | None, where: str | None = None, written: AnswerFormat = "json"
) -> list[Any]:
    found = Rows(rows, where, written).of(received(body).tree(written))
    return [row.node for row in found]


@pytest.mark.parametrize(
    ("body", "rows", "where", "expected"),
    [
        ({"a": 1}, None, None, [{"a": 1}]),
        ([1, 2], None, None, [[1, 2]]),
        ([{"a": 1}, {"a": 2}], ["@"], None, [{"a": 1}, {"a": 2}]),
        ({"o": [{"a": 1}, {"a": 2}]}, ["o"], None, [{"a": 1}, {"a": 2}]),
        ({"o": [{"a": 1}, {"a": 2}]}, ["o[]"], "a == `2`", [{"a": 2}]),
        ({"o": {"a": 1}}, ["o"], None, [{"a": 1}]),
        ({"o": []}, ["o[]"], None, []),
        ({"o": [{"a": 1}]}, ["o[]"], "b", []),
        ({"x": {"a": 1}, "y": {"a": 2}}, ["values(@)"], None, [{"a": 1}, {"a": 2}]),
        ({}, ["values(@)"], None, []),
        ({"i": [{"o": [1]}, {"o": [2, 3]}]}, ["i[]", "o[]"], None, [1, 2, 3]),
        ({"i": [{"o": []}, {"o": []}]}, ["i[]", "o[]"], None, []),
        ({"i": [{"o": []}, {}]}, ["i[]", "o[]"], None, "unreadable"),
        ({"i": [{"o": [1]}, {}]}, ["i[]", "o[]"], None, [1]),
        ({"i": []}, ["i[]", "o[]"], None, []),
        ({"new": None, "used": {"a": 2}}, ["[new, used]"], None, [{"a": 2}]),
        ({}, ["o[]"], None, "unreadable"),
        ({"o": None}, ["o"], None, "unreadable"),
        ({"o": "none"}, ["o[]"], None, "unreadable"),
        ({"i": [{}]}, ["i[]", "o[]"], None, "unreadable"),
        ([], ["@"], None, []),
    ],
)
def test_rows_of_json(body: Any, rows: Any, where: str | None, expected: Any) -> None:
    if expected == "unreadable":
        with pytest.raises(Unreadable):
            rows_of(body, rows, where)
    else:
        assert rows_of(body, rows, where) == expected


@pytest.mark.parametrize(
    ("written", "body", "rows"),
    [
        ("xml", "<r/>", ["//book"]),
        ("html", "<p>No results</p>", ["css:.book"]),
        ("html", "<p>No results</p>", ["//book"]),
        ("jsonld", '<script type="application/ld+json">{}</script>', ['[?"@type"==`"Book"`]']),
    ],
)
def test_no_node_says_nothing(written: AnswerFormat, body: str, rows: list[str]) -> None:
    with pytest.raises(Unreadable, match="not where"):
        rows_of(body, rows, written=written)


def test_a_row_sees_the_rows_outside() -> None:
    tree = {"id": 1, "items": [{"id": 2, "offers": [{"id": 3}]}]}
    (row,) = Rows(["items[]", "offers[]"], "^.id == `2`", "json").of(tree)
    seen = [Place(at, "json").one(row) for at in ("id", "^.id", "^.^.id")]
    assert seen == [3, 2, 1]


def test_rows_of_xml_and_pages_see_outside_too() -> None:
    xml = received("<r><b n='1'><o>x</o></b></r>").tree("xml")
    (row,) = Rows(["//b", "o"], None, "xml").of(xml)
    assert Place("^.@n", "xml").one(row) == "1"
    page = received("<div data-n=1><p>x</p></div>").tree("html")
    (row,) = Rows(["css:div", "css:p"], None, "html").of(page)
    assert Place("^.css: @data-n", "html").one(row) == "1"


@pytest.mark.parametrize("rows", [["@"], ["[0]", "@"]])
def test_more_rows_than_a_person_would_look_through_are_refused(rows: list[str]) -> None:
    inner = [[{}] * (MOST_ROWS + 1)]
    with pytest.raises(Unreadable, match="rows"):
        rows_of(inner[0] if rows == ["@"] else inner, rows)
    assert len(rows_of([{}] * MOST_ROWS, ["@"])) == MOST_ROWS
