"""Values the ledger in memory writes, and what it compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.model.outcome import Bought
from bookhunt.model.purchase import Attempt, Stage
from bookhunt.model.request import RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.hunt.ports import Intent
    from bookhunt.model.outcome import RequestRecord

_WAITS_FOR_ATTEMPT = frozenset(
    {RequestState.RESOLVED, RequestState.IN_DOUBT, RequestState.NEEDS_ATTENTION}
)
_LONG_PREFIX = 4


def prepared(intent: Intent, record: RequestRecord, *, at: datetime) -> Attempt:
    return Attempt.begun(
        id=intent.attempt_id,
        request_id=intent.request_id,
        offer=intent.offer,
        key=intent.key,
        reference=intent.reference,
        definition_hash=intent.definition_hash,
        profile=intent.profile,
        max_price=record.request.max_price,
        agreed=intent.agreed,
        at=at,
    )


def bought_by_hand(attempt: Attempt, order_id: str, at: datetime) -> Bought:
    return Bought(
        seller=attempt.seller,
        item_price=attempt.offer.price,
        shipping=attempt.offer.shipping,
        tax=attempt.offer.tax,
        total=attempt.agreed or attempt.max_price,
        order_id=order_id,
        reference=attempt.reference,
        delivery=attempt.delivery,
        at=at,
        overcharged=False,
        charge_confirmed=False,
        url=attempt.offer.url,
        original=None if attempt.offer.original is None else attempt.offer.as_sold.total,
    )


def agree(stage: Stage, state: RequestState) -> bool:
    """Whether a request may be in this state while its latest attempt is in this stage."""
    if stage is Stage.CONFIRMED:
        return state is RequestState.SUCCESS
    if stage.is_open:
        return state in _WAITS_FOR_ATTEMPT
    return state not in _WAITS_FOR_ATTEMPT and state is not RequestState.SUCCESS


def matches(request_id: str, prefix: str) -> bool:
    at_its_end = len(prefix) >= _LONG_PREFIX and request_id.endswith(prefix)
    return request_id.startswith(prefix) or at_its_end
