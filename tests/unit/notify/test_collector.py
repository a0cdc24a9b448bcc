"""Traces to a collector: what is sent, what happens when it is not taken, and that nobody waits."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.daemon.clock import SystemClock
from bookhunt.daemon.reaching import CheckedNetwork
from bookhunt.model.errors import SecretMissing
from bookhunt.notify import collector
from bookhunt.notify.collector import Endpoint, TraceExport
from bookhunt.sellers.network import NetworkRules
from bookhunt.telemetry.spans import Trace
from bookhunt.telemetry.trace_ids import trace_id_of
from tests.support.builders import an_id
from tests.support.loopback import Play, hang, loopback, reset, say, unused_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.loopback import Loopback

CANARY = "canary-5e0f2d7a"
TAKEN = say({})


def a_trace(request_id: str | None = None, **told: Any) -> Trace:
    clock = SystemClock()
    trace = Trace(request_id or an_id(), monotonic=clock.monotonic, wall_s=clock.now().timestamp())
    trace.close(trace.open("accept"))
    trace.close(trace.open("hunt", told=told or None))
    trace.ended = True
    return trace


def a_secret(name: str) -> str:
    if name != "notify/otlp":
        raise SecretMissing(f"the secret {name} is stored nowhere", hint="bookhunt notify")
    return CANARY


@asynccontextmanager
async def exporting(address: str | None, **options: Any) -> AsyncIterator[TraceExport]:
    """One that sends to this address, and tries again at once."""
    headers = options.pop("headers", {})
    network = CheckedNetwork(NetworkRules(allow_loopback=True))
    export = TraceExport(
        clock=SystemClock(),
        network=lambda: network,
        secret=a_secret,
        **{"within_s": 5.0, "first_pause_s": 0.01} | options,
    )
    if address is not None:
        export.take_up(Endpoint(address=address, headers=headers))
    export.start()
    try:
        yield export
    finally:
        await export.stop(within_s=0.1)
        await network.close()


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nobody there could set an event
            await asyncio.sleep(0.005)


def names(server: Loopback, call: int = -1) -> list[str]:
    """The spans of a call."""
    [resource] = server.arrived[call].json()["resourceSpans"]
    return [span["name"] for span in resource["scopeSpans"][0]["spans"]]


async def test_a_trace_is_posted_as_otlp_json() -> None:
    """The protocol's path, its type, its document; headers by reference."""
    request_id = an_id()
    async with (
        loopback(TAKEN) as server,
        exporting(server.address, headers={"X-Api-Key": "secret:notify/otlp"}) as export,
    ):
        export.keep(a_trace(request_id, seller="alpha"), outcome="SUCCESS")
        await until(lambda: export.sent == 1)
    [arrived] = server.arrived
    assert (arrived.method, arrived.target) == ("POST", "/v1/traces")
    assert arrived.headers["content-type"] == "application/json"
    assert arrived.headers["x-api-key"] == CANARY
    [resource] = arrived.json()["resourceSpans"]
    spans = resource["scopeSpans"][0]["spans"]
    assert [span["name"] for span in spans] == ["request", "accept", "hunt alpha"]
    assert {span["traceId"] for span in spans} == {trace_id_of(request_id)}
    assert (export.trouble, export.dropped.total()) == (None, 0)


@pytest.mark.parametrize("end", ["", "/", "/v1/traces", "/v1/traces/"])
async def test_the_path_is_added_to_a_base_address(end: str) -> None:
    async with (
        loopback(TAKEN) as server,
        exporting(f"{server.address}/otlp{end}?tenant=1") as export,
    ):
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.sent == 1)
    assert server.arrived[0].target == "/otlp/v1/traces?tenant=1"


async def test_a_collector_that_fails_hangs_and_asks_for_patience_gets_it_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same bytes each time, never sooner than it asks."""
    pauses: list[float] = []

    async def noted(_: TraceExport, seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(TraceExport, "_pause", noted)
    patience = say("later", status=429, headers=(("Retry-After", "7"),))
    plays: list[Play] = [reset, hang, patience, say("busy", status=503), TAKEN]
    async with (
        loopback(*plays) as server,
        exporting(server.address, within_s=0.3) as export,
    ):
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.sent == 1)
    assert len(server.arrived) == 5
    assert len({arrived.body for arrived in server.arrived}) == 1
    assert pauses[2] == 7.0
    assert max(pauses[0], pauses[1], pauses[3]) < 1.0
    assert export.dropped.total() == 0
    assert export.trouble is None


async def test_pauses_grow_and_have_a_limit() -> None:
    async with exporting(None, first_pause_s=1.0) as export:
        lost = collector._Lost("x", again=True)
        pauses = [export._pause_s(tries, lost) for tries in range(1, 40)]
    assert 0.7 <= pauses[0] <= 1.3
    assert pauses[3] > 5.0
    assert max(pauses) <= 78.0


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
async def test_a_refusal_is_final_and_the_next_trace_is_sent(status: int) -> None:
    """As the protocol says; it is counted, and said until something is taken."""
    async with (
        loopback(say("no", status=status), TAKEN) as server,
        exporting(server.address) as export,
    ):
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.dropped["refused"] == 1)
        assert export.trouble == f"it answered with status {status}"
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.sent == 1)
        assert export.trouble is None
    assert len(server.arrived) == 2


async def test_what_a_collector_rejects_of_a_call_is_said() -> None:
    async with (
        loopback(say({"partialSuccess": {"rejectedSpans": "2", "errorMessage": CANARY}})) as server,
        exporting(server.address) as export,
    ):
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.sent == 1)
        assert export.trouble == "it rejected 2 spans"


@pytest.mark.parametrize("body", ["", "ok", "[]", '{"partialSuccess": 7}', "{" * 100_000])
async def test_any_body_of_a_success_is_a_success(body: str) -> None:
    async with loopback(say(body)) as server, exporting(server.address) as export:
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.sent == 1)
        assert export.trouble is None


async def test_the_line_is_bounded_and_what_it_loses_is_counted() -> None:
    """A collector that hangs costs the oldest traces, and nobody waits."""
    async with loopback(hang) as server, exporting(server.address) as export:
        export.keep(a_trace(), outcome="SUCCESS")
        await server.until(lambda: bool(server.arrived))
        for _ in range(1000):
            export.keep(a_trace(), outcome="SUCCESS")
        assert export.waiting == 200
        assert export.dropped == {"full": 800}
    assert export.dropped == {"full": 800, "stopped": 201}


async def test_what_waits_together_leaves_together() -> None:
    """Drained while a call is under way, some twenty a call."""
    async with loopback(say({}, status=200)) as server, exporting(server.address) as export:
        for _ in range(50):
            export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.sent == 50)
    calls = [names(server, call).count("request") for call in range(len(server.arrived))]
    assert calls == [20, 20, 10]


async def test_the_end_sends_what_waits_and_takes_no_more_time_than_it_has() -> None:
    async with loopback(TAKEN) as server:
        async with exporting(server.address) as export:
            for _ in range(30):
                export.keep(a_trace(), outcome="SUCCESS")
            await export.stop(within_s=5.0)
        assert (export.sent, export.dropped.total()) == (30, 0)
    async with loopback(hang) as server, exporting(server.address) as export:
        export.keep(a_trace(), outcome="SUCCESS")
        await asyncio.wait_for(export.stop(within_s=0.05), 5)
        assert (export.sent, export.dropped) == (0, {"stopped": 1})
        export.keep(a_trace(), outcome="SUCCESS")
        assert export.waiting == 0


async def test_a_collector_that_never_comes_back_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector, "_GIVE_UP_AFTER_S", 0.05)
    async with exporting(f"http://127.0.0.1:{unused_port()}") as export:
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.dropped["given_up"] == 1)
        assert export.trouble == "no connection"


async def test_a_collector_that_asks_for_an_hour_is_left_alone_for_an_hour() -> None:
    """What it did not take is too old by then; what comes meanwhile waits."""
    patience = say("later", status=429, headers=(("Retry-After", "3600"),))
    async with loopback(patience, TAKEN) as server, exporting(server.address) as export:
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.dropped["given_up"] == 1)
        for _ in range(30):
            export.keep(a_trace(), outcome="SUCCESS")
        await asyncio.sleep(0)
        assert export.waiting == 30
        await export.stop(within_s=5.0)
    assert len(server.arrived) == 1
    assert export.dropped == {"given_up": 1, "stopped": 30}


async def test_another_collector_is_taken_up_at_once() -> None:
    """In the middle of a pause of the old one; and none at all ends it."""
    patience = say("later", status=429, headers=(("Retry-After", "200"),))
    async with (
        loopback(patience) as old,
        loopback(TAKEN) as new,
        exporting(old.address) as export,
    ):
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.trouble is not None)
        export.take_up(Endpoint(address=new.address))
        await until(lambda: export.sent == 1)
        export.take_up(None)
        export.keep(a_trace(), outcome="SUCCESS")
        assert export.waiting == 0
    assert len(new.arrived) == 1


async def test_what_follows_is_sent_where_its_trace_was() -> None:
    """A notice of a request whose trace nobody kept is nobody's either."""
    ours, other = an_id(), an_id()
    async with loopback(TAKEN) as server, exporting(server.address) as export:
        export.keep(a_trace(ours), outcome="SUCCESS")
        export.append(a_trace(other), outcome="SUCCESS")
        export.append(a_trace(ours), outcome="SUCCESS")
        await until(lambda: export.sent == 2)
    assert trace_id_of(other) not in b"".join(each.body for each in server.arrived).decode()


async def test_nothing_but_the_allow_list_leaves() -> None:
    """Neither a value of an unknown name, nor the secret of a header in a body or a complaint."""
    async with (
        loopback(say(CANARY, status=401), TAKEN) as server,
        exporting(server.address, headers={"X-Api-Key": "secret:notify/otlp"}) as export,
    ):
        export.keep(a_trace(token=CANARY, seller="alpha", why="x\n" + CANARY), outcome="SUCCESS")
        await until(lambda: export.dropped["refused"] == 1)
        assert CANARY not in str(export.trouble)
    assert all(CANARY.encode() not in arrived.body for arrived in server.arrived)


async def test_a_secret_that_is_missing_is_said_and_nothing_is_sent_without_it() -> None:
    async with (
        loopback(TAKEN) as server,
        exporting(server.address, headers={"X-Api-Key": "secret:notify/other"}) as export,
    ):
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.trouble is not None)
        assert export.trouble == "the secret notify/other is stored nowhere"
        assert not server.arrived


async def test_a_mistake_with_one_trace_silences_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    made, broken = collector._body_of, [ValueError("a bug")]

    def breaks_once(parts: Any) -> bytes:
        if broken:
            raise broken.pop()
        return made(parts)

    monkeypatch.setattr(collector, "_body_of", breaks_once)
    async with loopback(TAKEN) as server, exporting(server.address) as export:
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.dropped["refused"] == 1)
        export.keep(a_trace(), outcome="SUCCESS")
        await until(lambda: export.sent == 1)


def test_what_people_see_of_an_address_is_its_host() -> None:
    """The rest of it may be a secret in itself."""
    assert (
        Endpoint(address="https://otlp.example:4318/x?key=1").title == "https://otlp.example:4318"
    )
    assert Endpoint(address="secret:notify/otlp").title == "secret:notify/otlp"
    assert json.dumps(Endpoint(address="http://a/b").title) == '"http://a"'
