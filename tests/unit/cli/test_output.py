"""Streams, fields, colours: data on stdout alone, one thing per line, no control characters."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

from bookhunt.cli.output import Terminal, flat
from bookhunt.cli.table import print_table, width_of
from bookhunt.model.errors import BookhuntError, InputError, PossibleDuplicate, TryLater

_KNOWN = ("id", "total", "title", "schema_version")
_THING = {"id": "x", "total": {"amount": "5.00", "currency": "USD"}, "title": "A\tb\nc"}


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> _Screen:
    made = _Screen()
    # pytest puts its own streams in place between the fixture and the test, so not into `sys`.
    streams = SimpleNamespace(stdin=made, stdout=made, stderr=made)
    monkeypatch.setattr("bookhunt.cli.output.sys", streams)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return made


def test_a_thing_is_one_line_of_json_with_its_schema_version(capsys: pytest.CaptureFixture) -> None:
    Terminal(json=True).thing(_THING, _KNOWN)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {**_THING, "schema_version": 1}


def test_fields_are_picked_in_the_order_they_were_named(capsys: pytest.CaptureFixture) -> None:
    Terminal(json=True, fields=("total", "id")).thing(_THING, _KNOWN)
    out = json.loads(capsys.readouterr().out)
    assert list(out) == ["total", "id", "schema_version"]


def test_fields_without_json_are_cells_between_tabs(capsys: pytest.CaptureFixture) -> None:
    Terminal(fields=("id", "total", "title")).thing(_THING, _KNOWN)
    assert capsys.readouterr().out == "x\t5.00 USD\tA b c\n"


def test_an_unknown_field_lists_those_there_are() -> None:
    with pytest.raises(InputError) as caught:
        Terminal(fields=("id", "colour")).picked(_KNOWN)
    assert "colour" in caught.value.message
    assert caught.value.hint == "fields: id, total, title, schema_version"


@pytest.mark.parametrize(
    ("error", "more"),
    [
        (InputError("wrong", hint="type this"), {}),
        (BookhuntError("broken"), {}),
        (PossibleDuplicate("twice", older_id="id-1"), {"older_id": "id-1"}),
        (TryLater("full", retry_after_s=2.5), {"retry_after_s": 2.5}),
    ],
)
def test_an_error_in_json_has_code_message_and_hint(
    error: BookhuntError, more: dict, capsys: pytest.CaptureFixture
) -> None:
    Terminal(json=True).error(error)
    captured = capsys.readouterr()
    assert captured.out == ""
    told = {"code": error.code, "message": error.message, "hint": error.hint, **more}
    assert json.loads(captured.err) == {"error": told}


def test_an_error_for_people_names_what_it_is_about(capsys: pytest.CaptureFixture) -> None:
    Terminal().error(InputError("wrong", hint="type this"), about="line 3")
    assert capsys.readouterr().err == "error: line 3: wrong\nhint: type this\n"


def test_quiet_keeps_notices_and_progress_to_itself(
    screen: _Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal(quiet=True)
    terminal.notice("a notice")
    terminal.progress("progress")
    assert screen.getvalue() == ""
    terminal.error(BookhuntError("still told"))
    assert "still told" in screen.getvalue()


def test_progress_is_for_terminals_and_gone_before_the_next_word(
    screen: _Screen, capsys: pytest.CaptureFixture
) -> None:
    terminal = Terminal()
    terminal.progress("working")
    terminal.line("data")
    assert screen.getvalue() == "\r\x1b[Kworking\r\x1b[Kdata\n"


def test_off_a_terminal_there_is_no_progress_and_no_colour(capsys: pytest.CaptureFixture) -> None:
    terminal = Terminal()
    terminal.progress("working")
    terminal.line(terminal.styled("data", "green"))
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("data\n", "")


@pytest.mark.parametrize(
    ("color", "environment", "colored"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_colour_is_for_terminals_unless_it_is_said_otherwise(
    color: str,
    environment: dict,
    colored: bool,
    screen: _Screen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in Terminal(color=color).styled("x", "red")) is colored


def test_a_person_is_asked_only_on_a_terminal_and_unless_it_is_forbidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", _Screen())
    assert Terminal().may_ask()
    assert not Terminal(no_input=True).may_ask()
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert not Terminal().may_ask()


def test_a_table_off_a_terminal_is_lines_with_tabs(capsys: pytest.CaptureFixture) -> None:
    print_table(Terminal(), ("a", "b"), [["1\t1", "\x1b[31m2"], ["3", "4"]])
    assert capsys.readouterr().out == "1 1\t [31m2\n3\t4\n"


def test_a_table_on_a_terminal_is_aligned_and_cut_to_its_width(
    screen: _Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    rows = [["ハリー・ポッターと賢者の石", "bought"], ["Emma", "no"]]
    print_table(Terminal(color="never"), ("book", "state"), rows)
    lines = screen.getvalue().splitlines()
    assert len(lines) == 3
    assert all(width_of(line) <= 24 for line in lines)
    assert "…" in lines[1]
    assert width_of(lines[1][: lines[1].index("bought")]) == lines[2].index("no")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        ({"amount": "5.00", "currency": "USD"}, "5.00 USD"),
        ({"title": "T", "isbn13": None}, '{"title": "T", "isbn13": null}'),
        ([1], "[1]"),
        ("a\r\nb", "a  b"),
    ],
)
def test_a_field_is_one_plain_word_of_a_line(value: object, told: str) -> None:
    assert flat(value) == told
