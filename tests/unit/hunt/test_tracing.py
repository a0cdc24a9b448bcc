"""The trace of a request: everything that was done for it, and kept where it is worth keeping."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.search import Search
from bookhunt.model.notice import Delivery, DeliveryState, Event, Notice
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState, Strategy
from bookhunt.store.shelf import MemoryShelf
from bookhunt.telemetry.trace_ids import Caller, caller_of, trace_id_of, traceparent
from bookhunt.telemetry.waterfall import whole
from tests.support.builders import NOON, a_numbered_book, a_request, an_id, an_offer, usd
from tests.support.memory_traces import MemoryTraces
from tests.support.scripted_sellers import QuoteScript, SendScript
from tests.unit.hunt.life import SETTINGS, Life

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bookhunt.model.outcome import RequestRecord
    from tests.support.jump_clock import JumpClock


@pytest.fixture
def traces() -> MemoryTraces:
    return MemoryTraces()


@pytest.fixture
async def life(clock: JumpClock, traces: MemoryTraces) -> AsyncIterator[Life]:
    """A service whose shelf of offers keeps, and that keeps no trace but by its outcome."""
    life = Life(
        clock,
        settings=replace(SETTINGS, trace_sample=0.0),
        shelf=MemoryShelf(),
        traces=traces,
    )
    await life.service.start()
    yield life
    await life.service.stop(within_s=3600)


def named(spans: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [span for span in spans if span["name"] == name]


def calls(spans: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {span["told"]["seller"]: span["told"] for span in named(spans, "call")}


async def hunted_for_somebody(life: Life, most: str = "20") -> RequestRecord:
    """A request whose caller made its id, and wants the trace to be kept."""
    request = a_request(
        submitted_at=life.clock.now(), max_price=usd(most), strategy=Strategy.BALANCED
    )
    caller = caller_of(traceparent(trace_id_of(request.id), sampled=True))
    submitted = await life.service.submit(request, fingerprint="f", again=False, caller=caller)
    return await life.outcome(submitted.record)


async def test_a_purchase_is_told_from_the_submission_to_the_last_commit(
    life: Life, traces: MemoryTraces
) -> None:
    """Each stage in its order; the parts of the whole add up to it."""
    life.sells("alpha", "12.00", delay_s=0.2)
    life.sells("beta", "11.00", delay_s=0.3)
    record = await life.hunted(max_price=usd("20"))
    assert record.state is RequestState.SUCCESS
    spans = traces.spans(record.request.id)
    tops = [span["name"] for span in spans if span["parent"] == 1]
    assert tops == ["accept", "queue", "hunt"]
    [hunt] = named(spans, "hunt")
    stages = [span["name"] for span in spans if span["parent"] == hunt["id"]]
    assert stages == ["begin", "candidates", "search", "revalidate", "buy"]
    [buy] = named(spans, "buy")
    steps = [span["name"] for span in spans if span["parent"] == buy["id"]]
    assert steps == ["claim", "prepare", "freeze", "send", "settle"]
    whole = spans[0]["ms"]
    parts = sum(span["ms"] for span in spans if span["parent"] == 1)
    assert abs(whole - parts) <= 0.05 * whole
    assert named(spans, "send")[0]["told"] == {"answer": "bought"}
    assert named(spans, "settle")[0]["told"]["stage"] == "confirmed"


async def test_nothing_of_a_hunt_is_kept_once_it_is_over(life: Life, traces: MemoryTraces) -> None:
    """Neither by the worker that waits for the next one, nor by a context; it is 100 KB each."""
    life.sells("alpha", *["12.00"] * 5)
    records = [await life.hunted(max_price=usd("20")) for _ in range(3)]
    assert len(traces.kept) == len(records)
    await asyncio.sleep(1)
    gc.collect()
    there = gc.get_objects()
    assert not [each for each in there if isinstance(each, Search)]
    tasks = [each for each in there if isinstance(each, asyncio.Task)]
    assert not [each for each in tasks if each.get_coro().__qualname__ == "HuntService._hunt"]


async def test_every_call_says_what_was_expected_of_it(life: Life, traces: MemoryTraces) -> None:
    """Rank, expected total, reservation price and window at its launch; what it gave."""
    life.sells("alpha", "12.00", delay_s=0.2)
    life.fails("beta", Reason.NOT_STOCKED, delay_s=0.1)
    record = await life.hunted(max_price=usd("20"), strategy=Strategy.CHEAPEST)
    found = calls(traces.spans(record.request.id))
    assert found["alpha"]["total"] == "12.00 USD"
    assert found["alpha"]["offers"] == 1
    assert found["beta"]["reason"] == "not_stocked"
    for told in found.values():
        assert {"rank", "expected", "window", "tier", "calls", "wire_ms"} <= told.keys()
    [search] = named(traces.spans(record.request.id), "search")
    assert search["told"]["why"]
    assert named(traces.spans(record.request.id), "stop")[0]["told"]["why"]


async def test_a_retry_a_cached_and_a_shared_answer_and_a_refusal_are_all_there(
    life: Life, traces: MemoryTraces
) -> None:
    """Whatever became of a seller's part, the trace has it."""
    life.sells("alpha", "12.00", delay_s=0.3)
    warm = await life.hunted(max_price=usd("20"), strategy=Strategy.CHEAPEST)
    assert warm.state is RequestState.SUCCESS
    life.fails("gamma", Reason.SERVER_ERROR)
    life.sells("delta", "9.00", delay_s=0.3)
    life.sellers.sends("delta", SendScript(answer=Answer.SOLD_OUT, executes=False))
    first = await life.submit(max_price=usd("20"), strategy=Strategy.CHEAPEST)
    second = await life.submit(max_price=usd("20"), strategy=Strategy.CHEAPEST)
    ends = [await life.outcome(each) for each in (first, second)]
    spans = [traces.spans(end.request.id) for end in ends]
    told = [span["told"] for each in spans for span in named(each, "call")]
    assert any(each.get("cached") for each in told)
    assert any(each.get("shared") for each in told)
    answers = [span["told"].get("answer") for each in spans for span in named(each, "send")]
    assert "sold_out" in answers
    assert "bought" in answers


async def test_a_failure_is_asked_again_and_both_calls_are_told(
    life: Life, traces: MemoryTraces
) -> None:
    life.fails("alpha", Reason.SERVER_ERROR, delay_s=0.1)
    record = await hunted_for_somebody(life, most="90")
    told = [span["told"] for span in named(traces.spans(record.request.id), "call")]
    assert [each.get("again") for each in told] == [None, True]


async def test_what_bought_nothing_and_did_not_fail_is_kept_by_chance_only(
    life: Life, traces: MemoryTraces
) -> None:
    """With a share of nought none, with all of them all."""
    life.fails("alpha", Reason.NOT_STOCKED)
    record = await life.hunted(max_price=usd("20"))
    assert record.state is RequestState.NOT_AVAILABLE
    assert traces.kept == {}
    life.service.take_up(replace(life.settings, trace_sample=1.0))
    record = await life.hunted(max_price=usd("20"))
    assert trace_id_of(record.request.id) in traces.kept


async def test_a_failure_is_always_kept(life: Life, traces: MemoryTraces) -> None:
    life.sells("alpha", "12.00")
    life.sellers.sends("alpha", SendScript(answer=Answer.REFUSED, executes=False))
    record = await life.hunted(max_price=usd("20"))
    assert record.state is RequestState.PURCHASE_FAILED
    assert traces.spans(record.request.id)[0]["told"] == {"outcome": "PURCHASE_FAILED"}


async def test_a_trace_that_its_caller_wants_is_kept(life: Life, traces: MemoryTraces) -> None:
    """The `sampled` flag of W3C trace context; the time since the caller made the id is in it."""
    life.fails("alpha", Reason.NOT_STOCKED)
    record = await hunted_for_somebody(life)
    assert record.state is RequestState.NOT_AVAILABLE
    assert traces.spans(record.request.id)[1]["name"] == "submit"


async def test_a_caller_of_another_make_is_a_link(life: Life, traces: MemoryTraces) -> None:
    life.sells("alpha", "12.00")
    caller = Caller("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=False)
    request = a_request(submitted_at=life.clock.now(), max_price=usd("20"))
    submitted = await life.service.submit(request, fingerprint="f", again=False, caller=caller)
    record = await life.outcome(submitted.record)
    [part] = traces.kept[trace_id_of(record.request.id)]
    assert part["link"] == (caller.trace_id, caller.span_id)


async def test_nothing_is_recorded_where_nothing_is_kept(life: Life, traces: MemoryTraces) -> None:
    life.service.take_up(replace(life.settings, recording=False))
    life.sells("alpha", "12.00")
    record = await life.hunted(max_price=usd("20"))
    assert record.state is RequestState.SUCCESS
    life.service.take_up(replace(life.settings, keeps_traces=False))
    assert (await life.hunted(max_price=usd("20"))).state is RequestState.SUCCESS
    assert traces.kept == {}
    assert life.service.tracer.live(record.request.id) == []


async def test_a_submission_that_is_turned_away_leaves_nothing(
    life: Life, traces: MemoryTraces
) -> None:
    """Neither a request of another's key nor one that the door refuses stays in memory."""
    life.sells("alpha", "12.00", delay_s=0.5)
    request = a_request(submitted_at=life.clock.now(), max_price=usd("20"))
    first = await life.service.submit(request, fingerprint="f", again=False)
    twin = replace(request, id=an_id())
    second = await life.service.submit(twin, fingerprint="f", again=False)
    assert second.record.request.id == first.record.request.id
    assert life.service.tracer.live(twin.id) == []
    await life.outcome(first.record)
    assert life.service.tracer.live(request.id) == []
    assert len(traces.spans(request.id)) > 1


async def test_after_a_crash_the_rest_is_a_part_of_the_same_trace(
    life: Life, traces: MemoryTraces
) -> None:
    """The daemon dies while the answer to an order is awaited: the next life's part says so."""
    life.sells("alpha", "12.00")
    life.sellers.sends("alpha", SendScript(answer=Answer.UNKNOWN, executes=True, delay_s=5.0))
    record = await life.submit(max_price=usd("20"))
    await asyncio.sleep(1.0)
    assert len(life.sellers.orders) == 1
    await life.another()
    end = await life.outcome(record)
    assert end.state is RequestState.SUCCESS
    spans = traces.spans(record.request.id)
    assert named(spans, "look_up") or named(spans, "resend")
    assert spans[0]["told"] == {"outcome": "SUCCESS"}


async def test_a_request_that_waited_through_a_crash_is_told_as_recovered(
    life: Life, traces: MemoryTraces
) -> None:
    life.sells("alpha", "12.00", delay_s=1.0)
    record = await life.submit(max_price=usd("20"))
    await asyncio.sleep(0.1)
    await life.another()
    end = await life.outcome(record)
    assert end.state is RequestState.SUCCESS
    spans = traces.spans(record.request.id)
    queues = [span["told"] for span in named(spans, "queue")]
    assert queues[-1] == {"recovered": True}


async def test_a_trace_can_be_looked_at_while_it_lasts(life: Life) -> None:
    """Calls under way are there, with no end yet."""
    life.sells("alpha", "12.00", delay_s=1.0)
    record = await life.submit(max_price=usd("20"))
    await asyncio.sleep(0.5)
    [trace] = life.service.tracer.live(record.request.id)
    call = next(row for row in trace.whole() if row.name == "call")
    assert call.end is None
    await life.outcome(record)


async def test_an_order_that_ends_while_the_daemon_stops_is_told_to_its_end(
    life: Life, traces: MemoryTraces
) -> None:
    """The hunt is cut off, the order is not; the trace has how it ended."""
    life.sells("alpha", "12.00")
    life.sellers.sends("alpha", SendScript(answer=Answer.BOUGHT, delay_s=3.0))
    record = await life.submit(max_price=usd("20"))
    await asyncio.sleep(1.0)
    await life.service.stop(within_s=10.0)
    spans = traces.spans(record.request.id)
    assert spans[0]["told"] == {"outcome": "cut_off"}
    [settle] = named(spans, "settle")
    assert settle["told"]["stage"] == "confirmed"
    assert named(spans, "send")[0]["ms"] == pytest.approx(3000.0)


async def test_one_trace_holds_all_that_can_happen_to_a_request(
    life: Life, traces: MemoryTraces
) -> None:
    """A cached offer, a shared look-up, a retry, a seller passed over, a refusal and a purchase."""
    life.sells("alpha", "25.00", delay_s=0.3)
    await life.hunted(max_price=usd("30"))
    life.fails("beta", Reason.NOT_STOCKED, delay_s=0.3)
    life.sells("gamma", "12.00", "13.00")
    offers = QuoteScript(offers=life.sellers._shops["gamma"].quotes[0].offers, delay_s=0.3)
    life.sellers.quotes("gamma", QuoteScript(reason=Reason.SERVER_ERROR, delay_s=0.1), offers)
    life.sellers.sends("gamma", SendScript(answer=Answer.REFUSED))
    life.sells("delta", "10.00")
    life.sellers.cannot("delta", Reason.NEEDS_SETUP)
    wish = {"max_price": usd("20"), "strategy": Strategy.CHEAPEST}
    first, second = await life.submit(**wish, dry_run=True), await life.submit(**wish)
    await life.outcome(first)
    record = await life.outcome(second)
    assert record.state is RequestState.SUCCESS
    spans = traces.spans(record.request.id)
    told = [span["told"] for span in named(spans, "call")]
    assert [each["seller"] for each in told if each.get("cached")] == ["alpha"]
    assert "beta" in {each["seller"] for each in told if each.get("shared")}
    assert [each["seller"] for each in told if each.get("again")] == ["gamma"]
    answers = [span["told"]["answer"] for span in named(spans, "send")]
    assert answers == ["refused", "bought"]
    assert life.notes(record)["delta"].reason is Reason.NEEDS_SETUP
    hunt = named(spans, "hunt")[0]
    parts = sum(span["ms"] for span in spans if span["parent"] == hunt["id"])
    assert parts == pytest.approx(hunt["ms"], rel=0.05)


def over(record: RequestRecord, **fields: Any) -> Delivery:
    """The telling of an outcome, after it ended."""
    notice = Notice(id=an_id(), event=Event.BOUGHT, at=record.finished_at or NOON, request=record)
    standard: dict[str, Any] = {
        "notice": notice, "target": "webhook-1", "tries": 0, "due_at": None, "error": None,
    }  # fmt: skip
    return Delivery(**standard | {"state": DeliveryState.TOLD} | fields)


async def test_who_was_told_is_in_the_trace_and_takes_none_of_its_time(
    life: Life, traces: MemoryTraces
) -> None:
    """From the writing of the notice to the end of the last try; by the kind of target."""
    life.sells("alpha", "12.00", delay_s=0.2)
    record = await life.hunted(max_price=usd("20"))
    before = traces.spans(record.request.id)
    await life.clock.sleep(30)
    tracer, began_s = life.service.tracer, life.clock.monotonic()
    await life.clock.sleep(2)
    tracer.noticed(over(record), target="webhook", began_s=began_s)
    given_up = over(record, state=DeliveryState.GIVEN_UP, tries=13, error="no route to T0PSECRET")
    tracer.noticed(given_up, target="mail", began_s=began_s)
    spans = traces.spans(record.request.id)
    assert spans[0] == before[0]
    told, never = named(spans, "notice")
    assert told["told"] == {"target": "webhook", "answer": "told"}
    assert never["told"] == {"target": "mail", "answer": "given_up", "tries": 13}
    assert told["ms"] == pytest.approx(32_000, abs=1)
    [tell, _] = [span for span in spans if span["name"] == "tell"]
    assert tell["parent"] == told["id"]
    assert tell["ms"] == pytest.approx(2_000, abs=1)
    assert "T0PSECRET" not in str(spans)
    assert whole(traces.kept[trace_id_of(record.request.id)])["parts"] == 1


async def test_a_telling_alone_is_no_trace(life: Life, traces: MemoryTraces) -> None:
    """Of a request whose trace was not kept, nothing is kept afterwards."""
    life.fails("alpha", Reason.NOT_STOCKED)
    record = await life.hunted(max_price=usd("20"))
    assert record.state is RequestState.NOT_AVAILABLE
    life.service.tracer.noticed(over(record), target="mail", began_s=life.clock.monotonic())
    assert traces.kept == {}


async def test_who_is_told_while_the_request_goes_on_is_told_in_the_part_that_goes_on(
    life: Life, traces: MemoryTraces
) -> None:
    life.sells("alpha", "12.00", delay_s=1.5)
    submitted = await life.submit(max_price=usd("20"))
    await life.clock.sleep(1)
    life.service.tracer.noticed(over(submitted), target="mail", began_s=life.clock.monotonic())
    record = await life.outcome(submitted)
    assert [span["told"]["target"] for span in named(traces.spans(record.request.id), "notice")]


async def test_a_call_for_several_books_is_told_to_each_and_paid_by_one(
    life: Life, traces: MemoryTraces
) -> None:
    """What the traces say was spent adds up to what the seller saw."""
    books = [a_numbered_book() for _ in range(3)]
    stock = [
        an_offer("alpha", isbn13=book.isbn13, item=f'"{n}"', price=usd("9"), shipping=usd("0"))
        for n, book in enumerate(books)
    ]
    life.sells("alpha", *stock, delay_s=0.3, batch=5)
    records = await asyncio.gather(*(life.hunted(book=book, max_price=usd("20")) for book in books))
    assert {record.state for record in records} == {RequestState.SUCCESS}
    told = [calls(traces.spans(record.request.id))["alpha"] for record in records]
    assert [each.get("together") for each in told] == [3, 3, 3]
    assert sorted(each["calls"] for each in told) == [0, 0, 1]
    spent = sum(record.result.findings.calls for record in records if record.result)
    assert spent == life.sellers.count("quote")
