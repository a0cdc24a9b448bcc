"""Each way to misbehave does what it says, and the ledger says whether an order was made."""

import gzip
import http.client
import json
from typing import Any

import pytest

from bookhunt.simulated import Street
from bookhunt.simulated.faults import Behaviour
from tests.unit.simulated.shopper import Reply, Shopper, ask, hears_nothing, speak, wait_until

_SELLER = "amberside"
_EXECUTED = {
    Behaviour.HANG_AFTER,
    Behaviour.DELAY,
    Behaviour.STATUS_AFTER,
    Behaviour.RESET_AFTER,
    Behaviour.DELAYED,
    Behaviour.PRICE_RAISED,
    Behaviour.GARBAGE,
    Behaviour.TRUNCATED,
    Behaviour.EMPTY,
    Behaviour.WRONG_TYPE,
    Behaviour.HTML_PAGE,
    Behaviour.DUPLICATE,
    Behaviour.DRIP,
    Behaviour.OVERSIZED,
    Behaviour.GZIP_BOMB,
}
_NOT_EXECUTED = {
    Behaviour.HANG,
    Behaviour.STATUS,
    Behaviour.RESET_UNREAD,
    Behaviour.RESET_BEFORE,
    Behaviour.REDIRECT,
    Behaviour.UNAUTHORISED,
    Behaviour.SOLD_OUT,
    Behaviour.PRICE_CHANGED,
    Behaviour.DECLINED,
}
_QUOTES_ONLY = {Behaviour.WRONG_BOOK, Behaviour.PRICE_GARBAGE}


def _commit(shopper: Shopper, **names: str) -> dict[str, Any]:
    return shopper.minor_commit(_SELLER, shopper.offer(_SELLER)["item"], **names)


def _fates(street: Street) -> list[tuple[str, int]]:
    return [(line["fate"], line["status"]) for line in street.ledger(kind="answer")]


def _commit_under(shopper: Shopper, behaviour: str, **options: Any) -> Reply:
    """The answer to a commit under one fault."""
    shopper.street.fault(_SELLER, "commit", behaviour, **options)
    return ask(**_commit(shopper))


def test_every_behaviour_is_held_to_its_word() -> None:
    assert set(Behaviour) == _EXECUTED | _NOT_EXECUTED | _QUOTES_ONLY


@pytest.mark.parametrize("behaviour", sorted(_EXECUTED))
def test_it_executes(behaviour: str, shopper: Shopper) -> None:
    """The customer may hear anything or nothing: there is one order, and a second look agrees."""
    street = shopper.street
    options = {"size": 1 << 20} if behaviour in {"oversized", "gzip_bomb"} else {}
    street.fault(_SELLER, "commit", behaviour, ms=20, **options)
    with speak(**_commit(shopper)):
        wait_until(street.orders)
    assert len(street.ledger(kind="order")) == len(street.orders()) == 1


@pytest.mark.parametrize("behaviour", sorted(_NOT_EXECUTED))
def test_it_does_not_execute(behaviour: str, shopper: Shopper) -> None:
    street = shopper.street
    street.fault(_SELLER, "commit", behaviour)
    with speak(**_commit(shopper)):
        wait_until(lambda: _fates(street))
    assert street.orders() == []
    assert street.ledger(kind="order") == []
    # And the seller is none the worse: the next commit is an order.
    assert ask(**_commit(shopper, key="k2")).status == 201


def test_hang_and_hang_after_leave_the_line_open_and_silent(shopper: Shopper) -> None:
    street = shopper.street
    for behaviour, orders in (("hang", 0), ("hang_after", 1)):
        street.reset()
        street.fault(_SELLER, "commit", behaviour)
        with speak(**_commit(shopper)) as line:
            wait_until(lambda: _fates(street) == [("lost", 0)])
            assert hears_nothing(line)
        assert len(street.orders()) == orders


@pytest.mark.parametrize("behaviour", ["reset_before", "reset_after", "reset_unread"])
def test_a_reset_is_an_error_of_the_connection_not_an_end(behaviour: str, shopper: Shopper) -> None:
    shopper.street.fault(_SELLER, "commit", behaviour)
    with pytest.raises(ConnectionResetError):
        ask(**_commit(shopper))


def test_reset_unread_for_any_operation_reads_nothing(shopper: Shopper) -> None:
    """No arrival is entered, for nothing was read; that it happened is counted."""
    commit = _commit(shopper)
    shopper.street.fault(_SELLER, "any", "reset_unread")
    with pytest.raises(ConnectionResetError):
        ask(**commit)
    assert shopper.street.arrivals(operation="commit") == []
    assert shopper.street.counts()[_SELLER] == {"unread": 1}


def test_delayed_resets_at_once_and_executes_later(shopper: Shopper) -> None:
    """The order can appear after the customer gave up: by the street's clock, so much later."""
    street = shopper.street
    street.fault(_SELLER, "commit", "delayed", ms=300)
    with pytest.raises(ConnectionResetError):
        ask(**_commit(shopper))
    wait_until(street.orders)
    [arrival] = street.arrivals(operation="commit")
    [order] = street.orders()
    # A timer of the loop counts from when the loop's turn began, some milliseconds before.
    assert order["placed_at"] - arrival["time"] >= 0.25
    assert order["arrival"] == arrival["seq"]


def test_delayed_may_hang_instead(shopper: Shopper) -> None:
    shopper.street.fault(_SELLER, "commit", "delayed", ms=50, hang=True)
    with speak(**_commit(shopper)) as line:
        wait_until(shopper.street.orders)
        assert hears_nothing(line)


def test_a_delayed_order_does_not_reach_over_a_reset_of_the_street(shopper: Shopper) -> None:
    """What one test left in the queue of a seller must not be an order in the next."""
    street = shopper.street
    street.fault(_SELLER, "commit", "delayed", ms=100, hang=True)
    with speak(**_commit(shopper)):
        wait_until(lambda: _fates(street))
        street.reset()
        street.fault(_SELLER, "quote", "delay", ms=150)
        ask(street.addresses[_SELLER], "GET", "/v1/offers", headers=shopper.headers(_SELLER))
    assert street.orders() == []


def test_delay_answers_later_by_the_streets_clock(shopper: Shopper) -> None:
    reply = _commit_under(shopper, "delay", ms=120)
    [arrival] = shopper.street.arrivals(operation="commit")
    [order] = shopper.street.orders()
    assert reply.status == 201
    assert order["placed_at"] - arrival["time"] >= 0.1  # a timer's turn may have begun before


def test_status_says_when_to_come_again(shopper: Shopper) -> None:
    reply = _commit_under(shopper, "status", status=429, retry_after_s=7)
    assert (reply.status, reply.headers["retry-after"]) == (429, "7")


def test_status_after_answers_an_error_and_the_key_finds_the_order(shopper: Shopper) -> None:
    assert _commit_under(shopper, "status_after", status=503).status == 503
    again = ask(**_commit(shopper))
    assert again.status == 201
    assert len(shopper.street.orders()) == 1


def test_a_kept_status_is_the_keys_answer_for_ever(shopper: Shopper) -> None:
    """As at Stripe: the order stands, and the key repeats the error."""
    assert _commit_under(shopper, "status_after", status=500, kept=True).status == 500
    assert ask(**_commit(shopper)).status == 500
    assert len(shopper.street.orders()) == 1


def test_redirect_and_unauthorised(shopper: Shopper) -> None:
    moved = _commit_under(shopper, "redirect", status=302, location="https://elsewhere.example/")
    assert (moved.status, moved.headers["location"]) == (302, "https://elsewhere.example/")
    assert _commit_under(shopper, "unauthorised").status == 401


@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [
        ("sold_out", 409, "SOLD_OUT"),
        ("price_changed", 409, "PRICE_CHANGED"),
        ("declined", 402, "DECLINED"),
    ],
)
def test_a_refusal_is_said_in_the_sellers_words(
    behaviour: str, status: int, code: str, shopper: Shopper
) -> None:
    reply = _commit_under(shopper, behaviour)
    assert (reply.status, reply.json["error"]["code"]) == (status, code)


def test_price_raised_charges_more_at_a_commit(shopper: Shopper) -> None:
    total = shopper.offer(_SELLER)["total_minor"]
    reply = _commit_under(shopper, "price_raised", minor=321)
    assert reply.json["total"]["amount"] == total + 321
    assert shopper.street.orders()[0]["total_minor"] == total + 321


def test_price_raised_is_told_at_the_price_step_and_charged(shopper: Shopper) -> None:
    offer = shopper.offer("lanternrow")
    shopper.street.fault("lanternrow", "price", "price_raised", minor=500)
    reply = shopper.order("lanternrow", offer["item"])
    assert reply.status == 201
    assert shopper.street.orders()[0]["total_minor"] == offer["total_minor"] + 500


def test_a_quote_may_tell_of_another_book_or_of_no_stock_or_of_no_price(
    shopper: Shopper,
) -> None:
    isbn = shopper.offer(_SELLER)["isbn"]
    rows = {}
    for behaviour in ("wrong_book", "sold_out", "price_garbage"):
        shopper.street.fault(_SELLER, "quote", behaviour)
        rows[behaviour] = shopper.quote(_SELLER, isbn).json["offers"][0]
    assert rows["wrong_book"]["isbn13"] != isbn
    assert rows["sold_out"]["stock"] == {"status": "OUT", "count": 0}
    assert not isinstance(rows["price_garbage"]["price"]["amount"], int)
    assert shopper.quote(_SELLER, isbn).json["offers"][0]["isbn13"] == isbn


def test_spoilt_answers(shopper: Shopper) -> None:
    garbage = _commit_under(shopper, "garbage")
    with pytest.raises(ValueError):  # noqa: PT011 - not UTF-8, or not JSON: either will do
        json.loads(garbage.body)
    shopper.street.reset()
    assert _commit_under(shopper, "empty").body == b""
    shopper.street.reset()
    assert _commit_under(shopper, "wrong_type").headers["content-type"] == "image/png"
    shopper.street.reset()
    page = _commit_under(shopper, "html_page")
    assert page.status == 200
    assert "went wrong" in page.text


def test_truncated_closes_before_the_promised_length(shopper: Shopper) -> None:
    with pytest.raises(http.client.IncompleteRead):
        _commit_under(shopper, "truncated")
    assert _fates(shopper.street)[-1] == ("lost", 201)


def test_duplicate_sends_the_answer_twice(shopper: Shopper) -> None:
    shopper.street.fault(_SELLER, "commit", "duplicate")
    with speak(**_commit(shopper)) as line:
        heard = b""
        while heard.count(b"HTTP/1.1 201") < 2:
            heard += line.recv(65536)


def test_drip_sends_a_byte_at_a_time(shopper: Shopper) -> None:
    shopper.street.fault(_SELLER, "commit", "drip")
    with speak(**_commit(shopper)) as line:
        assert line.recv(65536) == b"H"


def test_oversized_and_a_bomb_open_to_their_size(shopper: Shopper) -> None:
    large = _commit_under(shopper, "oversized", size=3 << 20)
    assert len(large.body) == 3 << 20
    shopper.street.reset()
    bomb = _commit_under(shopper, "gzip_bomb", size=8 << 20)
    assert bomb.headers["content-encoding"] == "gzip"
    assert len(bomb.body) < 1 << 20
    assert len(gzip.decompress(bomb.body)) >= 8 << 20


def test_a_fault_is_used_up_by_its_count_and_ended_by_clear(shopper: Shopper) -> None:
    street = shopper.street
    isbn = shopper.offer(_SELLER)["isbn"]

    def statuses(count: int) -> list[int]:
        return [shopper.quote(_SELLER, isbn).status for _ in range(count)]

    street.fault(_SELLER, "quote", "status", status=500, count=2)
    assert statuses(3) == [500, 500, 200]
    street.fault("any", "any", "status", status=503, count=None)
    assert statuses(3) == [503, 503, 503]
    street.clear(_SELLER)
    assert statuses(1) == [503], "a rule for all sellers is not one seller's"
    street.clear()
    assert statuses(1) == [200]


def test_chances_are_drawn_from_the_seed(shopper: Shopper) -> None:
    street = shopper.street
    isbn = shopper.offer(_SELLER)["isbn"]
    street.fault(_SELLER, "quote", "status", status=500, count=None, probability=0.5)
    drawn = [shopper.quote(_SELLER, isbn).status for _ in range(40)]
    assert set(drawn) == {200, 500}
