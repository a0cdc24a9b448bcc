"""Who stands in line for which copy: so that a crowd does not wait for what it cannot get in time.

Few copies of one offer are bought one at a time. When thirty customers want the same cheapest offer
at once, the naive way lets all of them wait for the slot, most of them for a copy that is gone or a
turn that comes too late. Here everybody sees how many stand before them. Where they are as many as
there are copies, or the turn would come after the time that the customer gives, the next best offer
is taken at once, and the first is come back to only if nothing else fits.

This is about time alone. Who gets a copy is decided by the ledger's constraint, whatever this line
believes.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.hunt.choice import OfferKey
    from bookhunt.hunt.ports import Clock

_FIRST_GUESS_S = 0.5  # what one purchase takes at a seller nobody bought from yet
_LEARNS = 0.2


@dataclass(slots=True)
class Lines:
    """All lines of this daemon."""

    clock: Clock
    _standing: Counter[OfferKey] = field(default_factory=Counter)
    _takes_s: dict[str, float] = field(default_factory=dict)  # one purchase, by seller

    def ahead(self, key: OfferKey) -> int:
        """How many stand in line for an offer, those that are just buying it included."""
        return self._standing[key]

    def wait_s(self, key: OfferKey, *, at_once: int) -> float:
        """How long it will take until it is one's turn, where so many are served at once."""
        takes_s = self._takes_s.get(key[0], _FIRST_GUESS_S)
        return self._standing[key] // at_once * takes_s

    def in_time(self, key: OfferKey, *, at_once: int, left_s: float) -> bool:
        """Whether it is one's turn within the time that is left.

        Where nobody has to be waited for it is, however late the hour: an earlier purchase that
        fell through may have taken all of the time, and the next offer is no less free for that.
        """
        wait_s = self.wait_s(key, at_once=at_once)
        return not wait_s or wait_s <= left_s

    def join(self, key: OfferKey) -> None:
        """Stand in line; `leave` when the purchase has ended."""
        self._standing[key] += 1

    def leave(self, key: OfferKey) -> None:
        """Stand in line no longer."""
        self._standing[key] -= 1
        if not self._standing[key]:
            del self._standing[key]

    @contextmanager
    def served(self, key: OfferKey) -> Iterator[None]:
        """It is one's turn: learn how long a purchase takes at this seller."""
        began = self.clock.monotonic()
        try:
            yield
        finally:
            took_s = self.clock.monotonic() - began
            before = self._takes_s.get(key[0], took_s)
            self._takes_s[key[0]] = before + _LEARNS * (took_s - before)
