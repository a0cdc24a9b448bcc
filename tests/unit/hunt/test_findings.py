"""What a search adds up to, as the customer is told it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.model.money import Money
from bookhunt.model.outcome import ProofOfAbsence
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import UNPROVEN, Reason
from bookhunt.model.request import RequestState, Strategy
from bookhunt.model.seller import PurchaseMode, SellerState, Trust
from tests.support.builders import an_offer, usd
from tests.support.scripted_sellers import QuoteScript

if TYPE_CHECKING:
    from tests.unit.hunt.life import Life

NOT_AVAILABLE = RequestState.NOT_AVAILABLE
COMPLETE, PARTIAL = ProofOfAbsence.COMPLETE, ProofOfAbsence.PARTIAL


async def test_absence_is_proven_where_everybody_said_so(life: Life) -> None:
    life.fails("a", Reason.NOT_STOCKED)
    life.fails("b", Reason.SOLD_OUT)
    life.sells("far", "10", ships_to=frozenset({"AU"}))
    record = await life.hunted()
    assert record.state is NOT_AVAILABLE
    assert record.result.findings.proof is COMPLETE
    assert record.result.findings.lowest is None
    assert (record.result.findings.sellers_asked, record.result.findings.sellers_total) == (2, 3)


@pytest.mark.parametrize("reason", sorted(UNPROVEN - {Reason.UNKNOWN_TOTAL}))
async def test_one_seller_that_did_not_say_leaves_it_open(life: Life, reason: Reason) -> None:
    life.fails("a", Reason.NOT_STOCKED)
    life.fails("b", reason)
    record = await life.hunted()
    assert record.state is NOT_AVAILABLE
    assert record.result.findings.proof is PARTIAL
    assert record.result.message == "no seller that answered offers it"


async def test_a_suspended_seller_leaves_it_open(life: Life) -> None:
    life.fails("a", Reason.NOT_STOCKED)
    life.sells("b", "10", state=SellerState.SUSPENDED)
    assert (await life.hunted()).result.findings.proof is PARTIAL


async def test_with_nobody_to_ask_nothing_is_proven(life: Life) -> None:
    """A fresh install without sellers does not say that the book does not exist."""
    record = await life.hunted()
    assert (record.state, record.result.reason) == (NOT_AVAILABLE, "cannot_ask")
    assert record.result.findings.proof is PARTIAL


async def test_the_lowest_price_is_told_whatever_the_maximum(life: Life) -> None:
    life.sells("a", "35")
    life.sells("b", "33", "34")
    record = await life.hunted()
    assert (record.state, record.result.reason) == (NOT_AVAILABLE, "over_max")
    assert record.result.findings.lowest == usd("33")
    assert record.result.findings.lowest_seller == "b"
    assert record.result.findings.proof is COMPLETE
    assert record.result.message == "the lowest price is 33.00 USD"


async def test_a_price_that_is_gone_is_not_the_lowest(life: Life) -> None:
    life.sells("gone", "10")
    life.sellers.prepares("gone", Answer.NOT_STOCKED)
    life.sells("dear", "40")
    record = await life.hunted()
    assert record.result.findings.lowest_seller == "dear"


async def test_what_nobody_would_pay_with_is_not_the_lowest(life: Life) -> None:
    """Neither a mistake nor an amount in another currency is a price of the book."""
    life.sells("mistake", "0.50")
    yen = [Money(n, "JPY") for n in (900, 0, 0)]
    offer = an_offer("tokyo", price=yen[0], shipping=yen[1], tax=yen[2])
    life.sells("tokyo", offer)
    for n in range(3):
        life.sells(f"s{n}", "40")
    record = await life.hunted()
    assert record.result.findings.lowest == usd("40")
    assert life.notes(record)["mistake"].reason is Reason.TOO_CHEAP
    assert life.notes(record)["tokyo"].reason is Reason.WRONG_CURRENCY


async def test_a_known_total_is_told_before_a_hope(life: Life) -> None:
    life.sells("hope", an_offer("hope", price=usd("31"), shipping=None), checks_total=True)
    life.sells("known", "35")
    record = await life.hunted()
    assert record.result.findings.lowest == usd("35")


async def test_if_only_a_link_fits_its_address_is_told(life: Life) -> None:
    life.sells("link", "20", purchase_mode=PurchaseMode.LINK)
    life.sells("shop", "40")
    record = await life.hunted()
    assert (record.state, record.result.reason) == (NOT_AVAILABLE, "only_by_link")
    findings = record.result.findings
    assert (findings.cheaper_by_link, findings.url) == ("link", "https://link.example/pp-1")
    assert life.notes(record)["link"].reason is Reason.ONLY_BY_LINK


async def test_a_dearer_link_is_not_recommended(life: Life) -> None:
    life.sells("link", "25", purchase_mode=PurchaseMode.LINK)
    life.sells("shop", "20")
    record = await life.hunted()
    assert record.state is RequestState.SUCCESS
    assert record.result.findings.cheaper_by_link is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"trust": Trust.SHADOW}, "skipped_shadow"),
        ({"purchase_mode": PurchaseMode.NONE}, "only_by_link"),
    ],
)
async def test_why_what_fits_is_not_bought(
    life: Life, fields: dict[str, object], reason: str
) -> None:
    life.sells("a", "10", **fields)
    assert (await life.hunted()).result.reason == reason


async def test_every_seller_has_one_line(life: Life) -> None:
    life.sells("bought", "10", tier=1)
    life.sells("dear", "50", tier=1)
    life.fails("none", Reason.NOT_STOCKED, tier=1)
    life.sells("later", "10", tier=2)
    life.sells("blocked", "10", trust=Trust.BLOCKED)
    record = await life.hunted()
    notes = life.notes(record)
    assert {name: note.reason for name, note in notes.items()} == {
        "bought": None,
        "dear": Reason.OVER_MAX,
        "none": Reason.NOT_STOCKED,
        "later": Reason.SKIPPED_EARLY_EXIT,
        "blocked": Reason.SKIPPED_BLOCKED,
    }
    assert notes["bought"].total == usd("10")
    assert notes["bought"].asked_ms == 0
    assert notes["later"].asked_ms is None
    assert record.result.findings.sellers_total == 5


async def test_calls_are_counted_as_they_were_made(life: Life) -> None:
    """Retries inside a seller's answer, confirming calls and calls cut off included."""
    offers = (an_offer("shop", price=usd("28"), shipping=usd("0"), cached=True),)
    life.sells("shop", tier=1)
    life.sellers.quotes("shop", QuoteScript(offers=offers, calls=3))
    life.sells("slow", "9", tier=1, delay_s=2)
    record = await life.hunted()
    assert record.state is RequestState.SUCCESS
    assert record.result.findings.calls == 3 + 3 + 1


async def test_a_seller_that_was_not_asked_says_how_it_was_seen(life: Life) -> None:
    """Its rank, what was expected of it and z: why nobody called it."""
    for n in range(30):
        life.sells(f"s{n}", *["20"] * 20, delay_s=0.4)
    for _ in range(6):
        record = await life.hunted(strategy=Strategy.BALANCED)
    notes = life.notes(record).values()
    unasked = [note for note in notes if note.reason is Reason.SKIPPED_EARLY_EXIT]
    assert unasked
    assert {note.rank for note in notes} == set(range(1, 31))
    assert all(note.expected is not None and note.asked_ms is None for note in unasked)
