"""The steps of a purchase: those before the commit, the commit itself, and those that finish it.

Before the commit everything can be given up, so a lost answer costs a basket and no more: a step
that may be repeated is, twice; any other begins the attempt afresh, once, by whoever made the run.
The commit is one message, sent once, and what it meant is read from its own outcomes only.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import Sent
from bookhunt.model.errors import CurrencyMismatch, SetupMissing
from bookhunt.model.purchase import Answer
from bookhunt.sellers.auth_tokens import AuthFailed
from bookhunt.sellers.network import HostRefused
from bookhunt.sellers.plan import Ended, Run, walk
from bookhunt.sellers.plan_reading import read_commit, retry_after_s
from bookhunt.sellers.rendering import KeyPlace, Rendered, render
from bookhunt.sellers.template_sealed import CannotRender
from bookhunt.sellers.transport import FailureKind, WireFailed
from bookhunt.telemetry.failpoints import fp
from bookhunt.telemetry.spans import span

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Order
    from bookhunt.model.money import Money
    from bookhunt.sellers.compiled import CompiledSeller, CompiledStep
    from bookhunt.sellers.transport import WireAnswer

_log = logging.getLogger(__name__)
_STANDS = frozenset({Answer.BOUGHT, Answer.PLACED})
# Words of a quote that an order's steps may end with, in the words of an order.
_AS_ANSWER = {
    "sold_out": Answer.SOLD_OUT,
    "not_stocked": Answer.NOT_STOCKED,
    "over_max": Answer.OVER_MAX,
    "does_not_ship": Answer.DOES_NOT_SHIP,
    "rate_limited": Answer.RATE_LIMITED,
    "unauthorised": Answer.UNAUTHORISED,
    "needs_setup": Answer.NEEDS_SETUP,
    "needs_person": Answer.NEEDS_PERSON,
    "declined": Answer.DECLINED,
    "price_changed": Answer.PRICE_CHANGED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The commit step, ready to be frozen."""

    rendered: Rendered
    total: Money
    total_checked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """A step before the commit, or the total, ended it; nothing was ordered."""

    answer: Answer
    detail: str | None = None
    total: Money | None = None
    afresh: bool = False  # an answer was lost that cannot be asked for again: begin once more
    unauthorised: bool = False


def key_place(seller: CompiledSeller, key: str) -> KeyPlace | None:
    """Where the idempotency key goes; None: nowhere, or where a placeholder puts it."""
    purchase = seller.definition.purchase
    if purchase is None:
        return None
    idempotency = purchase.idempotency
    if idempotency.send == "header":
        return KeyPlace(key=key, header=idempotency.name)
    if idempotency.send == "body" and idempotency.at is not None:
        return KeyPlace(key=key, at=tuple(idempotency.at.split(".")))
    return None


async def prepare(run: Run, order: Order) -> Ready | Halted:
    """Do the steps before the commit, check the landed total, render the commit."""
    assert run.seller.purchase is not None  # the caller has looked
    steps, index = run.seller.purchase.steps, run.seller.commit_index
    assert index is not None  # the checks demand one
    # What follows the last total may hold stock back (a draft of an order): too dear ends here.
    told = max((n for n, step in enumerate(steps[:index], 1) if step.total is not None), default=0)
    for part in (steps[:told], steps[told:index]):
        ended = await walk(run, part)
        if isinstance(ended, Ended):
            return halted(ended)
        if run.total is not None and (too_dear := _too_dear(run.total, order)) is not None:
            return too_dear
    checked = run.total is not None
    total = run.total if run.total is not None else order.attempt.offer.as_sold.total
    if total is None:
        return Halted(
            answer=Answer.REFUSED,
            detail="no step named the landed total, and the offer does not know it either",
        )
    if (too_dear := _too_dear(total, order)) is not None:
        return too_dear
    try:
        rendered = render(
            steps[index].request,
            run.scope_now(),
            base_url=run.base_url,
            key=key_place(run.seller, order.attempt.key),
        )
    except CannotRender as cannot:
        return Halted(answer=Answer.REFUSED, detail=f"{steps[index].name}: {cannot}")
    return Ready(rendered=rendered, total=total, total_checked=checked)


def _too_dear(total: Money, order: Order) -> Halted | None:
    """Why this total is not paid; None: it is within what may be paid."""
    try:
        too_high = total > order.ceiling
    except CurrencyMismatch:
        return Halted(answer=Answer.REFUSED, detail=f"the landed total is in {total.currency}")
    if too_high:
        return Halted(answer=Answer.OVER_MAX, total=total, detail=f"{total} in all")
    return None


def halted(ended: Ended) -> Halted:
    """What ended the steps before the commit, in the words of an order."""
    answer = _AS_ANSWER.get(ended.word, Answer.REFUSED)
    said = [ended.word if answer is Answer.REFUSED and ended.word != "refused" else None]
    said.append(ended.detail)
    detail = ": ".join(each for each in said if each)
    repeatable = ended.step is not None and ended.step.repeatable
    return Halted(
        answer=answer,
        detail=detail or None,
        afresh=ended.failure is not None and not repeatable,
        unauthorised=ended.word == "unauthorised",
    )


async def commit(run: Run, step: CompiledStep, rendered: Rendered, *, first: bool) -> Sent:
    """Send the commit step, once, and say what the answer means. Never an exception.

    `first` is False for bytes that were sent before: then a failure to send them says nothing.
    """
    nothing_left = Answer.NOT_SENT if first else Answer.UNKNOWN
    within_s = step.timeout_s or run.patience.timeout_s
    fp("commit.before_step")
    try:
        with span("step", step=step.name) as seen:
            answer = await run.exchange.send(rendered, within_s=within_s, once=True)
            seen.tell(status=answer.status)
    except WireFailed as failed:
        not_sent = failed.kind is FailureKind.NOT_SENT
        return Sent(answer=nothing_left if not_sent else Answer.UNKNOWN, detail=str(failed))
    except (HostRefused, CannotRender, AuthFailed) as refused:
        return Sent(answer=nothing_left, detail=str(refused))
    except SetupMissing as missing:
        return Sent(answer=nothing_left, detail=missing.message)
    fp("commit.after_step")
    try:
        return await _meaning(run, step, answer)
    except Exception:  # noqa: BLE001 - a bug of ours is logged, the order is not lost
        # The order may stand: a mistake of ours in reading the answer must not lose that.
        _log.exception("the answer to an order could not be read")
        return Sent(answer=Answer.UNKNOWN, detail="the answer could not be read")


async def _meaning(run: Run, step: CompiledStep, answer: WireAnswer) -> Sent:
    read = await read_commit(step, answer, run.scope_now(), run.seller)
    run.captured.update(read.captured)
    said, order = answer_of(read.word), read.order
    if said is Answer.BOUGHT and order.order_id is None:
        detail = f"it says bought and gives no order number ({order.detail or 'nothing there'})"
        return Sent(answer=Answer.UNKNOWN, detail=detail)
    if said is Answer.PLACED and order.order_id is None and order.detail is not None:
        # 202 and a body that cannot be read is no more than a status from somewhere on the way.
        return Sent(answer=Answer.UNKNOWN, detail=order.detail)
    stands = said in _STANDS
    return Sent(
        answer=said,
        order_id=order.order_id if stands else None,
        charged=order.charged if stands else None,
        delivery=order.delivery if stands else None,
        detail=run.exchange.tools.secrets.redacted(read.detail),
        retry_after_s=retry_after_s(answer, run.exchange.tools.clock.now()),
    )


# What an answer to the commit step or a look-up may mean; all else is unknown.
_ORDER_WORDS = frozenset(
    {
        Answer.BOUGHT,
        Answer.PLACED,
        Answer.IN_FLIGHT,
        Answer.ALREADY_DONE,
        Answer.SOLD_OUT,
        Answer.DECLINED,
        Answer.PRICE_CHANGED,
        Answer.REFUSED,
        Answer.UNAUTHORISED,
        Answer.RATE_LIMITED,
        Answer.NEEDS_PERSON,
    }
)


def answer_of(word: str | None) -> Answer:
    """A word of the definition as an answer; what is none of an order's words is unknown."""
    return next((answer for answer in _ORDER_WORDS if answer.value == word), Answer.UNKNOWN)


async def finish(run: Run) -> Ended | None:
    """Do the steps after the commit, for an order that stands; None: it is finished."""
    assert run.seller.purchase is not None  # the caller has looked
    index = run.seller.commit_index
    assert index is not None  # the checks demand one
    ended = await walk(run, run.seller.purchase.steps[index + 1 :])
    return ended if isinstance(ended, Ended) else None
