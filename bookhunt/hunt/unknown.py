"""Settling an order whose outcome is not known: by looking it up or by sending the same bytes.

What may be done depends on what the seller can prove (purchase-safety, the table by capability):

- key and look-up: look up, then send the same bytes with the same key, unless the look-up shows
  that the first are still worked on;
- key only: send the same bytes with the same key, while the seller remembers the key;
- look-up only: look up; "not found" counts after `settle_s`, twice, and nothing is sent again;
- neither: nobody but the customer can say.

No two sends of one order are ever under way together: where a seller says how long it may work on
one (`resend_after_s`), the next goes no sooner.

A definition that was edited since the order was sent may find it, and proves nothing else: what
was sent was sent by the old one. The time of day may jump, so "late enough" and "the key is still
known" are also counted by the monotonic clock of this life; and where the ledger itself remembers a
later time than the one it is now, keys of an earlier life count as forgotten.

A PLACED order was accepted: it is looked up until the seller says more. Every step is on disk
before it is made, so a crash in the middle of settling settles from where it stood.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import IntentRefusal, Order, Sent
from bookhunt.hunt.settlement import (
    Settled,
    stage_after_look_up,
    stage_after_resend,
    write_down,
)
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.model.seller import Capability
from bookhunt.telemetry.failpoints import fp
from bookhunt.telemetry.spans import span

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.hunt.world import World
    from bookhunt.model.seller import Proof, Seller

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
UNDER_WAY = frozenset({Answer.IN_FLIGHT, Answer.PLACED})
"""What a look-up says of an order that the seller is still working on."""
_LOOK_UP_FOR_S = 48 * 3600.0  # as long as a placed order; then only a person can say
_EACH_LIFE_S = 3600.0  # but each life looks so long, however late it is: it may have been off
_CLOCK_SLACK_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What the monotonic clock of this life of the daemon has seen of an order, in seconds."""

    known_s: float  # since this life knows of it; it was sent before that
    quiet_s: float  # since bytes of it could last have left
    ages_unknown: bool = False  # it was sent in an earlier life, and the time of day went back


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What a look-up says of an order that it does not settle."""

    not_found: bool = False  # said late enough to count
    under_way: bool = False  # it is there, and worked on: the same bytes would meet the first ones
    passed_over: bool = False  # what it needs to look was in the lost answer: only a key can tell


_NOT_LOOKED = _Looked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done next about an attempt of unknown outcome."""

    look_up: bool = False
    resend: bool = False
    wait: bool = False  # not now, and later: buying is paused, or the first send is too fresh

    @property
    def nothing_left(self) -> bool:
        """Whether only a person can settle it."""
        return not (self.look_up or self.resend or self.wait)


def plan_for(
    attempt: Attempt,
    proof: Proof,
    lived: Lived,
    *,
    now: datetime,
    edited: bool = False,
    cancelled: bool = False,
    paused: bool = False,
) -> Plan:
    """What the seller's capabilities still allow, at this time.

    `edited`: another definition sent it; `cancelled`: the customer does not want it any more;
    `paused`: nothing may be sent.
    """
    sent_at = attempt.last_sent_at or attempt.created_at
    if attempt.stage is Stage.PLACED:
        sent_at = attempt.first_sent_at or attempt.created_at
    age_s = max((now - sent_at).total_seconds(), lived.known_s)
    most_s = _PLACED_FOR_S if attempt.stage is Stage.PLACED else _LOOK_UP_FOR_S
    in_this_life_s = min(proof.settle_s, most_s) + _EACH_LIFE_S
    look_up = proof.capability.has_lookup and (age_s <= most_s or lived.known_s <= in_this_life_s)
    if attempt.stage is not Stage.UNKNOWN:
        return Plan(look_up=look_up)
    resend = (
        proof.capability.has_key and not edited and _key_is_known(attempt, proof, lived, now=now)
    )
    if cancelled and look_up:
        resend = False  # the same bytes might buy what is not wanted; looking up only learns
    waits = paused or lived.quiet_s < proof.resend_after_s
    return Plan(look_up=look_up, resend=resend and not waits, wait=resend and waits)


def _key_is_known(attempt: Attempt, proof: Proof, lived: Lived, *, now: datetime) -> bool:
    """Whether the seller surely still knows the key of the first send."""
    if lived.ages_unknown or _clock_went_back(attempt, now):
        return False
    kept_s = min(proof.key_retained_s * _KEY_MARGIN, _KEY_AT_MOST_S)
    first_sent_at = attempt.first_sent_at or attempt.created_at
    return max((now - first_sent_at).total_seconds(), lived.known_s) < kept_s


def _clock_went_back(attempt: Attempt, now: datetime) -> bool:
    """Whether the ledger remembers a time that is not yet: then no age can be trusted."""
    slack, longest = timedelta(seconds=_CLOCK_SLACK_S), timedelta(seconds=_RESEND_SLOWLY_S)
    past = [attempt.created_at, attempt.first_sent_at, attempt.last_sent_at]
    if attempt.next_check_at is not None:
        past.append(attempt.next_check_at - longest)
    return any(time is not None and time > now + slack for time in past)


def next_check_s(attempt: Attempt, proof: Proof, lived: Lived, *, resend: bool) -> float:
    """How long to wait before the next look-up or re-send, after `attempt.checks` of them."""
    n = attempt.checks
    if attempt.stage is Stage.PLACED:
        return _PLACED_AFTER_S[n] if n < len(_PLACED_AFTER_S) else _PLACED_EVERY_S
    if resend and n >= _RESEND_QUICKLY:
        return _RESEND_SLOWLY_S
    # A look-up just before a "not found" would count, or bytes may go again, is one too many.
    left_s = (proof.resend_after_s if resend else proof.settle_s) - lived.quiet_s
    if not resend or left_s > 0:
        wait_s = _LOOK_UP_AFTER_S[n] if n < len(_LOOK_UP_AFTER_S) else _LOOK_UP_EVERY_S
        return max(left_s, 0.1) if 0 < left_s < wait_s else wait_s
    # Full jitter (half at the least): many orders lost together are not re-sent together.
    return min(2.0**n, _RESEND_UP_TO_S) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


async def settle_once(
    world: World, order: Order, seller: Seller, lived: Lived
) -> Settled | Attempt:
    """One round of look-up and re-send; `Settled`, or the attempt as it stands, still open."""
    attempt, proof = order.attempt, seller.proof
    record = await world.ledger.get(attempt.request_id)
    plan_where = partial(
        plan_for,
        attempt,
        proof,
        lived,
        now=world.clock.now(),
        edited=seller.definition_hash != attempt.definition_hash,
        paused=await world.ledger.paused(),
    )
    plan = plan_where(cancelled=record is not None and record.cancel_requested)
    if plan.nothing_left:
        return await write_down(world, attempt, Stage.MANUAL, _why_manual(order, seller))
    looked = _NOT_LOOKED
    if plan.look_up:
        by_key = plan_where(cancelled=False)
        found = await _look_up(world, order, seller, plan, lived, by_key=by_key)
        if isinstance(found, Settled):
            return found
        looked = found
        if looked.passed_over:
            plan = by_key
    waits = plan.wait
    if plan.resend and not looked.under_way:
        resent = await _resend(world, order, proof)
        if isinstance(resent, Settled):
            return resent
        waits = resent is None
        order = resent or order
    wait_s = next_check_s(order.attempt, proof, lived, resend=plan.resend or plan.wait)
    if waits:
        wait_s = min(wait_s, _RESEND_UP_TO_S)  # so that `bookhunt resume` is noticed
    return await world.ledger.checked(
        order.attempt,
        not_found=looked.not_found,
        next_check_at=world.clock.now() + timedelta(seconds=wait_s),
    )


async def look_up_late(world: World, order: Order) -> Settled | None:
    """Ask once more about an order that waits for a person; only one that stands settles it."""
    fp("settle.before_late_look_up")
    with span("look_up", seller=order.attempt.seller) as seen:
        found = await world.sellers.look_up(order)
        seen.tell(answer=found.answer)
    fp("settle.after_late_look_up")
    if stage_after_look_up(found) is not Stage.CONFIRMED:
        return None
    return await write_down(world, order.attempt, Stage.CONFIRMED, found)


async def _look_up(
    world: World, order: Order, seller: Seller, plan: Plan, lived: Lived, *, by_key: Plan
) -> Settled | _Looked:
    """Settled, or what was learned of an order that is not.

    "Not found" never counts while the same bytes may be sent again: they settle it better.
    `by_key` is the plan for an order that is wanted: where looking is not possible, even one that
    is not wanted any more can be proven by its key alone.
    """
    fp("settle.before_look_up")
    with span("look_up", seller=seller.id) as seen:
        found = await world.sellers.look_up(order)
        seen.tell(answer=found.answer)
    fp("settle.after_look_up")
    stage, attempt = stage_after_look_up(found), order.attempt
    can_resend = plan.resend or plan.wait
    if found.answer is Answer.PASSED_OVER:
        if by_key.resend or by_key.wait:
            return _Looked(passed_over=True)
        stage = Stage.MANUAL  # what it needs to look was in the lost answer, and is gone for good
    if stage is not None:
        return await write_down(world, attempt, stage, found)
    counts = (
        found.answer is Answer.NOT_FOUND
        and attempt.stage is Stage.UNKNOWN
        and not can_resend
        and seller.definition_hash == attempt.definition_hash
        and lived.quiet_s >= seller.proof.settle_s
    )
    if counts and attempt.not_found + 1 >= _NEGATIVES_NEEDED:
        return await write_down(world, attempt, Stage.ABSENT, found)
    return _Looked(not_found=counts, under_way=found.answer in UNDER_WAY)


async def _resend(world: World, order: Order, proof: Proof) -> Settled | Order | None:
    """Send the same bytes with the same key once more; Settled, or the order with one more send.

    None: the ledger says that nothing may be sent now; buying was paused at this moment.
    """
    fp("settle.before_resend")
    attempt = await world.ledger.resend(order.attempt)
    if isinstance(attempt, IntentRefusal):
        return None
    order = Order(attempt=attempt, buyer=order.buyer, book=order.book, ceiling=order.ceiling)
    fp("settle.before_resend_leaves")
    with span("resend", seller=attempt.seller) as seen:
        sent = await world.sellers.send(order)
        seen.tell(answer=sent.answer)
    fp("settle.after_resend")
    stage = stage_after_resend(sent, replays_same_answer=proof.replays_same_answer)
    if stage is None:
        return order
    return await write_down(world, attempt, stage, sent)


def _why_manual(order: Order, seller: Seller) -> Sent:
    if order.attempt.stage is Stage.PLACED:
        detail = "the seller accepted the order and never said what became of it"
    elif seller.proof.capability is Capability.NONE:
        detail = "the answer was lost, and this seller can neither repeat it nor be asked"
    elif seller.definition_hash != order.attempt.definition_hash:
        detail = "the answer was lost, and the seller's definition was changed since"
    elif seller.proof.capability.has_lookup:
        detail = "the answer was lost, and the seller could not be asked for two days"
    else:
        detail = "the answer was lost, and the seller no longer remembers the key"
    return Sent(answer=Answer.UNKNOWN, detail=detail)
