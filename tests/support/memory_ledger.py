"""A ledger in memory: the double of `hunt.ports.Ledger`, held to the same contract suite.

It keeps the promises of the real one and none of its durability; `reopen` is what a crash and a
new start do to it. Each call lets other tasks run first, as a call of the real one does, so that
races show; the change itself is one step. Tests may set `unsafe`.
"""

from __future__ import annotations

import asyncio
from dataclasses import InitVar, dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import (
    Facts,
    Intended,
    IntentRefusal,
    Limits,
    Recovered,
    Submitted,
)
from bookhunt.model.errors import (
    IdempotencyKeyReused,
    IllegalTransition,
    NotFound,
    PossibleDuplicate,
    StateConflict,
    TooLate,
)
from bookhunt.model.outcome import RequestRecord, Result
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.model.request import RequestState
from tests.support.memory_budgets import Budgets
from tests.support.memory_rows import agree, bought_by_hand, matches, prepared
from tests.support.memory_stock import Stock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bookhunt.hunt.ports import Clock, Intent
    from bookhunt.model.money import Money
    from bookhunt.model.purchase import Frozen
    from bookhunt.model.request import Request
    from tests.support.memory_watches import MemoryWatches

_DUPLICATE_FOR = timedelta(days=1)


@dataclass(slots=True)
class MemoryLedger:
    """The ledger, without a disk. `defaults` are the limits of currencies; others: 100 and 200."""

    clock: Clock
    defaults: InitVar[Mapping[str, Limits] | None] = None
    unsafe: str | None = None
    epoch: int = 1
    requests: dict[str, RequestRecord] = field(default_factory=dict)
    journal: list[tuple[str, str]] = field(default_factory=list)  # (id, state or stage)
    _attempts: dict[str, Attempt] = field(default_factory=dict)
    _fingerprints: dict[str, str] = field(default_factory=dict)
    _stock: Stock = field(default_factory=Stock)
    _budgets: Budgets = field(init=False)
    _paused: bool = False
    watches: MemoryWatches | None = None  # it puts itself there

    def __post_init__(self, defaults: Mapping[str, Limits] | None) -> None:
        self._budgets = Budgets(defaults or {})

    # ------------------------------------------------------------------------------ requests
    async def submit(self, request: Request, *, fingerprint: str, again: bool) -> Submitted:
        await asyncio.sleep(0)
        key = (request.customer, request.idempotency_key)
        for record in self.requests.values():
            if (record.request.customer, record.request.idempotency_key) == key:
                if self._fingerprints[record.request.id] != fingerprint:
                    raise IdempotencyKeyReused(f"{request.idempotency_key!r} had another body")
                return Submitted(record=record, created=False)
        older = None if again or request.watch_id or request.dry_run else self._older(request)
        if older is not None:
            raise PossibleDuplicate(f"request {older} is for the same book", older_id=older)
        if self.watches is not None:
            self.watches.require_wanted(request)
        record = RequestRecord(
            request=request,
            state=RequestState.PENDING,
            version=1,
            cancel_requested=False,
            result=Result(),
            finished_at=None,
        )
        self._fingerprints[request.id] = fingerprint
        return Submitted(record=self._keep(record), created=True)

    def _older(self, request: Request) -> str | None:
        since = self.clock.now() - _DUPLICATE_FOR
        same = [
            record.request.id
            for record in self.requests.values()
            if record.request.customer == request.customer
            and record.request.profile == request.profile
            and record.request.book.identity == request.book.identity
            and not record.request.dry_run
            and (
                record.finished_at is None
                or (record.state is RequestState.SUCCESS and record.finished_at > since)
            )
        ]
        return max(same, default=None)

    async def knows(self, customer: str, idempotency_key: str) -> bool:
        await asyncio.sleep(0)
        key = (customer, idempotency_key)
        requests = [record.request for record in self.requests.values()]
        return any((each.customer, each.idempotency_key) == key for each in requests)

    async def get(self, request_id: str) -> RequestRecord | None:
        await asyncio.sleep(0)
        return self.requests.get(request_id)

    async def find(
        self,
        *,
        prefix: str | None = None,
        states: frozenset[RequestState] | None = None,
        since: datetime | None = None,
        limit: int = 100,
    ) -> list[RequestRecord]:
        await asyncio.sleep(0)
        found = [
            record
            for record in self.requests.values()
            if (prefix is None or matches(record.request.id, prefix))
            and (states is None or record.state in states)
            and (since is None or record.request.submitted_at >= since)
        ]
        found.sort(key=lambda r: (r.request.submitted_at, r.request.id), reverse=True)
        return found[:limit]

    async def unfinished(self) -> list[RequestRecord]:
        await asyncio.sleep(0)
        waiting = [
            record
            for record in self.requests.values()
            if not record.state.is_final and record.state is not RequestState.NEEDS_ATTENTION
        ]
        return sorted(waiting, key=lambda record: record.request.id)

    async def move(
        self, record: RequestRecord, to: RequestState, *, result: Result | None = None
    ) -> RequestRecord:
        await asyncio.sleep(0)
        current = self._record(record.request.id)
        if (current.state, current.version) != (record.state, record.version):
            raise IllegalTransition(f"request {record.request.id} moved on: {current.state}")
        live = self._live(record.request.id)
        to_a_person = to is RequestState.NEEDS_ATTENTION
        if (
            to in {RequestState.RESOLVED, RequestState.IN_DOUBT, RequestState.SUCCESS}
            or to_a_person != (live is not None)
            or (live is not None and live.stage is not Stage.MANUAL)
        ):
            raise IllegalTransition(f"{current.state} cannot become {to} by itself")
        return self._keep(self._moved(current, to, result))

    async def cancel(self, request_id: str) -> RequestRecord:
        await asyncio.sleep(0)
        record = self.requests.get(request_id)
        if record is None:
            raise NotFound(f"there is no request {request_id}")
        if record.state is RequestState.CANCELLED:
            return record
        if record.state.is_final:
            raise TooLate(f"request {request_id} is {record.state}")
        if self._live(request_id) is None:
            said = Result(findings=record.result.findings, reason="cancelled")
            return self._keep(self._moved(record, RequestState.CANCELLED, said))
        if record.cancel_requested:
            return record
        return self._keep(replace(record, cancel_requested=True, version=record.version + 1))

    # ------------------------------------------------------------------------------ attempts
    async def intend(self, intent: Intent) -> Intended | IntentRefusal:
        await asyncio.sleep(0)
        record = self._record(intent.request_id)
        if record.state is RequestState.CANCELLED or record.cancel_requested:
            return IntentRefusal.CANCELLED
        if (
            record.state is not RequestState.PROCESSING
            or record.version != intent.request_version
            or self._live(intent.request_id) is not None
        ):
            return IntentRefusal.STALE
        if intent.agreed > record.request.max_price:
            raise IllegalTransition(f"{intent.agreed} is more than the customer pays")
        now = self.clock.now()
        refusal = self._forbidden() or self._budgets.refuses(intent.agreed, at=now)
        refusal = refusal or self._stock.refuses(intent, now)
        if refusal is not None:
            return refusal
        attempt = prepared(intent, record, at=now)
        known = {name for a in self._attempts.values() for name in (a.id, a.key, a.reference)}
        if known & {attempt.id, attempt.key, attempt.reference}:
            raise IllegalTransition("an attempt's id, key and reference are its own")
        self._stock.claim(intent, now)
        self._budgets.hold(attempt.id, intent.agreed, at=now)
        self._write(attempt)
        return Intended(
            attempt=attempt, record=self._keep(self._moved(record, RequestState.RESOLVED, None))
        )

    async def attempts(self, request_id: str) -> list[Attempt]:
        await asyncio.sleep(0)
        return [a for a in self._attempts.values() if a.request_id == request_id]

    async def open_attempts(self) -> list[Attempt]:
        await asyncio.sleep(0)
        return sorted((a for a in self._attempts.values() if a.stage.is_open), key=lambda a: a.id)

    async def start_sending(self, attempt: Attempt, frozen: Frozen) -> Attempt | IntentRefusal:
        await asyncio.sleep(0)
        current = self._current(attempt, Stage.PREPARED)
        record = self._record(attempt.request_id)
        if record.request.dry_run:
            raise IllegalTransition("a dry run is never sent")
        if frozen.total > attempt.max_price or frozen.total.minor < 1:
            raise IllegalTransition(f"{frozen.total} is not what the customer agreed to")
        if record.cancel_requested:
            return IntentRefusal.CANCELLED
        refusal = self._forbidden() or self._budgets.change(attempt.id, frozen.total)
        if refusal is not None:
            return refusal
        now = self.clock.now()
        return self._write(
            replace(
                current,
                stage=Stage.SENDING,
                version=current.version + 1,
                frozen=frozen,
                agreed=frozen.total,
                sends=1,
                first_sent_at=now,
                last_sent_at=now,
            )
        )

    async def resend(self, attempt: Attempt) -> Attempt | IntentRefusal:
        await asyncio.sleep(0)
        current = self._current(attempt, Stage.UNKNOWN)
        if (refusal := self._forbidden()) is not None:
            return refusal
        return self._write(
            replace(
                current,
                version=current.version + 1,
                sends=current.sends + 1,
                last_sent_at=self.clock.now(),
            )
        )

    async def checked(
        self, attempt: Attempt, *, not_found: bool, next_check_at: datetime | None
    ) -> Attempt:
        await asyncio.sleep(0)
        current = self._current(attempt, Stage.UNKNOWN, Stage.PLACED, Stage.MANUAL)
        return self._write(
            replace(
                current,
                version=current.version + 1,
                checks=current.checks + 1,
                not_found=current.not_found + not_found,
                next_check_at=next_check_at,
            )
        )

    async def settle(
        self,
        attempt: Attempt,
        to: Stage,
        facts: Facts,
        *,
        request_to: RequestState | None = None,
        result: Result | None = None,
    ) -> tuple[Attempt, RequestRecord]:
        await asyncio.sleep(0)
        current = self._current(attempt)
        owner = self._owner(current, facts.order_id)
        if owner is not None:
            return self._not_ours(current, facts, owner, result)
        return self._settle(current, to, facts, request_to, result)

    async def settle_by_hand(
        self, request_id: str, *, order_id: str | None, retry: bool = False
    ) -> tuple[Attempt, RequestRecord]:
        await asyncio.sleep(0)
        record = self.requests.get(request_id)
        if record is None:
            raise NotFound(f"there is no request {request_id}")
        attempt = self._live(request_id)
        if attempt is None or attempt.stage is not Stage.MANUAL:
            raise StateConflict(f"request {request_id} waits for nobody: it is {record.state}")
        if self._owner(attempt, order_id) is not None:
            raise StateConflict(f"order {order_id} belongs to another request")
        if order_id is None:
            to = RequestState.PROCESSING if retry else RequestState.CANCELLED
            said = Result(findings=record.result.findings, reason="not_bought")
            return self._settle(attempt, Stage.ABSENT, Facts(), to, said)
        result = Result(
            findings=record.result.findings,
            bought=bought_by_hand(attempt, order_id, self.clock.now()),
        )
        facts = Facts(order_id=order_id)
        return self._settle(attempt, Stage.CONFIRMED, facts, RequestState.SUCCESS, result)

    def _settle(
        self,
        current: Attempt,
        to: Stage,
        facts: Facts,
        request_to: RequestState | None,
        result: Result | None,
    ) -> tuple[Attempt, RequestRecord]:
        if to is Stage.SENDING or not current.stage.may_become(to):
            raise IllegalTransition(f"an attempt that is {current.stage} cannot become {to}")
        record = self._record(current.request_id)
        if request_to is RequestState.PROCESSING and record.cancel_requested:
            request_to = RequestState.CANCELLED
        state = request_to or record.state
        if not agree(to, state):
            raise IllegalTransition(f"a request cannot be {state} while its order is {to}")
        if request_to is not None:
            record = self._moved(record, request_to, result)
        elif result is not None:
            record = replace(record, result=result, version=record.version + 1)
        settled = replace(
            current,
            stage=to,
            version=current.version + 1,
            answer=facts.answer or current.answer,
            order_id=facts.order_id or current.order_id,
            charged=facts.charged or current.charged,
            delivery=facts.delivery or current.delivery,
            detail=facts.detail or current.detail,
            finished_at=None if to.is_open else self.clock.now(),
        )
        if not to.is_open:
            self._stock.end(settled, at=self.clock.now())
            self._budgets.end(settled)
        return self._write(settled), self._keep(record)

    def _not_ours(
        self, current: Attempt, facts: Facts, owner: str, result: Result | None
    ) -> tuple[Attempt, RequestRecord]:
        """The seller names an order that stands for another request: only a person can say."""
        message = f"{current.seller} names order {facts.order_id}, which is request {owner}'s"
        findings = (result or self._record(current.request_id).result).findings
        said = Result(findings=findings, reason=Answer.UNKNOWN.value, message=message)
        facts = replace(facts, order_id=None, charged=None, detail=message)
        resolved = self._record(current.request_id).state is RequestState.RESOLVED
        doubted = RequestState.IN_DOUBT if resolved else None
        attempt, record = self._settle(current, Stage.MANUAL, facts, doubted, said)
        if record.state is RequestState.IN_DOUBT:
            record = self._keep(self._moved(record, RequestState.NEEDS_ATTENTION, None))
        return attempt, record

    # -------------------------------------------------------------------------------- money
    async def limits(self, currency: str) -> Limits:
        await asyncio.sleep(0)
        return self._budgets.limits(currency)

    async def set_limits(self, currency: str, limits: Limits | None) -> None:
        await asyncio.sleep(0)
        self._budgets.set_limits(currency, limits)

    async def currencies(self) -> list[str]:
        await asyncio.sleep(0)
        return self._budgets.currencies()

    async def spent(self, currency: str, *, at: datetime) -> tuple[Money, Money]:
        await asyncio.sleep(0)
        return self._budgets.used(currency, at=at)

    async def set_paused(self, *, paused: bool) -> None:
        await asyncio.sleep(0)
        self._paused = paused

    async def paused(self) -> bool:
        await asyncio.sleep(0)
        return self._paused

    async def safe_mode(self) -> str | None:
        await asyncio.sleep(0)
        return self.unsafe

    async def leave_safe_mode(self) -> None:
        await asyncio.sleep(0)
        self.unsafe = None

    def _forbidden(self) -> IntentRefusal | None:
        if self.unsafe:
            return IntentRefusal.SAFE_MODE
        return IntentRefusal.PAUSED if self._paused else None

    # ---------------------------------------------------------------------------- a new life
    def reopen(self) -> Recovered:
        """Go on as after a crash: what was being sent is unknown, what was prepared is given up."""
        self.epoch += 1
        interrupted = abandoned = 0
        for attempt in [a for a in self._attempts.values() if a.stage.is_open]:
            if attempt.stage is Stage.SENDING:
                interrupted += 1
                self._settle(attempt, Stage.UNKNOWN, Facts(), RequestState.IN_DOUBT, None)
            elif attempt.stage is Stage.PREPARED:
                abandoned += 1
                self._settle(attempt, Stage.ABANDONED, Facts(), RequestState.PROCESSING, None)
        waiting = {RequestState.PENDING, RequestState.PROCESSING}
        return Recovered(
            epoch=self.epoch,
            safe_mode=self.unsafe,
            interrupted=interrupted,
            abandoned=abandoned,
            requeued=sum(record.state in waiting for record in self.requests.values()),
        )

    # --------------------------------------------------------------------------------- rows
    def _record(self, request_id: str) -> RequestRecord:
        record = self.requests.get(request_id)
        if record is None:
            raise NotFound(f"there is no request {request_id}")
        return record

    def _current(self, attempt: Attempt, *stages: Stage) -> Attempt:
        """The attempt as it stands, if nobody moved it and it is in one of the stages."""
        current = self._attempts.get(attempt.id)
        if current is None or (current.stage, current.version) != (attempt.stage, attempt.version):
            raise IllegalTransition(f"attempt {attempt.id} moved on")
        if stages and current.stage not in stages:
            raise IllegalTransition(f"attempt {attempt.id} is {current.stage}")
        return current

    def _live(self, request_id: str) -> Attempt | None:
        for attempt in self._attempts.values():
            if attempt.request_id == request_id and not attempt.stage.allows_next_seller:
                return attempt
        return None

    def _owner(self, attempt: Attempt, order_id: str | None) -> str | None:
        for other in self._attempts.values():
            same = order_id is not None and other.order_id == order_id
            if same and other.seller == attempt.seller and other.id != attempt.id:
                return other.request_id
        return None

    def _moved(
        self, record: RequestRecord, to: RequestState, result: Result | None
    ) -> RequestRecord:
        if not record.state.may_become(to):
            raise IllegalTransition(f"a request that is {record.state} cannot become {to}")
        if (to is RequestState.DRY_RUN) > record.request.dry_run:
            raise IllegalTransition("only a dry run ends as one")
        return replace(
            record,
            state=to,
            version=record.version + 1,
            result=result or record.result,
            finished_at=self.clock.now() if to.is_final else None,
        )

    def _keep(self, record: RequestRecord) -> RequestRecord:
        self.requests[record.request.id] = record
        self.journal.append((record.request.id, record.state.value))
        return record

    def _write(self, attempt: Attempt) -> Attempt:
        self._attempts[attempt.id] = attempt
        self.journal.append((attempt.id, attempt.stage.value))
        return attempt
