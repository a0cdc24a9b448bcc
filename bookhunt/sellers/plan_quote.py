"""Asking one seller for offers, within a time, whatever comes back."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import Quoted
from bookhunt.model.book import isbn13_of
from bookhunt.model.reasons import Reason
from bookhunt.sellers.network import HostRefused
from bookhunt.sellers.plan import Ended, Last, Patience, Run, post, receive, walk
from bookhunt.sellers.plan_reading import joined_pages, page_after, read_offers
from bookhunt.sellers.rendering import Rendered, render
from bookhunt.sellers.scope import asked_by_names, quote_scope

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Ask
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.plan_kept import KeptCaptures
    from bookhunt.sellers.plan_login import Door
    from bookhunt.sellers.reading.quotes import QuoteRead
    from bookhunt.sellers.scope import Asked

_log = logging.getLogger(__name__)
# It said something of this edition; another of the same title may be there.
_ANOTHER_NAME = frozenset({Reason.NOT_STOCKED, Reason.SOLD_OUT, Reason.WRONG_BOOK})


@dataclass(slots=True)
class _Count:
    """How many calls were made, known also when the asking was cut off."""

    runs: list[Run] = field(default_factory=list)

    @property
    def calls(self) -> int:
        return sum(run.exchange.calls for run in self.runs)


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
        began_s, count = clock.monotonic(), _Count()
        assert seller.quote is not None  # the caller has looked
        within_s = min(within_s, sum(_longest_s(seller, n) for n in range(len(seller.quote.steps))))
        try:
            async with asyncio.timeout(within_s):
                quoted = await self._ask(seller, ask, asked, count)
        except TimeoutError:
            detail = f"no whole answer within {within_s:.1f} s"
            quoted = Quoted(seller=seller.id, reason=Reason.TIMED_OUT, detail=detail)
        except Exception:  # noqa: BLE001 - a bug is logged
            # What a seller sent must not end the hunt at all others.
            _log.exception("an answer could not be read", extra={"seller": seller.id})
            detail = "the answer could not be read"
            quoted = Quoted(seller=seller.id, reason=Reason.UNREADABLE, detail=detail)
        latency_ms = (clock.monotonic() - began_s) * 1000
        offers = tuple(replace(offer, response_ms=latency_ms) for offer in quoted.offers)
        return replace(quoted, offers=offers, calls=count.calls, latency_ms=latency_ms)

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

    async def _ask(self, seller: CompiledSeller, ask: Ask, asked: Asked, count: _Count) -> Quoted:
        scope = quote_scope(seller, ask, asked)
        patience = Patience(
            timeout_s=seller.limits.timeout_ms / 1000,
            lost=seller.limits.retries,
            later=1,
            every_step=True,
        )
        for is_last_try in (False, True):
            opened = await self._door.run(seller, scope, patience, block="quote", orders=False)
            if isinstance(opened, Ended):
                return _nothing(seller, opened)
            run = opened.run
            run.kept, run.kept_for = self._kept, _kept_for(ask, asked)
            count.runs.append(run)
            assert seller.quote is not None  # the caller has looked
            last = await walk(run, seller.quote.steps)
            if isinstance(last, Ended):
                if last.word == "unauthorised" and opened.refuse_login() and not is_last_try:
                    continue
                return _nothing(seller, last)
            if last is None:
                return _nothing(seller, Ended(word="not_stocked", detail="no step had to be sent"))
            return await self._read(run, last, ask)
        raise AssertionError("the loop returns")

    async def _read(self, run: Run, last: Last, ask: Ask) -> Quoted:
        pages = [await self._offers(run, last, ask)]
        most = last.step.pages.most if last.step.pages is not None else 1
        onward = await self._next(run, last) if most > 1 else None
        while onward is not None and len(pages) < most:
            pages.append(await self._offers(run, onward, ask))
            onward = await self._next(run, onward) if len(pages) < most else None
        return _quoted(run.seller, joined_pages(pages))

    @staticmethod
    async def _offers(run: Run, page: Last, ask: Ask) -> QuoteRead:
        now = run.exchange.tools.clock.now()
        return await read_offers(page.read.received, run.scope_now(), run.seller, ask=ask, at=now)

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


def _longest_s(seller: CompiledSeller, step: int) -> float:
    assert seller.quote is not None  # the caller has looked
    return seller.quote.steps[step].timeout_s or seller.limits.timeout_ms / 1000


def _kept_for(ask: Ask, asked: Asked) -> str:
    return f"{asked.by}|{asked.value}|{ask.country}|{ask.max_price.currency}"


def _nothing(seller: CompiledSeller, ended: Ended) -> Quoted:
    try:
        reason = Reason(ended.word)
    except ValueError:
        reason = Reason.UNREADABLE  # a word of an order, in answer to a question
    return Quoted(
        seller=seller.id,
        reason=reason,
        detail=ended.detail,
        retry_after_s=ended.retry_after_s,
    )


def _quoted(seller: CompiledSeller, read: QuoteRead) -> Quoted:
    return Quoted(
        seller=seller.id,
        offers=read.offers,
        refused=read.refused,
        reason=read.reason,
        detail=read.detail,
    )
