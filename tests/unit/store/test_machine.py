"""Whatever happens in whatever order, the ledger on disk says what its double in memory says.

Two independent tellings of the same contract: the rows with their triggers, and plain Python. Each
step is done to both; answers must be equal, errors of the same kind, and the rows sound.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bookhunt.hunt.ports import Facts, Intended, Limits, Submitted
from bookhunt.model.errors import BookhuntError, PossibleDuplicate
from bookhunt.model.money import Money
from bookhunt.model.outcome import RequestRecord
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.model.request import RequestState
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.operations import Lane
from tests.support.builders import a_frozen, a_request, an_id, an_intent, an_offer, usd
from tests.support.jump_clock import JumpClock
from tests.support.memory_ledger import MemoryLedger
from tests.support.soundness import faults

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

AnyLedger = SqliteLedger | MemoryLedger

S, T = RequestState, Stage
# What usually follows for a request; any other state is tried too.
USUALLY = {
    T.CONFIRMED: S.SUCCESS,
    T.UNKNOWN: S.IN_DOUBT,
    T.MANUAL: S.IN_DOUBT,
    T.PLACED: None,
    T.PREPARED: None,
    T.SENDING: None,
}
OPEN = (T.PREPARED, T.SENDING, T.PLACED, T.UNKNOWN, T.MANUAL)
LIMITS = {
    None: None,
    "high": Limits(purchase=None, day=None, month=usd("5000")),
    "low": Limits(purchase=usd("30"), day=usd("60"), month=None),
}
amounts = st.sampled_from(["5", "12.50", "30", "45"]).map(usd)
pick = st.integers(0, 10**6)
rarely = st.integers(0, 9).map(lambda n: n == 0)


def wordless(value: Any) -> Any:
    """The value without the sentences for people, which each ledger words for itself."""
    if isinstance(value, tuple | list):
        return [wordless(part) for part in value]
    if isinstance(value, RequestRecord):
        return replace(value, result=replace(value.result, message=None))
    if isinstance(value, Attempt):
        return replace(value, detail=None)
    if isinstance(value, Submitted):
        return [wordless(value.record), value.created]
    if isinstance(value, Intended):
        return [wordless(value.attempt), wordless(value.record)]
    return value


class LedgerMachine(RuleBasedStateMachine):
    """One real ledger and its double, side by side."""

    @initialize()
    def begin(self) -> None:
        # Thousands of commits, and not one of them is about a power cut: memory is disk enough.
        memory = Path("/dev/shm")
        self.folder = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        self.path = Path(self.folder.name) / "0" / "ledger.db"
        self.path.parent.mkdir()
        self.lives = 0
        self.clock = JumpClock()
        self.runner = asyncio.Runner()
        self.real = self.runner.run(self._open())
        self.double = MemoryLedger(self.clock)
        self.records: list[RequestRecord] = []  # every one ever seen, newest last
        self.attempts: list[Attempt] = []

    async def _open(self) -> SqliteLedger:
        return await SqliteLedger.open(self.path, clock=self.clock, free_space_floor=0)

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.real.close())
            self.runner.close()
            self.folder.cleanup()

    # ------------------------------------------------------------------------------- both
    def both(self, call: Callable[[AnyLedger], Awaitable[Any]]) -> Any:
        """Do it to both, compare, and remember what came back."""

        async def outcome(ledger: AnyLedger) -> Any:
            try:
                return await call(ledger)
            except BookhuntError as error:
                return error

        real, double = self.runner.run(outcome(self.real)), self.runner.run(outcome(self.double))
        if isinstance(real, BookhuntError) or isinstance(double, BookhuntError):
            assert type(real) is type(double), (real, double)
            if isinstance(real, PossibleDuplicate):
                assert real.older_id == double.older_id
            return None
        assert wordless(real) == wordless(double)
        self._remember(real)
        return real

    def _remember(self, answer: Any) -> None:
        for value in answer if isinstance(answer, tuple) else (answer,):
            for part in (value, getattr(value, "record", None), getattr(value, "attempt", None)):
                if isinstance(part, RequestRecord):
                    self.records.append(part)
                elif isinstance(part, Attempt):
                    self.attempts.append(part)

    def _record(self, number: int, *, old: bool) -> RequestRecord:
        """A request as it stands, or as it stood some time ago."""
        if old:
            return self.records[number % len(self.records)]
        latest = {record.request.id: record for record in self.records}
        return list(latest.values())[number % len(latest)]

    def _in(self, *stages: Stage) -> list[Attempt]:
        latest = {attempt.id: attempt for attempt in self.attempts}
        return [attempt for attempt in latest.values() if attempt.stage in stages]

    def _attempt(self, number: int, *stages: Stage, old: bool) -> Attempt:
        """An attempt in one of these stages, or any as it stood some time ago."""
        of_these = self._in(*stages)
        if old or not of_these:
            return self.attempts[number % len(self.attempts)]
        return of_these[number % len(of_these)]

    # -------------------------------------------------------------------------- requests
    @rule(
        customer=st.sampled_from(["jane", "emma"]),
        key=st.none() | st.sampled_from(["k1", "k2"]),
        body=st.sampled_from(["f", "g"]),
        again=st.booleans(),
        dry_run=rarely,
        watched=st.booleans(),
        depth=st.sampled_from([1, 2, 3, 3, 3]),
    )
    def submit(
        self,
        customer: str,
        key: str | None,
        body: str,
        *,
        again: bool,
        dry_run: bool,
        watched: bool,
        depth: int,
    ) -> None:
        request = a_request(
            customer=customer,
            max_price=usd("45"),
            dry_run=dry_run,
            watch_id="w" if watched else None,
            submitted_at=self.clock.now(),
            idempotency_key=key or an_id(),
        )
        submitted = self.both(lambda ledger: ledger.submit(request, fingerprint=body, again=again))
        if submitted is not None and submitted.record.state is S.PENDING:
            self._go_on(submitted.record, depth)

    def _go_on(self, record: RequestRecord, depth: int) -> None:
        """Some steps of the usual way, on a copy nobody else wants."""
        processing = self.both(lambda ledger: ledger.move(record, S.PROCESSING))
        offer = an_offer(item=record.request.id, checked_at=self.clock.now())
        intended = None
        if depth > 1:
            intent = an_intent(processing, offer)
            intended = self.both(lambda ledger: ledger.intend(intent))
        if depth > 2 and isinstance(intended, Intended):
            frozen = a_frozen()
            self.both(lambda ledger: ledger.start_sending(intended.attempt, frozen))

    @precondition(lambda self: self.records)
    @rule(number=pick, old=rarely, to=st.sampled_from(S) | st.just(S.PROCESSING))
    def move(self, number: int, *, old: bool, to: RequestState) -> None:
        record = self._record(number, old=old)
        self.both(lambda ledger: ledger.move(record, to))

    @precondition(lambda self: self.records)
    @rule(number=pick)
    def cancel(self, number: int) -> None:
        request_id = self._record(number, old=False).request.id
        self.both(lambda ledger: ledger.cancel(request_id))

    # -------------------------------------------------------------------------- attempts
    @precondition(lambda self: self.records)
    @rule(
        number=pick,
        old=rarely,
        seller=st.sampled_from(["alpha", "beta"]),
        inventory=st.sampled_from([None, 1, 3]),
        age_s=st.sampled_from([0, 0, 30, 3600]),
        agreed=amounts,
        item=st.sampled_from("abc"),
        one_by_one=st.booleans(),
    )
    def intend(
        self,
        number: int,
        seller: str,
        inventory: int | None,
        age_s: int,
        agreed: Money,
        item: str,
        *,
        old: bool,
        one_by_one: bool,
    ) -> None:
        record = self._record(number, old=old)
        asked_at = self.clock.now() - timedelta(seconds=age_s)
        offer = an_offer(seller, item=item, inventory=inventory, checked_at=asked_at)
        units = inventory or 1
        intent = an_intent(record, offer, agreed=agreed, slots_in_flight=1 if one_by_one else units)
        self.both(lambda ledger: ledger.intend(intent))

    @precondition(lambda self: self._in(T.PREPARED))
    @rule(number=pick, old=rarely, total=st.none() | st.none() | amounts)
    def start_sending(self, number: int, total: Money | None, *, old: bool) -> None:
        attempt = self._attempt(number, T.PREPARED, old=old)
        frozen = a_frozen(total=total or attempt.agreed)
        self.both(lambda ledger: ledger.start_sending(attempt, frozen))

    @precondition(lambda self: self._in(*OPEN))
    @rule(
        number=pick,
        old=rarely,
        step=pick,
        odd_stage=rarely,
        odd_state=st.none() | st.none() | st.none() | st.sampled_from(S),
        answer=st.none() | st.sampled_from(Answer),
        order=st.sampled_from(["A-1", None, None]),
        charged=st.none() | amounts | st.just(Money(7, "EUR")),
    )
    def settle(
        self,
        number: int,
        step: int,
        odd_state: RequestState | None,
        answer: Answer | None,
        order: str | None,
        charged: Money | None,
        *,
        old: bool,
        odd_stage: bool,
    ) -> None:
        attempt = self._attempt(number, *OPEN, old=old)
        moves = [to for to in T if odd_stage or attempt.stage.may_become(to)] or list(T)
        to = moves[step % len(moves)]
        latest = {record.request.id: record for record in self.records}[attempt.request_id]
        request_to = odd_state or USUALLY.get(to, S.PROCESSING)
        if request_to is latest.state:
            request_to = None
        facts = Facts(answer=answer, order_id=order, charged=charged)
        self.both(lambda ledger: ledger.settle(attempt, to, facts, request_to=request_to))

    @precondition(lambda self: self._in(T.SENDING))
    @rule(number=pick)
    def lose_the_answer(self, number: int) -> None:
        attempt, to = self._attempt(number, T.SENDING, old=False), S.IN_DOUBT
        self.both(lambda ledger: ledger.settle(attempt, T.UNKNOWN, Facts(), request_to=to))

    @precondition(lambda self: self._in(T.UNKNOWN, T.PLACED))
    @rule(number=pick, old=rarely, not_found=st.booleans())
    def ask_again(self, number: int, *, old: bool, not_found: bool) -> None:
        attempt = self._attempt(number, T.UNKNOWN, T.PLACED, old=old)
        resent = self.both(lambda ledger: ledger.resend(attempt))
        due = self.clock.now()
        attempt = resent if isinstance(resent, Attempt) else attempt
        self.both(lambda ledger: ledger.checked(attempt, not_found=not_found, next_check_at=due))

    @precondition(lambda self: self._in(T.MANUAL, T.UNKNOWN))
    @rule(number=pick, order=st.sampled_from(["A-1", "A-2", None]), retry=st.booleans())
    def settle_by_hand(self, number: int, order: str | None, *, retry: bool) -> None:
        attempt = self._attempt(number, T.MANUAL, T.UNKNOWN, old=False)
        self.both(
            lambda ledger: ledger.settle_by_hand(attempt.request_id, order_id=order, retry=retry)
        )

    # ----------------------------------------------------------------------------- world
    @rule(
        paused=rarely,
        limits=st.sampled_from([None, "high", "high", "low"]),
        seconds=st.sampled_from([0.000001, 31, 3601, 86_401]),
        clock_moves_s=st.sampled_from([0, 0, 0, -3600, 3600]),
    )
    def time_and_will(
        self, limits: str | None, seconds: float, clock_moves_s: int, *, paused: bool
    ) -> None:
        """Time passes, and the customer changes their mind about money."""
        self.both(lambda ledger: ledger.set_paused(paused=paused))
        self.both(lambda ledger: ledger.set_limits("USD", LIMITS[limits]))
        self.clock.pass_time(seconds)
        self.clock.set_wall_clock(clock_moves_s)

    @rule()
    def crash(self) -> None:
        """The process dies: what is on disk at this moment is all there is."""
        self.lives += 1
        image = Path(self.folder.name) / str(self.lives) / self.path.name
        image.parent.mkdir()
        for file in self.path.parent.iterdir():
            shutil.copy(file, image.parent)
        self.runner.run(self.real.close())
        shutil.rmtree(self.path.parent)
        self.path = image
        self.real = self.runner.run(self._open())
        expected = self.double.reopen()
        assert self.real.recovered == replace(
            expected, clock_behind_s=self.real.recovered.clock_behind_s
        )
        for attempt in {a.id: a for a in self.attempts}.values():
            rows = self.both(lambda ledger, a=attempt: ledger.attempts(a.request_id))
            self.attempts.extend(rows)
        for record in {r.request.id: r for r in self.records}.values():
            self.both(lambda ledger, r=record: ledger.get(r.request.id))

    # ------------------------------------------------------------------------- invariants
    @invariant()
    def the_rows_are_sound(self) -> None:
        if hasattr(self, "real"):
            read = self.real._writer.run("read", faults, lane=Lane.READ)
            assert self.runner.run(read) == []

    @invariant()
    def both_tell_the_same(self) -> None:
        if hasattr(self, "real"):
            now = self.clock.now()
            self.both(lambda ledger: ledger.find(limit=500))
            self.both(lambda ledger: ledger.open_attempts())
            self.both(lambda ledger: ledger.unfinished())
            self.both(lambda ledger: ledger.spent("USD", at=now))


@pytest.mark.timeout(600)  # a difference is shrunk to the shortest way that leads to it
def test_the_ledger_and_its_double_never_differ() -> None:
    run_state_machine_as_test(LedgerMachine)
