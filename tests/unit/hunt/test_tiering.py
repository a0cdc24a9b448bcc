"""Tiers: new sellers start in the third, figures move them, and nobody is moved to and fro."""

from __future__ import annotations

import pytest

from bookhunt.hunt.beliefs import Beliefs
from bookhunt.hunt.tiering import Tiering, figures_of
from bookhunt.model.reasons import Reason
from bookhunt.model.seller import PurchaseMode, Seller
from tests.support.builders import a_seller

SIZES = (0.2, 0.3, 0.5)
NOW = 1_800_000_000.0


def ten_sellers() -> list[Seller]:
    return [a_seller(f"s{n}") for n in range(10)]


def trade(
    beliefs: Beliefs, seller: Seller, times: int, *, fails: int = 0, minor: int = 2000
) -> None:
    """So many readable answers, and so many failures."""
    beliefs.book("isbn:1", NOW, max_minor=2000)
    for n in range(times):
        beliefs.learn(
            seller.id, "isbn:1", now=NOW + n, total_minor=minor, reason=None, latency_s=0.3
        )
    for n in range(fails):
        beliefs.learn(
            seller.id,
            "isbn:1",
            now=NOW + n,
            total_minor=None,
            reason=Reason.SERVER_ERROR,
            latency_s=0.3,
        )


def test_everybody_starts_in_the_third_tier() -> None:
    """So a fresh installation asks everybody at once, and can buy."""
    tiering, sellers = Tiering(Beliefs()), ten_sellers()
    tiering.refresh(sellers, SIZES, now_s=0)
    assert {tiering.tier_of(seller) for seller in sellers} == {3}


def test_figures_place_the_sellers_that_are_known() -> None:
    """The best fifth is first; those that fail are last; a stranger is still new."""
    beliefs, sellers = Beliefs(), ten_sellers()
    tiering = Tiering(beliefs)
    for rank, seller in enumerate(sellers[:-1]):
        trade(beliefs, seller, 20, fails=3 * rank)
    tiering.refresh(sellers, SIZES, now_s=0)
    tiers = [tiering.tier_of(seller) for seller in sellers]
    assert tiers == [1, 1, 2, 2, 3, 3, 3, 3, 3, 3]


def test_readable_answers_count_for_promotion_whatever_they_say() -> None:
    """A seller that only ever said "not stocked" is known too."""
    beliefs, seller = Beliefs(), a_seller()
    tiering = Tiering(beliefs)
    for n in range(5):
        assert not tiering.is_known(seller)
        beliefs.learn(
            seller.id,
            f"isbn:{n}",
            now=NOW,
            total_minor=None,
            reason=Reason.NOT_STOCKED,
            latency_s=0.3,
        )
    assert tiering.is_known(seller)


def test_what_is_set_by_hand_wins() -> None:
    """`sellers pin` overrides every figure."""
    beliefs = Beliefs()
    pinned, usual = a_seller("pinned", tier=1), a_seller("usual")
    trade(beliefs, usual, 20)
    trade(beliefs, pinned, 1, fails=20)
    tiering = Tiering(beliefs)
    tiering.refresh([pinned, usual], SIZES, now_s=0)
    assert tiering.tier_of(pinned) == 1


def test_a_seller_on_the_edge_is_not_moved_to_and_fro() -> None:
    """It crosses only when it is clearly on the other side."""
    beliefs, sellers = Beliefs(), ten_sellers()
    tiering = Tiering(beliefs)
    for seller in sellers:
        trade(beliefs, seller, 20)
    for rank, seller in enumerate(sellers):
        beliefs.seller(seller.id).failures = 0.5 + 0.02 * rank
    tiering.refresh(sellers, SIZES, now_s=0)
    assert tiering.tier_of(sellers[1]) == 1
    beliefs.seller("s1").failures, beliefs.seller("s2").failures = 0.54, 0.52
    tiering.refresh(sellers, SIZES, now_s=10)
    assert tiering.tier_of(sellers[1]) == 1, "a hair below the edge is not below it"
    beliefs.seller("s1").failures = 20.0
    tiering.refresh(sellers, SIZES, now_s=20)
    assert tiering.tier_of(sellers[1]) == 3


def test_tiers_are_computed_at_most_every_few_seconds() -> None:
    """A burst of requests does not sort all sellers each time."""
    beliefs, sellers = Beliefs(), ten_sellers()
    tiering = Tiering(beliefs)
    tiering.refresh(sellers, SIZES, now_s=0)
    trade(beliefs, sellers[0], 20)
    tiering.refresh(sellers, SIZES, now_s=1)
    assert tiering.tier_of(sellers[0]) == 3
    tiering.refresh(sellers, SIZES, now_s=6)
    assert tiering.tier_of(sellers[0]) == 1


def test_new_sellers_are_held_back_only_where_that_is_set() -> None:
    """Shadowing is a setting; a pinned seller and one that only links are not concerned."""
    beliefs = Beliefs()
    tiering, new = Tiering(beliefs), a_seller()
    assert tiering.is_held_back(new, shadow_new=True)
    assert not tiering.is_held_back(new, shadow_new=False)
    assert not tiering.is_held_back(a_seller("pinned", tier=2), shadow_new=True)
    link = a_seller("link", purchase_mode=PurchaseMode.LINK)
    assert not tiering.is_held_back(link, shadow_new=True)
    trade(beliefs, new, 5)
    assert not tiering.is_held_back(new, shadow_new=True)


@pytest.mark.parametrize(
    "change",
    [
        {"failures": 5.0},
        {"missing": 10.0},
        {"spoilt": 4.0},
        {"log_latency": 0.5},
        {"level": 0.2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_figure_counts(change: dict[str, float]) -> None:
    """Answers, stock, orders taken, time and price all move the score."""
    beliefs = Beliefs()
    usual, other = beliefs.seller("usual"), beliefs.seller("other")
    for name, value in change.items():
        setattr(other, name, value)
    assert figures_of(other).score < figures_of(usual).score


def test_orders_and_complaints_move_the_share_of_good_purchases() -> None:
    """A refund weighs more than an order that went well."""
    beliefs = Beliefs()
    before = figures_of(beliefs.seller("a")).purchase_share
    beliefs.learn_order("a", weight=1.0)
    well = figures_of(beliefs.seller("a")).purchase_share
    beliefs.learn_order("a", weight=-2.0)
    assert figures_of(beliefs.seller("a")).purchase_share < before < well
