"""Requests, offers and sellers in words: what was paid is never left to be guessed."""

import sys

import pytest

from bookhunt.cli.output import Terminal
from bookhunt.cli.render import (
    OFFER_HEADERS,
    REQUEST_HEADERS,
    SELLER_HEADERS,
    offer_row,
    outcome_lines,
    request_row,
    seller_row,
    sum_of,
    tell_overcharge,
    word_of,
)
from bookhunt.model.request import RequestState
from bookhunt.wire.contract import OFFER_FIELDS, REQUEST_FIELDS, SELLER_FIELDS


def _usd(amount: str) -> dict:
    return {"amount": amount, "currency": "USD"}


def _request(**fields: object) -> dict:
    bare = dict.fromkeys(REQUEST_FIELDS)
    bare |= {"request_id": "id-1", "book": {"title": "Emma", "isbn13": None}, "status": "SUCCESS"}
    bare |= {"max_price": _usd("30.00"), "attempts": [], "sellers_asked": 5, "sellers_total": 14}
    return bare | fields


_BOUGHT = _request(
    resolved_seller="amberside",
    resolved_price=_usd("23.99"),
    item_price=_usd("20.00"),
    shipping=_usd("3.99"),
    tax=_usd("0.00"),
    order_id="A-1",
    delivery_estimate="2026-03-05",
    latency_ms=812.4,
)


def _told(request: dict, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    return "\n".join(outcome_lines(request, Terminal(color="never")))


def test_a_purchase_off_a_terminal_is_one_line() -> None:
    [line] = outcome_lines(_BOUGHT, Terminal())
    cells = line.split("\t")
    assert cells == [
        "bought",
        "Emma",
        "amberside",
        "20.00 + 3.99 shipping = 23.99 USD",
        "A-1",
        "id-1",
    ]


def test_a_purchase_on_a_terminal_says_seller_sum_order_and_who_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = _told(_BOUGHT, monkeypatch)
    for part in ("amberside", "20.00 + 3.99 shipping = 23.99 USD", "A-1, arrives 2026-03-05"):
        assert part in told
    assert "5 of 14 sellers, 0.8 s" in told
    assert "id-1" in told


def test_an_answer_from_what_was_asked_before_took_milliseconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "5 of 14 sellers, 25 ms" in _told(_BOUGHT | {"latency_ms": 25.4}, monkeypatch)
    assert "5 of 14 sellers, 0.1 s" in _told(_BOUGHT | {"latency_ms": 100.0}, monkeypatch)


def test_the_sum_says_no_more_than_is_known() -> None:
    assert sum_of(_request()) == "-"
    assert sum_of(_request(resolved_price=_usd("9.00"), item_price=_usd("9.00"))) == "9.00 USD"
    taxed = _BOUGHT | {"tax": _usd("1.50"), "resolved_price": _usd("25.49")}
    assert sum_of(taxed) == "20.00 + 3.99 shipping + 1.50 tax = 25.49 USD"


def test_an_overcharge_is_loud(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal, in lists, and beside the one line or object of a pipe."""
    over = _BOUGHT | {"overcharged": True}
    assert "overcharged" in " ".join(request_row(over))
    assert "overcharged" not in " ".join(request_row(_BOUGHT))
    for terminal in (Terminal(), Terminal(json=True)):
        tell_overcharge(_BOUGHT, terminal)
        assert capsys.readouterr().err == ""
        tell_overcharge(over, terminal)
        assert "ATTENTION: Emma: the seller charged more" in capsys.readouterr().err
    assert "ATTENTION" in _told(over, monkeypatch)


def test_not_available_says_the_lowest_price_where_and_how_sure_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = _told(
        _request(
            status="NOT_AVAILABLE",
            lowest_available_price=_usd("31.50"),
            lowest_available_seller="foxglove",
            proof="partial",
            message="the lowest price is 31.50 USD",
        ),
        monkeypatch,
    )
    assert "31.50 USD at foxglove" in told
    assert "partial" in told


def test_what_needs_a_person_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _told(_request(status="NEEDS_ATTENTION", resolved_seller="ivyhouse"), monkeypatch)
    assert "bookhunt settle id-1" in told


def test_a_title_cannot_speak_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Titles and messages are others' text: no escape sequence, no line of their own."""
    evil = _request(book={"title": "Emma\x1b]0;x\x07\nbought", "isbn13": None})
    evil |= {"status": "NOT_AVAILABLE", "message": "a\x1b[2Jb"}
    assert "\x1b" not in _told(evil, monkeypatch)
    [line] = outcome_lines(evil, Terminal(color="never")) if not sys.stdout.isatty() else [""]
    assert "\x1b" not in line


def test_every_state_has_a_word() -> None:
    assert all(word_of(state.value) != state.value for state in RequestState)
    assert word_of("TOMORROW") == "TOMORROW"


def test_rows_have_a_cell_for_each_header() -> None:
    offer = dict.fromkeys(OFFER_FIELDS) | {"seller": "amberside"}
    seller = dict.fromkeys(SELLER_FIELDS)
    assert len(request_row(_request())) == len(REQUEST_HEADERS)
    assert len(offer_row(offer)) == len(OFFER_HEADERS)
    assert len(seller_row(seller)) == len(SELLER_HEADERS)


def test_an_offer_whose_total_is_unknown_is_shown_as_from() -> None:
    offer = dict.fromkeys(OFFER_FIELDS) | {"seller": "nightjar", "price": _usd("12.00")}
    assert "from 12.00 USD" in offer_row(offer)


def test_a_price_from_abroad_is_shown_beside_what_it_costs_here() -> None:
    """What was bought, and what is offered; a total that is not known yet, too."""
    euros = {"amount": "22.90", "currency": "EUR"}
    assert sum_of(_BOUGHT | {"original_price": euros}).endswith("= 23.99 USD (22.90 EUR)")
    offer = dict.fromkeys(OFFER_FIELDS) | {"seller": "buch", "price": _usd("12.00")}
    unknown = offer | {"original": {"price": euros, "total": None}}
    assert "from 12.00 USD (22.90 EUR)" in offer_row(unknown)
    known = unknown | {"total": _usd("25"), "original": {"price": None, "total": euros}}
    assert "25 USD (22.90 EUR)" in offer_row(known)
