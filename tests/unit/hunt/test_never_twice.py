"""Nothing that happens buys twice: the real hunt under crashes, lost answers, time and people.

A state machine plays a life of the daemon over one ledger and one street: submissions, doubles of
them, cancellations, prices, lost and late answers, full disks, pauses, edited definitions, clocks
that jump, crashes and new lives. The oracle is the sellers' own book of orders.

Sellers here are honest, as purchase-safety takes them to be: a key they retain orders once, an
order can still appear only within `settle_s` of its send, and a look-up reads their book.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from bookhunt.hunt.ports import Limits, Sent
from bookhunt.hunt.settings import HuntSettings
from bookhunt.model.errors import BookhuntError
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.request import RequestState
from bookhunt.model.seller import Capability
from tests.support.builders import a_buyer, a_request, an_offer, usd
from tests.support.jump_clock import JumpClock, JumpLoop
from tests.support.scripted_sellers import (
    QuoteScript,
    ScriptedSellers,
    SendScript,
    a_proof,
    a_seller,
)
from tests.unit.hunt.life import FailingLedger, Life

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bookhunt.hunt.ports import Order
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.purchase import Attempt

SETTLE_S = 300.0
SELLERS = {
    "both": Capability.KEY_AND_LOOKUP,
    "key": Capability.KEY,
    "lookup": Capability.LOOKUP,
    "none": Capability.NONE,
}
NAMES = st.sampled_from(sorted(SELLERS))
DELAYS = st.sampled_from([0.0, 0.2, 25.0])
REFUSALS = [Answer.DECLINED, Answer.SOLD_OUT, Answer.RATE_LIMITED, Answer.NOT_SENT]
LOST = [Answer.UNKNOWN, Answer.IN_FLIGHT]
UNLIMITED = Limits(purchase=None, day=None, month=None)


class HonestSellers(ScriptedSellers):
    """Sellers whose scripts cannot make them break their word about keys."""

    def __init__(self, clock: JumpClock) -> None:
        super().__init__(clock)
        self.unanswered: list[tuple[Order, float]] = []  # sends that may be worked off late

    async def send(self, order: Order) -> Sent:
        attempt = order.attempt
        shop = self._shops.get(attempt.seller)
        if shop is not None and shop.sends and shop.sends[0].answer in LOST:
            self.unanswered.append((order, self.clock.monotonic()))
        known = [o for o in self.orders if (o.seller, o.key) == (attempt.seller, attempt.key)]
        if shop is not None and known and shop.seller.proof.capability.has_key and shop.sends:
            # This key bought already: what is left of the script is whether the answer is lost.
            script = shop.sends.popleft()
            lost = script.answer in LOST
            shop.sends.appendleft(
                SendScript(
                    answer=Answer.UNKNOWN if lost else Answer.BOUGHT,
                    executes=True,
                    delay_s=script.delay_s,
                )
            )
        return await super().send(order)


class NeverTwice(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = JumpClock()
        self.loop = JumpLoop(self.clock)
        ledger = FailingLedger(self.clock)
        self.real = ledger.real
        self.sellers = HonestSellers(self.clock)
        self.life = Life(
            self.clock,
            settings=HuntSettings(workers=3),
            ledger=ledger,
            sellers=self.sellers,
        )
        self.submitted: list[tuple[Any, str]] = []
        self.excused = False  # something happened after which a person may be needed anywhere

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize(totals=st.permutations([10, 12, 14, 16]), inventory=st.sampled_from([None, 1, 40]))
    def open_the_street(self, totals: list[int], inventory: int | None) -> None:
        for (name, capability), total in zip(SELLERS.items(), totals, strict=True):
            proof = a_proof(capability, settle_s=SETTLE_S)
            self.sellers.add(a_seller(name, capability=capability, proof=proof, tier=1))
            self.price(name, total, inventory)
        self.do(self.real.set_limits("USD", UNLIMITED))
        self.do(self.life.service.start())

    def price(self, name: str, total: int, inventory: int | None) -> None:
        offer = an_offer(
            name, item='"1"', price=usd(str(total)), shipping=usd("0"), inventory=inventory
        )
        self.sellers.quotes(name, QuoteScript(offers=(offer,)))

    # ------------------------------------------------------------------------------- customers
    @rule(most=st.integers(9, 20), dry_run=st.sampled_from([False, False, False, True]))
    def submit(self, most: int, dry_run: bool) -> None:
        request = a_request(
            max_price=usd(str(most)), dry_run=dry_run, submitted_at=self.clock.now()
        )
        request = replace(request, customer=request.id)
        self.submitted.append((request, f"{most} {dry_run}"))
        self.submit_again(-1)

    @precondition(lambda self: self.submitted)
    @rule(which=st.integers(0, 10**6))
    def submit_again(self, which: int) -> None:
        """The client did not hear the answer and sends the same once more."""
        request, fingerprint = self.submitted[which % len(self.submitted)]
        request = replace(request, id=a_request().id) if which >= 0 else request
        self.attempt_to(self.life.service.submit(request, fingerprint=fingerprint, again=False))

    @precondition(lambda self: self.real.requests)
    @rule(which=st.integers(0, 10**6))
    def cancel(self, which: int) -> None:
        ids = sorted(self.real.requests)
        self.attempt_to(self.life.service.cancel(ids[which % len(ids)]))

    @rule()
    def a_person_looks(self) -> None:
        """Whoever is asked finds out the truth, after nothing can appear any more."""
        for record in self.in_state(RequestState.NEEDS_ATTENTION):
            (attempt,) = (a for a in self.attempts(record) if a.stage is Stage.MANUAL)
            found = self.sellers.orders_of(attempt.seller, reference=attempt.reference)
            order_id = found[0].order_id if found else None
            self.attempt_to(
                self.life.service.settle_by_hand(
                    record.request.id, order_id=order_id, retry=order_id is None
                )
            )

    def attempt_to(self, work: Coroutine[Any, Any, Any]) -> None:
        """Too late, a full disk: the customer is told, and nothing else happens."""
        with contextlib.suppress(BookhuntError):
            self.do(work)

    # --------------------------------------------------------------------------------- sellers
    @rule(name=NAMES, lost=st.sampled_from(LOST), executes=st.booleans(), delay_s=DELAYS)
    def an_answer_will_be_lost(
        self, name: str, lost: Answer, executes: bool, delay_s: float
    ) -> None:
        self.sellers.sends(name, SendScript(answer=lost, executes=executes, delay_s=delay_s))

    @rule(name=NAMES, answer=st.sampled_from(REFUSALS), delay_s=DELAYS)
    def an_order_will_be_refused(self, name: str, answer: Answer, delay_s: float) -> None:
        self.sellers.sends(name, SendScript(answer=answer, executes=False, delay_s=delay_s))

    @rule(name=NAMES, executes=st.booleans())
    def an_order_will_be_placed(self, name: str, executes: bool) -> None:
        self.sellers.sends(name, SendScript(answer=Answer.PLACED, executes=executes))
        self.excused = True

    @rule(name=NAMES, answer=st.sampled_from([Answer.SOLD_OUT, Answer.OVER_MAX]))
    def a_basket_will_fail(self, name: str, answer: Answer) -> None:
        self.sellers.prepares(name, answer)

    @rule(name=NAMES, times=st.integers(1, 3))
    def look_ups_will_fail(self, name: str, times: int) -> None:
        self.sellers.look_ups(name, *[Sent(answer=Answer.UNKNOWN)] * times)

    @rule(name=NAMES, total=st.integers(8, 20), inventory=st.sampled_from([None, 1, 5, 40]))
    def a_price_changes(self, name: str, total: int, inventory: int | None) -> None:
        self.price(name, total, inventory)

    @rule(which=st.integers(0, 10**6))
    def an_order_is_worked_off_late(self, which: int) -> None:
        """Its answer was lost long ago, and the client gave up waiting for it."""
        possible = [
            order for order, sent_at in self.sellers.unanswered if self.may_appear(order, sent_at)
        ]
        if possible:
            self.sellers.execute_late(possible[which % len(possible)])

    def may_appear(self, order: Order, sent_at: float) -> bool:
        attempt = self.real._attempts[order.attempt.id]
        open_ = attempt.stage in {Stage.SENDING, Stage.UNKNOWN}
        known = self.sellers.orders_of(attempt.seller, reference=attempt.reference)
        return open_ and not known and self.clock.monotonic() <= sent_at + SETTLE_S

    # ------------------------------------------------------------------------ time and the world
    @rule(seconds=st.sampled_from([0.01, 0.3, 1.5, 8.0, 60.0, 310.0, 3600.0]))
    def time_passes(self, seconds: float) -> None:
        self.do(asyncio.sleep(seconds))

    @rule(hours=st.sampled_from([-24 * 365, -3, -0.1, 0.1, 3, 24]))
    def the_time_of_day_jumps(self, hours: float) -> None:
        self.clock.set_wall_clock(hours * 3600)
        self.excused = True

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.do(self.real.set_paused(paused=paused))
        self.excused = True  # a key may run out meanwhile

    @rule(name=NAMES)
    def a_definition_is_edited(self, name: str) -> None:
        seller = self.sellers.get(name)
        assert seller is not None
        longer = seller.definition_hash + "x"
        self.sellers.change(replace(seller, definition_hash=longer))
        self.excused = True

    @rule(there=st.booleans())
    def the_profile_comes_and_goes(self, there: bool) -> None:
        buyers = self.life.buyers.profiles
        if there:
            buyers.setdefault("home", a_buyer())
        else:
            buyers.clear()
            self.excused = True

    @rule(faults=st.lists(st.sampled_from(["", "", "before", "after"]), max_size=12))
    def the_disk_fails(self, faults: list[str]) -> None:
        self.life.ledger.faults = iter(faults)

    @rule()
    def crash(self) -> None:
        self.life.ledger.faults = iter(())
        self.do(self.life.another())

    @rule()
    def restart(self) -> None:
        self.life.ledger.faults = iter(())
        self.do(self.life.service.stop(within_s=30))
        self.do(self.life.another())

    # ----------------------------------------------------------------------------- what must hold
    def attempts(self, record: RequestRecord) -> list[Attempt]:
        attempts = self.real._attempts.values()
        return [a for a in attempts if a.request_id == record.request.id]

    def in_state(self, *states: RequestState) -> list[RequestRecord]:
        return [r for r in self.real.requests.values() if r.state in states]

    def orders_for(self, record: RequestRecord) -> list[str]:
        references = {attempt.reference for attempt in self.attempts(record)}
        return [o.order_id for o in self.sellers.orders if o.reference in references]

    @invariant()
    def no_request_has_two_orders(self) -> None:
        for record in self.real.requests.values():
            orders = self.orders_for(record)
            assert len(orders) <= 1, (record.state, orders, self.attempts(record))
            if record.state is RequestState.SUCCESS:
                assert len(orders) == 1, (record, self.attempts(record))
            elif record.state.is_final:
                assert orders == [], (record, self.attempts(record))

    @invariant()
    def no_order_belongs_to_nobody(self) -> None:
        known = {attempt.reference for attempt in self.real._attempts.values()}
        assert {order.reference for order in self.sellers.orders} <= known

    @invariant()
    def one_request_a_key(self) -> None:
        assert len(self.real.requests) <= len(self.submitted)

    @invariant()
    def dry_runs_buy_nothing(self) -> None:
        for record in self.real.requests.values():
            if record.request.dry_run:
                assert self.orders_for(record) == []

    def teardown(self) -> None:
        """In the end, with a world that behaves, every request rests."""
        self.life.ledger.faults = iter(())
        self.do(self.real.set_paused(paused=False))
        self.life.buyers.profiles.setdefault("home", a_buyer())
        self.do(self.life.another())
        self.do(asyncio.sleep(4 * 86_400))
        for record in self.real.requests.values():
            assert record.state.is_final or record.state is RequestState.NEEDS_ATTENTION, (
                record.state,
                self.attempts(record),
            )
        for record in self.in_state(RequestState.NEEDS_ATTENTION):
            (attempt,) = (a for a in self.attempts(record) if a.stage is Stage.MANUAL)
            assert self.excused or SELLERS[attempt.seller] is Capability.NONE, attempt
        self.no_request_has_two_orders()
        service = self.life.service
        assert (service._hunts, service._queued, service._returns._tasks) == ({}, set(), {})
        self.do(service.stop(within_s=1))
        self.loop.close()


NeverTwice.TestCase.settings = settings(stateful_step_count=40)
TestNeverTwice = NeverTwice.TestCase
