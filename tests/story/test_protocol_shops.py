"""Shops that speak UCP and ACP: a session is completed once, whatever is said about it meanwhile.

What all shop systems have in common is in `test_shop_systems`; here is what the protocols add: a
session that shows an order late, statuses that mean "bought already", totals that have to sum, and
what a person must see.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from bookhunt.model.book import Book as Named
from bookhunt.model.money import Money
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.loading import load_file
from tests.merchants.acp import Acp, AcpOf2026
from tests.merchants.definitions import SHIPPED, shop
from tests.merchants.merchant import Book
from tests.merchants.running import open_here
from tests.merchants.shopping import ISBN, shopping
from tests.merchants.ucp import Ucp
from tests.support.inline_sellers import a_gateway
from tests.support.seller_worlds import an_ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookhunt.model.outcome import RequestRecord
    from tests.merchants.running import OpenMerchant
    from tests.merchants.sessions import SessionShop
    from tests.merchants.shopping import Shopper

pytestmark = pytest.mark.story
SHOPS: tuple[type[SessionShop], ...] = (Ucp, Acp, AcpOf2026)
KEYED = (Ucp, AcpOf2026)
TOTAL = Money(1250 + 350, "USD")


def at_each(*kinds: type[SessionShop]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", kinds, ids=[kind.system for kind in kinds])


@asynccontextmanager
async def before(
    kind: type[SessionShop], folder: Path, *faults: tuple[Any, ...]
) -> AsyncIterator[tuple[Shopper, OpenMerchant]]:
    """Somebody before an open shop; each fault a name, an operation, a count and more."""
    with open_here(kind, folder=folder / "arcade") as arcade:
        merchant = arcade[kind.system]
        merchant.put(Book(isbn=ISBN))
        for name, operation, count, *more in faults:
            merchant.fault(name, operation, count=count, **(more[0] if more else {}))
        async with shopping(arcade, folder) as shopper:
            yield shopper, merchant


async def bought_at(
    kind: type[SessionShop], folder: Path, *faults: tuple[Any, ...], most: str = "60"
) -> tuple[RequestRecord, list[dict[str, Any]]]:
    """What became of one request, and everything that the shop wrote down."""
    async with before(kind, folder, *faults) as (shopper, merchant):
        record = await shopper.buy(kind.system, most)
        return record, merchant.lines()


def commits(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [x for x in lines if x["kind"] == "arrival" and x["operation"] == "commit"]


def sold(lines: list[dict[str, Any]]) -> list[int]:
    """What each order cost."""
    return [line["total_minor"] for line in lines if line["kind"] == "order"]


# --------------------------------------------------------------------------- the session as proof
@at_each(*SHOPS)
async def test_a_slow_commit_shows_the_session_as_it_was_and_is_waited_for(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    """Ready, just after the answer was lost, proves nothing; and nothing is sent into it."""
    late = ("late", "commit", 1, {"ms": 60})
    record, lines = await bought_at(kind, tmp_path, late)
    assert record.state is RequestState.SUCCESS
    assert record.result.bought is not None
    assert record.result.bought.total == TOTAL
    assert len(commits(lines)) == 1
    assert sold(lines) == [TOTAL.minor]
    asked = [line["operation"] for line in lines if line["kind"] == "arrival"]
    assert asked.count("find") > 1


@at_each(*KEYED)
async def test_an_order_that_never_comes_is_sent_again_in_the_same_bytes(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    record, lines = await bought_at(kind, tmp_path, ("lost_before", "commit", 1))
    assert record.state is RequestState.SUCCESS
    first, second = commits(lines)
    assert first["body_hash"] == second["body_hash"]
    assert first["key"] == second["key"] != ""
    assert sold(lines) == [TOTAL.minor]


async def test_the_first_acp_promises_nothing_of_a_second_send_so_there_is_none(
    tmp_path: Path,
) -> None:
    """The session says it was not bought, late and twice; then that is so."""
    record, lines = await bought_at(Acp, tmp_path, ("lost_before", "commit", 1))
    assert record.state is RequestState.PURCHASE_FAILED
    assert len(commits(lines)) == 1
    assert sold(lines) == []


@at_each(*KEYED)
async def test_one_completion_too_many_is_no_refusal(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    """A shop that ignores the key answers 405 or 409, which may be what "bought" looks like."""
    faults = (
        ("lost_after", "commit", 1),
        ("status_after", "find", 18),  # six look-ups of three requests each
        ("key_ignored", "commit", None),
    )
    record, lines = await bought_at(kind, tmp_path, *faults)
    assert record.state is RequestState.SUCCESS
    assert len(commits(lines)) >= 2
    assert sold(lines) == [TOTAL.minor]


@at_each(*SHOPS)
@pytest.mark.parametrize("twist", ["in_flight", "conflict", "in_progress"])
async def test_what_the_shop_works_on_is_looked_at_and_not_sent_again(
    kind: type[SessionShop], twist: str, tmp_path: Path
) -> None:
    record, lines = await bought_at(kind, tmp_path, (twist, "commit", 1))
    assert record.state is RequestState.SUCCESS
    assert len(commits(lines)) == 1
    assert sold(lines) == [TOTAL.minor]


@at_each(*SHOPS)
async def test_a_session_that_is_worked_on_is_never_completed_again(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    """Its answer was lost, too: the protocol forbids another one until it is done."""
    faults = (("in_progress", "commit", 1), ("lost_after", "commit", 1))
    record, lines = await bought_at(kind, tmp_path, *faults)
    assert record.state is RequestState.SUCCESS
    assert len(commits(lines)) == 1


@at_each(*KEYED)
async def test_a_refusal_of_the_same_key_is_the_first_answer(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    faults = (("lost_after", "commit", 1), ("declined", "commit", None))
    record, lines = await bought_at(kind, tmp_path, *faults)
    assert record.state is RequestState.PURCHASE_FAILED
    assert record.result.reason == "declined"
    assert len(commits(lines)) == 2
    assert sold(lines) == []


@at_each(*SHOPS)
@pytest.mark.parametrize("twist", ["declined", "sold_out", "price_raised"])
async def test_a_session_that_was_refused_is_given_up(
    kind: type[SessionShop], twist: str, tmp_path: Path
) -> None:
    """It would stay open, and may hold a copy back for nobody."""
    record, lines = await bought_at(kind, tmp_path, (twist, "commit", None))
    assert record.state is RequestState.PURCHASE_FAILED
    asked = [line["operation"] for line in lines if line["kind"] == "arrival"]
    assert asked[-2:] == ["commit", "cancel"]


# ---------------------------------------------------------------------- what a person must look at
@at_each(*SHOPS)
async def test_a_shop_that_wants_to_see_the_buyer_gets_a_person(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    record, lines = await bought_at(kind, tmp_path, ("escalation", "commit", 1))
    assert record.state is RequestState.NEEDS_ATTENTION
    assert sold(lines) == []


@at_each(*SHOPS)
async def test_what_must_be_read_first_is_not_accepted_for_anybody(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    record, lines = await bought_at(kind, tmp_path, ("disclosure", "add", None))
    assert record.state is RequestState.PURCHASE_FAILED
    assert record.result.reason == "needs_person"
    assert commits(lines) == []


@at_each(*SHOPS)
async def test_completed_without_an_order_is_not_called_bought(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    record, lines = await bought_at(kind, tmp_path, ("no_order", "any", None))
    assert record.state is RequestState.NEEDS_ATTENTION
    assert sold(lines) == [TOTAL.minor]


# ------------------------------------------------------------------------ what is not paid
@at_each(*SHOPS)
@pytest.mark.parametrize(
    ("twist", "told"),
    [
        ("wrong_sum", "the totals do not sum"),
        ("postage_later", "no total, or one without the delivery"),
        ("second_line", "not one copy of one book"),
        ("two_copies", "not one copy of one book"),
        ("wrong_isbn", "wrong_book"),
    ],
)
async def test_a_session_that_is_not_what_it_should_be_is_never_completed(
    kind: type[SessionShop], twist: str, told: str, tmp_path: Path
) -> None:
    record, lines = await bought_at(kind, tmp_path, (twist, "add", None))
    assert record.state is RequestState.PURCHASE_FAILED
    assert told in str(record.result.message)
    assert commits(lines) == []


@at_each(*SHOPS)
async def test_a_total_above_the_maximum_is_not_paid_and_the_session_is_given_up(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    record, lines = await bought_at(kind, tmp_path, most="15.99")
    assert record.state is not RequestState.SUCCESS
    asked = [line["operation"] for line in lines if line["kind"] == "arrival"]
    assert "commit" not in asked
    assert asked[-1] == "cancel"


@at_each(*SHOPS)
async def test_more_than_was_agreed_is_told(kind: type[SessionShop], tmp_path: Path) -> None:
    """No protocol takes a maximum; what it came to is in the session, and is shown."""
    record, lines = await bought_at(kind, tmp_path, ("charges_more", "commit", 1))
    assert record.result.bought is not None
    assert record.result.bought.overcharged
    assert sold(lines) == [record.result.bought.total.minor]


# ------------------------------------------------------------------------------ how it is said
@at_each(*SHOPS)
@pytest.mark.parametrize("nested", [False, True], ids=["flat", "in a detail"])
async def test_sold_out_is_understood_as_the_shop_says_it(
    kind: type[SessionShop], nested: bool, tmp_path: Path
) -> None:
    faults = [("sold_out", "add", None)] + [("nested", "any", None)] * nested
    record, lines = await bought_at(kind, tmp_path, *faults)
    assert record.result.reason == "sold_out"
    assert commits(lines) == []


async def quoted(kind: type[SessionShop], folder: Path, isbn: str, *twists: str) -> Reason | None:
    """Why the shop offers nothing of this book; it has sold the last copy of another."""
    with open_here(kind, folder=folder) as arcade:
        merchant = arcade[kind.system]
        merchant.put(Book(isbn=ISBN, stock=0))
        for twist in twists:
            merchant.fault(twist)
        secrets = {f"{kind.system}/api_key": "k"}
        async with a_gateway(shop(kind, merchant.address), secrets=secrets) as gateway:
            answer = await gateway.quote(kind.system, an_ask(Named(isbn13=isbn)), within_s=5)
        assert merchant.asked() == ["quote"]
    assert answer.offers == ()
    return answer.reason


@at_each(*SHOPS)
@pytest.mark.parametrize("twists", [(), ("unknown_free",), ("nested",)], ids=str)
async def test_what_the_shop_does_not_know_is_not_stocked(
    kind: type[SessionShop], twists: tuple[str, ...], tmp_path: Path
) -> None:
    """An error, or, from some, a copy of nothing for nothing."""
    assert await quoted(kind, tmp_path, "9780132350884", *twists) is Reason.NOT_STOCKED


@at_each(*SHOPS)
async def test_a_book_that_is_gone_is_sold_out_though_the_status_is_fine(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    assert await quoted(kind, tmp_path, ISBN) is Reason.SOLD_OUT


# ------------------------------------------------------------------------------ a shop of one's own
LIKE = """
schema: 1
id: corner
like: {system}
name: Corner Books
base_url: {address}
maps: {{items: {{"{isbn}": lantern-pb}}}}
"""


@at_each(*SHOPS)
async def test_a_table_names_the_ids_of_a_shop_that_has_its_own(
    kind: type[SessionShop], tmp_path: Path
) -> None:
    """A book that is not in it is not asked for at all."""
    with open_here(kind, folder=tmp_path / "arcade") as arcade:
        merchant = arcade[kind.system]
        merchant.put(Book(isbn="lantern-pb"))
        text = LIKE.format(system=kind.system, address=merchant.address, isbn=ISBN)
        (tmp_path / "corner.yaml").write_text(text, "utf-8")
        settings = {k: v for k, v in kind.settings.items() if k != "shop"}
        corner = compile_seller(
            load_file(tmp_path / "corner.yaml", shipped=SHIPPED),
            configured=Configured(settings=settings),
            has_secret=lambda _: True,
        )
        async with a_gateway(corner, secrets={"corner/api_key": "k"}) as gateway:
            known = await gateway.quote("corner", an_ask(Named(isbn13=ISBN)), within_s=5)
            other = await gateway.quote("corner", an_ask(Named(isbn13="9780132350884")), within_s=5)
        assert merchant.asked() == ["quote"]
    [offer] = known.offers
    assert (json.loads(offer.item), offer.isbn13) == ("lantern-pb", ISBN)
    assert other.reason is Reason.NOT_STOCKED


# ------------------------------------------------------------------ the merchants, by hand
def completed(merchant: OpenMerchant, body: Any, **headers: str) -> tuple[int, Any]:
    """One completion of the first session by hand."""
    place = "checkout-sessions" if merchant.system == "ucp" else "checkout_sessions"
    return by_hand(merchant, "POST", f"/{place}/cs_1/complete", body, **headers)


def by_hand(
    merchant: OpenMerchant, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    known = {
        "UCP-Agent": 'profile="https://reader.example"',
        "Request-Signature": "unsigned",
        "Authorization": "Bearer k",
        "API-Version": "2025-09-29" if merchant.system == "acp" else "2026-04-17",
    }
    connection = HTTPConnection(urlsplit(merchant.address).netloc, timeout=5)
    try:
        sent = None if body is None else json.dumps(body).encode()
        connection.request(method, path, sent, known | headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@at_each(*SHOPS)
def test_the_suites_shops_complete_a_session_once(kind: type[SessionShop], tmp_path: Path) -> None:
    """The same key and bytes get the first answer, other bytes a conflict, others "too late"."""
    with open_here(kind, folder=tmp_path) as arcade:
        merchant = arcade[kind.system]
        merchant.put(Book(isbn=ISBN))
        ucp, old = kind is Ucp, kind is Acp
        item = {"id": ISBN, "quantity": 1} if old else {"id": ISBN}
        body = {"line_items": [{"item": item, "quantity": 1}]} if ucp else {"currency": "usd"}
        body |= {} if ucp else {"items" if old else "line_items": [item]}
        place = "/checkout-sessions" if ucp else "/checkout_sessions"
        status, session = by_hand(merchant, "POST", place, body, **{"Idempotency-Key": "k0"})
        assert (status, session["id"]) == (201, "cs_1")
        pay = {"payment_data": {"id": "instr_r"}}
        status, first = completed(merchant, pay, **{"Idempotency-Key": "k1"})
        assert (status, first["status"]) == (200, "completed")
        again, answer = completed(merchant, pay, **{"Idempotency-Key": "k1"})
        other, _ = completed(merchant, pay | {"more": 1}, **{"Idempotency-Key": "k1"})
        anew, _ = completed(merchant, pay, **{"Idempotency-Key": "k2"})
        too_late = 409 if ucp else 405
        assert anew == too_late
        if old:
            assert (again, other) == (405, 405)
        else:
            assert (again, answer) == (200, first)
            assert other == (409 if ucp else 422)
        assert len(merchant.orders()) == 1
