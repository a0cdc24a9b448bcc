"""The traces of requests: when one begins and ends, whether it is kept, what a search adds to it.

What is recorded is thrown away again for nearly every request, so the hot path writes nothing that
it does not keep for its own ends: a search knows each of its calls and decisions, and `rows_of`
makes spans of them only for a trace that is kept, or that somebody looks at while it lasts.

Always kept is what went wrong or moved money, and what its caller asked for (the `sampled` flag of
W3C trace context); of the rest a share, by the random part of the id, so that every part of one
trace, before a crash and after it, is kept or is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bookhunt.model.money import Money
from bookhunt.model.request import RequestState
from bookhunt.telemetry.spans import ROOT, Row, Trace, belong_to
from bookhunt.telemetry.trace_ids import is_sampled, milliseconds_of, trace_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bookhunt.hunt.ports import Clock, TraceShelf
    from bookhunt.hunt.search import Asked, Search
    from bookhunt.hunt.settings import HuntSettings
    from bookhunt.hunt.tally import Tally
    from bookhunt.model.notice import Delivery
    from bookhunt.telemetry.trace_ids import Caller

# How a request may end of which a sample is enough: nothing was bought, and nothing went wrong.
_ORDINARY = frozenset({RequestState.NOT_AVAILABLE, RequestState.CANCELLED})
CUT_OFF = "cut_off"  # the outcome of a part that did not come to its end: the daemon stopped


@dataclass(slots=True)
class _Live:
    """A part that goes on."""

    trace: Trace
    wanted: bool = False  # its caller asked for it to be kept
    waits: int = ROOT  # the span of its time in the line


@dataclass(slots=True, kw_only=True)
class Tracer:
    """Every part of a trace that goes on in this life of the daemon."""

    shelf: TraceShelf | None
    clock: Clock
    settings: Callable[[], HuntSettings]
    tally: Tally
    _hunts: dict[str, _Live] = field(default_factory=dict)  # by request
    _settling: dict[str, Trace] = field(default_factory=dict)  # by attempt
    _cut_off: list[Trace] | None = None  # once the daemon stops: orders in them may go on

    @property
    def _records(self) -> bool:
        return self.settings().recording

    def accept(self, request_id: str, *, caller: Caller | None = None) -> None:
        """Begin the trace of a request that is being submitted.

        A caller that made the id began to submit when it made it; any other is a link.
        """
        if not self._records:
            return
        trace, now_s = self._begin(request_id), self.clock.monotonic()
        if caller is not None and caller.trace_id == trace_id_of(request_id):
            called_s = milliseconds_of(caller.trace_id) / 1000 - trace.origin
            trace.add("submit", min(called_s, now_s), now_s)
        elif caller is not None:
            trace.link = (caller.trace_id, caller.span_id)
        self._hunts[request_id] = _Live(trace, wanted=caller is not None and caller.sampled)
        belong_to(trace)

    def forget(self, request_id: str) -> None:
        """The request was not accepted, or is another's."""
        self._hunts.pop(request_id, None)

    def enqueue(self, request_id: str) -> None:
        """It waits for a worker: for the first time, or again, or after a restart."""
        if not self._records:
            return
        live = self._hunts.get(request_id)
        if live is None:
            live = self._hunts[request_id] = _Live(self._begin(request_id))
            live.waits = live.trace.open("queue", ROOT, {"recovered": True})
        else:
            live.waits = live.trace.open("queue")

    def take(self, request_id: str) -> None:
        """A worker has it: the running task records for it from now on."""
        live = self._hunts.get(request_id)
        if live is None:
            return
        live.trace.close(live.waits)
        belong_to(live.trace)

    def end(self, request_id: str, outcome: str) -> None:
        """Its hunt is over; keep what was recorded, or do not."""
        live = self._hunts.pop(request_id, None)
        if live is None:
            return
        if outcome == CUT_OFF and self._cut_off is not None:
            self._cut_off.append(live.trace)
        else:
            self._end(live.trace, outcome, wanted=live.wanted)

    def stop(self) -> None:
        """From now on hunts are cut off, and orders that are being sent are not."""
        self._cut_off = []

    def stopped(self) -> None:
        """Nothing goes on any more: keep what was cut off, with how its orders ended."""
        for trace in self._cut_off or ():
            self._end(trace, CUT_OFF, wanted=True)
        self._cut_off = None

    def settle(self, request_id: str, attempt_id: str) -> None:
        """The running task settles an order from now on."""
        if self._records:
            trace = self._settling[attempt_id] = self._begin(request_id)
            belong_to(trace)

    def settled(self, attempt_id: str, outcome: str) -> None:
        """It is settled, or left for another life; either is worth keeping."""
        trace = self._settling.pop(attempt_id, None)
        if trace is not None:
            self._end(trace, outcome, wanted=True)

    def noticed(self, delivery: Delivery, *, target: str, began_s: float) -> None:
        """Somebody was told of an outcome, or will never be; the last try began at `began_s`.

        The request rests by then: it is added to what is kept of it, and to nothing where nothing
        is. `target` says what kind of target it was, never where.
        """
        record = delivery.notice.request
        if record is None or not self._records:
            return
        goes_on = self.live(record.request.id)
        trace = goes_on[-1] if goes_on else self._begin(record.request.id)
        written_s, now_s = delivery.notice.at.timestamp() - trace.origin, self.clock.monotonic()
        told = {"target": target, "answer": delivery.state.value, "tries": delivery.tries or None}
        notice = trace.add("notice", min(written_s, began_s), now_s, ROOT, told)
        trace.add("tell", began_s, now_s, notice)
        if goes_on or self.shelf is None or not self.settings().keeps_traces:
            return
        trace.ended = True
        self.shelf.append(trace, outcome=record.state)

    def live(self, request_id: str) -> list[Trace]:
        """The parts of this request that go on."""
        found = [each for each in self._settling.values() if each.request_id == request_id]
        hunt = self._hunts.get(request_id)
        return found if hunt is None else [hunt.trace, *found]

    def _begin(self, request_id: str) -> Trace:
        clock = self.clock
        return Trace(request_id, monotonic=clock.monotonic, wall_s=clock.now().timestamp())

    def _end(self, trace: Trace, outcome: str, *, wanted: bool) -> None:
        trace.ended = True
        self.tally.timed(trace)
        if self.shelf is None or not self.settings().keeps_traces:
            return
        if wanted or self._is_worth_keeping(trace, outcome):
            self.shelf.keep(trace, outcome=outcome)

    def _is_worth_keeping(self, trace: Trace, outcome: str) -> bool:
        if outcome not in _ORDINARY:
            return True
        return is_sampled(trace_id_of(trace.request_id), self.settings().trace_sample)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One word of a policy: whom to ask, or why to stop."""

    at: float
    asked: int
    again: int
    in_flight: int
    window: int | None
    best: Money | None
    why: str | None


def rows_of(search: Search, trace: Trace) -> Iterator[Row]:
    """What a search did, as spans: its calls and its decisions, each in the round it was made in.

    Answers that were there already are calls of no length.
    """
    rounds = [(i, row) for i, row in enumerate(trace.rows) if row[0] == "search"]

    def round_of(at: float) -> int:
        return next((i for i, row in reversed(rounds) if row[1] <= at), ROOT)

    for decided in search.decided:
        told = {
            "asked": decided.asked or None,
            "again": decided.again or None,
            "in_flight": decided.in_flight,
            "window": decided.window,
            "best": decided.best,
            "why": decided.why,
        }
        name = "stop" if decided.why is not None else "decide"
        yield Row(name, decided.at, decided.at, round_of(decided.at), told)
    for asked in search.launched:
        parent = round_of(asked.asked_at)
        if parent == ROOT and rounds:
            parent = rounds[0][0]  # what was known at the start was known before the first round
        # Of a call that was not waited for, the end of the waiting is all that this request saw.
        end = asked.answered_at
        if end is None and parent != ROOT:
            end = trace.rows[parent][2]
        yield Row("call", asked.asked_at, end, parent, _told(asked, search))


def _told(asked: Asked, search: Search) -> dict[str, Any]:
    """What is to be said of one call."""
    quoted, view = asked.quoted, asked.view
    told: dict[str, Any] = {
        "seller": asked.candidate.seller.id,
        "tier": asked.candidate.tier,
        "cached": asked.cached or None,
        "shared": asked.shared or None,
        "together": asked.together,
        "again": asked.again or None,
        "window": asked.window,
        "calls": asked.own_calls,
    }
    if view is not None:
        currency, z = search.request.max_price.currency, view.reservation_minor
        told["rank"] = view.rank
        told["expected"] = Money(view.expected_minor, currency)
        told["z"] = None if z is None else Money(z, currency)
    if quoted is None:
        told["reason"] = "not_waited_for"  # or not answered yet, while the search goes on
    else:
        told["reason"] = quoted.reason
        told["offers"] = len(quoted.offers)
        told["wire_ms"] = quoted.latency_ms
        told["total"] = min((o.at_least for o in quoted.offers), key=_minor, default=None)
    return told


def _minor(money: Money) -> int:
    return money.minor
