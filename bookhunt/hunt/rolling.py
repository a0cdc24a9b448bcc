"""Strategies `cheapest`, `balanced` and `fast`: reservation prices in a rolling window.

The problem: ask few sellers, pay little more than the cheapest would have cost, and be quick. One
seller at a time (the rule's pure form) runs out of time; everybody at once costs every call. Here
a window of calls is kept filled in the order of reservation prices (`ranking`): every answer frees
a place, moves the belief about the book's level and so what each other seller is worth asking.

- A fitting offer in hand: ask on only while some seller's expected saving is above the cost of a
  call; wait for calls under way only while what they may save is above the price of waiting.
- None yet: the window grows as time goes by. When little time is left, or the chance that anybody
  has it is tiny, all the rest is asked in one burst: the proof that nobody has it is cheapest when
  it is not spread over the search.
- A call much older than its seller usually takes no longer holds its place.
- Everybody asked: a passing failure is asked once more if it could matter, and the search ends when
  what is still silent hardly can.

A policy only decides; `search` performs. Left out on purpose: Thompson sampling and the book's
category, which bought nothing measurable, and hedged second calls to one seller, since other
sellers hedge better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.hunt.policy import Decision, Sight, View
from bookhunt.hunt.ranking import Box, chance_any_fits, in_order, sample_size
from bookhunt.model.request import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bookhunt.hunt.beliefs import Beliefs
    from bookhunt.hunt.candidates import Candidate
    from bookhunt.hunt.learned import BookBelief, Outlook

_WIDEST = 40
_SCANNED = 24  # of those not asked yet, in order: beyond them nothing is worth a call
_PRICE_OF_A_SECOND_SHARED = 8.0  # a call's own second weighs an eighth: others run beside it
_LATE = 1.8  # times the expected latency: such a call no longer holds its place
_PATIENCE = 2.0  # times the target: with an offer in hand nobody is waited for any longer
_UNUSUAL = 2.5  # times the expected latency: from here on a call may never be answered
_STILL_POSSIBLE = 0.01  # chance that silent sellers have it, below which they are not waited for
_GROW_FROM = 1.0  # times the target
_HALF_KNOWN = 8.0  # quotes after which a seller is neither a stranger nor well known
_WORTH_A_RETRY_SD = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingSettings:
    """What one strategy trades against what; times in seconds from the start of the search."""

    call_value: float  # what one call costs, as a share of the maximum price
    second_value: float  # what one second costs, likewise
    target_s: float  # when a search with an offer in hand should be over
    prove_s: float  # when one without should have asked everybody
    burst: float  # chance that anybody fits, below which all the rest is asked at once
    grow: float  # factor of the window per latency past the target
    few: float = 1.0  # a well-known seller's call costs so many times as much, a stranger's less
    share: float = 1.0  # of the usual window; less while the event loop is late


STRATEGIES: dict[Strategy, RollingSettings] = {
    Strategy.CHEAPEST: RollingSettings(
        call_value=0.0003, second_value=0.0005, target_s=2.5, prove_s=4.0, burst=0.015, grow=1.4
    ),
    Strategy.BALANCED: RollingSettings(
        call_value=0.0015, second_value=0.004, target_s=1.2, prove_s=3.0, burst=0.04, grow=1.6
    ),
    Strategy.FAST: RollingSettings(
        call_value=0.006, second_value=0.02, target_s=0.6, prove_s=2.0, burst=0.02, grow=1.8
    ),
}


class Rolling:
    """One request's course. `level` moves with every answer to anybody who asks for this book."""

    def __init__(
        self,
        settings: RollingSettings,
        beliefs: Beliefs,
        book: BookBelief,
        candidates: Sequence[Candidate],
        *,
        max_minor: int,
        wall_s: float,
    ) -> None:
        self._settings = settings
        self._book = book
        self._max = float(max_minor)
        self._log_max = math.log(max_minor)
        self._outlooks: dict[str, Outlook] = {}
        self.boxes = self._boxes(beliefs, candidates, wall_s)
        self._order = in_order(list(self.boxes.values()), self._log_max)
        self._rank = {box.seller: rank for rank, box in enumerate(self._order, 1)}
        self._candidates = {candidate.seller.id: candidate for candidate in candidates}
        self._window, self._latency_s = self._sized()
        self._believed = (book.level, book.var, book.spread)
        self._stale: set[str] = set()  # boxes that do not know of the latest beliefs
        self._left: list[Box] = []  # those not asked yet, in order

    # ------------------------------------------------------------------------------ beliefs
    def _boxes(
        self, beliefs: Beliefs, candidates: Iterable[Candidate], wall_s: float
    ) -> dict[str, Box]:
        boxes, call = {}, self._settings.call_value * self._max
        second = self._settings.second_value * self._max / _PRICE_OF_A_SECOND_SHARED
        for candidate in candidates:
            seller_id = candidate.seller.id
            outlook = beliefs.outlook(seller_id, self._book, wall_s)
            self._outlooks[seller_id] = outlook
            boxes[seller_id] = Box(
                seller=seller_id,
                mu=self._book.level + outlook.offset,
                sd=math.sqrt(outlook.var + self._book.var),
                chance=outlook.chance(self._book.spread),
                cost=call * self._dearness(beliefs, seller_id) + second * outlook.latency_s,
                latency_s=outlook.latency_s,
            )
        return boxes

    def _dearness(self, beliefs: Beliefs, seller_id: str) -> float:
        """How many times as much as usual a call costs: among few sellers, the better known."""
        if self._settings.few == 1.0:
            return 1.0
        quotes = beliefs.seller(seller_id).quotes
        return math.pow(self._settings.few, 2.0 * quotes / (quotes + _HALF_KNOWN) - 1.0)

    def _sized(self) -> tuple[int, float]:
        """The window, and the latency that is typical of who is asked first."""
        if not self._order:
            return 1, 0.3
        at_once = max(sample_size(self._order, self._log_max), 1)
        first = sorted(box.latency_s for box in self._order[: max(3, at_once)])
        latency_s = first[len(first) // 2]
        rounds = max(1.0, self._settings.target_s / max(latency_s, 0.05))
        window = math.ceil(at_once / rounds * self._settings.share)
        return min(max(window, 1), _WIDEST), latency_s

    def _note_beliefs(self) -> None:
        """See whether answers have said anything of the book since the last look."""
        now = (self._book.level, self._book.var, self._book.spread)
        if now != self._believed:
            self._believed = now
            self._stale = set(self.boxes)

    def _conditioned(self, box: Box) -> Box:
        """The box as it looks after all answers so far; worked out when somebody looks."""
        if box.seller in self._stale:
            self._stale.discard(box.seller)
            level, var, spread = self._believed
            outlook = self._outlooks[box.seller]
            box.mu = level + outlook.offset
            box.sd = math.sqrt(outlook.var + var)
            box.chance = outlook.chance(spread)
        return box

    def view(self, seller_id: str) -> View | None:
        """How the seller is seen now."""
        box = self._conditioned(self.boxes[seller_id])
        promising = box.z <= self._log_max
        return View(
            rank=self._rank[seller_id],
            reservation_minor=round(math.exp(box.z)) if promising else None,
            expected_minor=round(math.exp(box.mu)),
        )

    # ------------------------------------------------------------------------------ deciding
    def resume(self) -> None:
        """The offer the search stopped for fell through: search on by the same rules."""
        self._left = []

    def decide(self, sight: Sight) -> Decision:
        """Ask, ask again, wait or stop."""
        if sight.now >= sight.ends_at:
            return Decision(stop=True, why="the time is over")
        self._note_beliefs()
        if sight.best is not None:
            return self._with_offer(sight, float(sight.best.minor))
        if sight.unasked:
            return self._without_offer(sight)
        return self._all_asked(sight)

    def _live(self, sight: Sight) -> int:
        """Calls under way that are not late."""
        return sum(
            age_s < _LATE * self.boxes[seller_id].latency_s + 0.05
            for seller_id, age_s in sight.in_flight.items()
        )

    def _remaining(self, sight: Sight) -> list[Box]:
        # Between two looks sellers are asked or, for another round, given back: never both.
        if len(sight.unasked) != len(self._left):
            unasked = {candidate.seller.id for candidate in sight.unasked}
            self._left = [box for box in self._order if box.seller in unasked]
        return self._left

    def _ask(
        self, boxes: Iterable[Box], sight: Sight, *, again_in_s: float, window: float
    ) -> Decision:
        return Decision(
            ask=tuple(self._candidates[box.seller] for box in boxes),
            look_again_at=min(sight.now + again_in_s, sight.ends_at),
            window=int(window),
        )

    def _with_offer(self, sight: Sight, best: float) -> Decision:
        remaining = self._remaining(sight)
        nearest = map(self._conditioned, remaining[:_SCANNED])
        wanted = [box for box in nearest if box.gain(best) > box.cost]
        if sight.now - sight.started_at > 1.5 * self._settings.target_s:
            wanted = []
        pause_s = 0.5 * self._latency_s + 0.02
        if wanted:
            room = max(0, self._window - self._live(sight))
            return self._ask(wanted[:room], sight, again_in_s=pause_s, window=self._window)
        wait_s = self._worth_waiting(sight, best)
        overdue = sight.now - sight.started_at > _PATIENCE * self._settings.target_s
        if wait_s is None or overdue:
            return Decision(stop=True, why="nobody is worth another call")
        return Decision(look_again_at=min(sight.now + wait_s, sight.ends_at))

    def _worth_waiting(self, sight: Sight, best: float) -> float | None:
        """How long to wait for calls under way; None: what they may save is not worth the time."""
        wait_s: float | None = None
        for seller_id, age_s in sight.in_flight.items():
            box = self._conditioned(self.boxes[seller_id])
            # The later it is, the less likely it still comes: latencies have a heavy tail.
            usual_s = _UNUSUAL * box.latency_s + 0.05
            hope = 1.0 if age_s < usual_s else (usual_s / age_s) ** 2
            left_s = box.latency_s - age_s
            if left_s <= 0.05:
                left_s = 0.3 * box.latency_s + (age_s - box.latency_s) * 0.5
            if hope * box.gain(best) > self._settings.second_value * self._max * left_s:
                look_s = max(0.02, 0.25 * box.latency_s)
                wait_s = look_s if wait_s is None else min(wait_s, look_s)
        return wait_s

    def _without_offer(self, sight: Sight) -> Decision:
        settings, elapsed_s = self._settings, sight.now - sight.started_at
        remaining = [self._conditioned(box) for box in self._remaining(sight)]
        live = self._live(sight)
        window = float(self._window)
        patient_s = _GROW_FROM * settings.target_s
        if elapsed_s > patient_s:
            latencies = min(10.0, (elapsed_s - patient_s) / self._latency_s)
            window *= settings.grow**latencies
        if elapsed_s > settings.prove_s - 1.0:
            window = float(len(remaining) + live)
        elif chance_any_fits(remaining, self._log_max) < settings.burst:
            window = math.ceil(len(remaining) * settings.share) + live
        room = max(0, int(window) - live)
        if elapsed_s > 0.9 * settings.target_s:
            # It is no longer about the cheapest, but about anybody at all.
            remaining.sort(key=lambda box: -box.fits(self._log_max) / box.cost)
        pause_s = 0.5 * self._latency_s + 0.02
        return self._ask(remaining[:room], sight, again_in_s=pause_s, window=window)

    def _all_asked(self, sight: Sight) -> Decision:
        settings, elapsed_s = self._settings, sight.now - sight.started_at
        if sight.failed and elapsed_s < settings.prove_s - 0.5:
            again = tuple(c for c in sight.failed if self._could_matter(c.seller.id))
            if again:
                return Decision(ask_again=again, look_again_at=sight.now + self._latency_s)
        if not sight.in_flight:
            return Decision(stop=True, why="everybody was asked")
        # Whoever is not late yet is waited for: an absence that is proven is worth that time.
        overdue = elapsed_s > settings.target_s and not self._live(sight)
        if overdue and self._silent_chance(sight) < _STILL_POSSIBLE:
            return Decision(stop=True, why="those still silent hardly have it")
        return Decision(look_again_at=min(sight.now + 0.15, sight.ends_at))

    def _could_matter(self, seller_id: str) -> bool:
        box = self._conditioned(self.boxes[seller_id])
        return box.mu - _WORTH_A_RETRY_SD * box.sd < self._log_max

    def _silent_chance(self, sight: Sight) -> float:
        chance = 0.0
        for seller_id, age_s in sight.in_flight.items():
            box = self._conditioned(self.boxes[seller_id])
            punctual = age_s < 3.0 * box.latency_s + 0.1
            chance += box.fits(self._log_max) * (1.0 if punctual else 0.1)
        return chance
