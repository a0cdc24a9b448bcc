"""Examples that order: the steps, the commit and what is done about a lost answer.

What is done next about an order of unknown outcome is decided by the code that settles real ones
(`hunt.unknown.plan_for`, `hunt.settlement`); only the ledger is left out: an example is over
when its exchanges are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bookhunt.hunt.ports import Order, Prepared, Sent
from bookhunt.hunt.settlement import (
    stage_after_first_send,
    stage_after_look_up,
    stage_after_resend,
)
from bookhunt.hunt.unknown import UNDER_WAY, Lived, next_check_s, plan_for
from bookhunt.model.buyer import Address, Buyer
from bookhunt.model.money import Money
from bookhunt.model.offer import Offer
from bookhunt.model.purchase import Answer, Attempt
from bookhunt.model.purchase import Stage as AttemptStage
from bookhunt.model.seller import BookFormat, Condition
from bookhunt.sellers.doctor_asking import ANYWHERE, ask_of, currency_for, example_secret
from bookhunt.sellers.doctor_results import told_difference
from bookhunt.sellers.doctor_script import KEY, REFERENCE
from bookhunt.sellers.gateway import Gateway
from bookhunt.sellers.reading.texts import json_text

if TYPE_CHECKING:
    from bookhunt.hunt.unknown import Plan
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.doctor_asking import Stage
    from bookhunt.sellers.doctor_script import ExampleClock
    from bookhunt.sellers.language import Example, Then

_MOST_ROUNDS = 20
_PHONE = "+1 217 555 0100"
# What an order of unknown outcome may be called while nobody has said more.
_OPEN_WORDS = frozenset({"unknown", "needs_person", "in_flight", "already_done", "not_found"})
_FINAL = {
    AttemptStage.CONFIRMED: Answer.BOUGHT.value,
    AttemptStage.PLACED: Answer.PLACED.value,
    AttemptStage.ABSENT: Answer.NOT_FOUND.value,
    AttemptStage.NOT_SENT: Answer.NOT_SENT.value,
}


@dataclass(slots=True, kw_only=True)
class _Course:
    """Where the order of an example stands."""

    order: Order
    stage: AttemptStage
    said: Sent
    last_sent_s: float

    @property
    def attempt(self) -> Attempt:
        """The attempt as it stands."""
        return self.order.attempt

    def change(self, **changes: Any) -> None:
        """Change the attempt."""
        self.order = replace(self.order, attempt=replace(self.attempt, **changes))


async def buy(stage: Stage) -> list[str]:
    """Order; what is not as the example says."""
    seller, clock = stage.seller, stage.clock
    order = _order(seller, stage.example, clock)
    gateway = Gateway(
        lambda: {seller.id: seller},
        secret=example_secret,
        rules=ANYWHERE,
        clock=clock,
        quotes=stage.script,
        orders=stage.script,
        confirms=lambda: bool(stage.script.left),
    )
    try:
        prepared = await gateway.prepare(order)
        if not isinstance(prepared, Prepared):
            said = Sent(answer=prepared.answer, detail=prepared.detail)
            await _cancel(gateway, stage, order)
            if prepared.answer is Answer.OVER_MAX:
                stage.script.end()  # steps behind the last total are not sent any more
            return _told(stage.example.thens[0], said, None, prepared.answer.value, None)
        attempt = replace(
            order.attempt,
            stage=AttemptStage.SENDING,
            frozen=prepared.frozen,
            agreed=prepared.frozen.total,
            sends=1,
            first_sent_at=clock.now(),
            last_sent_at=clock.now(),
        )
        course = await _follow(gateway, stage, replace(order, attempt=attempt))
        if course.stage is AttemptStage.REFUSED:
            await _cancel(gateway, stage, course.order)
    finally:
        await gateway.close()
    word = _FINAL.get(course.stage, course.said.answer.value)
    charged = course.said.charged
    if course.stage is AttemptStage.CONFIRMED and charged is None:
        charged = course.attempt.agreed
    return _told(stage.example.thens[0], course.said, charged, word, course.attempt.order_id)


async def _cancel(gateway: Gateway, stage: Stage, order: Order) -> None:
    """Take back what was begun, where the example says what the seller answers to that."""
    if stage.seller.cancel is not None and stage.script.left:
        await gateway.cancel(order)


async def _follow(gateway: Gateway, stage: Stage, order: Order) -> _Course:
    """Send, then look up and send again as the seller's capabilities allow."""
    sent = await gateway.send(order)
    course = _Course(
        order=order,
        stage=stage_after_first_send(sent),
        said=sent,
        last_sent_s=stage.clock.monotonic(),
    )
    course.change(stage=course.stage, order_id=sent.order_id)
    began_s, proof = stage.clock.monotonic(), stage.seller.seller.proof
    for _ in range(_MOST_ROUNDS):
        if course.stage not in {AttemptStage.UNKNOWN, AttemptStage.PLACED} or not stage.script.left:
            break
        now_s = stage.clock.monotonic()
        lived = Lived(known_s=now_s - began_s, quiet_s=now_s - course.last_sent_s)
        plan = plan_for(course.attempt, proof, lived, now=stage.clock.now())
        if plan.nothing_left:
            break
        await _one_round(gateway, stage, course, plan, lived)
        stage.clock.pass_by(
            next_check_s(course.attempt, proof, lived, resend=plan.resend or plan.wait)
        )
    return course


async def _one_round(
    gateway: Gateway, stage: Stage, course: _Course, plan: Plan, lived: Lived
) -> None:
    """One look-up, and one re-send where it settled nothing."""
    proof = stage.seller.seller.proof
    course.change(checks=course.attempt.checks + 1)
    under_way = False
    if plan.look_up:
        found = await gateway.look_up(course.order)
        settled = stage_after_look_up(found)
        late = lived.quiet_s >= proof.settle_s
        under_way = found.answer in UNDER_WAY
        if found.answer is Answer.NOT_FOUND and late and not (plan.resend or plan.wait):
            course.change(not_found=course.attempt.not_found + 1)
            if course.attempt.not_found >= 2:
                settled = AttemptStage.ABSENT
        _take(course, settled, found)
    resend = plan.resend and not under_way
    if resend and course.stage is AttemptStage.UNKNOWN and stage.script.left:
        now = stage.clock.now()
        course.change(sends=course.attempt.sends + 1, last_sent_at=now)
        course.last_sent_s = stage.clock.monotonic()
        sent = await gateway.send(course.order)
        replays = proof.replays_same_answer
        _take(course, stage_after_resend(sent, replays_same_answer=replays), sent)


def _take(course: _Course, settled: AttemptStage | None, said: Sent) -> None:
    if settled is not None:
        course.stage = settled
        course.said = said
        course.change(stage=settled, order_id=said.order_id or course.attempt.order_id)


def _told(
    then: Then, said: Sent, charged: Money | None, word: str, order_id: str | None
) -> list[str]:
    found: list[str] = []
    open_order = word in _OPEN_WORDS and then.outcome in {"unknown", "needs_person"}
    if then.outcome is not None and then.outcome != word and not open_order:
        detail = f" ({said.detail})" if said.detail else ""
        found.append(f"outcome: expected {then.outcome}, got {word}{detail}")
    found += told_difference("order_id", then.order_id, order_id or said.order_id)
    found += told_difference("total", then.total, charged)
    found += told_difference("delivery", then.delivery, said.delivery)
    return found


# ---------------------------------------------------------------------------- what is ordered
def _order(seller: CompiledSeller, example: Example, clock: ExampleClock) -> Order:
    definition, given = seller.definition, example.givens[0]
    ask = ask_of(definition, example, given)
    offer = _offer(seller, example, clock)
    needs = definition.purchase.profile_needs if definition.purchase is not None else ()
    ada = Address(
        name="Ada Reader",
        street="1 Main St",
        city="Springfield",
        region="IL",
        postcode="62701",
        country="US",
        email="ada@example.test",
        phone=_PHONE if "phone" in needs else None,
    )
    attempt = Attempt.begun(
        id="00000000-0000-7000-8000-000000000001",
        request_id="00000000-0000-7000-8000-000000000002",
        offer=offer,
        key=KEY,
        reference=REFERENCE,
        definition_hash=seller.hash,
        profile="home",
        max_price=ask.max_price,
        agreed=None,
        at=clock.now(),
    )
    ceiling = min(offer.total or ask.max_price, ask.max_price)
    return Order(
        attempt=attempt,
        buyer=Buyer(profile="home", ship=ada, bill=ada),
        book=ask.book,
        ceiling=ceiling,
    )


def _offer(seller: CompiledSeller, example: Example, clock: ExampleClock) -> Offer:
    given = example.givens[0]
    told = given.offer
    assert told is not None  # the checks have looked
    currency = told.currency or currency_for(seller.definition, example)
    total = Money.of(told.total, currency) if told.total is not None else None
    price = Money.of(told.price, currency) if told.price is not None else total
    if price is None:
        price = Money.of(given.max_price or "1", currency)
    book = ask_of(seller.definition, example, given).book
    return Offer(
        seller=seller.id,
        item=json_text(told.item if told.item is not None else "example"),
        isbn13=book.isbn13,
        title=book.title,
        price=price,
        shipping=None if total is None else total - price,
        tax=None if total is None else Money(0, currency),
        condition=Condition.NEW,
        format=BookFormat.PAPER,
        inventory=None,
        expires_at=None,
        url=told.url,
        checked_at=clock.now(),
        response_ms=0.0,
    )
