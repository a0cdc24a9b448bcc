"""One value of a row: place, constant, pattern, table, default."""

from decimal import Decimal
from typing import Any

import pytest

from bookhunt.model.money import Money
from bookhunt.sellers.language import Value
from bookhunt.sellers.reading.errors import BadExpression, Unreadable
from bookhunt.sellers.reading.exact_json import parse_json
from bookhunt.sellers.reading.rows import Row
from bookhunt.sellers.reading.texts import json_text
from bookhunt.sellers.reading.values import ValueReader, truth_of
from bookhunt.sellers.template_sealed import SecretRef

ROW = Row(
    parse_json(
        b'{"s": " In stock (19 left) ", "n": 12.10, "i": 7, "t": true, "f": false, "z": 0,'
        b' "blank": "  ", "empty": "", "null": null, "list": ["a", "b"], "o": {"a": 1}}'
    ),
    Row({"outside": "out", "deep": 1}, Row({"outermost": "far"})),
)
SCOPE = {
    "asked": {"isbn13": "9780141439518"},
    "captured": {"work": "OL1", "list": ["x", "y"]},
    "offer": {"price": Money.of("12.50", "USD")},
    "secrets": {"key": SecretRef(name="shop/key")},
}


def read(**model: Any) -> Any:
    return ValueReader(Value.model_validate(model), "json").read(ROW, SCOPE)


@pytest.mark.parametrize(
    ("model", "value"),
    [
        ({"at": "i"}, 7),
        ({"at": "t"}, True),
        ({"at": "f"}, False),
        ({"at": "z"}, 0),
        ({"at": "n"}, 12.1),
        ({"at": "list"}, ["a", "b"]),
        ({"at": "o"}, {"a": 1}),
        ({"at": "absent"}, None),
        ({"at": "null"}, None),
        ({"at": "empty"}, None),
        ({"at": "blank"}, None),
        ({"at": "blank", "else": "x"}, "x"),
        ({"at": "absent", "else": "x"}, "x"),
        ({"at": "absent", "else": "{captured.work}"}, "OL1"),
        ({"at": "absent", "else": "{captured.none}"}, None),
        ({"at": "i > `5`"}, True),
        ({"at": "^.outside"}, "out"),
        ({"at": "^.^.outermost"}, "far"),
        ({"const": "AUD"}, "AUD"),
        ({"const": "{asked.isbn13}"}, "9780141439518"),
        ({"const": "{captured.work}-x"}, "OL1-x"),
        ({"const": "{captured.none}", "else": "x"}, "x"),
        ({"const": "{captured.list}"}, ["x", "y"]),
        ({"const": "{offer.price}"}, Decimal("12.50")),
        ({"at": "s", "pattern": r"\((\d+) left"}, "19"),
        ({"at": "n", "pattern": r"\.(\d+)"}, "10"),
        ({"at": "t", "pattern": "(t)"}, "t"),
        ({"at": "s", "pattern": r"gone (\d+)", "else": "0"}, "0"),
        ({"at": "s", "pattern": r"(x)?In"}, None),
        ({"at": "s", "map": {"in stock (19 LEFT)": "yes"}}, "yes"),
        ({"at": "i", "map": {"7": "seven"}}, "seven"),
        ({"at": "n", "map": {"12.10": "exact"}}, "exact"),
        ({"at": "t", "map": {"true": "yes"}}, "yes"),
        ({"at": "i", "map": {"8": "eight"}}, None),
        ({"at": "i", "map": {"8": "eight"}, "else": "x"}, "x"),
        ({"at": "i", "map": {"8": "eight", "*": "all"}}, "all"),
        ({"at": "absent", "map": {"*": "all"}}, None),
        ({"at": "empty", "map": {"*": "all"}}, "all"),
        ({"at": "s", "pattern": "(In)", "map": {"in": "yes"}}, "yes"),
        ({"at": "s", "pattern": "(out)", "map": {"*": "all"}}, None),
        ({"at": "s", "pattern": "()", "else": "x"}, "x"),
        ({"at": "i", "map": {"7": " "}, "else": "x"}, "x"),
    ],
)
def test_a_value_is_found_then_matched_then_mapped_then_replaced(model: Any, value: Any) -> None:
    assert read(**model) == value


@pytest.mark.parametrize(
    "model",
    [
        {"at": "list", "pattern": "(a)"},
        {"at": "o", "map": {"*": "x"}},
        {"at": "^.^.^.x"},
        {"const": "{secrets.key}"},
        {"at": "min(@)"},
    ],
)
def test_what_cannot_be_one_value_is_unreadable(model: Any) -> None:
    with pytest.raises(Unreadable):
        read(**model)


@pytest.mark.parametrize(
    "model",
    [
        {"at": "^."},
        {"at": "a["},
        {"at": "a", "pattern": "no group"},
        {"at": "a", "pattern": "(?<=x)(y)"},
        {"at": "a", "pattern": r"(a)\1"},
        {"at": "a", "pattern": "("},
    ],
)
def test_what_cannot_be_compiled_is_told_at_load(model: Any) -> None:
    with pytest.raises(BadExpression):
        ValueReader(Value.model_validate(model), "json")


def test_a_pattern_takes_linear_time_whatever_the_seller_sends() -> None:
    reader = ValueReader(Value(at="s", pattern="^((a+)+)+$"), "json")
    assert reader.read(Row({"s": "a" * 50_000 + "!"}), {}) is None


def test_every_value_of_a_place_is_read_each_through_pattern_and_table() -> None:
    reader = ValueReader(Value(at="l", pattern=r"(\d+)"), "json")
    assert reader.every(Row({"l": ["a1", None, "b", 22]}), {}) == ["1", "22"]
    assert reader.every(Row({"l": []}), {}) == []
    assert reader.every(Row({"l": [["a1"], [["b2", None], []], "c3"]}), {}) == ["1", "2", "3"]
    assert ValueReader(Value(const="x"), "json").every(Row(None), {}) == ["x"]


@pytest.mark.parametrize(
    ("raw", "truth"),
    [
        (True, True),
        (False, False),
        (None, None),
        ("true", True),
        (" FALSE ", False),
        ("unknown", None),
    ],
)
def test_true_and_false_need_no_table(raw: Any, truth: bool | None) -> None:
    assert truth_of(raw) is truth


@pytest.mark.parametrize("raw", [1, 0, "yes", "1", "in stock", [], {}, 1.0])
def test_other_words_are_neither_true_nor_false(raw: Any) -> None:
    with pytest.raises(Unreadable):
        truth_of(raw)


def test_the_name_of_a_copy_is_the_same_text_for_equal_values() -> None:
    value = parse_json(b'{"b": [1.10, null, true, "\xc3\xa9\\n"], "a": 12345678901234567890}')
    assert json_text(value) == '{"a":12345678901234567890,"b":[1.10,null,true,"é\\n"]}'
    for bad in ("x" * 5000, "cut \ufffd"):
        with pytest.raises(Unreadable):
            json_text(bad)
