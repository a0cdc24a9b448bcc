"""What an answer means by itself: conditions, order, and what the status alone says."""

from typing import Any

import pytest

from bookhunt.sellers.compiled import CompiledOutcome
from bookhunt.sellers.compiling_steps import compile_when
from bookhunt.sellers.language import Outcome, When
from bookhunt.sellers.reading.outcomes import Verdict, by_status, first_match, holds
from bookhunt.sellers.reading.rows import compile_finder
from tests.unit.sellers.reading.answering import received

JSON = {"error": {"code": "BUSY", "text": "come\n back  later\x07"}, "n": 0, "s": "", "l": []}
HTML = "<html><body><div id=captcha></div><p data-no=false>Unusual traffic</p></body></html>"
XML = "<r><messages>Invalid ISBN</messages><zero>0</zero><none/></r>"


@pytest.mark.parametrize(
    ("when", "body", "extra", "yes"),
    [
        ({"status": "404"}, b"", {"status": 404}, True),
        ({"status": "404"}, b"", {"status": 405}, False),
        ({"status": ["401", "403"]}, b"", {"status": 403}, True),
        ({"status": "5xx"}, b"", {"status": 503}, True),
        ({"status": "5xx"}, b"", {"status": 499}, False),
        ({"json": "error.code == 'BUSY'"}, JSON, {}, True),
        ({"json": "error.code == 'OTHER'"}, JSON, {}, False),
        ({"json": "error"}, JSON, {}, True),
        ({"json": "n"}, JSON, {}, False),
        ({"json": "s"}, JSON, {}, False),
        ({"json": "l"}, JSON, {}, False),
        ({"json": "absent"}, JSON, {}, False),
        ({"json": "absent"}, b"not json", {}, False),
        ({"json": "@"}, b"[" * 100_000, {}, False),
        ({"xml": "//messages"}, XML, {}, True),
        ({"xml": "//none"}, XML, {}, True),
        ({"xml": "number(//zero)"}, XML, {}, False),
        ({"xml": "//absent"}, XML, {}, False),
        ({"xml": "//messages"}, JSON, {}, False),
        ({"html": "css:#captcha"}, HTML, {}, True),
        ({"html": "//div[@id='captcha']"}, HTML, {}, True),
        ({"html": "css:p @data-no"}, HTML, {}, False),
        ({"html": "css:#absent"}, HTML, {}, False),
        ({"text": "captcha|nothing"}, HTML, {}, True),
        ({"text": "^nothing$"}, HTML, {}, False),
        ({"text": "(a+)+$"}, "a" * 50_000 + "!", {}, False),
        ({"text": "."}, b"\xff\xfe\xfa", {}, True),
        ({"location": "/login"}, b"", {"headers": (("location", "/login?x"),)}, True),
        ({"location": "/login"}, b"", {}, False),
        ({"header": {"X-Wait": r"\d+"}}, b"", {"headers": (("x-wait", "20"),)}, True),
        ({"header": {"X-Wait": r"\d+"}}, b"", {}, False),
        ({"status": "200", "json": "error", "text": "BUSY"}, JSON, {}, True),
        ({"status": "200", "json": "error", "text": "QUIET"}, JSON, {}, False),
        ({"status": "500", "json": "error"}, JSON, {}, False),
    ],
)
def test_everything_that_is_named_must_hold(when: Any, body: Any, extra: Any, yes: bool) -> None:
    compiled = compile_when(When.model_validate(when), "json", {})
    assert holds(compiled, received(body, **extra), "json") is yes


def compiled(model: Any, written: Any = "json") -> CompiledOutcome:
    outcome = Outcome.model_validate(model)
    return CompiledOutcome(
        when=compile_when(outcome.when, written, {}),
        means=outcome.means,
        message=None if outcome.message is None else compile_finder(outcome.message, written, {}),
    )


def test_the_first_that_matches_wins_and_says_it_for_people_in_one_clean_line() -> None:
    outcomes = [
        compiled({"when": {"json": "absent"}, "is": "blocked"}),
        compiled({"when": {"json": "error"}, "is": "retry_later", "message": "error.text"}),
        compiled({"when": {"status": "200"}, "is": "not_stocked"}),
    ]
    verdict = first_match(outcomes, received(JSON), "json")
    assert verdict == Verdict(word="retry_later", message="come back later\ufffd")
    assert first_match(outcomes[:1], received(JSON), "json") is None
    assert first_match([], received(JSON), "json") is None


@pytest.mark.parametrize("message", ["error", "absent", "min(n)"])
def test_a_message_that_is_no_text_is_none(message: str) -> None:
    outcome = compiled({"when": {"status": "200"}, "is": "blocked", "message": message})
    assert first_match([outcome], received(JSON), "json") == Verdict(word="blocked")


def test_a_json_condition_looks_into_jsonp_where_the_answer_is_written_so() -> None:
    outcome = compiled({"when": {"json": "a"}, "is": "blocked"}, "jsonp")
    assert first_match([outcome], received('cb({"a": 1});'), "jsonp") is not None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (200, None),
        (204, None),
        (302, None),
        (401, "unauthorised"),
        (403, "unauthorised"),
        (429, "rate_limited"),
        (500, "server_error"),
        (503, "server_error"),
        (400, "unreadable"),
        (404, "unreadable"),
        (100, "unreadable"),
        (600, "unreadable"),
    ],
)
def test_what_no_outcome_explains_the_status_does(status: int, reason: str | None) -> None:
    assert by_status(status) == reason
