"""What of an answer is a price seen, and what prices over time add up to."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from bookhunt.hunt.history import sightings_of, summaries_of
from bookhunt.hunt.ports import Ask, Quoted, Refusal
from bookhunt.model.money import Money
from bookhunt.model.rate import Rate
from bookhunt.model.reasons import Reason
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.model.seller import Condition
from tests.support.builders import NOON, a_book, an_offer, usd
from tests.support.memory_prices import MemoryPrices
from tests.support.prices import a_line, a_point
from tests.support.scripted_sellers import QuoteScript, a_seller

if TYPE_CHECKING:
    from tests.unit.hunt.life import Life


def an_ask(**fields: Any) -> Ask:
    standard = {
        "book": a_book(),
        "max_price": usd("10"),
        "country": "US",
        "condition": ConditionWish.ANY,
        "format": FormatWish.PAPER,
    }
    return Ask(**standard | fields)


def seen(quoted: Quoted) -> dict[Condition, tuple[str, bool]]:
    found = sightings_of(an_ask(), quoted, at=NOON)
    return {
        each.line.condition: (str(Money(each.minor, each.line.currency)), each.landed)
        for each in found
    }


def test_the_lowest_of_each_condition_is_seen() -> None:
    offers = (
        an_offer(price=usd("9")),
        an_offer(price=usd("8")),
        an_offer(price=usd("5"), condition=Condition.USED),
    )
    assert seen(Quoted(seller="alpha", offers=offers)) == {
        Condition.NEW: ("10.50 USD", True),
        Condition.USED: ("7.50 USD", True),
    }


def test_what_is_over_the_maximum_is_a_price_too() -> None:
    """Nothing else that was refused is: it may be another book."""
    refused = (
        Refusal(reason=Reason.OVER_MAX, offer=an_offer(price=usd("50"))),
        Refusal(reason=Reason.WRONG_BOOK, offer=an_offer(price=usd("1"))),
        Refusal(reason=Reason.OVER_MAX),
    )
    quoted = Quoted(seller="alpha", refused=refused, reason=Reason.OVER_MAX)
    assert seen(quoted) == {Condition.NEW: ("52.50 USD", True)}
    assert seen(Quoted(seller="alpha", reason=Reason.TIMED_OUT)) == {}


def test_a_landed_total_goes_before_a_part_of_one() -> None:
    offers = (an_offer(price=usd("3"), shipping=None), an_offer(price=usd("9")))
    assert seen(Quoted(seller="alpha", offers=offers)) == {Condition.NEW: ("11.50 USD", True)}
    alone = Quoted(seller="alpha", offers=offers[:1])
    assert seen(alone) == {Condition.NEW: ("3.00 USD", False)}


def test_a_price_is_the_sellers_own() -> None:
    """In its currency, whatever the customer's is."""
    eur = Money.of("9", "EUR")
    offer = an_offer(price=eur, shipping=Money.of("1", "EUR"), tax=Money.of("0", "EUR"))
    converted = offer.converted(
        Rate(of="EUR", into="USD", mid=Fraction(2), margin=Fraction(0), as_of=NOON, until=None)
    )
    [sighting] = sightings_of(an_ask(), Quoted(seller="alpha", offers=(converted,)), at=NOON)
    assert (sighting.minor, sighting.line.currency) == (1000, "EUR")


def test_the_figures_of_a_line() -> None:
    """The lowest is of all that is kept; the rest of the time that was asked for."""
    points = [
        a_point("7", days=-200),
        *(a_point(p, days=n) for n, p in enumerate(("12", "9", "11"))),
    ]
    [summary] = summaries_of({a_line(): points}, since=NOON - timedelta(days=1))
    assert [point.price.amount for point in summary.points] == ["12.00", "9.00", "11.00"]
    assert (summary.lowest.price, summary.lowest.at) == (usd("7"), NOON - timedelta(days=200))
    assert summary.median.price == usd("11")
    assert summary.last.price == usd("11")


def test_a_line_without_a_price_in_that_time_is_left_out() -> None:
    assert summaries_of({a_line(): [a_point("7", days=-2)]}, since=NOON) == []


def test_a_price_without_shipping_is_never_the_lowest_of_those_with_it() -> None:
    points = [a_point("2", landed=False), a_point("12", days=1), a_point("10", days=2)]
    [summary] = summaries_of({a_line(): points}, since=NOON)
    assert summary.lowest.price == usd("10")
    assert summary.median.price == usd("10")


def test_the_cheapest_now_comes_first_and_a_part_of_a_total_last() -> None:
    lines = {
        a_line("dear"): [a_point("12")],
        a_line("part"): [a_point("1", landed=False)],
        a_line("cheap"): [a_point("20", days=-1), a_point("9")],
    }
    found = summaries_of(lines, since=NOON - timedelta(days=5))
    assert [summary.line.seller for summary in found] == ["cheap", "dear", "part"]


async def test_what_a_hunt_sees_is_kept(life: Life) -> None:
    """Every answer of every seller that was called, whether anything is bought there or not."""
    prices = MemoryPrices()
    life.service._world.lookups.prices = prices
    for name, price in (("alpha", "9"), ("beta", "8")):
        life.sellers.add(a_seller(name), QuoteScript(offers=(an_offer(name, price=usd(price)),)))
    ask = an_ask(max_price=usd("30"), condition=ConditionWish.NEW)
    await life.service.quote(ask, sellers=None, within_s=5.0)
    assert {line.seller for line in await prices.of(a_book())} == {"alpha", "beta"}
