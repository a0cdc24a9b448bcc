"""What is to be bought, as arguments and as lines of stdin."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.cli.durations import seconds
from bookhunt.cli.wishes import Terms, Unreadable, Wish, Wishes, price_of, sellers_of
from bookhunt.model.errors import BadMoney, InputError

_TERMS = Terms(max_price="20", currency="EUR", profile="home", strategy="tiers", deadline="5s")


def _read(*lines: str | bytes, terms: Terms = _TERMS, key: str | None = None) -> list:
    raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
    return list(Wishes(terms=terms, key=key, several=True).of(["-"], raw))


def _body(line: str, **terms: object) -> dict:
    [wish] = _read(line, terms=Terms(**terms) if terms else _TERMS)
    assert isinstance(wish, Wish), wish
    return wish.request.body()


def _error(line: str | bytes) -> InputError:
    [wish] = _read(line)
    assert isinstance(wish, Unreadable)
    assert wish.label == "line 1"
    assert isinstance(wish.error, InputError)
    return wish.error


def test_an_argument_takes_all_terms() -> None:
    terms = Terms(
        max_price="30",
        profile="office",
        condition="used",
        format="paper",
        country="DE",
        sellers="a, b",
        customer="ada",
        deadline="1.5s",
        priority=2,
        note="a gift",
        dry_run=True,
        again=True,
    )
    [wish] = Wishes(terms=terms, key="k").of(["The Hobbit"], [])
    assert wish.key == "k"
    assert wish.request.body() == {
        "book_name": "The Hobbit",
        "max_price": "30",
        "customer_info": {"profile": "office"},
        "customer": "ada",
        "condition": "used",
        "format": "paper",
        "country": "DE",
        "sellers": ["a", "b"],
        "deadline_ms": 1500,
        "priority": 2,
        "dry_run": True,
        "note": "a gift",
        "again": True,
    }


def test_a_plain_line_is_a_book_and_an_empty_one_is_nothing() -> None:
    wishes = _read("The Hobbit\n", "\n", "   \n", "# 1 Fan\r\n", "9781449373320")
    assert [wish.label for wish in wishes] == ["The Hobbit", "# 1 Fan", "9781449373320"]
    assert all(wish.request.max_price == {"amount": "20", "currency": "EUR"} for wish in wishes)


def test_a_tab_brings_a_price_of_its_own() -> None:
    assert _body("Emma\t8.50\n")["max_price"] == {"amount": "8.50", "currency": "EUR"}
    assert _body("Emma\t8.50 usd\n")["max_price"] == {"amount": "8.50", "currency": "USD"}
    assert _body("Emma\t8.50\n", profile="home")["max_price"] == "8.50"


def test_json_lines_say_what_differs() -> None:
    body = _body(
        '{"book": "Emma", "max_price": 24.90, "condition": "used", "sellers": ["a"], '
        '"deadline": "300ms", "again": true, "priority": 3, "strategy": null}'
    )
    assert body["max_price"] == {"amount": "24.90", "currency": "EUR"}, "digits are kept"
    assert (body["condition"], body["sellers"], body["deadline_ms"]) == ("used", ["a"], 300)
    assert (body["again"], body["priority"], body["strategy"]) == (True, 3, "tiers")
    amount = {"amount": "5", "currency": "GBP"}
    assert _body(json.dumps({"isbn": "9781449373320", "max_price": amount}))["max_price"] == amount


def test_an_isbn_says_more_than_the_title_beside_it() -> None:
    body = _body('{"book": "Emma", "isbn": "9780141439587"}')
    assert body["isbn"] == "9780141439587"
    assert "book_name" not in body


@pytest.mark.parametrize(
    "line",
    [
        "Emma\t8\t9",
        "Emma\t$8",
        "Emma\t-8",
        "Emma\t8,50",
        '{"book": "Emma"',
        '{"title": "Emma"}',
        '{"max_price": "8"}',
        '{"book": "Emma", "again": "yes"}',
        '{"book": "Emma", "max_price": [8]}',
        '{"book": "Emma", "max_price": {"amount": "8"}}',
        '{"book": "Emma", "priority": 1.5}',
        '{"book": "Emma", "sellers": []}',
        '{"book": "Emma", "deadline": "soon"}',
        b"caf\xe9",
        "x" * 20_000,
    ],
)
def test_a_line_that_cannot_be_read_is_an_error_of_its_own(line: str | bytes) -> None:
    """It says which line, and the others are read all the same."""
    _error(line)
    [first, second] = _read(line, "The Hobbit")
    assert isinstance(first, Unreadable)
    assert isinstance(second, Wish)


def test_without_any_price_nothing_is_submitted() -> None:
    [wish] = _read("Emma", terms=Terms())
    assert isinstance(wish, Unreadable)
    assert "--max-price" in (wish.error.hint or "")


def test_a_key_for_a_list_makes_the_same_keys_when_the_list_runs_again() -> None:
    """Also when a line was put in before; and two equal lines are two wishes."""
    first = [wish.key for wish in _read("Emma", "The Hobbit", "Emma", key="list-7")]
    second = [wish.key for wish in _read("Dracula", "Emma", "The Hobbit", "Emma", key="list-7")]
    assert second[1:] == first
    assert len(set(second)) == 4


def test_a_wish_may_bring_its_own_key() -> None:
    [wish] = _read('{"book": "Emma", "idempotency_key": "mine"}', key="list-7")
    assert wish.key == "mine"


@given(st.text(max_size=60))
def test_any_text_is_a_wish_or_an_error_and_never_a_crash(text: str) -> None:
    for wish in _read(text.encode("utf-8", "surrogatepass")):
        assert isinstance(wish, Wish | Unreadable)


@pytest.mark.parametrize("text", ["", "5 dollars", "1e3", "0x1", "٣", "5 EU"])
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(BadMoney):
        price_of(text, None)


def test_sellers_are_named_with_commas_or_as_a_list() -> None:
    assert sellers_of(None) is None
    assert sellers_of("a,b ,") == ("a", "b")
    assert sellers_of(["a"]) == ("a",)
    with pytest.raises(InputError):
        sellers_of(" , ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", 5), ("0.5", 0.5), ("200ms", 0.2), ("1h30m", 5400), ("2d", 172_800), ("1W", 604_800)],
)
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "soon", "-5s", "5 s", "s", "5y", "1h30"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(InputError):
        seconds(text)
