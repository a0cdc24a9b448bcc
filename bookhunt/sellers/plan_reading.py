"""Reading the answer of a step in the language's order, off the loop where the answer is large.

The readers themselves are pure and synchronous (`sellers.reading`); here they are put in order:
outcomes, the status, what must hold, the basket, captures, picks, the landed total, and then
whatever the block is about.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from bookhunt.sellers.reading.captures import captured, landed_total, next_page, picked
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.orders import FoundOrder, OrderRead
from bookhunt.sellers.reading.outcomes import by_status, first_broken, first_match
from bookhunt.sellers.reading.quotes import Circumstances, QuoteRead
from bookhunt.sellers.reading.received import Received
from bookhunt.sellers.template_filters import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from bookhunt.hunt.ports import Ask
    from bookhunt.model.money import Money
    from bookhunt.sellers.compiled import CompiledBlock, CompiledSeller, CompiledStep
    from bookhunt.sellers.reading.baskets import BasketReader
    from bookhunt.sellers.reading.captures import Kept
    from bookhunt.sellers.template import Scope, Template
    from bookhunt.sellers.transport import WireAnswer

# Parsing 64 KB takes some 2 ms; a longer answer is read in a thread, so that the loop goes on.
_OFF_THE_LOOP_BYTES = 64 * 1024
_LONGEST_WAIT_S = 24 * 3600.0
_T = TypeVar("_T")


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class StepRead(NamedTuple):
    """What a step's answer gives: a word that ends the block, or what is kept of it."""

    received: Received
    word: str | None = None  # None: the block goes on
    detail: str | None = None
    declared: bool = False  # an outcome of the definition says it
    captured: Mapping[str, Any] = _NOTHING
    total: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRead:
    """What the answer to the commit step means, and what it says of the order."""

    word: str | None
    order: OrderRead
    detail: str | None
    captured: Mapping[str, Any]


async def _off_the_loop(answer: WireAnswer, read: Callable[[], _T]) -> _T:
    if len(answer.body) <= _OFF_THE_LOOP_BYTES:
        return read()
    return await asyncio.to_thread(read)


async def read_answer(
    step: CompiledStep, answer: WireAnswer, scope: Scope, seller: CompiledSeller
) -> StepRead:
    """Read one answer of a step that does not spend."""
    if len(answer.body) <= _OFF_THE_LOOP_BYTES:
        return _read(step, answer, scope, seller)
    return await asyncio.to_thread(_read, step, answer, scope, seller)


def _read(step: CompiledStep, answer: WireAnswer, scope: Scope, seller: CompiledSeller) -> StepRead:
    received = Received(answer)
    verdict = first_match(step.outcomes, received, step.format)
    if verdict is not None:
        said = verdict.message or f"status {answer.status}"
        detail = f"{step.name}: {said}"
        return StepRead(received=received, word=verdict.word, detail=detail, declared=True)
    reason = by_status(answer.status)
    if reason is not None:
        detail = f"{step.name}: status {answer.status}"
        return StepRead(received=received, word=reason.value, detail=detail)
    broken = first_broken(step.musts, received, step.format)
    if broken is not None:
        detail = f"{step.name}: {broken.message}"
        return StepRead(received=received, word=broken.word, detail=detail, declared=True)
    if step.basket is not None:
        wrong = _in_the_basket(step.basket, received, scope)
        if wrong is not None:
            word, detail = wrong
            return StepRead(received=received, word=word, detail=f"{step.name}: {detail}")
    if not (step.captures or step.picks or step.total):
        return StepRead(received=received)
    kept: dict[str, Any] = {}
    ended = _keep(step, received, {**scope, "captured": {**scope["captured"]}}, seller, kept)
    if ended is not None:
        word, detail = ended
        return StepRead(received=received, word=word, detail=f"{step.name}: {detail}")
    try:
        total = _total(step, received, {**scope, "captured": {**scope["captured"], **kept}}, seller)
    except Unreadable as bad:
        return StepRead(received=received, word="unreadable", detail=f"{step.name}: {bad}")
    return StepRead(received=received, captured=kept, total=total)


def _in_the_basket(
    basket: BasketReader, received: Received, scope: Scope
) -> tuple[str, str] | None:
    """What is wrong with the basket; None: the one copy lies in it."""
    try:
        return basket.fault(received, scope)
    except Unreadable as bad:
        return "unreadable", f"basket: {bad}"


def _keep(
    step: CompiledStep,
    received: Received,
    scope: dict[str, Any],
    seller: CompiledSeller,
    kept: dict[str, Any],
) -> tuple[str, str] | None:
    """Fill `kept` with captures and picks; the word and detail that end the block, or None."""
    for capture in step.captures:
        found = captured(capture, received, step.format)
        ended = _missing(found, capture.name, capture.otherwise, required=capture.required)
        if ended is not None:
            return ended
        _take(found, capture.name, scope, kept)
    currency = currency_of(scope, seller)
    for pick in step.picks:
        found = picked(pick, received, step.format, scope, currency)
        ended = _missing(found, pick.name, pick.otherwise, required=True)
        if ended is not None:
            return ended
        _take(found, pick.name, scope, kept)
    return None


def _take(found: Kept, name: str, scope: dict[str, Any], kept: dict[str, Any]) -> None:
    if found.value is not None:
        kept[name] = scope["captured"][name] = found.value


def _missing(
    found: Kept, name: str, otherwise: str | None, *, required: bool
) -> tuple[str, str] | None:
    if found.value is not None or not required or otherwise == "none":
        return None
    return otherwise or "unreadable", found.detail or f"{name} is not there"


def _total(
    step: CompiledStep, received: Received, scope: Scope, seller: CompiledSeller
) -> Money | None:
    if step.total is None:
        return None
    return landed_total(step.total, received, step.format, scope, currency_of(scope, seller))


def currency_of(scope: Scope, seller: CompiledSeller) -> str:
    """What amounts without a currency are in: the offer's, in a quote the seller's own."""
    offered = scope.get("offer", {}).get("currency")
    if offered is not None:
        return str(offered)
    return seller.seller.currency or str(scope.get("request", {}).get("currency") or "USD")


# ------------------------------------------------------------------------------------- quotes
async def read_offers(
    received: Received,
    scope: Scope,
    seller: CompiledSeller,
    asks: Sequence[Ask],
    circumstances: Circumstances,
) -> Sequence[QuoteRead]:
    """The offers of a quote's last answer, for each of the books it was asked for."""
    assert seller.quote is not None  # it was asked by it
    reader = seller.quote.reader

    def read() -> Sequence[QuoteRead]:
        found: Sequence[QuoteRead]
        if seller.limits.batch > 1:
            found = reader.read_batch(received, asks, scope, circumstances)
        else:
            [ask] = asks
            found = (reader.read(received, ask, scope, circumstances),)
        return found

    return await _off_the_loop(received.wire, read)


def joined_pages(pages: Iterable[QuoteRead]) -> QuoteRead:
    """Several pages of one answer; without an offer, the first page's reason speaks for all."""
    read = list(pages)
    if len(read) == 1:
        return read[0]
    offers = tuple(offer for page in read for offer in page.offers)
    silent = next((page for page in read if page.reason is not None), read[0])
    return QuoteRead(
        offers=offers,
        refused=tuple(refusal for page in read for refusal in page.refused),
        reason=None if offers else silent.reason,
        detail=None if offers else silent.detail,
    )


def page_after(step: CompiledStep, received: Received) -> str | None:
    """The address of the next page, None where this is the last."""
    return None if step.pages is None else next_page(step.pages, received, step.format)


# ------------------------------------------------------------------------------------- orders
async def read_commit(
    step: CompiledStep, answer: WireAnswer, scope: Scope, seller: CompiledSeller
) -> CommitRead:
    """What the answer to the commit step means, by its own outcomes only."""

    def read() -> CommitRead:
        received = Received(answer)
        verdict = first_match(step.outcomes, received, step.format)
        order, currency = OrderRead(), currency_of(scope, seller)
        if step.fields is not None and verdict is not None:
            order = step.fields.read(received, scope, currency)
        kept: dict[str, Any] = {}
        for capture in step.captures:
            found = captured(capture, received, step.format)
            if found.value is not None:
                kept[capture.name] = found.value
        said = verdict.message if verdict is not None else f"status {answer.status}, not declared"
        return CommitRead(
            word=None if verdict is None else verdict.word,
            order=order,
            detail=said or order.detail,
            captured=kept,
        )

    return await _off_the_loop(answer, read)


async def read_found(
    received: Received, scope: Scope, seller: CompiledSeller, *, reference: str
) -> tuple[FoundOrder, ...]:
    """The orders of ours that a look-up shows.

    Raises:
        Unreadable: it cannot be told whether an order of ours is there.
    """
    assert seller.find_order is not None  # it was asked by it
    reader, currency = seller.find_order.reader, currency_of(scope, seller)

    def read() -> tuple[FoundOrder, ...]:
        found: tuple[FoundOrder, ...] = reader.read(received, scope, currency, reference=reference)
        return found

    return await _off_the_loop(received.wire, read)


# ----------------------------------------------------------------------------------- of a block
def missing_names(
    block: CompiledBlock, captured_so_far: Mapping[str, Any], scope: Scope
) -> list[str]:
    """What the block needs of earlier answers before it begins, and that has no value.

    That is captured names, but for those that one of its own earlier steps captures, and the
    order's number, which no answer may have given yet.
    """
    own: set[str] = set()
    missing: dict[str, None] = {}
    for step in block.steps:
        for group, name in _names_in(step):
            if group == "order":
                is_missing = scope["order"]["id"] is None
            else:
                is_missing = name not in own and captured_so_far.get(name) is MISSING
            if is_missing:
                missing[f"order.{name}" if group == "order" else name] = None
        own.update(capture.name for capture in step.captures)
        own.update(pick.name for pick in step.picks)
    return list(missing)


def _names_in(step: CompiledStep) -> Iterable[tuple[str, str]]:
    for template in _templates(step):
        for slot in template.slots:
            if slot.name[0] == "captured" or slot.name == ("order", "id"):
                yield slot.name[0], slot.name[1]


def _templates(step: CompiledStep) -> Iterable[Template]:
    """What cannot be left out of a request: its address; and a look-up's parameters and body."""
    request = step.request
    yield request.address
    for _, value in request.query:
        yield from value if isinstance(value, tuple) else (value,)
    if request.body is not None:
        yield from _in_tree([request.body.json, request.body.variables])
        for _, value in request.body.form:
            yield from value if isinstance(value, tuple) else (value,)
        yield from _in_tree([request.body.xml, request.body.whole_form])


def _in_tree(tree: Any) -> Iterable[Template]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        for item in tree:
            yield from _in_tree(item)
    elif hasattr(tree, "slots"):
        yield tree


def retry_after_s(answer: WireAnswer, now: datetime) -> float | None:
    """What the header Retry-After says, in seconds; None where it says nothing (RFC 9110)."""
    text = (answer.header("retry-after") or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return min(float(text), _LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return min(max((at - now).total_seconds(), 0.0), _LONGEST_WAIT_S)
