"""Asking one seller for offers, within a time, whatever comes back."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import Quoted
from bookhunt.model.book import isbn13_of
from bookhunt.model.reasons import Reason
from bookhunt.sellers.network import HostRefused
from bookhunt.sellers.plan import Ended, Last, Patience, Run, post, receive, walk
from bookhunt.sellers.plan_reading import joined_pages, page_after, read_offers
from bookhunt.sellers.reading.quotes import Circumstances
from bookhunt.sellers.rendering import Rendered, render
from bookhunt.sellers.scope import asked_by_names, quote_scope

if TYPE_CHECKING:
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

    def so_far_ms(self) -> float:
        return (self.clock.monotonic() - self.began_s) * 1000


class QuoteDesk:
    """Asks sellers."""

    def __init__(self, door: Door, kept: KeptCaptures) -> None:
        self._door = door
        self._kept = kept

    async def quote(
        self, seller: CompiledSeller, ask: Ask, asked: Asked, *, within_s: float
    ) -> Quoted:
        """Ask one seller. Never an exception but the caller's own cancellation."""
        clock = self._door.tools.clock
        asking = _Asking(clock, clock.monotonic())
        within_s = min(within_s, _longest_s(seller))
        try:
            async with asyncio.timeout(within_s):
                read = await self._ask(seller, ask, asked, asking)
        except TimeoutError:
            read = Ended(word="timed_out", detail=f"no whole answer within {within_s:.1f} s")
        except Exception:  # noqa: BLE001 - a bug is logged
            # What a seller sent must not end the hunt at all others.
            _log.exception("an answer could not be read", extra={"seller": seller.id})
            read = Ended(word="unreadable", detail="the answer could not be read")
        if isinstance(read, Ended):
            return Quoted(
                seller=seller.id,
                reason=_reason(read.word),
                detail=read.detail,
                calls=asking.calls,
                latency_ms=asking.so_far_ms(),
                retry_after_s=read.retry_after_s,
            )
        return Quoted(
            seller=seller.id,
            offers=read.offers,
            refused=read.refused,
            reason=read.reason,
            detail=read.detail,
            calls=asking.calls,
            latency_ms=asking.answered_ms or asking.so_far_ms(),
        )

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
            quoted, asked_by = replace(one, calls=calls, latency_ms=latency_ms), asked
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
        self, seller: CompiledSeller, ask: Ask, asked: Asked, asking: _Asking
    ) -> QuoteRead | Ended:
        scope = quote_scope(seller, ask, asked)
        patience = _patience(seller.limits.timeout_ms, seller.limits.retries)
        for is_last_try in (False, True):
            opened = await self._door.run(seller, scope, patience, block="quote", orders=False)
            if isinstance(opened, Ended):
                return opened
            run = opened.run
            run.kept, run.kept_for = self._kept, _kept_for(ask, asked)
            asking.runs.append(run)
            assert seller.quote is not None  # the caller has looked
            last = await walk(run, seller.quote.steps)
            if isinstance(last, Ended):
                if last.word == "unauthorised" and opened.refuse_login() and not is_last_try:
                    continue
                return last
            if last is None:
                return Ended(word="not_stocked", detail="no step had to be sent")
            return await self._read(run, last, ask, asking)
        raise AssertionError("the loop returns")

    async def _read(self, run: Run, last: Last, ask: Ask, asking: _Asking) -> QuoteRead:
        pages = [await self._offers(run, last, ask, asking)]
        most = last.step.pages.most if last.step.pages is not None else 1
        onward = await self._next(run, last) if most > 1 else None
        while onward is not None and len(pages) < most:
            pages.append(await self._offers(run, onward, ask, asking))
            onward = await self._next(run, onward) if len(pages) < most else None
        return joined_pages(pages)

    @staticmethod
    async def _offers(run: Run, page: Last, ask: Ask, asking: _Asking) -> QuoteRead:
        asking.answered_ms = asking.so_far_ms()
        circumstances = Circumstances(at=asking.clock.now(), response_ms=asking.answered_ms)
        scope = run.scope_of_answer()
        return await read_offers(page.read.received, scope, run.seller, ask, circumstances)

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


def _kept_for(ask: Ask, asked: Asked) -> str:
    return f"{asked.by}|{asked.value}|{ask.country}|{ask.max_price.currency}"


def _reason(word: str) -> Reason:
    try:
        return Reason(word)
    except ValueError:
        return Reason.UNREADABLE  # a word of an order, in answer to a question
