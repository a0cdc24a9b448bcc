"""Who is asked, and the stated reason of everybody who is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.beliefs import Beliefs
from bookhunt.hunt.candidates import able_to_answer, ask_of, candidates_for
from bookhunt.hunt.tiering import Tiering
from bookhunt.model.reasons import Reason
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.model.seller import BookFormat, Condition, PurchaseMode, SellerState, Trust
from tests.support.builders import a_request, a_seller

if TYPE_CHECKING:
    from bookhunt.hunt.candidates import Market
    from tests.unit.hunt.life import Life

PAPER, EBOOK = BookFormat.PAPER, BookFormat.EBOOK


async def market_of(life: Life, **wishes: Any) -> Market:
    return await candidates_for(life.service._world, a_request(**wishes))


@pytest.mark.parametrize(
    ("seller", "wishes", "reason"),
    [
        ({"trust": Trust.BLOCKED}, {}, Reason.SKIPPED_BLOCKED),
        ({"state": SellerState.BLOCKED}, {}, Reason.SKIPPED_BLOCKED),
        ({"state": SellerState.NEEDS_SETUP}, {}, Reason.NEEDS_SETUP),
        ({"state": SellerState.SUSPENDED}, {}, Reason.SKIPPED_OPEN_BREAKER),
        ({"ships_to": frozenset({"AU"})}, {}, Reason.DOES_NOT_SHIP),
        ({"formats": frozenset({EBOOK})}, {}, Reason.WRONG_FORMAT),
        ({"formats": frozenset({PAPER})}, {"format": FormatWish.AUDIO}, Reason.WRONG_FORMAT),
        (
            {"conditions": frozenset({Condition.USED, Condition.GOOD})},
            {"condition": ConditionWish.NEW},
            Reason.WRONG_CONDITION,
        ),
        (
            {"conditions": frozenset({Condition.NEW})},
            {"condition": ConditionWish.USED},
            Reason.WRONG_CONDITION,
        ),
    ],
)
async def test_who_is_not_asked_has_a_reason(
    life: Life, seller: dict[str, Any], wishes: dict[str, Any], reason: Reason
) -> None:
    life.sells("shop", "10", cause="because", **seller)
    market = await market_of(life, **wishes)
    assert market.candidates == ()
    (note,) = market.ruled_out
    assert (note.seller, note.reason) == ("shop", reason)


@pytest.mark.parametrize(
    ("seller", "wishes"),
    [
        ({"ships_to": frozenset({"US"})}, {}),
        ({"formats": frozenset({EBOOK})}, {"format": FormatWish.ANY}),
        ({"formats": frozenset()}, {"format": FormatWish.EBOOK}),  # it says it per row
        ({"conditions": frozenset({Condition.GOOD})}, {"condition": ConditionWish.USED}),
        ({"conditions": frozenset({Condition.GOOD})}, {"condition": ConditionWish.ANY}),
        ({"conditions": frozenset()}, {"condition": ConditionWish.NEW}),
        ({"trust": Trust.SHADOW}, {}),
        ({"purchase_mode": PurchaseMode.LINK}, {}),
        ({"purchase_mode": PurchaseMode.NONE}, {}),
    ],
)
async def test_who_may_have_it_is_asked(
    life: Life, seller: dict[str, Any], wishes: dict[str, Any]
) -> None:
    life.sells("shop", "10", **seller)
    market = await market_of(life, **wishes)
    assert [c.seller.id for c in market.candidates] == ["shop"]


async def test_a_payment_token_is_needed_only_where_something_is_ordered(life: Life) -> None:
    """And its reason says what is missing."""
    for name, fields in {
        "shop": {},
        "link": {"purchase_mode": PurchaseMode.LINK},
        "shadow": {"trust": Trust.SHADOW},
    }.items():
        life.sells(name, "10", **fields)
        life.sellers.lacks(name, "the payment token pay/home/shop")
    market = await market_of(life)
    assert [c.seller.id for c in market.candidates] == ["link", "shadow"]
    (note,) = market.ruled_out
    assert (note.reason, note.detail) == (Reason.NEEDS_SETUP, "the payment token pay/home/shop")


async def test_a_seller_that_cannot_be_asked_this_is_not(life: Life) -> None:
    life.sells("shop", "10")
    life.sellers.cannot("shop", Reason.CANNOT_ASK)
    (note,) = (await market_of(life)).ruled_out
    assert note.reason is Reason.CANNOT_ASK


async def test_a_seller_switched_off_is_not_spoken_of_unless_it_is_named(life: Life) -> None:
    life.sells("off", "10", state=SellerState.DISABLED)
    market = await market_of(life)
    assert (market.candidates, market.ruled_out) == ((), ())
    (note,) = (await market_of(life, sellers=frozenset({"off"}))).ruled_out
    assert note.reason is Reason.NEEDS_SETUP
    assert note.detail is not None
    assert "bookhunt sellers enable off" in note.detail


async def test_the_best_tier_comes_first(life: Life) -> None:
    for name, tier in {"c": 3, "a": 1, "new": None, "b": 2}.items():
        life.sells(name, "10", tier=tier)
    market = await market_of(life)
    assert [(c.seller.id, c.tier) for c in market.candidates] == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
        ("new", 3),
    ]


@pytest.mark.parametrize(("by_hand", "tier"), [(1, 1), (2, 2), (3, 3), (None, 3)])
def test_new_sellers_start_in_the_last_tier(by_hand: int | None, tier: int) -> None:
    assert Tiering(Beliefs()).tier_of(a_seller(tier=by_hand)) == tier


def test_a_seller_is_told_nothing_of_the_customer_but_the_country() -> None:
    """Many are asked, one is told."""
    request = a_request()
    ask = ask_of(request)
    assert {name for name in type(ask).__slots__} == {  # noqa: C416 - a tuple of names
        "book",
        "max_price",
        "country",
        "condition",
        "format",
        "names",
    }
    assert (ask.book, ask.country) == (request.book, "US")


async def test_a_quote_rules_sellers_out_like_a_purchase_but_for_the_payment(life: Life) -> None:
    life.sells("shop", "10")
    life.sellers.lacks("shop", "a token")
    life.sells("far", "10", ships_to=frozenset({"AU"}))
    life.sells("off", "10", state=SellerState.DISABLED)
    ask = ask_of(a_request())
    able = able_to_answer(life.service._world, ask, None)
    assert [seller.id for seller in able] == ["shop"]
