"""Asking one seller for offers, within a time, whatever comes back."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from bookhunt.hunt.ports import Quoted
from bookhunt.model.book import isbn13_of
from bookhunt.model.reasons import Reason
from bookhunt.sellers.network import HostRefused
from bookhunt.sellers.plan import Ended, Last, Patience, Run, post, receive, walk
from bookhunt.sellers.plan_reading import joined_pages, page_after, read_offers
from bookhunt.sellers.reading.quotes import Circumstances
from bookhunt.sellers.rendering import Rendered, render
from bookhunt.sellers.scope import asked_by_names, batch_scope, quote_scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.hunt.ports import Ask, Clock
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.plan_kept import KeptCaptures
    from bookhunt.sellers.plan_login import Door
    from bookhunt.sellers.reading.quotes import QuoteRead
    from bookhunt.sellers.scope import Asked

_log = logging.getLogger(__name__)
# It said something of this edition; another of the same title may be there.
_ANOTHER_NAME = frozenset({Reason.NOT_STOCKED, Reason.SOLD_OUT, Reason.WRONG_BOOK})


@dataclass(slots=True)
class _Asking:
    """How many calls were made and how long they took, known also when they were cut off."""

    clock: Clock
    began_s: float
    runs: list[Run] = field(default_factory=list)
    answered_ms: float | None = None  # when the last answer was there, to be read

    @property
    def calls(self) -> int:
        return sum([run.exchange.calls for run in self.runs])

    @property
    def lost(self) -> int:
        return sum([run.lost for run in self.runs])

    def so_far_ms(self) -> float:
        return (self.clock.monotonic() - self.began_s) * 1000


class _Question(NamedTuple):
    """What a call asks: for one book, or for several at once."""

    asks: Sequence[Ask]
    scope: dict[str, Any]
    kept_for: str  # what the captures that are kept belong to


class QuoteDesk:
    """Asks sellers."""

    def __init__(self, door: Door, kept: KeptCaptures) -> None:
        self._door = door
        self._kept = kept

    async def quote(
        self, seller: CompiledSeller, ask: Ask, asked: Asked, *, within_s: float
    ) -> Quoted:
        """Ask one seller. Never an exception but the caller's own cancellation."""
        kept_for = _kept_for(ask, f"{asked.by}|{asked.value}")
        question = _Question((ask,), quote_scope(seller, ask, asked), kept_for)
        [quoted] = await self._quote(seller, question, within_s=within_s)
        return quoted

    async def quote_batch(
        self, seller: CompiledSeller, asks: Sequence[Ask], by: str, *, within_s: float
    ) -> Sequence[Quoted]:
        """Ask one seller for several books in one call; its answers in their order.

        Every book has an ISBN and is asked by it; `by` says by which. What makes the call fail is
        the reason of each, and the requests that were made stand in the first answer alone.
        """
        books = "|".join([str(ask.book.isbn13) for ask in asks])
        question = _Question(asks, batch_scope(seller, asks, by), _kept_for(asks[0], books))
        return await self._quote(seller, question, within_s=within_s)

    async def _quote(
        self, seller: CompiledSeller, question: _Question, *, within_s: float
    ) -> Sequence[Quoted]:
        clock = self._door.tools.clock
        asking = _Asking(clock, clock.monotonic())
        within_s = min(within_s, _longest_s(seller))
        try:
            async with asyncio.timeout(within_s):
                read = await self._ask(seller, question, asking)
        except TimeoutError:
            read = Ended(word="timed_out", detail=f"no whole answer within {within_s:.1f} s")
        except Exception:  # noqa: BLE001 - a bug is logged
            # What a seller sent must not end the hunt at all others.
            _log.exception("an answer could not be read", extra={"seller": seller.id})
            read = Ended(word="unreadable", detail="the answer could not be read")
        if isinstance(read, Ended):
            failed = Quoted(
                seller=seller.id,
                reason=_reason(read.word),
                detail=read.detail,
                calls=asking.calls,
                lost=asking.lost,
                latency_ms=asking.so_far_ms(),
                retry_after_s=read.retry_after_s,
            )
            return [failed, *[replace(failed, calls=0, lost=0) for _ in question.asks[1:]]]
        return [
            Quoted(
                seller=seller.id,
                offers=each.offers,
                refused=each.refused,
                reason=each.reason,
                detail=each.detail,
                calls=0 if n else asking.calls,
                lost=0 if n else asking.lost,
                latency_ms=asking.answered_ms or asking.so_far_ms(),
            )
            for n, each in enumerate(read)
        ]

    async def quote_by_names(self, seller: CompiledSeller, ask: Ask, *, within_s: float) -> Quoted:
        """Ask one seller by the names a resolver gave, one after the other, until it offers.

        Silence ends it too: who does not answer is not asked more.
        """
        clock, asked_by, quoted = self._door.tools.clock, None, Quoted(seller=seller.id)
        ends_at_s = clock.monotonic() + within_s
        for asked in asked_by_names(seller, ask.names):
            left_s = max(ends_at_s - clock.monotonic(), 0.0)
            one = await self.quote(seller, ask, asked, within_s=left_s)
            calls, latency_ms = quoted.calls + one.calls, quoted.latency_ms + one.latency_ms
            lost = quoted.lost + one.lost
            quoted, asked_by = replace(one, calls=calls, lost=lost, latency_ms=latency_ms), asked
            if one.offers or one.reason not in _ANOTHER_NAME:
                break
        assert asked_by is not None  # the caller has looked
        isbn13 = isbn13_of(asked_by.value)
        if quoted.reason is Reason.WRONG_BOOK:
            detail = f"{quoted.detail}; a resolver named {isbn13}, which alone proves no book"
            return replace(quoted, detail=f"{detail} (bookhunt books pin TITLE ISBN)")
        # An order names the copy as it was asked for, where its row has no number of its own.
        offers = tuple(replace(o, isbn13=o.isbn13 or isbn13) for o in quoted.offers)
        return replace(quoted, offers=offers)

    async def _ask(
        self, seller: CompiledSeller, question: _Question, asking: _Asking
    ) -> Sequence[QuoteRead] | Ended:
        patience = _patience(seller.limits.timeout_ms, seller.limits.retries)
        for is_last_try in (False, True):
            opened = await self._door.run(
                seller, question.scope, patience, block="quote", orders=False
            )
            if isinstance(opened, Ended):
                return opened
            run = opened.run
            run.kept, run.kept_for = self._kept, question.kept_for
            asking.runs.append(run)
            assert seller.quote is not None  # the caller has looked
            last = await walk(run, seller.quote.steps)
            if isinstance(last, Ended):
                if last.word == "unauthorised" and opened.refuse_login() and not is_last_try:
                    continue
                return last
            if last is None:
                return Ended(word="not_stocked", detail="no step had to be sent")
            return await self._read(run, last, question.asks, asking)
        raise AssertionError("the loop returns")

    async def _read(
        self, run: Run, last: Last, asks: Sequence[Ask], asking: _Asking
    ) -> Sequence[QuoteRead]:
        pages = [await self._offers(run, last, asks, asking)]
        most = last.step.pages.most if last.step.pages is not None else 1
        onward = await self._next(run, last) if most > 1 else None
        while onward is not None and len(pages) < most:
            pages.append(await self._offers(run, onward, asks, asking))
            onward = await self._next(run, onward) if len(pages) < most else None
        if len(pages) == 1:
            return pages[0]
        return [joined_pages(of_one_book) for of_one_book in zip(*pages, strict=True)]

    @staticmethod
    async def _offers(
        run: Run, page: Last, asks: Sequence[Ask], asking: _Asking
    ) -> Sequence[QuoteRead]:
        asking.answered_ms = asking.so_far_ms()
        circumstances = Circumstances(at=asking.clock.now(), response_ms=asking.answered_ms)
        scope = run.scope_of_answer()
        return await read_offers(page.read.received, scope, run.seller, asks, circumstances)

    async def _next(self, run: Run, page: Last) -> Last | None:
        """The next page, None where there is none; what was read of the earlier ones stands."""
        target = page_after(page.step, page.read.received)
        if target is None:
            return None
        try:
            url = run.exchange.hosts.checked(
                target, rules=run.exchange.tools.rules, relative_to=page.answer.url
            )
        except HostRefused as refused:
            _log.warning("the next page is not read: %s", refused, extra={"seller": run.seller.id})
            return None
        first = render(page.step.request, run.scope_now(), base_url=run.base_url)
        rendered = Rendered(
            method=first.method, url=url, headers=first.headers, body=first.body, follows=True
        )
        answer = await post(run, page.step, rendered)
        if isinstance(answer, Ended):
            return None
        received = await receive(run, page.step, answer)
        return None if isinstance(received, Ended) else received


def _longest_s(seller: CompiledSeller) -> float:
    assert seller.quote is not None  # the caller has looked
    of_each_s = seller.limits.timeout_ms / 1000
    return sum([step.timeout_s or of_each_s for step in seller.quote.steps])


@lru_cache(maxsize=256)
def _patience(timeout_ms: int, retries: int) -> Patience:
    return Patience(timeout_s=timeout_ms / 1000, lost=retries, later=1, every_step=True)


def _kept_for(ask: Ask, books: str) -> str:
    return f"{books}|{ask.country}|{ask.max_price.currency}"


def _reason(word: str) -> Reason:
    try:
        return Reason(word)
    except ValueError:
        return Reason.UNREADABLE  # a word of an order, in answer to a question
