"""The rolling window: whom it asks, when it waits, when it is enough; nobody is forgotten."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest

from bookhunt.hunt.beliefs import Beliefs
from bookhunt.hunt.candidates import Candidate
from bookhunt.hunt.policy import Decision, Sight
from bookhunt.hunt.rolling import STRATEGIES, Rolling
from bookhunt.model.money import Money
from bookhunt.model.reasons import Reason
from bookhunt.model.request import Strategy
from tests.support.builders import a_seller

NOW = 1_800_000_000.0
MAX = 3000
BOOK = "isbn:1"
BALANCED = STRATEGIES[Strategy.BALANCED]
ENDS_AT = 4.3


@dataclass(slots=True)
class Course:
    """A policy and how its search stands."""

    policy: Rolling
    beliefs: Beliefs
    unasked: list[Candidate]
    now: float = 0.0
    best: int | None = None
    in_flight: dict[str, float] = field(default_factory=dict)  # seller to when it was asked
    failed: list[Candidate] = field(default_factory=list)

    def decide(self) -> Decision:
        decision = self.policy.decide(
            Sight(
                now=self.now,
                started_at=0.0,
                ends_at=ENDS_AT,
                max_price=Money(MAX, "USD"),
                best=Money(self.best, "USD") if self.best else None,
                unasked=self.unasked,
                in_flight={s: self.now - at for s, at in self.in_flight.items()},
                failed=self.failed,
            )
        )
        for candidate in decision.ask:
            self.unasked.remove(candidate)
            self.in_flight[candidate.seller.id] = self.now
        return decision

    def says(self, seller: str, minor: int | None, reason: Reason | None = None) -> None:
        """A seller answers; a total that fits is in hand from then on."""
        del self.in_flight[seller]
        self.beliefs.learn(seller, BOOK, now=NOW, total_minor=minor, reason=reason, latency_s=0.4)
        if minor is not None and minor <= MAX:
            self.best = min(minor, self.best or minor)


def a_course(sellers: int = 30, *, strategy: Strategy = Strategy.BALANCED) -> Course:
    """A search among sellers of which `s00` is the cheapest and so on, as far as is known."""
    beliefs = Beliefs()
    candidates = [Candidate(seller=a_seller(f"s{n:02d}"), tier=3) for n in range(sellers)]
    book = beliefs.book(BOOK, NOW, max_minor=MAX)
    book.level, book.var = math.log(2500), 0.001
    for n in range(sellers):
        belief = beliefs.seller(f"s{n:02d}")
        belief.level, belief.level_var = -0.15 + 0.3 * n / sellers, 0.003
        belief.noise_shape, belief.noise_rate = 30.0, 30.0 * 0.004
        belief.stocked, belief.missing = 8.0, 4.0
    policy = Rolling(STRATEGIES[strategy], beliefs, book, candidates, max_minor=MAX, wall_s=NOW)
    return Course(policy=policy, beliefs=beliefs, unasked=list(candidates))


def test_the_most_promising_are_asked_first_and_few() -> None:
    """Of thirty known sellers a handful is asked, the cheapest first."""
    course = a_course()
    asked = [candidate.seller.id for candidate in course.decide().ask]
    assert "s00" in asked
    assert len(asked) <= 6
    assert asked == sorted(asked)


def test_an_answer_frees_a_place_in_the_window() -> None:
    """As long as nothing fits, a seller that has nothing makes room for the next."""
    course = a_course()
    first = course.decide()
    assert course.decide().ask == (), "the window is full"
    course.now = 0.3
    course.says(first.ask[0].seller.id, None, Reason.NOT_STOCKED)
    assert len(course.decide().ask) == 1


def test_a_late_call_no_longer_holds_its_place() -> None:
    """A silent seller is not waited for before the next is asked."""
    course = a_course()
    window = len(course.decide().ask)
    course.now = 1.1  # well past 1.8 times the expected half second
    assert len(course.decide().ask) == window


def test_a_cheap_offer_in_hand_ends_the_search() -> None:
    """When nobody's reservation price is below it, nobody else is asked."""
    course = a_course()
    asked = [candidate.seller.id for candidate in course.decide().ask]
    course.now = 0.3
    course.says(asked[0], 1500)
    for seller in asked[1:]:
        course.says(seller, None, Reason.NOT_STOCKED)
    decision = course.decide()
    assert decision.stop
    assert decision.why == "nobody is worth another call"


def test_a_dear_offer_in_hand_does_not() -> None:
    """The cheaper sellers are still worth a call."""
    course = a_course()
    asked = [candidate.seller.id for candidate in course.decide().ask]
    course.now = 0.3
    course.says(asked[-1], 2990)
    decision = course.decide()
    assert not decision.stop
    assert decision.ask or decision.look_again_at


def test_a_promising_call_under_way_is_waited_for_and_not_for_ever() -> None:
    """The best seller is late: it is waited for while what it may save is worth the time."""
    course = a_course(3)
    for candidate in course.decide().ask:
        assert candidate.seller.id in {"s00", "s01", "s02"}
    course.now = 0.4
    for seller in [each for each in course.in_flight if each != "s00"]:
        course.says(seller, 2700)
    course.unasked.clear()
    assert not course.decide().stop
    course.now = 2 * BALANCED.target_s + 0.1
    assert course.decide().stop


def test_the_window_grows_when_nothing_fits_for_long() -> None:
    """Past the target, more are asked at once per latency that goes by."""
    course = a_course(60)
    course.decide()
    course.now = BALANCED.target_s + 0.4
    course.in_flight.clear()
    early = len(course.decide().ask)
    course = a_course(60)
    course.decide()
    course.now = BALANCED.target_s + 0.75
    course.in_flight.clear()
    assert len(course.decide().ask) > early


def test_everybody_is_asked_in_one_burst_when_time_runs_out() -> None:
    """The proof that nobody has it is not spread over the search."""
    course = a_course(60)
    course.decide()
    course.now = BALANCED.prove_s - 0.9
    course.decide()
    assert not course.unasked


def test_everybody_is_asked_in_one_burst_when_it_is_hopeless() -> None:
    """A book that all are known to lack is proven absent at once."""
    course = a_course(60)
    for n in range(60):
        belief = course.beliefs.seller(f"s{n:02d}")
        belief.stocked, belief.missing = 0.01, 30.0
    hopeless = Rolling(
        BALANCED,
        course.beliefs,
        course.beliefs.book(BOOK, NOW + 2, max_minor=MAX),
        list(course.unasked),
        max_minor=MAX,
        wall_s=NOW + 2,
    )
    course.policy = hopeless
    course.decide()
    assert not course.unasked


def test_a_passing_failure_is_asked_once_more_when_all_were_asked() -> None:
    """But not where even a lucky price would be above the maximum."""
    course = a_course(3)
    course.decide()
    course.unasked.clear()
    course.in_flight.clear()
    near = Candidate(seller=a_seller("s00"), tier=3)
    course.failed = [near]
    assert course.decide().ask_again == (near,)
    course.policy._book.level = math.log(30 * MAX)
    assert course.decide().stop


def test_not_available_is_said_when_all_have_answered() -> None:
    """And while somebody who may have it is silent, it is not."""
    course = a_course(3)
    course.now = BALANCED.prove_s
    for candidate in course.decide().ask:
        assert candidate
    assert not course.unasked
    assert not course.decide().stop, "three sellers are silent, each may have it"
    for seller in list(course.in_flight):
        course.says(seller, None, Reason.NOT_STOCKED)
    decision = course.decide()
    assert decision.stop
    assert decision.why == "everybody was asked"


def test_a_seller_that_is_not_late_is_waited_for_however_unlikely() -> None:
    """Its answer makes the absence proven; once it is late it is given up."""
    course = a_course(3)
    course.now = BALANCED.prove_s
    course.decide()
    for seller in list(course.in_flight)[1:]:
        course.says(seller, None, Reason.NOT_STOCKED)
    course.policy._book.level = math.log(30 * MAX)
    course.now += 0.2
    assert not course.decide().stop
    course.now += 1.0
    decision = course.decide()
    assert decision.stop
    assert decision.why == "those still silent hardly have it"


def test_the_time_that_was_given_ends_every_search() -> None:
    """Whatever is under way."""
    course = a_course()
    course.decide()
    course.now = ENDS_AT
    assert course.decide().stop


def test_a_hurry_asks_less_and_patience_more() -> None:
    """`fast` stops at an offer at which `cheapest` still asks."""

    def asked_with_offer(strategy: Strategy) -> int:
        course = a_course(60, strategy=strategy)
        total = len(course.decide().ask)
        course.best = 2600
        for _ in range(10):
            course.now += 0.1
            for seller in list(course.in_flight):
                course.says(seller, 2700)
            total += len(course.decide().ask)
        return total

    assert asked_with_offer(Strategy.CHEAPEST) > asked_with_offer(Strategy.FAST)


def test_a_decision_always_says_when_to_look_again() -> None:
    """Unless it stops: a search never sleeps past what it waits for."""
    course = a_course()
    for step in range(40):
        course.now = step * 0.1
        decision = course.decide()
        if decision.stop:
            break
        assert decision.look_again_at is not None
        assert course.now < decision.look_again_at <= ENDS_AT


def test_what_is_told_of_a_seller_is_what_was_believed() -> None:
    """Rank, reservation price and expected total, for `status --why`."""
    course = a_course()
    view = course.policy.view("s00")
    assert view is not None
    assert view.rank == 1
    assert view.expected_minor == pytest.approx(2500 * math.exp(-0.15), rel=0.01)
    assert view.reservation_minor is not None
    assert view.reservation_minor < view.expected_minor
