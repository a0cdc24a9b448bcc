"""Strategy `tiers`: the course of one search, decided without a clock or a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.hunt.candidates import Candidate
from bookhunt.hunt.policy import Decision, Sight
from bookhunt.hunt.settings import TierSettings
from bookhunt.hunt.tiers import Tiers
from tests.support.builders import a_seller, usd

if TYPE_CHECKING:
    from bookhunt.hunt.candidates import Tier

SETTINGS = TierSettings(patience_s=1.5, grace_s=0.2, margin=0.10)
T1: Tier = 1
T2: Tier = 2
T3: Tier = 3


def tier(number: Tier, *names: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(seller=a_seller(name), tier=number) for name in names)


ALL = tier(T1, "a", "b") + tier(T2, "c") + tier(T3, "d")


class Course:
    """One search as the policy sees it; the maximum is 30."""

    def __init__(self) -> None:
        self.policy = Tiers(SETTINGS)

    def at(
        self,
        now: float,
        *,
        best: str | None = None,
        unasked: tuple[Candidate, ...] = (),
        in_flight: int = 0,
        ends_at: float = 4.3,
    ) -> Decision:
        return self.policy.decide(
            Sight(
                now=now,
                started_at=0.0,
                ends_at=ends_at,
                max_price=usd("30"),
                best=usd(best) if best else None,
                unasked=unasked,
                in_flight={str(n): 0.1 for n in range(in_flight)},
            )
        )


def test_the_best_tier_is_asked_first_and_alone() -> None:
    decision = Course().at(0, unasked=ALL)
    assert decision.ask == ALL[:2]
    assert decision.look_again_at == 1.5
    assert not decision.stop


def test_an_offer_well_below_the_maximum_is_taken_at_once() -> None:
    """Margin 10 %: 27 of 30 is well below, 27.01 is not."""
    assert Course().at(0, best="27.00", in_flight=5).stop
    assert not Course().at(0, best="27.01", in_flight=5).stop


def test_any_other_fitting_offer_waits_a_grace_for_a_cheaper_one() -> None:
    course = Course()
    assert course.at(1.0, best="29", in_flight=1).look_again_at == 1.2
    # A dearer answer within the grace does not make it longer.
    assert course.at(1.1, best="28.50", in_flight=1) == Decision(look_again_at=1.2)
    assert course.at(1.2, best="28.50", in_flight=1).stop


def test_a_better_offer_within_the_grace_ends_it() -> None:
    course = Course()
    course.at(1.0, best="29", in_flight=1)
    assert course.at(1.05, best="20", in_flight=1).stop


def test_with_nobody_left_to_wait_for_the_grace_is_over() -> None:
    """And a lower tier is not asked once a higher one gave a fitting offer."""
    assert Course().at(0.3, best="29.99", unasked=ALL[2:]).stop


def test_the_grace_never_outlasts_the_search() -> None:
    assert Course().at(4.25, best="29", in_flight=1).look_again_at == 4.3


def test_the_next_tier_is_asked_as_soon_as_one_gave_nothing() -> None:
    """No fitting offer and nobody under way: there is nothing to be patient for."""
    course = Course()
    course.at(0, unasked=ALL)
    assert course.at(0.4, unasked=ALL[2:]).ask == ALL[2:3]


def test_a_silent_tier_is_waited_for_and_then_the_next_is_asked_beside_it() -> None:
    course = Course()
    course.at(0, unasked=ALL)
    assert course.at(1.0, unasked=ALL[2:], in_flight=1) == Decision(look_again_at=1.5)
    decision = course.at(1.5, unasked=ALL[2:], in_flight=1)
    assert decision.ask == ALL[2:3]
    assert decision.look_again_at == 3.0


def test_tiers_without_sellers_cost_no_patience() -> None:
    assert Course().at(0, unasked=ALL[3:]).ask == ALL[3:]


def test_when_all_were_asked_the_last_answers_are_waited_for_until_the_end() -> None:
    course = Course()
    assert course.at(2.0, in_flight=1) == Decision(look_again_at=4.3)
    assert course.at(2.5).stop


def test_the_deadline_stops_everything() -> None:
    assert Course().at(4.3, unasked=ALL, in_flight=3).stop
    assert Course().at(5.0, best="29", in_flight=3).stop


def test_a_resumed_search_begins_its_patience_anew() -> None:
    """What is asked next is not held up by the wave before the purchase that fell through."""
    course = Course()
    course.at(0, unasked=ALL)
    course.at(0.5, best="20", unasked=ALL[2:], in_flight=1)
    course.policy.resume()
    assert course.at(1.0, unasked=ALL[2:], in_flight=1).ask == ALL[2:3]


def test_a_resumed_search_begins_its_grace_anew() -> None:
    course = Course()
    assert course.at(1.0, best="28.50", in_flight=1).look_again_at == 1.2
    course.policy.resume()
    assert course.at(1.1, best="29", in_flight=1).look_again_at == 1.1 + 0.2
