"""The copies of each seller and who claims them, as the ledger in memory counts them.

An observation says how many copies a seller had when it was asked. Open claims count against it;
a copy that was bought counts until an observation that was asked for later, since from then on the
seller's own number leaves it out. Where the seller does not say how many it has, there is one more
than was bought since, and one buyer at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import IntentRefusal
from bookhunt.model.purchase import Answer, Attempt, Stage

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.hunt.ports import Intent
    from bookhunt.model.offer import Offer

_GONE = frozenset({Answer.SOLD_OUT, Answer.NOT_STOCKED})
_Copy = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Seen:
    units: int | None  # None: the seller does not say
    asked_at: datetime


@dataclass(slots=True)
class _Claim:
    copy: _Copy
    open: bool = True
    bought_at: datetime | None = None
    sent_at: datetime | None = None  # where it was bought


@dataclass(slots=True)
class Stock:
    """Observations and claims of every copy."""

    _seen: dict[_Copy, _Seen] = field(default_factory=dict)
    _claims: dict[str, _Claim] = field(default_factory=dict)

    def refuses(self, intent: Intent, now: datetime) -> IntentRefusal | None:
        copy = (intent.offer.seller, intent.offer.item)
        seen = self._newest(intent, now)
        held = sum(c.open for c in self._claims.values() if c.copy == copy)
        bought = sum(
            c.copy == copy and c.bought_at is not None and c.bought_at >= seen.asked_at
            for c in self._claims.values()
        )
        if seen.units is None:
            return IntentRefusal.SLOT_BUSY if held else None
        if held + bought >= seen.units:
            if held or not self._all_sold(intent, seen):
                return IntentRefusal.SLOT_HELD
            return IntentRefusal.SLOT_TAKEN
        return IntentRefusal.SLOT_BUSY if held >= intent.slots_in_flight else None

    def _all_sold(self, intent: Intent, seen: _Seen) -> bool:
        """Whether as many as its seller named were ordered after it had answered."""
        if not seen.units or seen.asked_at != _asked_at(intent.offer):
            return not seen.units
        copy, answered_at = (intent.offer.seller, intent.offer.item), intent.offer.checked_at
        sold = sum(
            c.copy == copy and c.sent_at is not None and c.sent_at >= answered_at
            for c in self._claims.values()
        )
        return sold >= seen.units

    def claim(self, intent: Intent, now: datetime) -> None:
        copy = (intent.offer.seller, intent.offer.item)
        self._seen[copy] = self._newest(intent, now)
        self._claims[intent.attempt_id] = _Claim(copy)

    def end(self, attempt: Attempt, *, at: datetime) -> None:
        claim = self._claims[attempt.id]
        claim.open = False
        if attempt.stage is Stage.CONFIRMED:
            claim.bought_at = max(at, self._seen[claim.copy].asked_at)
            claim.sent_at = attempt.first_sent_at
        elif attempt.answer in _GONE:
            self._seen[claim.copy] = _Seen(0, max(at, self._seen[claim.copy].asked_at))

    def _newest(self, intent: Intent, now: datetime) -> _Seen:
        offer = intent.offer
        seen = self._seen.get((offer.seller, offer.item))
        fresh = _Seen(None if offer.inventory is None else intent.slots, _asked_at(offer))
        newer = seen is None or fresh.asked_at > seen.asked_at or seen.asked_at > now
        return fresh if newer or seen is None else seen


def _asked_at(offer: Offer) -> datetime:
    return offer.checked_at - timedelta(milliseconds=offer.response_ms)
