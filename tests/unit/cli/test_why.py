"""Why a request came out so: the search's own reasons, readable in eighty columns."""

import sys
from typing import Any

import pytest

from bookhunt.cli.output import Terminal
from bookhunt.cli.table import width_of
from bookhunt.cli.why import WHY_FIELDS, explained, print_explained
from bookhunt.model.reasons import Reason
from bookhunt.wire.contract import NOTE_FIELDS, REQUEST_FIELDS


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def _note(seller: str, **fields: Any) -> dict[str, Any]:
    return dict.fromkeys(NOTE_FIELDS) | {"seller": seller, "calls": 0} | fields


_REQUEST: dict[str, Any] = dict.fromkeys(REQUEST_FIELDS) | {
    "request_id": "id-1",
    "book": {"title": "Emma", "isbn13": None},
    "status": "SUCCESS",
    "max_price": _usd("30.00"),
    "calls": 2,
    "cached": 1,
    "coalesced": 0,
    "stopped_because": "nobody is worth another call",
}
_NOTES = [
    _note("far", reason="skipped_early_exit", rank=4, reservation=_usd("9.10"), tier=3),
    _note("second", reason="over_max", total=_usd("31.00"), rank=2, asked_ms=3.0, answered_ms=90.0,
          expected=_usd("24.00"), reservation=_usd("21.40"), calls=1, tier=1),
    _note("first", total=_usd("23.99"), rank=1, asked_ms=0.0, answered_ms=81.6, calls=1, tier=1,
          expected=_usd("24.50"), reservation=_usd("20.00")),
    _note("known", reason="not_stocked", rank=3, asked_ms=0.0, answered_ms=0.0, cached=True),
    _note("closed", reason="needs_setup", detail="missing: api_key (bookhunt sellers login x)"),
]  # fmt: skip


def test_what_was_saved_is_held_against_asking_everybody_that_could_be_asked() -> None:
    """Four could be asked, one could not; two calls were made."""
    told = explained(_REQUEST, _NOTES)
    assert (told["full_fan_out"], told["saved_calls"]) == (4, 2)
    assert told["sellers"] == _NOTES
    assert set(WHY_FIELDS) <= told.keys()


def test_of_a_request_nobody_remembers_nothing_is_claimed() -> None:
    told = explained(_REQUEST, [])
    assert (told["full_fan_out"], told["saved_calls"], told["sellers"]) == (None, None, [])


def test_more_calls_than_sellers_save_nothing() -> None:
    assert explained(_REQUEST | {"calls": 9}, _NOTES)["saved_calls"] == 0


def test_off_a_terminal_each_thing_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The request with why it stopped, then the sellers by rank, amounts with their currency."""
    print_explained(Terminal(), _REQUEST, _NOTES)
    first, *sellers = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert first[-2:] == [
        "nobody is worth another call",
        "2 instead of 4 for asking everybody; 1 from memory",
    ]
    assert [cells[1] for cells in sellers] == ["first", "second", "known", "far", "closed"]
    assert sellers[0] == ["1", "first", "23.99 USD", "24.50 USD", "20.00 USD", "1", "82", "fits"]
    assert sellers[2][-1] == "not_stocked (from memory)"
    assert sellers[4][-1].startswith("needs_setup: missing: api_key")


def test_on_a_terminal_it_fits_eighty_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the reason is, and however much it has to say."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    every = [
        _note(f"bookseller-{n:02}", reason=reason.value, detail="a long story " * 9, rank=n + 1,
              total=_usd("1023.99"), expected=_usd("1023.99"), reservation=_usd("1020.00"),
              asked_ms=1.0, answered_ms=4999.0, tier=3, cached=True)
        for n, reason in enumerate(Reason)
    ]  # fmt: skip
    print_explained(Terminal(color="never"), _REQUEST, [*_NOTES, *every])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(width_of, lines)) <= 80
    told = "\n".join(lines)
    assert "nobody is worth another call" in told
    assert "for asking everybody" in told
    assert "USD" not in told.split("gave")[1]
    assert all(f"bookseller-{n:02}" in told for n in range(len(Reason)))
