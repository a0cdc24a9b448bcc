"""The objects of `db export`: a request as `status` shows it without attempts, and each attempt.

The exact bytes of an order and its key stay where they are: they are of use to nobody but the
seller they were made for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.wire.contract import ATTEMPT_RECORD_FIELDS, REQUEST_RECORD_FIELDS, SCHEMA_VERSION
from bookhunt.wire.shapes import money_object, request_object, time_text

if TYPE_CHECKING:
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.purchase import Attempt


def request_record(record: RequestRecord) -> dict[str, Any]:
    """One request, as the ledger holds it."""
    told = request_object(record, [])
    request = record.request
    told |= {
        "kind": "request",
        "condition": request.condition.value,
        "format": request.format.value,
        "country": request.country,
        "sellers": None if request.sellers is None else sorted(request.sellers),
        "dry_run": request.dry_run,
        "note": request.note,
    }
    return {name: told[name] for name in REQUEST_RECORD_FIELDS}


def attempt_record(attempt: Attempt) -> dict[str, Any]:
    """One attempt to buy, as the ledger holds it."""
    told = {
        "kind": "attempt",
        "attempt_id": attempt.id,
        "request_id": attempt.request_id,
        "seller": attempt.seller,
        "item": attempt.offer.item,
        "stage": attempt.stage.value,
        "reason": None if attempt.answer is None else attempt.answer.value,
        "agreed": money_object(attempt.agreed),
        "charged": money_object(attempt.charged),
        "reference": attempt.reference,
        "order_id": attempt.order_id,
        "delivery_estimate": attempt.delivery,
        "detail": attempt.detail,
        "definition_hash": attempt.definition_hash,
        "sends": attempt.sends,
        "checks": attempt.checks,
        "created_at": time_text(attempt.created_at),
        "first_sent_at": time_text(attempt.first_sent_at),
        "last_sent_at": time_text(attempt.last_sent_at),
        "finished_at": time_text(attempt.finished_at),
        "schema_version": SCHEMA_VERSION,
    }
    return {name: told[name] for name in ATTEMPT_RECORD_FIELDS}
