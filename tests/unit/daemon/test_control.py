"""Limits, pause, health, stop; profiles and sellers over the socket; what the guard refuses."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

import bookhunt
from bookhunt.daemon import guard
from bookhunt.daemon.logins import LoginNeeds
from bookhunt.model import errors
from bookhunt.wire import contract
from bookhunt.wire.contract import API_VERSION, PurchaseRequest
from bookhunt.wire.routes import HEADER_API, HEADER_VERSION, ROUTES
from tests.support.builders import TITLE
from tests.support.memory_ledger import MemoryLedger
from tests.support.running_daemon import PROFILE, Running, call
from tests.unit.daemon.calling import raw

A_BOOK = PurchaseRequest(book_name=TITLE, max_price="30")


# ------------------------------------------------------------------------------------- control
async def test_limits_are_shown_with_what_is_spent(running: Running) -> None:
    [usd] = await call(running.client.limits)
    assert usd["currency"] == "USD"
    assert usd["purchase"] == {"amount": "100.00", "currency": "USD"}
    assert usd["spent_day"] == {"amount": "0.00", "currency": "USD"}
    said = await call(running.client.buy, A_BOOK, idempotency_key="k-1")
    await call(running.client.wait, said["request_id"], within_s=20)
    [usd] = await call(running.client.limits)
    assert usd["spent_day"] == {"amount": "12.50", "currency": "USD"}


async def test_limits_are_set_one_by_one_and_null_is_none(idle: Running) -> None:
    """What is not named stays as it was."""
    told = await call(idle.client.set_limits, "USD", {"day": "50", "purchase": None})
    assert told["day"] == {"amount": "50.00", "currency": "USD"}
    assert told["purchase"] is None
    told = await call(idle.client.set_limits, "USD", {"month": "500"})
    assert told["day"] == {"amount": "50.00", "currency": "USD"}
    with pytest.raises(errors.BadMoney):
        await call(idle.client.set_limits, "USD", {"day": "fifty"})
    with pytest.raises(errors.InputError):
        await call(idle.client.set_limits, "USD", {})
    with pytest.raises(errors.InputError):
        await call(idle.client.set_limits, "USD", {"year": "5"})


async def test_limits_set_in_another_currency_are_shown(idle: Running) -> None:
    await call(idle.client.set_limits, "JPY", {"day": "20000"})
    shown = {each["currency"]: each for each in await call(idle.client.limits)}
    assert list(shown) == ["USD", "JPY"]
    assert shown["JPY"]["day"] == {"amount": "20000", "currency": "JPY"}


async def test_while_paused_nothing_is_bought(running: Running) -> None:
    assert await call(running.client.pause) == {"paused": True}
    said = await call(running.client.buy, A_BOOK, idempotency_key="k-1")
    found = await call(running.client.wait, said["request_id"], within_s=20)
    assert (found["status"], found["reason"]) == ("PURCHASE_FAILED", "paused")
    assert running.sellers.orders == []
    assert await call(running.client.resume) == {"paused": False, "safe_mode": None}
    said = await call(running.client.buy, replace(A_BOOK, again=True), idempotency_key="k-2")
    found = await call(running.client.wait, said["request_id"], within_s=20)
    assert found["status"] == "SUCCESS"


async def test_safe_mode_is_left_by_a_persons_word_alone(running: Running) -> None:
    """Not by `resume`; and whoever asks is told how it stands now, not how it was at the start."""
    ledger = running.daemon.ledger
    assert isinstance(ledger, MemoryLedger)
    ledger.unsafe = "the ledger is older than its side file"
    told = {"paused": False, "safe_mode": "the ledger is older than its side file"}
    assert await call(running.client.resume) == told
    said = await call(running.client.buy, A_BOOK, idempotency_key="k-1")
    found = await call(running.client.wait, said["request_id"], within_s=20)
    assert (found["status"], found["reason"]) == ("PURCHASE_FAILED", "safe_mode")
    for look in (running.client.health, running.client.top):
        assert (await call(look))["safe_mode"] == told["safe_mode"]
    assert "bookhunt_safe_mode 1.0" in await call(running.client.metrics)

    assert await call(running.client.reconciled) == {"paused": False, "safe_mode": None}
    said = await call(running.client.buy, replace(A_BOOK, again=True), idempotency_key="k-2")
    found = await call(running.client.wait, said["request_id"], within_s=20)
    assert found["status"] == "SUCCESS"
    for look in (running.client.health, running.client.top):
        assert (await call(look))["safe_mode"] is None
    assert "bookhunt_safe_mode 0.0" in await call(running.client.metrics)


async def test_health_says_who_and_how(running: Running) -> None:
    running.catalogue.wrong = ("sellers.d/x.yaml:1:1: id: is missing",)
    health = await call(running.client.health)
    assert health["status"] == "ready"
    assert health["pid"] == os.getpid()
    assert (health["version"], health["api"]) == (bookhunt.__version__, API_VERSION)
    assert health["mistakes"] == ["sellers.d/x.yaml:1:1: id: is missing"]
    running.daemon.closing.set()
    assert (await call(running.client.health))["status"] == "stopping"


async def test_stop_is_accepted_and_the_end_begins(running: Running) -> None:
    assert (await call(running.client.stop))["stopping"] is True
    assert running.daemon.closing.is_set()


async def test_the_interface_describes_itself(running: Running) -> None:
    """OpenAPI names every route of the contract, and problem details for what goes wrong."""
    status, _, told = await call(raw, running, "GET", "/openapi.json")
    assert status == 200
    described = {
        (method.upper(), path) for path, methods in told["paths"].items() for method in methods
    }
    assert described == {(route.method, route.path) for route in ROUTES.values()}
    buy = told["paths"]["/purchase-request"]["post"]
    assert "application/problem+json" in buy["responses"]["default"]["content"]
    assert "422" not in buy["responses"], "the framework's own shape of errors is never sent"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/nowhere", "/requests/"])
async def test_there_is_nothing_else(running: Running, path: str) -> None:
    status, headers, problem = await call(raw, running, "GET", path)
    assert (status, problem["code"]) == (404, "not_found")
    assert headers["Content-Type"] == "application/problem+json"


async def test_another_method_is_a_problem_too(running: Running) -> None:
    status, _, problem = await call(raw, running, "DELETE", "/purchase-request")
    assert (status, problem["status"], problem["code"]) == (405, 405, "bad_input")


# ------------------------------------------------------------------------------------ profiles
async def test_profiles_are_added_shown_made_default_and_removed(idle: Running) -> None:
    added = await call(idle.client.put_profile, "work", PROFILE.replace("Meryton", "London"))
    assert list(added) == contract.PROFILE_FIELDS
    assert (added["profile"], added["city"], added["default"]) == ("work", "London", False)
    await call(idle.client.default_profile, "work")
    listed = await call(idle.client.profiles)
    assert [(each["profile"], each["default"]) for each in listed] == [
        ("home", False),
        ("work", True),
    ]
    assert (await call(idle.client.profile, "work"))["default"] is True
    await call(idle.client.remove_profile, "work")
    with pytest.raises(errors.ProfileMissing):
        await call(idle.client.profile, "work")


async def test_a_profile_is_replaced_only_when_that_is_said(idle: Running) -> None:
    with pytest.raises(errors.InputError, match="already"):
        await call(idle.client.put_profile, "home", PROFILE)
    json_text = json.dumps(
        {"name": "E", "street": "s", "city": "c", "postcode": "1", "country": "US"}
    )
    changed = await call(idle.client.put_profile, "home", json_text, replace=True)
    assert changed["city"] == "c"


async def test_a_profile_with_mistakes_tells_all_of_them(idle: Running) -> None:
    with pytest.raises(errors.BadDocument) as refused:
        await call(idle.client.put_profile, "work", "name: E\nstreet: s\ntown: c\ncountry: XX\n")
    assert "town" in refused.value.message
    assert "postcode" in refused.value.message


async def test_a_card_number_is_no_part_of_a_profile(idle: Running) -> None:
    with pytest.raises(errors.CardNumber) as refused:
        await call(idle.client.put_profile, "work", PROFILE + "street2: 4111 1111 1111 1111\n")
    assert "4111" not in refused.value.message


# ------------------------------------------------------------------------------------- sellers
async def test_sellers_are_listed_and_shown(running: Running) -> None:
    [listed] = await call(running.client.sellers)
    assert list(listed) == contract.SELLER_FIELDS
    shown = await call(running.client.seller, "alpha")
    assert shown["secrets"] == []
    assert shown["payment"] is None
    with pytest.raises(errors.NotFound):
        await call(running.client.seller, "omega")


async def test_secrets_go_in_and_never_come_out(running: Running) -> None:
    """`login` keeps them under the names of the store; what is told is only that they are there."""
    running.catalogue.needs["alpha"] = LoginNeeds(secrets={"key": "API key"}, payment="Token")
    before = await call(running.client.seller, "alpha")
    assert before["secrets"] == [{"name": "key", "prompt": "API key", "stored": False}]
    assert before["payment"] == {"profile": "home", "prompt": "Token", "stored": False}
    after = await call(
        running.client.login, "alpha", {"key": "very-secret"}, payment="tok_1", profile="home"
    )
    assert "very-secret" not in json.dumps(after)
    assert after["secrets"][0]["stored"] is True
    assert after["payment"]["stored"] is True
    assert running.daemon.secrets.get("alpha/key") == "very-secret"
    assert running.daemon.secrets.get("pay/home/alpha") == "tok_1"
    assert running.catalogue.forgotten == 1
    gone = await call(running.client.logout, "alpha")
    assert gone["secrets"][0]["stored"] is False
    assert gone["payment"]["stored"] is False
    assert running.catalogue.forgotten == 2


async def test_a_seller_is_shown_although_the_secret_store_cannot_be_opened(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored is then not known, which is not the same as not stored; asked is once."""
    asked: list[str] = []

    def locked(name: str) -> bool:
        asked.append(name)
        raise errors.SecretStoreUnavailable("the keyring is locked", hint="unlock it")

    running.catalogue.needs["alpha"] = LoginNeeds(secrets={"key": "API key"}, payment="Token")
    assert (await call(running.client.seller, "alpha"))["secret_store"] is None
    monkeypatch.setattr(running.daemon.secrets, "has", locked)
    shown = await call(running.client.seller, "alpha")
    assert (shown["id"], shown["state"]) == ("alpha", "ready")
    assert shown["secrets"][0]["stored"] is None
    assert shown["payment"]["stored"] is None
    assert shown["secret_store"] == {
        "code": "secret_store_unavailable",
        "message": "the keyring is locked",
        "hint": "unlock it",
    }
    assert len(asked) == 1


async def test_a_login_takes_what_the_seller_needs_and_nothing_else(running: Running) -> None:
    running.catalogue.needs["alpha"] = LoginNeeds(secrets={"key": "API key"}, payment="Token")
    with pytest.raises(errors.InputError, match="kee"):
        await call(running.client.login, "alpha", {"kee": "x"})
    with pytest.raises(errors.InputError, match="nothing"):
        await call(running.client.login, "alpha", {})
    with pytest.raises(errors.ProfileMissing):
        await call(running.client.login, "alpha", {}, payment="tok", profile="nobody")
    with pytest.raises(errors.CardNumber):
        await call(running.client.login, "alpha", {}, payment="4111111111111111")
    running.catalogue.needs["alpha"] = LoginNeeds()
    with pytest.raises(errors.InputError, match="no payment token"):
        await call(running.client.login, "alpha", {}, payment="tok")
    assert running.daemon.secrets.names() == ()


# --------------------------------------------------------------------------------------- guard
async def test_a_body_over_the_limit_is_refused_whatever_its_header_says(idle: Running) -> None:
    """413, for a length that is said and for a body that just goes on."""
    large = b'{"book_name": "' + b"x" * guard.LARGEST_BODY + b'"}'
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    status, _, problem = await call(
        raw, idle, "POST", "/purchase-request", body=large, headers=headers
    )
    assert (status, problem["code"]) == (413, "bad_input")
    status, _, problem = await call(
        raw,
        idle,
        "POST",
        "/purchase-request",
        body=iter([large[:1000], large[1000:]]),
        headers=headers | {"Transfer-Encoding": "chunked"},
    )
    assert (status, problem["code"]) == (413, "bad_input")
    assert idle.ledger.requests == {}


async def test_a_profile_s_body_is_bounded_too(idle: Running) -> None:
    with pytest.raises(errors.InputError, match="64 KB"):
        await call(idle.client.put_profile, "work", PROFILE + "#" * guard.LARGEST_BODY)


async def test_a_caller_of_another_contract_is_told_so(running: Running) -> None:
    """426; only who the daemon is and `stop` are for everybody."""
    headers = {HEADER_API: str(API_VERSION + 1)}
    status, answered, problem = await call(raw, running, "GET", "/sellers", headers=headers)
    assert (status, problem["code"]) == (426, "daemon_version")
    assert answered[HEADER_API] == str(API_VERSION)
    assert answered[HEADER_VERSION] == bookhunt.__version__
    status, _, _ = await call(raw, running, "GET", "/health", headers=headers)
    assert status == 200
    status, _, _ = await call(raw, running, "POST", "/stop", headers=headers)
    assert status == 202


async def test_too_many_calls_at_once_are_told_to_come_back(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(guard, "KEPT_FREE", 0)
    status, headers, problem = await call(raw, running, "GET", "/sellers")
    assert (status, problem["code"], headers["Retry-After"]) == (429, "try_later", "1")


async def test_looking_and_cancelling_are_never_crowded_out(
    idle: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many submit and wait: to submit is refused then, to look and to cancel is not."""
    said = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    monkeypatch.setattr(guard, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(guard, "KEPT_FREE", 1)
    with pytest.raises(errors.TryLater):
        await call(idle.client.buy, A_BOOK, idempotency_key="k-2")
    with pytest.raises(errors.TryLater):
        await call(idle.client.status, said["request_id"], wait_s=5)
    assert (await call(idle.client.status, said["request_id"]))["status"] == "PENDING"
    assert (await call(idle.client.health))["status"] == "ready"
    assert (await call(idle.client.cancel, said["request_id"]))["status"] == "CANCELLED"


async def test_a_bug_is_a_problem_without_its_text_and_the_daemon_goes_on(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 and `internal`; what the exception says may hold anything, so it is not sent."""

    def broken(name: str) -> object:
        raise RuntimeError("canary")

    monkeypatch.setattr(running.sellers, "get", broken)
    status, headers, problem = await call(raw, running, "GET", "/sellers/alpha")
    assert (status, problem["code"]) == (500, "internal")
    assert "canary" not in json.dumps(problem)
    assert headers["Content-Type"] == "application/problem+json"
    assert (await call(running.client.health))["status"] == "ready"


async def test_what_was_sent_is_never_repeated_in_a_mistake(idle: Running) -> None:
    """A secret in the wrong member does not come back in the error, nor go into a log."""
    body = json.dumps({"book_name": TITLE, "max_price": "30", "token": "tok_canary"}).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    _, _, problem = await call(raw, idle, "POST", "/purchase-request", body=body, headers=headers)
    assert "tok_canary" not in json.dumps(problem)
    body = json.dumps({"secrets": "tok_canary"}).encode()
    _, _, problem = await call(
        raw, idle, "POST", "/sellers/alpha/login", body=body, headers=headers
    )
    assert "tok_canary" not in json.dumps(problem)
