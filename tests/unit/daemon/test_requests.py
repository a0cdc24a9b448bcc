"""The routes of requests: submission, looking, waiting, cancelling, and what each refuses."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bookhunt.daemon.bodies import PurchaseBody
from bookhunt.daemon.intake import fingerprint_of
from bookhunt.model import errors
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.request import RequestState
from bookhunt.wire import contract
from bookhunt.wire.contract import PurchaseRequest, QuoteRequest
from tests.support.builders import ISBN, TITLE, an_offer, usd
from tests.support.running_daemon import Running, call, until
from tests.support.scripted_sellers import QuoteScript, SendScript, a_seller
from tests.unit.daemon.calling import posted, raw

A_BOOK = PurchaseRequest(book_name=TITLE, isbn=None, max_price="30")


async def test_a_book_is_bought(running: Running) -> None:
    """202 at once with an id and PENDING; then SUCCESS with seller, price and order id."""
    said = await call(running.client.buy, A_BOOK, idempotency_key="k-1")
    assert set(said) == {"request_id", "status"}
    assert said["status"] == "PENDING"
    bought = await call(running.client.wait, said["request_id"], within_s=20)
    assert bought["status"] == "SUCCESS"
    assert bought["resolved_seller"] == "alpha"
    assert bought["resolved_price"] == {"amount": "12.50", "currency": "USD"}
    assert bought["order_id"] == running.sellers.orders[0].order_id
    assert list(bought) == contract.REQUEST_FIELDS
    assert len(running.sellers.orders) == 1


async def test_the_answer_is_durable_and_nobody_was_asked_yet(idle: Running) -> None:
    """202 with the place to look; the request is in the ledger, no seller was called."""
    status, headers, said = await call(posted, idle, {"book_name": TITLE, "max_price": "30"})
    assert status == 202
    assert headers["Location"] == f"/request-status?request_id={said['request_id']}"
    assert said["request_id"] in idle.ledger.requests
    assert idle.sellers.calls == []


async def test_the_same_key_and_body_is_the_same_request(idle: Running) -> None:
    """A client that got no answer sends the same again."""
    first = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    second = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    assert first == second
    assert len(idle.ledger.requests) == 1


async def test_members_in_another_order_are_the_same_body(idle: Running) -> None:
    _, _, first = await call(posted, idle, {"book_name": TITLE, "max_price": "30"})
    _, _, second = await call(posted, idle, {"max_price": "30", "book_name": TITLE})
    assert first == second


async def test_the_same_key_with_another_body_is_422(idle: Running) -> None:
    await call(posted, idle, {"book_name": TITLE, "max_price": "30"})
    status, headers, problem = await call(posted, idle, {"book_name": TITLE, "max_price": "31"})
    assert status == 422
    assert headers["Content-Type"] == "application/problem+json"
    assert problem["code"] == "idempotency_key_reused"


async def test_a_key_may_be_quoted_as_the_draft_writes_it(idle: Running) -> None:
    _, _, bare = await call(posted, idle, {"book_name": TITLE, "max_price": "30"}, key="k-9")
    _, _, quoted = await call(posted, idle, {"book_name": TITLE, "max_price": "30"}, key='"k-9"')
    assert bare == quoted


@pytest.mark.parametrize("key", [None, "", '""', "x" * 256])
async def test_without_a_key_nothing_is_accepted(idle: Running, key: str | None) -> None:
    """Who could not send it again safely is told before anything happens."""
    status, _, problem = await call(posted, idle, {"book_name": TITLE, "max_price": "30"}, key=key)
    assert (status, problem["code"]) == (400, "bad_input")
    assert idle.ledger.requests == {}


async def test_the_same_book_under_another_key_is_a_possible_duplicate(idle: Running) -> None:
    """409 with the older id, unless `again`."""
    first = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    with pytest.raises(errors.PossibleDuplicate) as refused:
        await call(idle.client.buy, A_BOOK, idempotency_key="k-2")
    assert refused.value.older_id == first["request_id"]
    await call(idle.client.buy, replace(A_BOOK, again=True), idempotency_key="k-3")
    assert len(idle.ledger.requests) == 2


async def test_another_customer_is_no_duplicate(idle: Running) -> None:
    await call(idle.client.buy, replace(A_BOOK, customer="jane"), idempotency_key="k-1")
    await call(idle.client.buy, replace(A_BOOK, customer="lydia"), idempotency_key="k-1")
    assert {r.request.customer for r in idle.ledger.requests.values()} == {"jane", "lydia"}


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ({"book_name": TITLE}, "bad_input", "max_price"),
        ({"max_price": "30"}, "bad_input", "book_name"),
        ({"book_name": TITLE, "isbn": ISBN, "max_price": "30"}, "bad_input", "either"),
        ({"book_name": TITLE, "max_price": 30}, "bad_input", "max_price"),
        ({"book_name": TITLE, "max_price": "30", "price": 1}, "bad_input", "price"),
        ({"book_name": TITLE, "max_price": {"amount": "30"}}, "bad_input", "currency"),
        ({"book_name": TITLE, "max_price": "30 USD"}, "bad_money", "amount"),
        ({"book_name": TITLE, "max_price": "0"}, "bad_money", "nothing"),
        ({"book_name": "9781449373321", "max_price": "30"}, "bad_book", "check digit"),
        ({"isbn": TITLE, "max_price": "30"}, "bad_book", "ISBN"),
        ({"book_name": TITLE, "max_price": "30", "strategy": "guess"}, "bad_input", "strategy"),
        ({"book_name": TITLE, "max_price": "30", "sellers": ["x"]}, "not_found", "x"),
        ({"book_name": TITLE, "max_price": "30", "country": "DE"}, "bad_input", "DE"),
        (
            {"book_name": TITLE, "max_price": "30", "customer_info": {"profile": "work"}},
            "profile_missing",
            "work",
        ),
        (
            {
                "book_name": TITLE,
                "max_price": "30",
                "customer_info": {"profile": "home", "payment": {"alpha": "tok"}},
            },
            "bad_input",
            "payment",
        ),
        (
            {"book_name": TITLE, "max_price": "30", "note": "card 4111 1111 1111 1111"},
            "card_number",
            "note",
        ),
        ([], "bad_input", "body"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_accepted(
    idle: Running, body: Any, code: str, says: str
) -> None:
    """A closed contract: every mistake has a code, and names what to change."""
    status, headers, problem = await call(posted, idle, body)
    assert problem["code"] == code
    assert 400 <= status < 500
    assert headers["Content-Type"] == "application/problem+json"
    assert says in problem["detail"]
    assert idle.ledger.requests == {}


async def test_a_body_that_is_not_json_is_refused(idle: Running) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    status, _, problem = await call(
        raw, idle, "POST", "/purchase-request", body=b"{'book'", headers=headers
    )
    assert (status, problem["code"]) == (400, "bad_input")


async def test_the_defaults_are_the_configuration_s(idle: Running) -> None:
    """What a body leaves out: currency, condition, format, profile, its country, the deadline."""
    await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    [record] = idle.ledger.requests.values()
    request = record.request
    defaults = idle.daemon.config_file.config.defaults
    assert request.max_price == usd("30")
    assert (request.condition, request.format) == (defaults.condition, defaults.format)
    assert (request.profile, request.country) == ("home", "US")
    assert request.search_deadline_s == idle.daemon.config_file.config.search.deadline_s
    assert request.customer.startswith("uid:")


async def test_an_address_and_tokens_given_inline_are_kept_for_this_purchase(
    idle: Running,
) -> None:
    """The hunt finds the address by a name; each token is a secret of that name at one seller."""
    info = {
        "shipping": {
            "name": "Lydia Bennet",
            "street": "2 Brighton Parade",
            "city": "Brighton",
            "postcode": "BN1",
            "country": "GB",
        },
        "payment": {"alpha": "tok_lydia"},
    }
    body = replace(A_BOOK, customer_info=info)
    await call(idle.client.buy, body, idempotency_key="k-1")
    [record] = idle.ledger.requests.values()
    name = record.request.profile
    assert idle.daemon.buyers.buyer(name).ship.city == "Brighton"
    assert record.request.country == "GB"
    assert idle.daemon.secrets.get(f"pay/{name}/alpha") == "tok_lydia"
    assert "tok_lydia" not in name
    assert idle.daemon.profiles.names() == ("home",)
    again = await call(idle.client.buy, replace(body, again=True), idempotency_key="k-2")
    assert idle.ledger.requests[again["request_id"]].request.profile == name


async def test_what_makes_two_bodies_the_same_tells_nothing_of_a_token(idle: Running) -> None:
    """Whoever has a copy of the ledger and guesses a token cannot see whether it is the one."""
    shipping = {
        "name": "Lydia Bennet",
        "street": "2 Brighton Parade",
        "city": "Brighton",
        "postcode": "BN1",
        "country": "GB",
    }

    def wish(token: str) -> PurchaseRequest:
        return replace(A_BOOK, customer_info={"shipping": shipping, "payment": {"alpha": token}})

    first = await call(idle.client.buy, wish("tok_lydia"), idempotency_key="k-1")
    assert await call(idle.client.buy, wish("tok_lydia"), idempotency_key="k-1") == first
    with pytest.raises(errors.IdempotencyKeyReused):
        await call(idle.client.buy, wish("tok_kitty"), idempotency_key="k-1")
    body = PurchaseBody.model_validate(wish("tok_lydia").body())
    [record] = idle.ledger.requests.values()
    name = record.request.profile
    same = fingerprint_of(body, profile=name)
    assert idle.ledger._fingerprints[record.request.id] == same
    other = PurchaseBody.model_validate(wish("tok_guessed").body())
    assert fingerprint_of(other, profile=name) == same


async def test_a_card_number_is_no_payment_token(idle: Running) -> None:
    info = {
        "shipping": {
            "name": "Lydia Bennet",
            "street": "2 Brighton Parade",
            "city": "Brighton",
            "postcode": "BN1",
            "country": "GB",
        },
        "payment": {"alpha": "4111-1111-1111-1111"},
    }
    with pytest.raises(errors.CardNumber) as refused:
        await call(idle.client.buy, replace(A_BOOK, customer_info=info), idempotency_key="k-1")
    assert "4111" not in refused.value.message
    assert idle.ledger.requests == {}
    assert (
        "4111" not in idle.home.secrets_file.read_text() if idle.home.secrets_file.exists() else 1
    )


async def test_a_request_is_found_by_its_id_its_beginning_and_last(idle: Running) -> None:
    first = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    second = await call(idle.client.buy, replace(A_BOOK, book_name="Emma"), idempotency_key="k-2")
    assert (await call(idle.client.status, first["request_id"]))["book"]["title"] == TITLE
    assert (await call(idle.client.status, "@last"))["request_id"] == second["request_id"]
    with pytest.raises(errors.InputError, match="several"):
        await call(idle.client.status, first["request_id"][:4])
    with pytest.raises(errors.NotFound):
        await call(idle.client.status, "ffffffff")


async def test_the_last_of_nothing_is_not_found(idle: Running) -> None:
    with pytest.raises(errors.NotFound):
        await call(idle.client.status, "@last")


async def test_a_long_poll_answers_when_the_request_rests(running: Running) -> None:
    """Not at the end of the time that was given."""
    running.sellers.sends("alpha", SendScript(delay_s=0.2))
    said = await call(running.client.buy, A_BOOK, idempotency_key="k-1")
    found = await call(running.client.status, said["request_id"], wait_s=60)
    assert found["status"] == "SUCCESS"


async def test_a_long_poll_ends_when_its_time_is_over(idle: Running) -> None:
    said = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    found = await call(idle.client.status, said["request_id"], wait_s=0.05)
    assert found["status"] == "PENDING"


async def test_a_long_poll_ends_when_the_daemon_has_to_stop(idle: Running) -> None:
    """A client that waits never holds up the end."""
    said = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    waiting = asyncio.create_task(call(idle.client.status, said["request_id"], wait_s=60))
    await until(lambda: bool(idle.server.server_state.tasks))
    idle.daemon.closing.set()
    assert (await waiting)["status"] == "PENDING"


async def test_a_caller_that_hangs_up_leaves_nothing_behind(idle: Running) -> None:
    """Its long poll ends at once, not when its time is over."""
    said = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    _, writer = await asyncio.open_unix_connection(str(idle.home.socket_file))
    path = f"/request-status?request_id={said['request_id']}&wait_s=60"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await until(lambda: bool(idle.server.server_state.tasks))
    writer.close()
    await writer.wait_closed()
    await until(lambda: not idle.server.server_state.tasks)


async def test_requests_are_listed_newest_first_and_by_state(idle: Running) -> None:
    first = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    second = await call(idle.client.buy, replace(A_BOOK, book_name="Emma"), idempotency_key="k-2")
    await call(idle.client.cancel, first["request_id"])
    listed = await call(idle.client.requests)
    assert [each["request_id"] for each in listed] == [second["request_id"], first["request_id"]]
    [cancelled] = await call(idle.client.requests, states=("CANCELLED",))
    assert cancelled["request_id"] == first["request_id"]
    assert await call(idle.client.requests, limit=1) == listed[:1]
    assert await call(idle.client.requests, since="2100-01-01T00:00:00Z") == []
    with pytest.raises(errors.InputError, match="time zone"):
        await call(idle.client.requests, since="2026-01-01T00:00:00")


async def test_a_request_is_cancelled_before_it_is_ordered(idle: Running) -> None:
    said = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    cancelled = await call(idle.client.cancel, said["request_id"])
    assert cancelled["status"] == "CANCELLED"


async def test_what_was_bought_cannot_be_cancelled(running: Running) -> None:
    said = await call(running.client.buy, A_BOOK, idempotency_key="k-1")
    await call(running.client.wait, said["request_id"], within_s=20)
    with pytest.raises(errors.TooLate):
        await call(running.client.cancel, said["request_id"])


async def test_why_tells_what_each_seller_said(running: Running) -> None:
    running.sellers.add(a_seller("beta"), QuoteScript())
    said = await call(running.client.buy, A_BOOK, idempotency_key="k-1")
    await call(running.client.wait, said["request_id"], within_s=20)
    notes = {note["seller"]: note for note in await call(running.client.why, said["request_id"])}
    assert notes["alpha"]["reason"] is None
    assert notes["beta"]["reason"] == "not_stocked"
    assert list(notes["alpha"]) == contract.NOTE_FIELDS


async def needing_attention(running: Running) -> str:
    running.sellers.sends("alpha", SendScript(answer=Answer.NEEDS_PERSON))
    said = await call(running.client.buy, A_BOOK, idempotency_key="k-1")
    found = await call(running.client.wait, said["request_id"], within_s=20)
    assert found["status"] == "NEEDS_ATTENTION"
    return str(said["request_id"])


async def test_a_person_settles_what_only_a_person_can_know(running: Running) -> None:
    """`settle --bought ORDER`: the request is bought, with that number."""
    request_id = await needing_attention(running)
    settled = await call(running.client.settle, request_id, bought="A-77")
    assert (settled["status"], settled["order_id"]) == ("SUCCESS", "A-77")
    with pytest.raises(errors.StateConflict):
        await call(running.client.settle, request_id, bought="A-78")


async def test_a_person_says_that_nothing_was_bought(running: Running) -> None:
    request_id = await needing_attention(running)
    settled = await call(running.client.settle, request_id)
    assert settled["status"] == "CANCELLED"
    assert [attempt["stage"] for attempt in settled["attempts"]] == [Stage.ABSENT.value]


async def test_a_person_sends_the_hunt_on(running: Running) -> None:
    """`--not-bought --retry`: the hunt goes on and buys one copy."""
    request_id = await needing_attention(running)
    assert running.sellers.orders == []
    await call(running.client.settle, request_id, retry=True)
    found = await call(running.client.wait, request_id, within_s=20)
    assert found["status"] == "SUCCESS"
    assert [attempt["stage"] for attempt in found["attempts"]] == ["absent", "confirmed"]
    assert len(running.sellers.orders) == 1


async def test_a_quote_shows_every_offer_cheapest_first_and_buys_nothing(running: Running) -> None:
    running.sellers.add(a_seller("beta"), QuoteScript(offers=(an_offer("beta", price=usd("9")),)))
    running.sellers.add(
        a_seller("gamma"), QuoteScript(offers=(an_offer("gamma", price=usd("50")),))
    )
    offers = await call(
        running.client.quote, QuoteRequest(isbn=ISBN, max_price="30", condition="any")
    )
    assert [(each["seller"], each["rank"], each["reason"]) for each in offers] == [
        ("beta", 1, None),
        ("alpha", 2, None),
        ("gamma", None, "over_max"),
    ]
    assert list(offers[0]) == contract.OFFER_FIELDS
    assert running.sellers.orders == []
    assert running.ledger.requests == {}


async def test_a_quote_without_a_maximum_shows_any_price(running: Running) -> None:
    running.sellers.quotes("alpha", QuoteScript(offers=(an_offer("alpha", price=usd("950")),)))
    [offer] = await call(running.client.quote, QuoteRequest(book_name=TITLE, condition="any"))
    assert offer["fits"]


async def test_a_full_queue_says_when_to_come_back(idle: Running) -> None:
    """429 with Retry-After; nothing was accepted."""
    idle.daemon.service._admission._most = 0
    status, headers, problem = await call(posted, idle, {"book_name": TITLE, "max_price": "30"})
    assert (status, problem["code"]) == (429, "try_later")
    assert int(headers["Retry-After"]) >= 1
    assert problem["retry_after_s"] > 0
    assert idle.ledger.requests == {}


async def test_a_closed_door_takes_nothing_new(idle: Running) -> None:
    idle.daemon.service._admission.close()
    with pytest.raises(errors.DaemonStopping):
        await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    assert RequestState.PENDING not in {r.state for r in idle.ledger.requests.values()}
