"""Settling an order whose outcome is not known: by looking it up or by sending the same bytes.

What may be done depends on what the seller can prove (purchase-safety, the table by capability):

- key and look-up: look up, then send the same bytes with the same key;
- key only: send the same bytes with the same key, while the seller remembers the key;
- look-up only: look up; "not found" counts after `settle_s`, twice, and nothing is sent again;
- neither: nobody but the customer can say.

A PLACED order was accepted: it is looked up until the seller says more. Every step is on disk
before it is made, so a crash in the middle of settling settles from where it stood.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import Order, Sent
from bookhunt.hunt.settlement import (
    Settled,
    stage_after_look_up,
    stage_after_resend,
    write_down,
)
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.model.seller import Capability, Proof
from bookhunt.telemetry.failpoints import fp

if TYPE_CHECKING:
    from bookhunt.hunt.world import World

# The seller language's page: a placed order is looked up after 5, 15 and 60 seconds, then every
# ten minutes for two days.
_PLACED_AFTER_S = (5.0, 15.0, 60.0)
_PLACED_EVERY_S = 600.0
_PLACED_FOR_S = 48 * 3600.0
# The research page: look up after 1, 3, 10, 30 seconds; re-send after 1, 2, 4 ... 60 seconds.
_LOOK_UP_AFTER_S = (1.0, 3.0, 10.0, 30.0)
_LOOK_UP_EVERY_S = 60.0
_RESEND_UP_TO_S = 60.0
_RESEND_QUICKLY = 12  # times; a seller that is down for hours is asked every ten minutes
_RESEND_SLOWLY_S = 600.0
_KEY_MARGIN = 0.8  # a key is trusted for this part of the time the seller says it keeps it
_KEY_AT_MOST_S = 24 * 3600.0
_NEGATIVES_NEEDED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done next about an attempt of unknown outcome."""

    look_up: bool = False
    resend: bool = False

    @property
    def nothing_left(self) -> bool:
        """Whether only a person can settle it."""
        return not (self.look_up or self.resend)


def plan_for(attempt: Attempt, proof: Proof, *, now: datetime) -> Plan:
    """What the seller's capabilities still allow, at this time."""
    if attempt.stage is Stage.PLACED:
        sent_at = attempt.first_sent_at or attempt.created_at
        late = (now - sent_at).total_seconds() > _PLACED_FOR_S
        return Plan(look_up=proof.capability.has_lookup and not late)
    resend = proof.capability.has_key and now < key_valid_until(attempt, proof)
    return Plan(look_up=proof.capability.has_lookup, resend=resend)


def key_valid_until(attempt: Attempt, proof: Proof) -> datetime:
    """Until when the seller surely still knows the key of the first send."""
    kept_s = min(proof.key_retained_s * _KEY_MARGIN, _KEY_AT_MOST_S)
    return (attempt.first_sent_at or attempt.created_at) + timedelta(seconds=kept_s)


def next_check_s(attempt: Attempt, proof: Proof, *, now: datetime) -> float:
    """How long to wait before the next look-up or re-send, after `attempt.checks` of them."""
    n = attempt.checks
    if attempt.stage is Stage.PLACED:
        return _PLACED_AFTER_S[n] if n < len(_PLACED_AFTER_S) else _PLACED_EVERY_S
    if proof.capability is Capability.LOOKUP:
        wait_s = _LOOK_UP_AFTER_S[n] if n < len(_LOOK_UP_AFTER_S) else _LOOK_UP_EVERY_S
        # A look-up just before a "not found" would count is a look-up too many.
        left_s = (_settled_at(attempt, proof) - now).total_seconds()
        return max(left_s, 0.1) if 0 < left_s < wait_s else wait_s
    if n >= _RESEND_QUICKLY:
        return _RESEND_SLOWLY_S
    # Full jitter (half at the least): many orders lost together are not re-sent together.
    return min(2.0**n, _RESEND_UP_TO_S) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _settled_at(attempt: Attempt, proof: Proof) -> datetime:
    return (attempt.last_sent_at or attempt.created_at) + timedelta(seconds=proof.settle_s)


async def settle_once(world: World, order: Order, proof: Proof) -> Settled | Attempt:
    """One round of look-up and re-send; `Settled`, or the attempt as it stands, still open."""
    plan = plan_for(order.attempt, proof, now=world.clock.now())
    if plan.nothing_left:
        return await write_down(world, order.attempt, Stage.MANUAL, _why_manual(order, proof))
    not_found = False
    if plan.look_up:
        looked = await _look_up(world, order, proof)
        if isinstance(looked, Settled):
            return looked
        not_found = looked
    if plan.resend:
        resent = await _resend(world, order, proof)
        if isinstance(resent, Settled):
            return resent
        order = resent
    now = world.clock.now()
    wait = timedelta(seconds=next_check_s(order.attempt, proof, now=now))
    return await world.ledger.checked(
        order.attempt, not_found=not_found and not plan.resend, next_check_at=now + wait
    )


async def _look_up(world: World, order: Order, proof: Proof) -> Settled | bool:
    """Settled, or whether "not found" was said late enough to count."""
    fp("settle.before_look_up")
    asked_at = world.clock.now()
    found = await world.sellers.look_up(order)
    fp("settle.after_look_up")
    stage = stage_after_look_up(found)
    if stage is not None:
        return await write_down(world, order.attempt, stage, found)
    attempt = order.attempt
    late_enough = asked_at >= _settled_at(attempt, proof)
    counts = found.answer is Answer.NOT_FOUND and late_enough and attempt.stage is Stage.UNKNOWN
    if counts and attempt.not_found + 1 >= _NEGATIVES_NEEDED and not proof.capability.has_key:
        return await write_down(world, attempt, Stage.ABSENT, found)
    return counts


async def _resend(world: World, order: Order, proof: Proof) -> Settled | Order:
    """Send the same bytes with the same key once more; Settled, or the order with one more send."""
    fp("settle.before_resend")
    attempt = await world.ledger.resend(order.attempt)
    order = Order(attempt=attempt, buyer=order.buyer, book=order.book, ceiling=order.ceiling)
    fp("settle.before_resend_leaves")
    sent = await world.sellers.send(order)
    fp("settle.after_resend")
    stage = stage_after_resend(sent, replays_same_answer=proof.replays_same_answer)
    if stage is None:
        return order
    return await write_down(world, attempt, stage, sent)


def _why_manual(order: Order, proof: Proof) -> Sent:
    if order.attempt.stage is Stage.PLACED:
        detail = "the seller accepted the order and never said what became of it"
    elif proof.capability is Capability.NONE:
        detail = "the answer was lost, and this seller can neither repeat it nor be asked"
    else:
        detail = "the answer was lost, and the seller no longer remembers the key"
    return Sent(answer=Answer.UNKNOWN, detail=detail)
