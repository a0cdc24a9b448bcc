"""What a definition's purchase may say, and what is promised around the money."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.ports import Order, Prepared, Stopped
from bookhunt.model.book import Book
from bookhunt.model.purchase import Answer
from tests.support.builders import a_buyer, an_address, an_offer, usd
from tests.support.inline_sellers import ISBN, QUOTE, SECRETS, Routes, a_gateway, defined, shop
from tests.support.loopback import Visit, answer, hang, loopback, reset, say
from tests.support.seller_worlds import again, an_order, frozen_by

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.sellers.gateway import Gateway

BOOK = Book(isbn13=ISBN)
BOUGHT = {"id": "N-1", "total": "12.50"}
COMMIT = """
    - name: order
      commit: true
      request:
        method: POST
        path: /orders
        json: {sku: "{offer.item}", token: "{pay.token}", total: "{offer.total}",
               ref: "{order.reference}"}
      outcomes:
        - {when: {status: 201}, is: bought}
        - {when: {status: 202}, is: placed}
        - {when: {status: 409, json: "code == 'GONE'"}, is: sold_out, message: text}
        - {when: {status: 409, json: "code == 'USED'"}, is: already_done}
        - {when: {status: 302, location: "/login"}, is: unauthorised}
      fields:
        order_id: {at: id}
        final_price: {at: total, unit: major}
        delivery: {at: eta}
"""
OF_CART = COMMIT.replace(
    'ref: "{order.reference}"', 'ref: "{order.reference}", cart: "{captured.cart}"'
)
FIND = """
  find_order:
    by: reference
    settle_s: 5
    steps: [{request: {path: /orders, query: {ref: "{order.reference}"}}}]
    outcomes:
      - {when: {json: "nothing"}, is: none}
    rows: "orders[]"
    fields:
      reference: {at: ref}
      order_id: {at: id}
      final_price: {at: total, unit: major}
      state: {at: state, map: {PAID: bought, WAIT: placed, DRAFT: none, NO: declined}}
"""
CART = """
    - name: cart
      request: {method: POST, path: /carts, json: {sku: "{offer.item}"}}
      capture: {cart: {at: id}}
"""
PRICE = """
    - name: price
      request: {path: "/carts/{captured.cart}"}
      total: {at: total, unit: major, currency: {at: currency}}
"""
CANCEL = """
  cancel:
    steps: [{request: {method: DELETE, path: "/carts/{captured.cart}"}}]
"""
HEADER_AUTH = """
secrets: {key: {prompt: "Key"}}
auth:
  - {kind: header, name: X-Api-Key, value: "{secrets.key}"}
"""
SESSION = """
secrets: {user: {prompt: "User"}}
auth:
  - kind: session
    steps:
      - request: {method: POST, path: /login, json: {user: "{secrets.user}"}}
        capture: {token: {at: token}}
    headers: {X-Session: "{captured.token}"}
"""


def purchase(*steps: str, key: str = "{send: none}", more: str = "", find: str = FIND) -> str:
    head = f"""
purchase:
  profile_needs: [name, street]
  payment: {{kind: token, prompt: "Card token"}}
  idempotency: {key}
  steps:"""
    return head + "".join(steps or (COMMIT,)) + find + more


def order_of(gateway: Gateway, **offer: Any) -> Order:
    seller = gateway.get("shop")
    assert seller is not None
    return an_order(seller, an_offer("shop", item='"A1"', **offer), BOOK)


async def prepared(gateway: Gateway, order: Order | None = None) -> Order:
    order = order or order_of(gateway)
    ready = await gateway.prepare(order)
    assert isinstance(ready, Prepared), ready
    return frozen_by(order, ready.frozen)


async def stopped(gateway: Gateway, order: Order | None = None) -> Stopped:
    ended = await gateway.prepare(order or order_of(gateway))
    assert isinstance(ended, Stopped), ended
    return ended


def sold(body: Any = BOUGHT) -> Any:
    return say(body, status=201)


# ------------------------------------------------------------------------------------- the commit
@pytest.mark.parametrize(
    ("play", "said"),
    [
        (say(BOUGHT, status=201), Answer.BOUGHT),
        (say({}, status=201), Answer.UNKNOWN),
        (say({"id": ""}, status=201), Answer.UNKNOWN),
        (say({"id": {"no": "text"}}, status=201), Answer.UNKNOWN),
        (say(b"<html>", status=201), Answer.UNKNOWN),
        (say(BOUGHT, status=202), Answer.PLACED),
        (say({}, status=202), Answer.PLACED),
        (say(b"<html>", status=202), Answer.UNKNOWN),
        (say(BOUGHT), Answer.UNKNOWN),
        (say({"code": "GONE"}, status=409), Answer.SOLD_OUT),
        (say({"code": "USED"}, status=409), Answer.ALREADY_DONE),
        (say({"code": "?"}, status=409), Answer.UNKNOWN),
        (say(status=302, headers=(("Location", "/login"),)), Answer.UNAUTHORISED),
        (say(status=302, headers=(("Location", "/thanks"),)), Answer.UNKNOWN),
        (say(status=307, headers=(("Location", "/orders"),)), Answer.UNKNOWN),
        (say(status=401), Answer.UNKNOWN),
        (say(status=429), Answer.UNKNOWN),
        (say(status=500), Answer.UNKNOWN),
        (reset, Answer.UNKNOWN),
    ],
)
async def test_only_a_declared_answer_means_anything(
    tmp_path: Path, play: Any, said: Answer
) -> None:
    routes = Routes().on("POST /orders", play)
    async with shop(tmp_path, routes, QUOTE, purchase()) as (gateway, _):
        sent = await gateway.send(await prepared(gateway))
    assert sent.answer is said
    assert routes.count("/orders") == 1


async def test_what_was_bought_is_told_whole(tmp_path: Path) -> None:
    body = BOUGHT | {"total": "13.00", "eta": "2026-03-09"}
    routes = Routes().on("POST /orders", sold(body))
    async with shop(tmp_path, routes, QUOTE, purchase()) as (gateway, _):
        sent = await gateway.send(await prepared(gateway))
    assert (sent.order_id, sent.charged, sent.delivery) == ("N-1", usd("13.00"), "2026-03-09")


async def test_a_price_that_cannot_be_read_does_not_undo_an_order(tmp_path: Path) -> None:
    routes = Routes().on("POST /orders", sold(BOUGHT | {"total": "a lot"}))
    async with shop(tmp_path, routes, QUOTE, purchase()) as (gateway, _):
        sent = await gateway.send(await prepared(gateway))
    assert (sent.answer, sent.order_id, sent.charged) == (Answer.BOUGHT, "N-1", None)


async def test_the_sellers_own_words_go_with_a_refusal(tmp_path: Path) -> None:
    refusal = say({"code": "GONE", "text": "the last\ncopy went"}, status=409)
    async with shop(tmp_path, Routes().on("POST /orders", refusal), QUOTE, purchase()) as (g, _):
        sent = await g.send(await prepared(g))
    assert sent.detail == "the last copy went"


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("{send: header, name: X-Key, retained_h: 1}", lambda a: a.headers.get("x-key")),
        ("{send: body, at: meta.key, retained_h: 1}", lambda a: a.json()["meta"]["key"]),
    ],
)
async def test_the_key_goes_where_the_definition_says_and_is_the_orders_own(
    tmp_path: Path, key: str, found: Any
) -> None:
    routes = Routes().on("POST /orders", sold())
    async with shop(tmp_path, routes, QUOTE, purchase(key=key)) as (gateway, _):
        orders = [await prepared(gateway) for _ in range(2)]
        for order in orders:
            await gateway.send(order)
    sent = [found(arrived) for arrived in routes.seen]
    assert sent == [order.attempt.key for order in orders]
    assert len(set(sent)) == 2


async def test_every_byte_that_is_sent_again_is_the_same(tmp_path: Path) -> None:
    """By the same process, and by one that knows nothing but what is on disk."""
    routes = Routes().on("POST /carts", say({"id": "c1"}, headers=(("Set-Cookie", "sid=1"),)))
    routes.on("POST /orders", reset, sold())
    steps = purchase(
        CART, OF_CART, key="{send: header, name: X-Key, retained_h: 1, replay: same_answer}"
    )
    async with shop(tmp_path, routes, HEADER_AUTH, QUOTE, steps) as (gateway, server):
        order = await prepared(gateway)
        first = await gateway.send(order)
        second = await gateway.send(again(order))
        async with a_gateway() as other:
            third = await other.send(again(order))
    assert [first.answer, second.answer, third.answer] == [
        Answer.UNKNOWN,
        Answer.BOUGHT,
        Answer.BOUGHT,
    ]
    raw = [arrived.raw for arrived in server.arrived if arrived.target == "/orders"]
    assert len(raw) == 3
    assert raw[0] == raw[1] == raw[2]
    assert b"canary-token" in raw[0]
    assert b"sid=1" in raw[0]


async def test_a_stored_order_holds_no_secret_and_a_touched_one_is_not_sent(
    tmp_path: Path,
) -> None:
    routes = Routes().on("POST /orders", sold())
    async with shop(tmp_path, routes, HEADER_AUTH, QUOTE, purchase()) as (gateway, _):
        order = await prepared(gateway)
        frozen = order.attempt.frozen
        assert frozen is not None
        assert "canary" not in frozen.document
        for old, new in (("A1", "B2"), ("/orders", "/others")):
            document = frozen.document.replace(old, new)
            touched = replace(frozen, document=document)
            sent = await gateway.send(
                replace(order, attempt=replace(order.attempt, frozen=touched))
            )
            assert sent.answer is Answer.NOT_SENT
        none = replace(order, attempt=replace(order.attempt, frozen=None))
        assert (await gateway.send(none)).answer is Answer.NOT_SENT
        assert (await gateway.send(again(none))).answer is Answer.UNKNOWN
    assert routes.seen == []


async def test_a_secret_that_the_seller_repeats_is_neither_stored_nor_shown(
    tmp_path: Path,
) -> None:
    routes = Routes().on("POST /carts", {"id": "c1-canary-token"}).on("POST /orders", sold())
    async with shop(tmp_path, routes, QUOTE, purchase(CART, OF_CART)) as (gateway, _):
        await gateway.needs_setup("shop", "home")
        assert (await stopped(gateway)).answer is Answer.REFUSED
    assert routes.count("/orders") == 0
    refusal = say({"code": "GONE", "text": "no such card: canary-token"}, status=409)
    async with shop(tmp_path, Routes().on("POST /orders", refusal), QUOTE, purchase()) as (g, _):
        sent = await g.send(await prepared(g))
    assert sent.detail == "no such card: [secret]"


async def test_a_payment_token_that_is_gone_sends_nothing(tmp_path: Path) -> None:
    routes = Routes().on("POST /orders", sold())
    async with loopback(otherwise=routes) as server:
        seller = defined(tmp_path, server, QUOTE, purchase())
        async with a_gateway(seller) as gateway:
            order = await prepared(gateway)
        async with a_gateway(seller, secrets={}) as gateway:
            told = await stopped(gateway)
            assert told.answer is Answer.NEEDS_SETUP
            assert (await gateway.send(order)).answer is Answer.NOT_SENT
            assert (await gateway.send(again(order))).answer is Answer.UNKNOWN
            assert "pay/home/shop" in str(await gateway.needs_setup("shop", "home"))
    assert routes.seen == []


async def test_a_payment_token_is_one_profiles_at_one_seller(tmp_path: Path) -> None:
    async with shop(tmp_path, Routes(), QUOTE, purchase()) as (gateway, _):
        assert await gateway.needs_setup("shop", "home") is None
        assert await gateway.needs_setup("shop", "office") is not None


async def test_what_the_profile_lacks_is_told_before_any_step(tmp_path: Path) -> None:
    needy = purchase(CART, OF_CART).replace("[name, street]", "[first_name, phone]")
    routes = Routes()
    async with shop(tmp_path, routes, QUOTE, needy) as (gateway, _):
        buyer = a_buyer(ship=an_address(name="Cher"))
        told = await stopped(gateway, replace(order_of(gateway), buyer=buyer))
    assert told.answer is Answer.NEEDS_SETUP
    assert told.detail == "the profile home lacks first_name, phone"
    assert routes.seen == []


async def test_nobody_listening_is_not_sent_the_first_time_and_says_nothing_later(
    tmp_path: Path,
) -> None:
    async with loopback(otherwise=Routes()) as server:
        seller = defined(tmp_path, server, QUOTE, purchase())
        async with a_gateway(seller) as gateway:
            order = await prepared(gateway)
    async with a_gateway(seller) as gateway:
        assert (await gateway.send(order)).answer is Answer.NOT_SENT
        assert (await gateway.send(again(order))).answer is Answer.UNKNOWN


# ------------------------------------------------------------------------------ before the commit
async def test_the_last_total_before_the_commit_is_what_is_agreed_to(tmp_path: Path) -> None:
    routes = Routes().on("POST /carts", {"id": "c1"}).on("POST /orders", sold())
    routes.on("GET /carts/c1", {"total": "11.10", "currency": "usd"})
    async with shop(tmp_path, routes, QUOTE, purchase(CART, PRICE, OF_CART)) as (gateway, _):
        ready = await gateway.prepare(order_of(gateway))
        assert isinstance(ready, Prepared)
        assert (ready.frozen.total, ready.total_checked) == (usd("11.10"), True)
        await gateway.send(frozen_by(order_of(gateway), ready.frozen))
    body = routes.seen[-1].body
    assert b'"total":11.10' in body
    assert b'"cart":"c1"' in body


@pytest.mark.parametrize(
    ("priced", "said"),
    [
        ({"total": "12.51", "currency": "USD"}, Answer.OVER_MAX),
        ({"total": "10.00", "currency": "EUR"}, Answer.REFUSED),
        ({"total": "0.00", "currency": "USD"}, Answer.REFUSED),
        ({"total": "12.50"}, Answer.REFUSED),
        ({"currency": "USD"}, Answer.REFUSED),
        (say(status=503), Answer.REFUSED),
        (say(status=401), Answer.UNAUTHORISED),
        (say(status=429), Answer.RATE_LIMITED),
    ],
)
async def test_without_a_total_that_fits_nothing_is_ordered(
    tmp_path: Path, priced: Any, said: Answer
) -> None:
    routes = Routes().on("POST /carts", {"id": "c1"}).on("GET /carts/c1", priced)
    async with shop(tmp_path, routes, QUOTE, purchase(CART, PRICE, OF_CART)) as (gateway, _):
        told = await stopped(gateway)
    assert told.answer is said
    assert (told.total is not None) == (said is Answer.OVER_MAX)
    assert routes.count("/orders") == 0


async def test_after_a_last_total_that_does_not_fit_no_step_is_sent(tmp_path: Path) -> None:
    """What follows may hold stock back. An earlier total than the last one ends nothing."""
    draft = "\n    - request: {method: POST, path: /drafts}"
    lower = PRICE.replace("name: price", "name: lower").replace("/carts/{", "/lower/{")
    dear, cheap = ({"total": text, "currency": "USD"} for text in ("12.51", "12.50"))
    routes = Routes().on("POST /carts", {"id": "c1"}).on("POST /drafts", {})
    routes.on("GET /carts/c1", dear).on("GET /lower/c1", cheap, dear)
    steps = purchase(CART, PRICE, lower, draft, OF_CART)
    async with shop(tmp_path, routes, QUOTE, steps) as (gateway, _):
        assert isinstance(await gateway.prepare(order_of(gateway)), Prepared)
        assert routes.count("/drafts") == 1
        assert (await stopped(gateway)).answer is Answer.OVER_MAX
    assert routes.count("/drafts") == 1


async def test_an_offer_without_a_total_needs_a_step_that_names_it(tmp_path: Path) -> None:
    async with shop(tmp_path, Routes(), QUOTE, purchase()) as (gateway, _):
        told = await stopped(gateway, order_of(gateway, shipping=None))
    assert told.answer is Answer.REFUSED


async def test_a_step_that_may_be_repeated_is_repeated_twice_at_most(tmp_path: Path) -> None:
    safe = CART.replace("name: cart", "name: cart\n      again: safe")
    for plays, calls in (([reset, reset, {"id": "c1"}], 3), ([reset], 3)):
        routes = Routes().on("POST /carts", *plays)
        async with shop(tmp_path, routes, QUOTE, purchase(safe, OF_CART)) as (gateway, _):
            ended = await gateway.prepare(order_of(gateway))
        assert isinstance(ended, Prepared) == (len(plays) > 1)
        assert routes.count("/carts") == calls


async def test_any_other_lost_answer_begins_the_attempt_afresh_once(tmp_path: Path) -> None:
    """Without the cookies and captures of the first try."""
    routes = Routes().on(
        "GET /start", say(b"{}", headers=(("Set-Cookie", "sid=1"),)), say(b"{}", headers=())
    )
    routes.on("POST /carts", reset, {"id": "c2"}).on("POST /orders", sold())
    start = "\n    - request: {path: /start}"
    async with shop(tmp_path, routes, QUOTE, purchase(start, CART, OF_CART)) as (gateway, _):
        await gateway.send(await prepared(gateway))
    assert routes.targets() == ["/start", "/carts", "/start", "/carts", "/orders"]
    cookies = [arrived.headers.get("cookie") for arrived in routes.seen]
    assert cookies == [None, "sid=1", None, None, None]

    routes = Routes().on("GET /start", {}).on("POST /carts", reset)
    async with shop(tmp_path, routes, QUOTE, purchase(start, CART, OF_CART)) as (gateway, _):
        told = await stopped(gateway)
    assert told.answer is Answer.REFUSED
    assert routes.count("/carts") == 2


async def test_a_stopped_attempt_takes_its_basket_back(tmp_path: Path) -> None:
    """With the cookies and captures it had; once."""
    routes = Routes().on(
        "POST /carts", say({"id": "c1"}, headers=(("Set-Cookie", "sid=1; Path=/"),))
    )
    routes.on("GET /carts/c1", {"total": "99", "currency": "USD"}).on("DELETE /carts/c1", {})
    steps = purchase(CART, PRICE, OF_CART, more=CANCEL)
    async with shop(tmp_path, routes, QUOTE, steps) as (gateway, _):
        order = order_of(gateway)
        assert (await stopped(gateway, order)).answer is Answer.OVER_MAX
        assert await gateway.cancel(order)
        assert not await gateway.cancel(order)
    assert routes.targets(method="DELETE") == ["/carts/c1"]
    assert routes.seen[-1].headers["cookie"] == "sid=1"


async def test_cancelling_never_raises_and_never_asks_twice(tmp_path: Path) -> None:
    routes = Routes().on("POST /carts", {"id": "c1"}).on("DELETE /carts/c1", reset)
    steps = purchase(CART, OF_CART, more=CANCEL)
    async with shop(tmp_path, routes, QUOTE, steps) as (gateway, _):
        order = await prepared(gateway)
        assert not await gateway.cancel(order)
        never_begun = order_of(gateway)
        assert not await gateway.cancel(never_begun)
    assert routes.targets(method="DELETE") == ["/carts/c1"]


# ------------------------------------------------------------------------------- after the commit
PAY = """
    - name: pay
      again: safe
      request: {method: POST, path: "/orders/{order.id}/pay"}
"""
CANCEL_ORDER = CANCEL.replace("/carts/{captured.cart}", "/orders/{order.id}")


async def test_the_steps_after_the_commit_finish_the_order_once(tmp_path: Path) -> None:
    routes = Routes().on("POST /orders", sold()).on("POST /orders/N-1/pay", reset, {})
    steps = purchase(COMMIT, PAY)
    async with shop(tmp_path, routes, QUOTE, steps) as (gateway, _):
        order = await prepared(gateway)
        assert (await gateway.send(order)).answer is Answer.BOUGHT
        assert (await gateway.send(again(order))).answer is Answer.BOUGHT
    assert routes.count("/orders/N-1/pay") == 2  # lost once, and safe to repeat


@pytest.mark.parametrize("agrees", [True, False])
async def test_an_order_that_cannot_be_finished_is_cancelled_and_needs_a_person(
    tmp_path: Path, agrees: bool
) -> None:
    routes = Routes().on("POST /orders", sold()).on("POST /orders/N-1/pay", say(status=402))
    routes.on("DELETE /orders/N-1", {} if agrees else say(status=409))
    steps = purchase(COMMIT, PAY, more=CANCEL_ORDER)
    async with shop(tmp_path, routes, QUOTE, steps) as (gateway, _):
        sent = await gateway.send(await prepared(gateway))
    assert (sent.answer, sent.order_id) == (Answer.NEEDS_PERSON, "N-1")
    assert ("it was cancelled" in str(sent.detail)) == agrees


async def test_a_refused_order_is_not_paid(tmp_path: Path) -> None:
    routes = Routes().on("POST /orders", say({"code": "GONE"}, status=409))
    async with shop(tmp_path, routes, QUOTE, purchase(COMMIT, PAY)) as (gateway, _):
        await gateway.send(await prepared(gateway))
    assert routes.targets() == ["/orders"]


# ---------------------------------------------------------------------------------------- look-ups
def row(reference: str, **fields: Any) -> dict[str, Any]:
    return {"ref": reference, "id": "N-1", "total": "12.50", "state": "PAID"} | fields


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], Answer.NOT_FOUND),
        ([{}], Answer.BOUGHT),
        ([{"ref": "somebody"}], Answer.NOT_FOUND),
        ([{"ref": "somebody"}, {}], Answer.BOUGHT),
        ([{}, {"id": "N-2"}], Answer.NEEDS_PERSON),
        ([{"state": "WAIT"}], Answer.PLACED),
        ([{"state": "DRAFT"}], Answer.NOT_FOUND),
        ([{"state": "NO"}], Answer.DECLINED),
        ([{"state": "???"}], Answer.UNKNOWN),
        ([{"id": None}], Answer.BOUGHT),
        ([{"ref": None}], Answer.UNKNOWN),
    ],
)
async def test_only_rows_of_ours_count_and_two_of_them_need_a_person(
    tmp_path: Path, rows: list[dict[str, Any]], said: Answer
) -> None:
    routes = Routes()
    async with shop(tmp_path, routes, QUOTE, purchase()) as (gateway, _):
        order = await prepared(gateway)
        found = [row(order.attempt.reference, **fields) for fields in rows]
        routes.on("GET /orders", {"orders": found})
        assert (await gateway.look_up(order)).answer is said
    assert routes.targets() == [f"/orders?ref={order.attempt.reference}"]


@pytest.mark.parametrize(
    ("play", "said"),
    [
        ({"nothing": True}, Answer.NOT_FOUND),
        ({}, Answer.UNKNOWN),
        (say(b"<html>"), Answer.UNKNOWN),
        (say(status=401), Answer.UNKNOWN),
        (say(status=404), Answer.UNKNOWN),
        (say(status=500), Answer.UNKNOWN),
        (reset, Answer.UNKNOWN),
    ],
)
async def test_a_look_up_that_fails_says_nothing_about_the_order(
    tmp_path: Path, play: Any, said: Answer
) -> None:
    routes = Routes().on("GET /orders", play)
    async with shop(tmp_path, routes, QUOTE, purchase()) as (gateway, _):
        assert (await gateway.look_up(await prepared(gateway))).answer is said


BY_CAPTURED = """
  find_order:
    by: captured
    settle_s: 5
    steps: [{request: {path: "/jobs/{captured.job}"}}]
    fields: {order_id: {at: id}, state: {at: state, map: {PAID: bought, WAIT: placed}}}
"""


async def test_a_look_up_by_a_capture_works_while_its_answer_is_known(tmp_path: Path) -> None:
    capturing = COMMIT.replace("commit: true", "commit: true\n      capture: {job: {at: job}}")
    routes = Routes().on("POST /orders", say(BOUGHT | {"job": "j7"}, status=202), reset)
    routes.on("GET /jobs/j7", {"id": "N-1", "state": "PAID"})
    async with shop(tmp_path, routes, QUOTE, purchase(capturing, find=BY_CAPTURED)) as (gateway, _):
        order = await prepared(gateway)
        assert (await gateway.look_up(order)).answer is Answer.PASSED_OVER
        assert (await gateway.send(order)).answer is Answer.PLACED
        found = await gateway.look_up(order)
        assert (found.answer, found.order_id) == (Answer.BOUGHT, "N-1")
        lost = await prepared(gateway)
        assert (await gateway.send(lost)).answer is Answer.UNKNOWN
        assert (await gateway.look_up(lost)).answer is Answer.PASSED_OVER
    assert routes.count("/jobs/j7") == 1


# ---------------------------------------------------------------------------------------- sessions
class Account:
    """One account with one basket behind a login: what two purchases must not share."""

    def __init__(self) -> None:
        self.basket: list[str] = []
        self.orders: list[list[str]] = []
        self.logins = 0
        self.ended = False

    async def __call__(self, visit: Visit) -> None:
        request = visit.request
        if request.target == "/login":
            self.logins, self.ended = self.logins + 1, False
            visit.write(answer({"token": f"t{self.logins}"}))
        elif request.headers.get("x-session") != f"t{self.logins}" or self.ended:
            visit.write(answer(status=401))
        elif request.target == "/carts":
            self.basket.append(request.json()["sku"])
            visit.write(answer({"id": "c1"}))
        elif request.method == "POST":
            self.orders.append(self.basket)
            self.basket = []
            visit.write(answer(BOUGHT, status=201))
        else:
            visit.write(answer({"orders": [row(request.target.partition("=")[2])]}))


async def test_a_login_is_lent_to_one_purchase_at_a_time(tmp_path: Path) -> None:
    account = Account()
    steps = purchase(CART, OF_CART)
    async with shop(tmp_path, account, SESSION, QUOTE, steps) as (gateway, _):

        async def buy(item: str) -> Answer:
            offer = an_offer("shop", item=json.dumps(item))
            order = replace(
                order_of(gateway), attempt=replace(order_of(gateway).attempt, offer=offer)
            )
            ready = await prepared(gateway, order)
            await asyncio.sleep(0.02)  # the ledger's turn: the other one would fill its basket here
            return (await gateway.send(ready)).answer

        assert await asyncio.gather(buy("one"), buy("two"), buy("three")) == [Answer.BOUGHT] * 3
    assert sorted(account.orders) == [["one"], ["three"], ["two"]]
    assert account.logins == 1


async def test_a_purchase_that_is_given_up_gives_the_login_back(tmp_path: Path) -> None:
    account = Account()
    async with shop(tmp_path, account, SESSION, QUOTE, purchase(CART, OF_CART)) as (gateway, _):
        order = await prepared(gateway)
        await gateway.cancel(order)
        over = replace(order_of(gateway), ceiling=usd("0.01"))
        await gateway.prepare(over)
        await gateway.cancel(over)
        async with asyncio.timeout(5):
            await prepared(gateway)


async def test_a_login_that_ended_begins_the_attempt_afresh(tmp_path: Path) -> None:
    account = Account()
    steps = purchase(CART, OF_CART)
    async with shop(tmp_path, account, SESSION, QUOTE, steps) as (gateway, _):
        first = await prepared(gateway)
        await gateway.cancel(first)
        account.ended = True
        order = await prepared(gateway)
        assert account.logins == 2
        assert (await gateway.send(order)).answer is Answer.BOUGHT
        account.ended = True
        # The order's own login has ended; the account that it stands in is still the same.
        assert (await gateway.look_up(order)).answer is Answer.BOUGHT
        assert account.logins == 3


# ---------------------------------------------------------------------------------- failure points
async def test_a_test_can_kill_before_and_after_each_wire_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []
    for module in ("plan", "plan_purchase"):
        monkeypatch.setattr(f"bookhunt.sellers.{module}.fp", reached.append)
    routes = Routes().on("POST /carts", {"id": "c1"}).on("POST /orders", sold())
    routes.on("POST /orders/N-1/pay", say(status=402)).on("GET /orders", {"orders": []})
    routes.on("DELETE /orders/N-1", {})
    steps = purchase(CART, OF_CART, PAY, more=CANCEL_ORDER)
    async with shop(tmp_path, routes, QUOTE, steps) as (gateway, _):
        order = await prepared(gateway)
        await gateway.send(order)
        await gateway.look_up(order)
        await gateway.quote("shop", _ask(), within_s=5)
    parts = ("prepare", "commit", "finish", "cancel", "look_up")
    assert reached == [f"{part}.{when}_step" for part in parts for when in ("before", "after")]


def _ask() -> Any:
    from tests.support.seller_worlds import an_ask

    return an_ask(BOOK)


# --------------------------------------------------------------------------- what never is an order
async def test_a_bug_in_reading_the_answer_does_not_lose_the_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    routes = Routes().on("POST /orders", sold()).on("GET /orders", {"orders": []})
    async with shop(tmp_path, routes, QUOTE, purchase()) as (gateway, _):
        order = await prepared(gateway)
        monkeypatch.setattr("bookhunt.sellers.plan_purchase.read_commit", broken)
        monkeypatch.setattr("bookhunt.sellers.plan_lookup.read_found", broken)
        assert (await gateway.send(order)).answer is Answer.UNKNOWN
        assert (await gateway.look_up(order)).answer is Answer.UNKNOWN
    assert caplog.text.count("ZeroDivisionError") >= 2


async def test_a_seller_that_can_only_be_linked_to_is_never_ordered_from(tmp_path: Path) -> None:
    routes = Routes()
    linked = "\npurchase_mode: link\n"
    async with shop(tmp_path, routes, linked, QUOTE, purchase()) as (gateway, _):
        assert (await stopped(gateway)).answer is Answer.REFUSED
    async with shop(tmp_path, routes, QUOTE) as (gateway, _):
        assert (await stopped(gateway)).answer is Answer.REFUSED
        assert await gateway.needs_setup("shop", "home") is None
    assert routes.seen == []


async def test_a_definition_that_changed_since_the_offer_is_asked_again_first(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path, Routes(), QUOTE, purchase()) as (gateway, _):
        order = order_of(gateway)
        stale = replace(order, attempt=replace(order.attempt, definition_hash="0" * 64))
        assert (await stopped(gateway, stale)).answer is Answer.PRICE_CHANGED
        gone = replace(order, attempt=replace(order.attempt, seller="gone"))
        assert (await stopped(gateway, gone)).answer is Answer.NEEDS_SETUP


async def test_a_silent_commit_is_waited_for_longer_than_any_other_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times the slowest commit so far, and never less than the floor."""
    monkeypatch.setattr("bookhunt.sellers.gateway_orders._COMMIT_AT_LEAST_S", 0.2)
    waited: list[float] = []
    routes = Routes().on("POST /orders", _slowly(0.15), hang)
    quick = "\nlimits: {timeout_ms: 50}\n"
    async with shop(tmp_path, routes, quick, QUOTE, purchase()) as (gateway, _):
        transport = gateway._tools.orders
        send = transport.send

        async def noting(request: Any, *, within_s: float, body_limit: int) -> Any:
            waited.append(within_s)
            return await send(request, within_s=min(within_s, 0.5), body_limit=body_limit)

        monkeypatch.setattr(transport, "send", noting)
        assert (await gateway.send(await prepared(gateway))).answer is Answer.BOUGHT
        assert (await gateway.send(await prepared(gateway))).answer is Answer.UNKNOWN
    assert waited[0] == 0.2
    assert waited[1] >= 0.45


def _slowly(seconds: float) -> Any:
    async def play(visit: Visit) -> None:
        await asyncio.sleep(seconds)
        visit.write(answer(BOUGHT, status=201))

    return play


def test_the_secrets_of_these_tests_are_canaries() -> None:
    assert all("canary" in value for value in SECRETS.values())
