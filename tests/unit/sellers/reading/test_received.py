"""One answer, parsed when it is looked into, in the character set it declares."""

import pytest

from bookhunt.sellers.reading.errors import Unreadable
from tests.unit.sellers.reading.answering import received


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("application/json", "é"),
        ("application/json; charset=utf-8", "é"),
        ('application/json;charset="UTF-8"', "é"),
        ("application/json; charset=iso-8859-1", "Ã©"),
        ("application/json; boundary=x; Charset='latin-1'", "Ã©"),
        ("application/json; charset=", "é"),
        ("application/json; charset=none", "é"),
        ("charset=latin-1", "é"),
        ("", "é"),
    ],
)
def test_the_character_set_is_the_headers(content_type: str, text: str) -> None:
    answer = received('"é"', headers=(("content-type", content_type),))
    assert answer.tree("json") == text
    assert answer.text == f'"{text}"'


def test_a_body_is_parsed_once_for_each_format() -> None:
    answer = received("[1, 2]")
    assert answer.tree("json") is answer.tree("json")
    for _ in range(2):
        with pytest.raises(Unreadable):
            answer.tree("xml")
