"""What is counted of the hunt while it goes on, for metrics and for the live view.

Plain numbers in one object, from the start of the daemon on. Whoever wants rates or percentiles
looks twice. Nothing is decided by them: what sellers are judged by is in `beliefs`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookhunt.model.reasons import Reason
from bookhunt.telemetry.counts import CALLS, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookhunt.model.outcome import Findings, RequestRecord, SellerNote
    from bookhunt.telemetry.spans import Trace

OFFERS = "offers"  # what a call gave that gave no reason
# Spans that are a stage of a request; the others lie inside them, or beside each other.
STAGES = frozenset(
    (
        "submit accept queue hunt begin candidates search revalidate buy claim prepare freeze send "
        "settle cancel conclude look_up resend"
    ).split()
)
# Sellers that could have been asked and were not: the search was over before their turn came.
_NOT_REACHED = frozenset({"skipped_early_exit", "skipped_tier"})


@dataclass(slots=True)
class Tally:
    """Everything that is counted."""

    accepted: int = 0  # submissions that became requests
    refused: Counter[str] = field(default_factory=Counter)  # those that did not, by error code
    rested: Counter[tuple[str, str]] = field(default_factory=Counter)  # by state and strategy
    request_s: dict[str, Histogram] = field(default_factory=dict)  # of those that ended, by state
    stage_s: dict[str, Histogram] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)  # that came to each stage
    request_calls: dict[str, Histogram] = field(default_factory=dict)  # by strategy
    calls_saved: int = 0  # against asking everybody who could be asked
    not_asked: Counter[str] = field(default_factory=Counter)  # sellers of requests, by reason
    answers_at_hand: int = 0  # look-ups that were answered by what a seller said a moment ago
    answers_shared: int = 0  # and by a call that was under way for somebody else
    answers_carried: int = 0  # and by a call that was made for another book
    seller_calls: Counter[tuple[str, str]] = field(default_factory=Counter)  # by what they gave
    seller_s: dict[str, Histogram] = field(default_factory=dict)
    calls_refused: Counter[str] = field(default_factory=Counter)  # by the gate, by reason
    calls_delayed: int = 0  # by a rate of the gate

    def answered(self, seller: str, reason: Reason | None, latency_s: float) -> None:
        """A seller was called."""
        self.seller_calls[seller, OFFERS if reason is None else reason.value] += 1
        seconds = self.seller_s.get(seller)
        if seconds is None:
            seconds = self.seller_s[seller] = Histogram()
        seconds.observe(latency_s)

    def searched(self, strategy: str, notes: Iterable[SellerNote], findings: Findings) -> None:
        """A search is over."""
        calls = self.request_calls.get(strategy)
        if calls is None:
            calls = self.request_calls[strategy] = Histogram(CALLS)
        calls.observe(findings.calls)
        able = 0
        for note in notes:
            held_back = note.reason is Reason.SKIPPED_OPEN_BREAKER  # also when it was to be asked
            if note.reason is not None and (note.asked_ms is None or held_back):
                self.not_asked[note.reason.value] += 1
                able += note.reason.value in _NOT_REACHED
            else:
                able += 1
        self.calls_saved += max(able - findings.calls, 0)

    def rests(self, record: RequestRecord) -> None:
        """A request came to rest."""
        state = record.state.value
        self.rested[state, record.request.strategy.value] += 1
        if record.finished_at is not None:
            seconds = self.request_s.get(state)
            if seconds is None:
                seconds = self.request_s[state] = Histogram()
            took = record.finished_at - record.request.submitted_at
            seconds.observe(max(took.total_seconds(), 0.0))

    def timed(self, trace: Trace) -> None:
        """A part of a trace is over: how long each of its stages took."""
        for name, start, end, _, _ in trace.rows:
            if end is not None and name in STAGES:
                seconds = self.stage_s.get(name)
                if seconds is None:
                    seconds = self.stage_s[name] = Histogram()
                seconds.observe(end - start)
