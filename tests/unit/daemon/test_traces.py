"""The trace of a request over the socket: whose id it has, while it lasts, and when it is gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.model.errors import NotFound
from bookhunt.model.reasons import Reason
from bookhunt.telemetry.trace_ids import new_trace_id, request_id_of, traceparent
from bookhunt.wire.contract import PurchaseRequest
from tests.support.running_daemon import Running, a_daemon, a_home, call, serving
from tests.support.scripted_sellers import QuoteScript, a_seller
from tests.unit.daemon.calling import raw

if TYPE_CHECKING:
    from pathlib import Path

BODY = {"isbn": "9780141439518", "max_price": "30"}
WISH = PurchaseRequest(book_name="9780141439518", max_price="30")


async def submitted(running: Running, header: str, key: str = "k") -> str:
    headers = {"Idempotency-Key": key, "traceparent": header, "Content-Type": "application/json"}
    status, _, said = await call(
        raw, running, "POST", "/purchase-request", body=json.dumps(BODY), headers=headers
    )
    assert status == 202, said
    request_id: str = said["request_id"]
    await call(running.client.wait, request_id, within_s=20)
    return request_id


async def test_a_caller_that_makes_the_id_knows_it_before_the_answer(running: Running) -> None:
    """The request, its trace and the header have one id; nothing of it goes to a seller."""
    trace_id = new_trace_id()
    request_id = await submitted(running, traceparent(trace_id, sampled=False))
    assert request_id == request_id_of(trace_id)
    told = await call(running.client.trace, request_id)
    assert told["trace_id"] == trace_id
    assert (await call(running.client.status, request_id))["trace_id"] == trace_id
    assert all(trace_id not in repr(each.ask) for each in running.sellers.calls)


@pytest.mark.parametrize("header", ["nonsense", "00-" + "0" * 32 + "-00f067aa0ba902b7-01"])
async def test_a_header_that_says_nothing_is_passed_over(running: Running, header: str) -> None:
    request_id = await submitted(running, header)
    assert (await call(running.client.trace, request_id))["link"] is None


async def test_a_caller_of_another_make_is_linked_to(running: Running) -> None:
    """Its trace is its own, and ours names it."""
    theirs = "4bf92f3577b34da6a3ce929d0e0e4736"
    request_id = await submitted(running, f"00-{theirs}-00f067aa0ba902b7-00")
    told = await call(running.client.trace, request_id)
    assert told["link"] == [theirs, "00f067aa0ba902b7"]
    assert told["trace_id"] != theirs


async def test_the_same_key_with_another_id_is_the_first_request(running: Running) -> None:
    """A command that is typed again makes a new id, and finds the request of the old one."""
    first = await submitted(running, traceparent(new_trace_id(), sampled=False))
    assert await submitted(running, traceparent(new_trace_id(), sampled=False)) == first


async def test_a_request_that_goes_on_can_be_looked_at(idle: Running) -> None:
    made = await call(idle.client.buy, WISH, idempotency_key="k")
    told = await call(idle.client.trace, made["request_id"])
    names = [span["name"] for span in told["spans"]]
    assert names == ["request", "submit", "accept", "queue"]
    assert told["spans"][-1]["ms"] is None
    assert told["spans"][0]["told"] == {"outcome": "PENDING"}


async def test_what_was_not_kept_is_said_with_what_to_do(tmp_path: Path) -> None:
    """A sample of nought keeps nothing that bought nothing, unless its caller wants it."""
    home = a_home(
        tmp_path / "home", configuration="secrets: {backend: file}\ntelemetry: {sample: 0}\n"
    )
    async with serving(a_daemon(home)) as running:
        running.sellers.add(a_seller("alpha"), QuoteScript(reason=Reason.NOT_STOCKED))
        made = await call(running.client.buy, WISH, idempotency_key="k")
        await call(running.client.wait, made["request_id"], within_s=20)
        with pytest.raises(NotFound) as gone:
            await call(running.client.trace, made["request_id"])
        assert "was not kept" in gone.value.message
        assert gone.value.hint
        wanted: dict[str, Any] = await call(
            running.client.buy, WISH, idempotency_key="k2", traced=True
        )
        await call(running.client.wait, wanted["request_id"], within_s=20)
        assert await call(running.client.trace, wanted["request_id"])


async def test_what_is_not_to_be_recorded_is_not(tmp_path: Path) -> None:
    """Not even where its caller wants it; how to have it recorded is said."""
    home = a_home(
        tmp_path / "home", configuration="secrets: {backend: file}\ntelemetry: {record: false}\n"
    )
    async with serving(a_daemon(home)) as running:
        running.sellers.add(a_seller("alpha"), QuoteScript(reason=Reason.NOT_STOCKED))
        made = await call(running.client.buy, WISH, idempotency_key="k", traced=True)
        await call(running.client.wait, made["request_id"], within_s=20)
        with pytest.raises(NotFound) as gone:
            await call(running.client.trace, made["request_id"])
        assert gone.value.hint == "set telemetry.record: true"
