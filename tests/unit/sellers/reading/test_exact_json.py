"""JSON as sellers send it: exact, wrapped, broken, hostile."""

import re

import pytest

from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.exact_json import JsonNumber, parse_json, parse_jsonp


@pytest.mark.parametrize(
    "digits", ["12.10", "4.686E9", "0.1", "1e2", "79.2", "123456789012345678.90", "-0.0"]
)
def test_a_number_with_a_point_keeps_the_digits_it_was_written_in(digits: str) -> None:
    (number,) = parse_json(f"[{digits}]".encode())
    assert isinstance(number, JsonNumber)
    assert number.text == digits
    assert number == float(digits)


def test_a_long_integer_keeps_all_of_its_digits() -> None:
    assert parse_json(b'{"id": 123456789012345678901234567890}') == {
        "id": 123456789012345678901234567890
    }


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32"),
        b' \n{"a": 1}\n ',
    ],
)
def test_a_byte_order_mark_is_passed_over(body: bytes) -> None:
    assert parse_json(body) == {"a": 1}


def test_a_declared_character_set_is_read() -> None:
    assert parse_json('{"t": "caf\xe9"}'.encode("latin-1"), charset="ISO-8859-1") == {
        "t": "caf\xe9"
    }


@pytest.mark.parametrize(
    "charset", ["base64", "idna", "utf-7", "unicode_escape", "x" * 9999, "\x00"]
)
def test_a_character_set_that_is_none_is_utf8(charset: str) -> None:
    assert parse_json('{"t": "é"}'.encode(), charset=charset) == {"t": "é"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"<html></html>",
        b"[1] [2]",
        b'{"a": 1,}',
        b"\xff\xfe\x00",
        b'"\xed\xa0\x80"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 5000,
        b"\x1f\x8b\x08\x00",
    ],
)
def test_what_is_not_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse_json(body)


def test_half_a_surrogate_pair_becomes_the_mark_of_a_lost_character() -> None:
    value = parse_json(rb'{"t": "cut \ud83d", "\udc00": ["\ud83d\ude00", "\\ud800"]}')
    assert value == {"t": "cut �", "�": ["😀", "\\ud800"]}


@pytest.mark.parametrize(
    "text",
    [
        'cb({"a": 1})',
        'cb({"a": 1});',
        ' cb ( {"a": 1} ) ; ',
        'my.$call_1[0]({"a": 1});',
        '/**/cb({"a": 1});',
        '/* x */ cb({"a": 1})',
        'var _info = {"a": 1};',
        'const x={"a": 1}',
        'window.x = {"a": 1};\n',
        '{"a": 1}',
        '\ufeffcb({"a": 1})',
    ],
)
def test_jsonp_is_unwrapped(text: str) -> None:
    assert parse_jsonp(text.encode()) == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cb(",
        'cb({"a": 1}',
        "cb()",
        'cb({"a": 1}); alert(1)',
        'a b({"a": 1})',
        "<html>",
        'cb({"a": 1}, 2)',
    ],
)
def test_what_is_neither_json_nor_jsonp_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_jsonp(text.encode())


@pytest.mark.parametrize("text", [" " * 400_000 + "x", "a(" + " " * 400_000 + "x", "/*" * 200_000])
def test_jsonp_made_of_nothing_costs_one_pass(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_jsonp(text.encode())


def test_the_message_names_the_place() -> None:
    with pytest.raises(Unreadable, match=re.escape("line 1 column 7")):
        parse_json(b'{"a": }')
