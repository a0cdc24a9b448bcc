"""Sellers as they stand, what a person says of them, and of a purchase: over the socket."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.model import errors
from bookhunt.model.reasons import Reason
from bookhunt.model.seller import SellerState
from bookhunt.wire import contract
from bookhunt.wire.contract import PurchaseRequest
from tests.support.builders import TITLE, an_offer
from tests.support.memory_beliefs import MemoryBeliefShelf
from tests.support.running_daemon import Running, a_daemon, call, serving
from tests.support.scripted_sellers import QuoteScript, a_seller
from tests.unit.daemon.calling import raw

if TYPE_CHECKING:
    from bookhunt.home.paths import Home

A_BOOK = PurchaseRequest(book_name=TITLE, max_price="30", again=True)


async def bought(running: Running, key: str = "k-1") -> str:
    said = await call(running.client.buy, A_BOOK, idempotency_key=key)
    rested = await call(running.client.wait, said["request_id"], within_s=20)
    assert rested["status"] == "SUCCESS"
    return str(said["request_id"])


async def listed(running: Running, seller_id: str = "alpha") -> dict[str, Any]:
    found = {each["id"]: each for each in await call(running.client.sellers)}
    return found[seller_id]


# ------------------------------------------------------------------------------------- figures
async def test_a_seller_nobody_asked_has_no_figures(idle: Running) -> None:
    """What is expected of a stranger is not told as if it were measured."""
    seller = await listed(idle)
    assert list(seller) == contract.SELLER_FIELDS
    for name in ("p95_ms", "success", "stock", "orders", "last_seen", "suspended_until"):
        assert seller[name] is None
    assert (seller["tier"], seller["pinned"]) == (3, False)


async def test_figures_are_those_of_now(running: Running) -> None:
    """After a purchase: how fast, how reliable, when last seen; and after failures less of it."""
    await bought(running)
    before = await listed(running)
    assert before["p95_ms"] > 0
    assert 0.9 < before["success"] <= 1
    assert 0 < before["stock"] < 1
    assert 0.9 < before["orders"] <= 1
    seen = datetime.fromisoformat(before["last_seen"])
    assert abs(running.daemon.clock.now() - seen) < timedelta(minutes=1)
    running.sellers.quotes("alpha", QuoteScript(reason=Reason.SERVER_ERROR))
    await call(running.client.buy, A_BOOK, idempotency_key="k-2")
    await call(running.client.wait, "@last", within_s=20)
    after = await listed(running)
    assert after["success"] < before["success"]
    assert after["last_seen"] == before["last_seen"]
    assert (await call(running.client.seller, "alpha"))["success"] == after["success"]


def calls_end(running: Running, *reasons: Reason | None) -> None:
    """Let calls of a seller end so, past the moments in which nothing is held against it."""
    gate, now = running.daemon.service._world.gate, running.daemon.clock.monotonic()
    seller = running.sellers.get("alpha")
    assert seller is not None
    gate.started_at = now - 60
    for reason in reasons:
        gate.leave(gate.enter_purchase(seller, now), reason, now)


async def test_a_seller_that_is_left_alone_says_until_when_and_why(running: Running) -> None:
    """And is called again at once when a person says so."""
    service = running.daemon.service
    calls_end(running, *[Reason.TIMED_OUT] * 5)
    told = await listed(running)
    assert (told["state"], told["cause"]) == ("suspended", "timed_out")
    left = datetime.fromisoformat(told["suspended_until"]) - running.daemon.clock.now()
    assert timedelta() < left < timedelta(seconds=11)
    told = await call(running.client.reset_seller, "alpha")
    assert (told["state"], told["cause"], told["suspended_until"]) == ("ready", None, None)
    assert service.suspension("alpha") is None


async def test_a_seller_that_fails_by_turns_is_ready_and_says_so(running: Running) -> None:
    calls_end(running, *[None, Reason.SERVER_ERROR] * 45)
    told = await listed(running)
    assert told["state"] == "ready"
    assert "fails by turns" in told["cause"]
    assert 'bookhunt_seller_drips{seller="alpha"} 1.0' in await call(running.client.metrics)


async def test_what_is_switched_off_is_not_told_as_suspended(running: Running) -> None:
    running.sellers.add(a_seller("beta", state=SellerState.DISABLED, cause="switched off"))
    now = running.daemon.clock.monotonic()
    seller = running.sellers.get("beta")
    assert seller is not None
    gate = running.daemon.service._world.gate
    gate.leave(gate.enter_purchase(seller, now), Reason.RATE_LIMITED, now, retry_after_s=60)
    told = await listed(running, "beta")
    assert (told["state"], told["cause"], told["suspended_until"]) == (
        "disabled", "switched off", None,
    )  # fmt: skip


# ------------------------------------------------------------------------------------- by hand
async def test_a_person_s_word_reaches_the_catalogue(running: Running) -> None:
    told = await call(running.client.pin_seller, "alpha", 2)
    assert list(told) == contract.SELLER_FIELDS
    await call(running.client.switch_seller, "alpha", "block")
    assert running.catalogue.pinned == {"alpha": 2}
    assert running.catalogue.switched == {"alpha": "block"}
    await call(running.client.pin_seller, "alpha", None)
    assert running.catalogue.pinned == {"alpha": None}


async def test_a_pinned_tier_is_told_as_pinned(running: Running) -> None:
    running.sellers.change(replace(a_seller("alpha"), tier=1))
    told = await listed(running)
    assert (told["tier"], told["pinned"]) == (1, True)


@pytest.mark.parametrize("path", ["pin", "enable", "disable", "block", "reset"])
async def test_a_seller_nobody_defined_is_not_found(running: Running, path: str) -> None:
    body = b'{"tier": 1}' if path == "pin" else None
    headers = {"Content-Type": "application/json"}
    status, _, problem = await call(
        raw, running, "POST", f"/sellers/nowhere/{path}", body=body, headers=headers
    )
    assert (status, problem["code"]) == (404, "not_found")
    assert running.catalogue.pinned == running.catalogue.switched == {}


@pytest.mark.parametrize("body", [b'{"tier": 4}', b'{"tier": "1"}', b"{}", b'{"tier": 1, "x": 2}'])
async def test_a_tier_is_one_two_three_or_nothing(running: Running, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    status, _, _ = await call(
        raw, running, "POST", "/sellers/alpha/pin", body=body, headers=headers
    )
    assert status == 400
    assert running.catalogue.pinned == {}


# ------------------------------------------------------------------------------------- feedback
async def test_feedback_moves_the_seller_s_figures_once(running: Running) -> None:
    """Each word counts once for each request; another word, or another request, counts anew."""
    first, second = await bought(running, "k-1"), await bought(running, "k-2")
    figures = [(await listed(running))["orders"]]
    counted = []
    for request_id, word in (
        (first, "refunded"),
        (first, "refunded"),
        (first, "late"),
        (second, "refunded"),
        (second, "good"),
    ):
        told = await call(running.client.feedback, request_id, word)
        assert list(told) == contract.FEEDBACK_FIELDS
        assert (told["seller"], told["feedback"]) == ("alpha", word)
        counted.append(told["counted"])
        figures.append((await listed(running))["orders"])
    assert counted == [True, False, True, True, True]
    start, refund, same, late, other, good = figures
    assert start > refund == same > late > other < good


async def test_only_a_purchase_has_feedback(idle: Running) -> None:
    said = await call(idle.client.buy, A_BOOK, idempotency_key="k-1")
    with pytest.raises(errors.StateConflict, match="nothing was bought"):
        await call(idle.client.feedback, said["request_id"], "good")
    with pytest.raises(errors.NotFound):
        await call(idle.client.feedback, "nothing", "good")
    with pytest.raises(errors.InputError):
        await call(idle.client.feedback, said["request_id"], "lovely")


async def test_what_was_learned_is_there_after_a_restart(home: Home) -> None:
    """Figures, the tier they earned, and which words were said; without its shelf a stranger."""
    shelf = MemoryBeliefShelf()
    told = []
    for life in range(3):
        async with serving(a_daemon(home, belief_shelf=shelf)) as running:
            running.sellers.add(a_seller("alpha"), QuoteScript(offers=(an_offer("alpha"),)))
            if not life:
                for n in range(6):
                    await bought(running, f"k-{n}")
            told.append(await listed(running))
        if life:
            shelf = MemoryBeliefShelf()
    first, second, third = told
    # The tier is worked out anew every few seconds, and at the start.
    assert first | {"tier": 1} == second
    assert (third["tier"], third["p95_ms"]) == (3, None)
