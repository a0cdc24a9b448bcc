"""Beliefs: what replies teach, what is forgotten, and that being wrong never hides a seller."""

from __future__ import annotations

import math
import random

import pytest

from bookhunt.hunt.beliefs import Beliefs, subject_of
from bookhunt.hunt.learned import SellerBelief
from bookhunt.hunt.ports import Ask
from bookhunt.model.reasons import Reason
from bookhunt.model.request import ConditionWish, FormatWish
from tests.support.builders import a_book, usd

NOW = 1_800_000_000.0
DAY = 86_400.0
BOOK = "isbn:1"


def offered(beliefs: Beliefs, seller: str, minor: int, *, now: float = NOW) -> None:
    beliefs.learn(seller, BOOK, now=now, total_minor=minor, reason=None, latency_s=0.3)


def refused(beliefs: Beliefs, seller: str, reason: Reason, *, now: float = NOW) -> None:
    beliefs.learn(seller, BOOK, now=now, total_minor=None, reason=reason, latency_s=0.3)


def expected_minor(beliefs: Beliefs, seller: str, *, now: float = NOW) -> float:
    book = beliefs.book(BOOK, now, max_minor=3000)
    return math.exp(book.level + beliefs.outlook(seller, book, now).offset)


def test_a_new_book_is_guessed_from_the_maximum() -> None:
    """Nothing else is known of it; the guess is wide."""
    book = Beliefs().book(BOOK, NOW, max_minor=3000)
    assert math.exp(book.level) == pytest.approx(3000 * math.exp(0.1))
    assert book.var > 0.05


def test_one_cheap_answer_makes_every_seller_look_cheaper() -> None:
    """The book's level is what sellers have in common."""
    beliefs = Beliefs()
    beliefs.book(BOOK, NOW, max_minor=3000)
    before = expected_minor(beliefs, "unasked")
    offered(beliefs, "asked", 1500)
    assert expected_minor(beliefs, "unasked") < 0.75 * before


def test_sellers_that_are_cheap_on_other_books_are_expected_to_be_so_here() -> None:
    """A seller's level carries over from book to book."""
    beliefs, dice = Beliefs(), random.Random(2)
    for n in range(60):
        subject, level = f"isbn:{n}", 2000 * dice.lognormvariate(0, 0.4)
        beliefs.book(subject, NOW, max_minor=int(level))
        answers = [("cheap", 0.8), ("usual", 1.0), ("dear", 1.2)]
        dice.shuffle(answers)
        for seller, factor in answers:
            total = int(level * factor * dice.lognormvariate(0, 0.05))
            beliefs.learn(
                seller, subject, now=NOW + n, total_minor=total, reason=None, latency_s=0.3
            )
    ratio = expected_minor(beliefs, "cheap") / expected_minor(beliefs, "dear")
    assert ratio == pytest.approx(0.8 / 1.2, rel=0.1)


def test_a_listing_is_remembered_for_days_and_then_fades() -> None:
    """What a seller asked for this very copy ranks it, less and less."""
    beliefs = Beliefs()
    beliefs.book(BOOK, NOW, max_minor=3000)
    for seller in ("a", "b", "c", "d"):
        offered(beliefs, seller, 2000)
    offered(beliefs, "bargain", 1200)
    seller = beliefs.seller("bargain")
    seller.level = 0.0  # only the listing's own difference is left
    fresh = expected_minor(beliefs, "bargain") / expected_minor(beliefs, "stranger")
    later = expected_minor(beliefs, "bargain", now=NOW + 21 * DAY) / expected_minor(
        beliefs, "stranger", now=NOW + 21 * DAY
    )
    assert fresh < 0.9
    assert fresh < later < 1.02


def test_a_seller_without_the_book_is_not_expected_to_have_it_soon() -> None:
    """The stock flag moves the chance of an offer, and fades."""
    beliefs = Beliefs()
    book = beliefs.book(BOOK, NOW, max_minor=3000)
    before = beliefs.outlook("a", book, NOW).chance(book.spread)
    refused(beliefs, "a", Reason.NOT_STOCKED)
    assert beliefs.outlook("a", book, NOW).chance(book.spread) < 0.2 * before
    assert beliefs.outlook("a", book, NOW + 20 * DAY).chance(book.spread) > 0.6 * before


def test_an_empty_answer_under_a_maximum_says_nothing_of_stock() -> None:
    """Nothing at or below a price is not nothing at all."""
    beliefs = Beliefs()
    book = beliefs.book(BOOK, NOW, max_minor=3000)
    before = beliefs.outlook("a", book, NOW).chance(book.spread)
    refused(beliefs, "a", Reason.OVER_MAX)
    assert beliefs.outlook("a", book, NOW).chance(book.spread) == pytest.approx(before, rel=0.05)


def test_failures_in_a_row_demote_a_seller_and_never_drop_it() -> None:
    """It is expected to fail for a while; one answer restores it."""
    beliefs = Beliefs()
    book = beliefs.book(BOOK, NOW, max_minor=3000)
    usual = beliefs.outlook("a", book, NOW).chance(book.spread)
    for _ in range(3):
        refused(beliefs, "a", Reason.SERVER_ERROR)
    resting = beliefs.outlook("a", book, NOW + 1).chance(book.spread)
    assert 0 < resting < 0.1 * usual
    assert beliefs.outlook("a", book, NOW + 601).chance(book.spread) > 4 * resting
    offered(beliefs, "a", 2000, now=NOW + 2)
    assert beliefs.seller("a").fails_in_a_row == 0


def test_a_silent_seller_is_believed_slow() -> None:
    """How long was waited in vain is an observation of the latency."""
    beliefs = Beliefs()
    before = beliefs.seller("a").latency_s
    for _ in range(5):
        beliefs.learn("a", BOOK, now=NOW, total_minor=None, reason=Reason.TIMED_OUT, latency_s=2.5)
    assert beliefs.seller("a").latency_s > 2 * before


def test_our_own_reasons_teach_nothing() -> None:
    """A seller that was skipped did not answer and did not fail."""
    beliefs = Beliefs()
    refused(beliefs, "a", Reason.SKIPPED_LIMIT)
    assert beliefs.seller("a") == SellerBelief()


def test_a_seller_that_changed_its_ways_is_learned_anew_quickly() -> None:
    """A run of surprises widens the belief, so that new prices count more than old ones."""
    beliefs, dice = Beliefs(), random.Random(3)

    def trade(n: int, factor: float) -> None:
        subject = f"isbn:{n}"
        beliefs.book(subject, NOW, max_minor=2000)
        for other in range(5):
            beliefs.learn(
                f"other{other}",
                subject,
                now=NOW,
                total_minor=int(2000 * dice.lognormvariate(0, 0.05)),
                reason=None,
                latency_s=0.3,
            )
        beliefs.learn(
            "turncoat", subject, now=NOW, total_minor=int(2000 * factor), reason=None, latency_s=0.3
        )

    for n in range(100):
        trade(n, 0.8)
    assert beliefs.seller("turncoat").level < -0.1
    for n in range(100, 115):
        trade(n, 1.25)
    assert beliefs.seller("turncoat").level > 0.1


def test_books_and_listings_are_forgotten_after_a_month() -> None:
    """So are sellers whose definition is gone."""
    beliefs = Beliefs()
    beliefs.book(BOOK, NOW, max_minor=3000)
    offered(beliefs, "a", 2000)
    offered(beliefs, "gone", 2100)
    beliefs.prune(NOW + DAY, sellers=["a"])
    assert set(beliefs.sellers) == {"a"}
    assert set(beliefs.books[BOOK].listings) == {"a"}
    beliefs.prune(NOW + 31 * DAY, sellers=["a"])
    assert not beliefs.books


def test_customers_maxima_teach_what_a_new_book_costs() -> None:
    """Where people allow twice what books cost, the next guess is half the maximum."""
    beliefs = Beliefs()
    for n in range(60):
        subject = f"isbn:{n}"
        beliefs.book(subject, NOW, max_minor=4000)
        for seller in "abcd":
            beliefs.learn(seller, subject, now=NOW, total_minor=2000, reason=None, latency_s=0.3)
        beliefs.learn_hint(subject, max_minor=4000)
    book = beliefs.book("isbn:new", NOW, max_minor=4000)
    guess = math.exp(book.level + beliefs.outlook("a", book, NOW).offset)
    assert guess == pytest.approx(2000, rel=0.15)


def test_used_and_new_copies_are_two_subjects() -> None:
    """So are countries, currencies and formats."""
    ask = Ask(
        book=a_book(),
        max_price=usd("30"),
        country="US",
        condition=ConditionWish.NEW,
        format=FormatWish.PAPER,
    )
    used = Ask(
        book=a_book(),
        max_price=usd("20"),
        country="US",
        condition=ConditionWish.USED,
        format=FormatWish.PAPER,
    )
    assert subject_of(ask) != subject_of(used)
