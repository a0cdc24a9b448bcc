"""A title's ISBNs are found while others are asked, kept, and cost nothing where they fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.candidates import ask_of
from bookhunt.hunt.ports import KeptNames, Knowledge
from bookhunt.model.book import Book
from bookhunt.model.outcome import ProofOfAbsence
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState, Strategy
from tests.support.builders import ISBN, NOON, an_offer, usd
from tests.support.memory_knowledge import MemoryNames
from tests.support.scripted_knowledge import ScriptedResolvers
from tests.support.scripted_sellers import QuoteScript, a_seller
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.jump_clock import JumpClock

TITLE = Book(title="The Lantern Keeper")
OTHER_ISBN = "9781402894626"
SUCCESS, NOT_AVAILABLE = RequestState.SUCCESS, RequestState.NOT_AVAILABLE
CHEAPEST = {"book": TITLE, "strategy": Strategy.CHEAPEST}


class TitleLife(Life):
    """A life with a resolver, a seller that takes titles, and one that takes ISBNs only."""

    library: ScriptedResolvers
    names: MemoryNames

    def open_isbn_seller(self, name: str = "numbers", total: str = "10", **fields: Any) -> None:
        self.sells(name, total, asks_by=("isbn13",), tier=1, **fields)

    def asked_names(self, name: str = "numbers") -> list[tuple[str, ...]]:
        return [
            call.ask.names
            for call in self.sellers.calls
            if call.what == "quote" and call.seller == name and call.ask is not None
        ]


@pytest.fixture
async def life(clock: JumpClock) -> AsyncIterator[TitleLife]:
    library, names = ScriptedResolvers(clock), MemoryNames()
    library.know(ISBN, OTHER_ISBN)
    life = TitleLife(clock, knowledge=Knowledge(resolvers=library, names=names))
    life.library, life.names = library, names
    await life.service.start()
    yield life
    await life.service.stop(within_s=3600)


async def test_a_seller_that_takes_no_titles_is_asked_by_the_titles_isbns(life: TitleLife) -> None:
    """And ordered from by the number its offer was found by, as its own steps need one."""
    life.open_isbn_seller()
    record = await life.hunted(**CHEAPEST)
    assert record.state is SUCCESS
    assert life.asked_names() == [(ISBN, OTHER_ISBN)]
    (prepared,) = [call.order for call in life.sellers.calls if call.what == "prepare"]
    assert prepared is not None
    assert (prepared.book.title, prepared.book.isbn13) == (TITLE.title, ISBN)
    assert record.request.book == TITLE


async def test_sellers_that_take_titles_do_not_wait(life: TitleLife) -> None:
    """They are asked at once, and never by a number that a resolver gave."""
    life.library.delay_s = 0.1
    life.open_isbn_seller(total="8")
    life.sells("titles", "9", tier=1)
    record = await life.hunted(book=TITLE, strategy=Strategy.TIERS, max_price=usd("9.50"))
    began = min(call.at_s for call in life.sellers.calls)
    at = {call.seller: call.at_s - began for call in life.sellers.calls if call.what == "quote"}
    assert at == pytest.approx({"titles": 0.0, "numbers": 0.1}, abs=0.01)
    assert life.asked_names("titles") == [()]
    assert (record.state, life.orders()) == (SUCCESS, ["numbers"])


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        (Reason.SERVER_ERROR, "status 503"),
        (Reason.TIMED_OUT, None),
        (Reason.UNREADABLE, "no node"),
        (Reason.RATE_LIMITED, None),
    ],
)
async def test_a_resolver_that_fails_costs_only_the_sellers_that_needed_it(
    life: TitleLife, reason: Reason, detail: str | None
) -> None:
    """They are `cannot_ask`, and it says which resolver and why; the others sell."""
    life.library.fail(reason, detail=detail)
    life.open_isbn_seller(total="1")
    life.sells("titles", "9", tier=1)
    record = await life.hunted(**CHEAPEST)
    assert (record.state, life.orders()) == (SUCCESS, ["titles"])
    note = life.notes(record)["numbers"]
    assert note.reason is Reason.CANNOT_ASK
    assert note.calls == 0
    assert note.detail is not None
    assert f"library: {reason.value}" in note.detail
    assert (detail or "") in note.detail
    assert not life.asked_names()


@pytest.mark.parametrize(
    ("reason", "proof"),
    [
        (Reason.SERVER_ERROR, ProofOfAbsence.PARTIAL),
        (Reason.RATE_LIMITED, ProofOfAbsence.PARTIAL),
        (Reason.NOT_STOCKED, ProofOfAbsence.COMPLETE),
    ],
)
async def test_an_absence_is_not_proven_where_no_resolver_answered(
    life: TitleLife, reason: Reason, proof: ProofOfAbsence
) -> None:
    """Who could not be asked for that may have it; of a title without an ISBN nobody has one."""
    life.library.fail(reason)
    life.open_isbn_seller(total="1")
    life.fails("titles", Reason.NOT_STOCKED, tier=1)
    record = await life.hunted(**CHEAPEST)
    assert (record.state, record.result.findings.proof) == (NOT_AVAILABLE, proof)


async def test_a_slow_resolver_has_a_share_of_the_deadline_and_no_more(life: TitleLife) -> None:
    """The sellers that needed it are given up; the answer is kept for the next request."""
    life.library.delay_s = 2.4
    life.open_isbn_seller(total="1")
    life.sells("titles", "9", tier=1)
    first = await life.hunted(**CHEAPEST, search_deadline_s=3.0)
    note = life.notes(first)["numbers"]
    assert (note.reason, first.state, life.orders()) == (Reason.CANNOT_ASK, SUCCESS, ["titles"])
    assert note.detail is not None
    assert "no resolver answered within 0.9 s" in note.detail
    await life.clock.sleep(2.0)
    life.sellers.quotes("titles", QuoteScript(reason=Reason.NOT_STOCKED))
    second = await life.hunted(**CHEAPEST, search_deadline_s=3.0)
    assert (second.state, life.orders()) == (SUCCESS, ["titles", "numbers"])
    assert len(life.library.asked) == 1


async def test_many_requests_ask_once(life: TitleLife) -> None:
    """Requests for one title, however it is written, share the question and its answer."""
    life.library.delay_s = 0.5
    life.open_isbn_seller()
    titles = ["The Lantern Keeper", "the lantern keeper", "The lantern-keeper"]
    await asyncio.gather(*(life.hunted(**CHEAPEST | {"book": Book(title=t)}) for t in titles))
    await life.hunted(**CHEAPEST)
    assert len(life.library.asked) == 1


async def test_who_names_an_isbn_or_meets_only_title_sellers_asks_no_resolver(
    life: TitleLife,
) -> None:
    life.sells("titles", "9", tier=1)
    await life.hunted(**CHEAPEST)
    life.sellers.quotes("titles", QuoteScript(reason=Reason.NOT_STOCKED))
    life.open_isbn_seller()
    await life.hunted(book=Book(isbn13=ISBN), strategy=Strategy.CHEAPEST)
    assert life.library.asked == []
    assert life.asked_names() == [()]


async def test_without_a_resolver_it_says_so(clock: JumpClock) -> None:
    """A seller that takes ISBNs only is ruled out at once, and the note says what is missing."""
    life = Life(clock)
    await life.service.start()
    life.sells("numbers", "10", asks_by=("isbn13",))
    record = await life.hunted(**CHEAPEST)
    note = life.notes(record)["numbers"]
    assert (record.state, note.reason) == (NOT_AVAILABLE, Reason.CANNOT_ASK)
    assert note.detail is not None
    assert "no resolver is set up" in note.detail
    await life.service.stop(within_s=3600)


async def test_definitions_that_sell_nothing_are_no_sellers(life: TitleLife) -> None:
    """A resolver or a source of rates is not counted among those that were not asked."""
    life.sellers.add(a_seller("library", asks_by=()))
    life.sells("titles", "9", tier=1)
    record = await life.hunted(**CHEAPEST)
    assert set(life.notes(record)) == {"titles"}
    assert record.result.findings.sellers_total == 1


async def test_a_quote_uses_names_too(life: TitleLife) -> None:
    """`bookhunt quote TITLE` shows the sellers that take ISBNs only."""
    life.open_isbn_seller()
    ask = (await life.submit(**CHEAPEST)).request
    quoted = await life.service.quote(ask_of(ask), sellers=None, within_s=5.0)
    assert [each.seller for each in quoted if each.offers] == ["numbers"]


# --------------------------------------------------------------------------------- what is kept
async def the_names(life: TitleLife) -> tuple[str, ...]:
    return (await life.service.names_of("The Lantern Keeper", within_s=10)).isbns


async def test_hits_are_kept_long(life: TitleLife) -> None:
    """A printed number stays a book's: a month later it is asked for again."""
    assert await the_names(life) == (ISBN, OTHER_ISBN)
    kept = await life.names.of("the lantern keeper")
    assert kept is not None
    assert (kept.resolver, kept.until - kept.at) == ("library", timedelta(days=30))
    await life.clock.sleep(29 * 86_400)
    await the_names(life)
    assert len(life.library.asked) == 1
    await life.clock.sleep(2 * 86_400)
    await the_names(life)
    assert len(life.library.asked) == 2


async def test_misses_are_kept_shortly(life: TitleLife) -> None:
    """A title nobody knows today may be printed tomorrow; within the hour nobody asks again."""
    life.library.fail(Reason.NOT_STOCKED)
    told = await life.service.names_of("The Lantern Keeper", within_s=10)
    assert (told.isbns, told.why) == ((), "library knows no ISBN of this title")
    await life.clock.sleep(3000)
    life.library.know(ISBN)
    assert await the_names(life) == ()
    await life.clock.sleep(700)
    assert await the_names(life) == (ISBN,)


async def test_failures_are_not_kept(life: TitleLife) -> None:
    life.library.fail(Reason.UNREADABLE)
    assert await the_names(life) == ()
    assert await life.names.latest(limit=10) == []
    await life.clock.sleep(3600)
    life.library.know(ISBN)
    assert await the_names(life) == (ISBN,)


async def test_an_old_answer_is_better_than_none(life: TitleLife) -> None:
    """Names only say whom to ask by: where the resolver fails, those of last month do."""
    long_ago = NOON - timedelta(days=90)
    old = KeptNames(
        title="The Lantern Keeper",
        isbns=(OTHER_ISBN,),
        resolver="library",
        at=long_ago,
        until=long_ago + timedelta(days=30),
    )
    life.names.keep(old)
    life.library.fail(Reason.SERVER_ERROR)
    assert await the_names(life) == (OTHER_ISBN,)
    life.library.know(ISBN)
    await life.clock.sleep(3600)
    assert await the_names(life) == (ISBN,)


async def test_several_resolvers_add_up(life: TitleLife) -> None:
    """One that fails takes nothing from the other's answer; a number named twice counts once."""
    life.library.know(OTHER_ISBN, "9780132350884", resolver="zlibrary")
    assert await the_names(life) == (ISBN, OTHER_ISBN, "9780132350884")
    life.names.kept.clear()
    life.library.fail(Reason.SERVER_ERROR)
    await life.clock.sleep(60)
    assert await the_names(life) == (OTHER_ISBN, "9780132350884")


async def test_one_resolver_that_fails_leaves_the_question_open(life: TitleLife) -> None:
    """Only where every resolver denies the title is the miss kept."""
    life.library.fail(Reason.NOT_STOCKED)
    life.library.fail(Reason.TIMED_OUT, resolver="zlibrary")
    assert await the_names(life) == ()
    assert await life.names.latest(limit=10) == []


async def test_a_resolver_is_left_alone_as_a_seller_would_be(life: TitleLife) -> None:
    """One that asks to come later is not asked meanwhile, by no request."""
    life.library.fail(Reason.RATE_LIMITED, retry_after_s=600.0)
    assert await the_names(life) == ()
    await life.clock.sleep(60)
    told = await life.service.names_of("The Lantern Keeper", within_s=10)
    assert told.why is not None
    assert "rate_limited" in told.why
    assert len(life.library.asked) == 1
    await life.clock.sleep(600)
    life.library.know(ISBN)
    assert await the_names(life) == (ISBN,)


async def test_names_that_find_nothing_leave_a_complete_proof(life: TitleLife) -> None:
    """A seller asked by a title's ISBNs was asked: NOT_AVAILABLE is proven."""
    life.sellers.add(
        a_seller("numbers", asks_by=("isbn13",), tier=1), QuoteScript(reason=Reason.NOT_STOCKED)
    )
    record = await life.hunted(**CHEAPEST)
    assert record.state is NOT_AVAILABLE
    assert record.result.findings.proof is ProofOfAbsence.COMPLETE


async def test_the_last_look_before_buying_asks_by_the_names_again(life: TitleLife) -> None:
    """An offer that is not fresh any more is looked at by the same numbers, and nobody resolves."""
    cheap, dear = (an_offer("numbers", price=usd(p), shipping=usd("0")) for p in ("10", "25"))
    scripts = [QuoteScript(offers=(replace(row, cached=True),)) for row in (cheap, dear)]
    life.sellers.add(a_seller("numbers", asks_by=("isbn13",), tier=1), *scripts)
    record = await life.hunted(**CHEAPEST)
    assert record.state is SUCCESS
    assert life.asked_names()[:2] == [(ISBN, OTHER_ISBN)] * 2
    assert len(life.library.asked) == 1
    assert record.result.bought is not None
    assert record.result.bought.total == usd("25")
