"""What only a person can say: whether an order stands that nobody else can tell about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.hunt.ports import Facts
from bookhunt.model.errors import StateConflict
from bookhunt.model.outcome import Bought, RequestRecord, Result
from bookhunt.model.purchase import Attempt, Stage
from bookhunt.model.request import RequestState
from bookhunt.store import attempts, purchases, requests

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

    from bookhunt.hunt.ports import Limits


def settle_by_hand(
    db: sqlite3.Connection,
    request_id: str,
    *,
    order_id: str | None,
    retry: bool,
    defaults: Mapping[str, Limits],
    now: datetime,
) -> tuple[Attempt, RequestRecord]:
    """The order stands under this number; or, without one, it does not stand.

    Not bought, the request is cancelled, or hunted on if `retry`.

    Raises:
        NotFound: no such request.
        StateConflict: it does not wait for a person, or the order is another request's.
    """
    record = requests.require(db, request_id)
    attempt = attempts.live(db, request_id)
    if attempt is None or attempt.stage is not Stage.MANUAL:
        raise StateConflict(
            f"request {request_id} is {record.state} and does not wait for a person",
            hint=f"bookhunt status {request_id}",
        )
    owner = attempts.owner_of_order(db, attempt, order_id)
    if owner is not None:
        raise StateConflict(
            f"order {order_id} at {attempt.seller} is request {owner}'s",
            hint="look the number up at the seller once more",
        )
    findings = record.result.findings
    if order_id is None:
        message = "a person found that the seller holds no such order"
        to = Stage.ABSENT
        request_to = RequestState.PROCESSING if retry else RequestState.CANCELLED
        result = Result(findings=findings, reason="not_bought", message=message)
    else:
        message = "a person found that the order stands"
        to, request_to = Stage.CONFIRMED, RequestState.SUCCESS
        bought = bought_by_hand(attempt, order_id, at=now)
        result = Result(findings=findings, bought=bought, message=message)
    return purchases.end(
        db,
        attempt,
        to,
        Facts(order_id=order_id, detail=message),
        request_to=request_to,
        result=result,
        defaults=defaults,
        now=now,
    )


def bought_by_hand(attempt: Attempt, order_id: str, *, at: datetime) -> Bought:
    """The purchase that stands, at what was agreed: nobody named what was charged."""
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
