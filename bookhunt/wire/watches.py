"""Watches on the wire: the names of an object's fields, and the object of a watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.model.errors import BadSchedule
from bookhunt.wire.contract import SCHEMA_VERSION
from bookhunt.wire.shapes import book_object, money_object, time_text

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.model.watch import WatchRecord

NEXT_RUNS = 5
WATCH_FIELDS = (
    "id book max_price schedule timezone next_runs last_run bought copies state outcome request_id "
    "lowest lowest_seller best profile strategy condition format sellers until quote_only note "
    "created_at schema_version"
).split()


def watch_object(record: WatchRecord, *, now: datetime) -> dict[str, Any]:
    """One watch: its next runs in its own time zone, what its newest run came to, what it bought.

    `request_id` is the purchase that is not settled, else the one the newest run asked for.
    """
    watch, run = record.watch, record.last_run
    return {
        "id": watch.id,
        "book": book_object(watch.book.title, watch.book.isbn13),
        "max_price": money_object(watch.max_price),
        "schedule": str(watch.schedule),
        "timezone": watch.timezone,
        "next_runs": next_runs_of(record, now=now),
        "last_run": None if run is None else time_text(run.at),
        "bought": record.bought,
        "copies": watch.copies,
        "state": record.shown_state,
        "outcome": None if run is None else run.outcome,
        "request_id": record.open_request or (run.request_id if run is not None else None),
        "lowest": None if run is None else money_object(run.lowest),
        "lowest_seller": None if run is None else run.lowest_seller,
        "best": money_object(record.best),
        "profile": watch.profile,
        "strategy": watch.strategy.value,
        "condition": watch.condition.value,
        "format": watch.format.value,
        "sellers": None if watch.sellers is None else sorted(watch.sellers),
        "until": time_text(watch.until),
        "quote_only": watch.quote_only,
        "note": watch.note,
        "created_at": time_text(watch.created_at),
        "schema_version": SCHEMA_VERSION,
    }


def next_runs_of(record: WatchRecord, *, now: datetime) -> list[str]:
    """When it runs next, as `2026-03-02T07:00:00+01:00`; nothing where it rests or cannot run."""
    if record.state.value != "active":
        return []
    try:
        runs = record.watch.next_runs(now, most=NEXT_RUNS)
    except BadSchedule:  # its time zone is unknown here
        return []
    return [run.isoformat(timespec="seconds") for run in runs]
