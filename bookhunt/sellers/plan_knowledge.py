"""Asking what is no offer: the ISBNs of a title, and what currencies cost."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from bookhunt.hunt.ports import NoRates, RateTable, Resolved
from bookhunt.model.reasons import Reason
from bookhunt.sellers.plan import Ended, Patience, walk
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.scope import first_name, rates_scope, resolve_scope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bookhunt.model.book import Book
    from bookhunt.sellers.compiled import CompiledBlock, CompiledSeller
    from bookhunt.sellers.plan_login import Door
    from bookhunt.sellers.reading.rates import Rate
    from bookhunt.sellers.reading.received import Received
    from bookhunt.sellers.scope import Asked

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """The last answer of a block, and what is known by then."""

    received: Received
    scope: Mapping[str, Any]


class KnowledgeDesk:
    """Asks the definitions that have `resolve` or `rates`."""

    def __init__(self, door: Door) -> None:
        self._door = door

    # --------------------------------------------------------------------------------- titles
    async def resolve(self, seller: CompiledSeller, book: Book, *, within_s: float) -> Resolved:
        """The ISBNs of a title. Never an exception but the caller's own cancellation."""
        model = seller.definition.resolve
        asked = first_name(model.asks_by, book) if model is not None else None
        if seller.resolve is None or asked is None:
            return Resolved(resolver=seller.id, reason=Reason.CANNOT_ASK)
        try:
            async with asyncio.timeout(within_s):
                return await self._resolve(seller, seller.resolve, book, asked)
        except TimeoutError:
            detail = f"no whole answer within {within_s:.1f} s"
            return Resolved(resolver=seller.id, reason=Reason.TIMED_OUT, detail=detail)
        except Exception:  # noqa: BLE001 - a bug is logged, and costs a name at the most
            _log.exception("a title could not be resolved", extra={"seller": seller.id})
            return Resolved(resolver=seller.id, reason=Reason.UNREADABLE)

    async def _resolve(
        self, seller: CompiledSeller, block: CompiledBlock, book: Book, asked: Asked
    ) -> Resolved:
        answer = await self._walked(seller, block, resolve_scope(seller, book, asked))
        if isinstance(answer, Ended):
            return Resolved(
                resolver=seller.id,
                reason=_reason(answer.word),
                detail=answer.detail,
                retry_after_s=answer.retry_after_s,
            )
        read = block.reader.read(answer.received, book.title or "", answer.scope)
        return Resolved(
            resolver=seller.id, isbns=read.isbns, reason=read.reason, detail=read.detail
        )

    # ---------------------------------------------------------------------------------- rates
    async def rates(self, seller: CompiledSeller, *, within_s: float) -> RateTable | NoRates:
        """What currencies cost. Never an exception but the caller's own cancellation."""
        block, model = seller.rates, seller.definition.rates
        if block is None or model is None:
            return NoRates(detail=f"{seller.id} has no block `rates`")
        try:
            async with asyncio.timeout(within_s):
                answer = await self._walked(seller, block, rates_scope(seller))
            if isinstance(answer, Ended):
                return NoRates(detail=f"{answer.word}: {answer.detail}")
            now = self._door.tools.clock.now()
            found = block.reader.read(answer.received, answer.scope, now=now)
        except TimeoutError:
            return NoRates(detail=f"no whole answer within {within_s:.1f} s")
        except Unreadable as bad:
            return NoRates(detail=f"unreadable: {bad}")
        except Exception:  # noqa: BLE001 - a bug is logged, and nothing is converted
            _log.exception("exchange rates could not be read", extra={"seller": seller.id})
            return NoRates(detail="the answer could not be read")
        return _table(seller.id, model.base, found, now)

    async def _walked(
        self, seller: CompiledSeller, block: CompiledBlock, scope: dict[str, Any]
    ) -> _Answer | Ended:
        limits = seller.limits
        patience = Patience(
            timeout_s=limits.timeout_ms / 1000, lost=limits.retries, later=1, every_step=True
        )
        for is_last_try in (False, True):
            opened = await self._door.run(seller, scope, patience, block=block.key, orders=False)
            if isinstance(opened, Ended):
                return opened
            last = await walk(opened.run, block.steps)
            if last is None:
                return Ended(word="not_stocked", detail="no step had to be sent")
            if not isinstance(last, Ended):
                return _Answer(received=last.read.received, scope=opened.run.scope_now())
            if is_last_try or last.word != "unauthorised" or not opened.refuse_login():
                return last
        raise AssertionError("the loop returns")


def _table(source: str, base: str, found: tuple[Rate, ...], now: datetime) -> RateTable | NoRates:
    """The rates as a table, as old as the oldest of them."""
    units = {each.currency: Fraction(each.rate) for each in found if each.currency != base}
    if not units:
        return NoRates(detail=f"it names no currency but {base}")
    stated = [each.as_of for each in found if each.as_of is not None]
    return RateTable(source=source, base=base, units=units, as_of=min(stated, default=now))


def _reason(word: str) -> Reason:
    try:
        return Reason(word)
    except ValueError:
        return Reason.UNREADABLE  # a word of an order, in answer to a question
