"""Which offer is bought, and why each other one is not."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from bookhunt.hunt.choice import Choice, choose, key_of
from bookhunt.model.money import Money
from bookhunt.model.reasons import Reason
from bookhunt.model.seller import PurchaseMode, Trust
from tests.support.builders import a_seller, an_offer, usd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.model.offer import Offer
    from bookhunt.model.seller import Seller

SELLERS: dict[str, Seller] = {
    "alpha": a_seller("alpha"),
    "beta": a_seller("beta"),
    "checks": a_seller("checks", checks_total=True),
    "link": a_seller("link", purchase_mode=PurchaseMode.LINK),
    "prices": a_seller("prices", purchase_mode=PurchaseMode.NONE),
    "shadow": a_seller("shadow", trust=Trust.SHADOW),
}


def offer(seller: str, total: str, item: str = "1", **fields: Any) -> Offer:
    """An offer whose landed total is this; no shipping."""
    return an_offer(seller, item=item, **{"price": usd(total), "shipping": usd("0")} | fields)


def choice_of(
    *offers: Offer,
    max_price: str = "30",
    dropped: Mapping[tuple[str, str], Reason] | None = None,
    floor_ratio: float = 0.2,
) -> Choice:
    return choose(
        offers,
        sellers=SELLERS,
        max_price=usd(max_price),
        dropped=dropped or {},
        floor_ratio=floor_ratio,
    )


def reason_of(choice: Choice, which: Offer) -> Reason | None:
    return next(judged.reason for judged in choice.judged if judged.offer is which)


def test_the_cheapest_landed_total_wins_not_the_cheapest_copy() -> None:
    """Shipping and tax are part of the price."""
    dear_parcel = an_offer("alpha", price=usd("5"), shipping=usd("9"), tax=usd("1"))
    cheap_parcel = an_offer("beta", price=usd("12"), shipping=usd("2"), tax=usd("0"))
    assert choice_of(dear_parcel, cheap_parcel).best is cheap_parcel


def test_the_landed_total_is_held_against_the_maximum() -> None:
    at, above = offer("alpha", "30"), offer("beta", "30.01")
    choice = choice_of(at, above)
    assert choice.best is at
    assert reason_of(choice, above) is Reason.OVER_MAX


def test_without_a_fitting_offer_nothing_is_chosen() -> None:
    choice = choice_of(offer("alpha", "31"))
    assert choice.best is None
    assert choice.ceiling is None
    assert choice_of().judged == ()


def test_a_known_total_may_be_charged_and_no_cent_more() -> None:
    best = offer("alpha", "20")
    assert choice_of(best, offer("beta", "25")).ceiling == usd("20")


def test_an_unknown_total_may_be_charged_up_to_the_next_best_offer() -> None:
    """Above it the next best is cheaper: the basket is given up, not paid."""
    unknown = an_offer("checks", price=usd("10"), shipping=None)
    assert choice_of(unknown, offer("alpha", "18")).ceiling == usd("18")
    assert choice_of(unknown).ceiling == usd("30")
    assert choice_of(unknown, offer("alpha", "18")).best is unknown


def test_an_unknown_total_is_bought_only_where_a_step_checks_it_before_the_money() -> None:
    unknown = an_offer("alpha", price=usd("10"), shipping=None)
    choice = choice_of(unknown)
    assert choice.best is None
    assert reason_of(choice, unknown) is Reason.UNKNOWN_TOTAL
    untaxed = an_offer("alpha", price=usd("10"), tax=None)
    assert reason_of(choice_of(untaxed), untaxed) is Reason.UNKNOWN_TOTAL


def test_at_equal_cost_a_known_total_is_better_than_a_hope() -> None:
    unknown = an_offer("checks", price=usd("10"), shipping=None)
    known = offer("alpha", "10")
    assert choice_of(unknown, known).best is known


def test_sellers_that_cannot_be_ordered_from_are_shown_with_the_reason() -> None:
    link, prices, shadow = offer("link", "5"), offer("prices", "6"), offer("shadow", "7")
    best = offer("alpha", "20")
    choice = choice_of(link, prices, shadow, best)
    assert choice.best is best
    assert reason_of(choice, link) is Reason.ONLY_BY_LINK
    assert reason_of(choice, prices) is Reason.ONLY_BY_LINK
    assert reason_of(choice, shadow) is Reason.SKIPPED_SHADOW


def test_a_link_above_the_maximum_is_over_the_maximum() -> None:
    """`only_by_link` promises that it fits."""
    dear = offer("link", "31")
    assert reason_of(choice_of(dear), dear) is Reason.OVER_MAX


def test_another_currency_is_never_compared() -> None:
    euros = an_offer("alpha", price=Money(100, "EUR"), shipping=Money(0, "EUR"), tax=None)
    best = offer("beta", "29")
    choice = choice_of(euros, best)
    assert choice.best is best
    assert reason_of(choice, euros) is Reason.WRONG_CURRENCY


def test_what_fell_through_is_not_chosen_again() -> None:
    first, second = offer("alpha", "10"), offer("beta", "20")
    choice = choice_of(first, second, dropped={key_of(first): Reason.SOLD_OUT})
    assert choice.best is second
    assert reason_of(choice, first) is Reason.SOLD_OUT


def test_a_price_too_good_to_be_true_is_shown_and_not_bought() -> None:
    """Under a fifth of the median of three others: surely a mistake."""
    others = [offer("alpha", "20", item=str(n)) for n in range(3)]
    mistake, bargain = offer("beta", "3.99"), offer("beta", "4.00")
    choice = choice_of(mistake, *others)
    assert reason_of(choice, mistake) is Reason.TOO_CHEAP
    assert choice.best is others[0]
    assert choice_of(bargain, *others).best is bargain


def test_two_others_are_too_few_to_call_a_price_a_mistake() -> None:
    mistake = offer("beta", "0.50")
    choice = choice_of(mistake, offer("alpha", "20"), offer("alpha", "21", item="2"))
    assert choice.best is mistake


def test_the_floor_is_a_setting() -> None:
    others = [offer("alpha", "20", item=str(n)) for n in range(3)]
    assert choice_of(offer("beta", "0.50"), *others, floor_ratio=0).best is not others[0]


def test_prices_in_other_currencies_say_nothing_about_what_is_too_cheap() -> None:
    yen = [
        an_offer(
            "alpha",
            item=str(n),
            price=Money(3000, "JPY"),
            shipping=Money(0, "JPY"),
            tax=Money(0, "JPY"),
        )
        for n in range(3)
    ]
    cheap = offer("beta", "5")
    assert choice_of(cheap, *yen).best is cheap


@given(
    totals=st.lists(st.integers(1, 5000), max_size=12),
    max_price=st.integers(1, 5000),
    seed=st.randoms(use_true_random=False),
)
def test_the_choice_is_the_cheapest_that_fits_whoever_answered_first(
    totals: list[int], max_price: int, seed: Any
) -> None:
    """The verdict of an obvious oracle, whatever the order of the answers."""
    offers = [
        an_offer(
            "alpha" if n % 2 else "beta",
            item=str(n),
            price=Money(total, "USD"),
            shipping=Money(0, "USD"),
        )
        for n, total in enumerate(totals)
    ]

    def suspicious(which: int) -> bool:
        others = totals[:which] + totals[which + 1 :]
        return len(others) >= 3 and totals[which] < 0.2 * median(others)

    fitting = [t for n, t in enumerate(totals) if t <= max_price and not suspicious(n)]
    choice = choose(
        offers,
        sellers=SELLERS,
        max_price=Money(max_price, "USD"),
        dropped={},
        floor_ratio=0.2,
    )
    shuffled = list(offers)
    seed.shuffle(shuffled)
    again = choose(
        shuffled, sellers=SELLERS, max_price=Money(max_price, "USD"), dropped={}, floor_ratio=0.2
    )
    assert (again.best, again.ceiling) == (choice.best, choice.ceiling)
    assert again.judged == choice.judged
    assert {id(j.offer) for j in choice.judged} == {id(o) for o in offers}
    if fitting:
        assert choice.best is not None
        assert choice.best.at_least.minor == min(fitting)
    else:
        assert choice.best is None
