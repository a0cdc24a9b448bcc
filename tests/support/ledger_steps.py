"""The steps of a request through any ledger, so that a test names only the one it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.hunt.ports import Facts, Intended
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.model.request import RequestState
from tests.support.builders import a_bought, a_frozen, a_request, a_result, an_intent, another_book

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Intent, Ledger
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import RequestRecord


async def a_pending(ledger: Ledger, **fields: Any) -> RequestRecord:
    """A request for a book nobody else asked for."""
    request = a_request(**{"book": another_book()} | fields)
    submitted = await ledger.submit(request, fingerprint="f" * 64, again=False)
    return submitted.record


async def a_processing(ledger: Ledger, **fields: Any) -> RequestRecord:
    record = await a_pending(ledger, **fields)
    return await ledger.move(record, RequestState.PROCESSING)


async def intended(ledger: Ledger, intent: Intent) -> Intended:
    answer = await ledger.intend(intent)
    assert isinstance(answer, Intended), answer
    return answer


async def a_prepared(
    ledger: Ledger,
    offer: Offer | None = None,
    *,
    intent: dict[str, Any] | None = None,
    **fields: Any,
) -> Intended:
    """A request whose intent is on disk."""
    record = await a_processing(ledger, **fields)
    return await intended(ledger, an_intent(record, offer, **(intent or {})))


async def a_sending(ledger: Ledger, offer: Offer | None = None, **fields: Any) -> Attempt:
    prepared = await a_prepared(ledger, offer, **fields)
    return await sent(ledger, prepared.attempt)


async def sent(ledger: Ledger, attempt: Attempt) -> Attempt:
    assert attempt.agreed is not None
    sending = await ledger.start_sending(attempt, a_frozen(total=attempt.agreed))
    assert isinstance(sending, Attempt), sending
    return sending


async def an_unknown(ledger: Ledger, offer: Offer | None = None, **fields: Any) -> Attempt:
    sending = await a_sending(ledger, offer, **fields)
    return await lost(ledger, sending)


async def lost(ledger: Ledger, sending: Attempt) -> Attempt:
    attempt, _ = await ledger.settle(
        sending, Stage.UNKNOWN, Facts(answer=Answer.UNKNOWN), request_to=RequestState.IN_DOUBT
    )
    return attempt


async def a_manual(
    ledger: Ledger, offer: Offer | None = None, **fields: Any
) -> tuple[Attempt, RequestRecord]:
    """An order only a person can tell about, and its request that waits for one."""
    unknown = await an_unknown(ledger, offer, **fields)
    attempt, record = await ledger.settle(unknown, Stage.MANUAL, Facts(detail="nobody can tell"))
    return attempt, await ledger.move(record, RequestState.NEEDS_ATTENTION)


async def won(
    ledger: Ledger, attempt: Attempt, order_id: str = "A-1", **facts: Any
) -> tuple[Attempt, RequestRecord]:
    """The order stands."""
    return await ledger.settle(
        attempt,
        Stage.CONFIRMED,
        Facts(**{"answer": Answer.BOUGHT, "order_id": order_id} | facts),
        request_to=RequestState.SUCCESS,
        result=a_result(bought=a_bought(order_id=order_id, reference=attempt.reference)),
    )


async def a_success(ledger: Ledger, offer: Offer | None = None, **fields: Any) -> RequestRecord:
    sending = await a_sending(ledger, offer, **fields)
    _, record = await won(ledger, sending, order_id=f"order of {sending.id}")
    return record


async def fell_through(
    ledger: Ledger, attempt: Attempt, to: Stage = Stage.REFUSED, answer: Answer = Answer.DECLINED
) -> tuple[Attempt, RequestRecord]:
    """The order certainly does not stand; the request is hunted on."""
    return await ledger.settle(
        attempt, to, Facts(answer=answer), request_to=RequestState.PROCESSING
    )
