"""Units of a seller's stock, handed out one by one under the stock the seller named.

An observation says how many copies a seller had when it was asked; a later one begins a new epoch.
Open claims count against it. A copy that was bought counts until an observation that was asked for
later, since from then on the seller's own number leaves it out. One that was ordered before the
seller answered, and told of after, may so be left out twice: then no unit is claimed, and that
proves nothing. A seller that does not say how many it has is taken to have one more than was bought
since it was asked, for one buyer at a time. When it says that there is none, nothing is claimed
until it is asked again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import IntentRefusal
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.store.queries import queries
from bookhunt.store.values import micros

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from bookhunt.hunt.ports import Intent
    from bookhunt.model.offer import Offer

_SQL = queries("claims")
_GONE = frozenset({Answer.SOLD_OUT, Answer.NOT_STOCKED})


def refusal(db: sqlite3.Connection, intent: Intent, *, now: datetime) -> IntentRefusal | None:
    """Take note of what the offer says of the stock; why no unit can be claimed, if so."""
    copy = {"seller": intent.offer.seller, "item": intent.offer.item}
    _observe(db, intent, now)
    epoch = db.execute(_SQL["epoch_of"], copy).fetchone()
    live = db.execute(_SQL["live"], {**copy, "asked_us": epoch["asked_us"]}).fetchone()
    if live["held"] + live["used"] >= epoch["cap"]:
        if live["held"]:
            return IntentRefusal.SLOT_HELD if epoch["known"] else IntentRefusal.SLOT_BUSY
        all_sold = _all_sold(db, intent, epoch)
        return IntentRefusal.SLOT_TAKEN if all_sold else IntentRefusal.SLOT_HELD
    return IntentRefusal.SLOT_BUSY if live["held"] >= intent.slots_in_flight else None


def _all_sold(db: sqlite3.Connection, intent: Intent, epoch: sqlite3.Row) -> bool:
    """Whether no copy can be left: as many as the seller named were ordered after it had answered.

    What another request saw later was answered nobody here knows when.
    """
    offer, cap = intent.offer, epoch["cap"]
    if not cap:
        return True
    if epoch["asked_us"] != micros(asked_at(offer)):
        return False
    copy = {"seller": offer.seller, "item": offer.item}
    sold = db.execute(_SQL["sold_since"], {**copy, "answered_us": micros(offer.checked_at)})
    return bool(sold.fetchone()["units"] >= cap)


def claim(db: sqlite3.Connection, intent: Intent) -> None:
    """Hold the first free unit for the attempt of this intent, which is in the ledger already."""
    copy = {"seller": intent.offer.seller, "item": intent.offer.item}
    epoch = db.execute(_SQL["epoch_of"], copy).fetchone()
    parameters = {**copy, "epoch": epoch["epoch"], "cap": epoch["cap"]}
    slot = db.execute(_SQL["free_slot"], parameters).fetchone()["n"]
    db.execute(_SQL["claim"], {**parameters, "attempt_id": intent.attempt_id, "slot": slot})


def end(db: sqlite3.Connection, settled: Attempt, *, now: datetime) -> None:
    """A bought unit is used, another goes back; what the seller said of its stock is kept."""
    copy = {"seller": settled.seller, "item": settled.offer.item}
    bought = settled.stage is Stage.CONFIRMED
    changed = db.execute(
        _SQL["end"],
        {
            "attempt_id": settled.id,
            "state": "used" if bought else "released",
            "now_us": micros(now),
        },
    ).rowcount
    assert changed == 1, "an attempt holds its claim until it ends"
    if bought:
        db.execute(_SQL["one_more"], copy)
    elif settled.answer in _GONE:
        db.execute(_SQL["sold_out"], {**copy, "asked_us": micros(now)})


def _observe(db: sqlite3.Connection, intent: Intent, now: datetime) -> None:
    offer, known = intent.offer, intent.offer.inventory is not None
    copy = {"seller": offer.seller, "item": offer.item}
    asked_us = micros(asked_at(offer))
    cap = intent.slots
    if not known:
        cap = 1 + db.execute(_SQL["live"], {**copy, "asked_us": asked_us}).fetchone()["used"]
    db.execute(
        _SQL["observe"],
        {**copy, "cap": cap, "known": int(known), "asked_us": asked_us, "now_us": micros(now)},
    )


def asked_at(offer: Offer) -> datetime:
    """When the seller was asked: what it sold since then is not in its answer."""
    return offer.checked_at - timedelta(milliseconds=offer.response_ms)
