"""Looking an order up, and taking one back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import Sent
from bookhunt.model.purchase import Answer
from bookhunt.sellers.plan import Ended, Run, walk
from bookhunt.sellers.plan_purchase import answer_of
from bookhunt.sellers.plan_reading import missing_names, read_found
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.orders import NONE

if TYPE_CHECKING:
    from bookhunt.sellers.reading.orders import FoundOrder

_log = logging.getLogger(__name__)
_NOT_THERE = frozenset({NONE, "not_stocked"})


async def look_up(run: Run, reference: str) -> Sent:
    """What became of the order of this reference. Never an exception."""
    block = run.seller.find_order
    assert block is not None  # the caller has looked
    missing = missing_names(block, run.captured, run.scope)
    if missing:
        detail = f"{missing[0]} was in the answer that was lost"
        return Sent(answer=Answer.PASSED_OVER, detail=detail)
    try:
        last = await walk(run, block.steps)
        if isinstance(last, Ended):
            return _ended(last)
        if last is None:
            return Sent(answer=Answer.UNKNOWN, detail="no step of the look-up was sent")
        received = last.read.received
        found = await read_found(received, run.scope_now(), run.seller, reference=reference)
    except Unreadable as bad:
        return Sent(answer=Answer.UNKNOWN, detail=str(bad))
    except Exception:  # noqa: BLE001 - a bug of ours is logged, the order is not lost
        _log.exception("a look-up could not be read")
        return Sent(answer=Answer.UNKNOWN, detail="the look-up could not be read")
    return _meaning(found)


def _ended(ended: Ended) -> Sent:
    if ended.declared and ended.word in _NOT_THERE:
        return Sent(answer=Answer.NOT_FOUND, detail=ended.detail)
    # What the status alone says (401, 429) is about the look-up and not about the order.
    answer = answer_of(ended.word) if ended.declared else Answer.UNKNOWN
    detail = ended.detail or ended.word
    return Sent(answer=answer, detail=detail, retry_after_s=ended.retry_after_s)


def _meaning(found: tuple[FoundOrder, ...]) -> Sent:
    if len(found) > 1:
        detail = f"{len(found)} orders carry our reference"
        return Sent(answer=Answer.NEEDS_PERSON, detail=detail)
    if not found or found[0].state == NONE:
        return Sent(answer=Answer.NOT_FOUND)
    [ours] = found
    return Sent(
        answer=answer_of(ours.state),
        order_id=ours.order_id,
        charged=ours.charged,
        delivery=ours.delivery,
        detail=ours.detail,
    )


async def cancel(run: Run) -> bool:
    """Try once to take back the order or the session; whether the seller agreed."""
    block = run.seller.cancel
    if block is None:
        return False
    if missing_names(block, run.captured, run.scope):
        return False  # there is no session yet that could be taken back
    try:
        last = await walk(run, block.steps)
    except Exception:  # noqa: BLE001 - a bug of ours is logged, the order is not lost
        _log.exception("a cancellation failed")
        return False
    return last is not None and not isinstance(last, Ended)
