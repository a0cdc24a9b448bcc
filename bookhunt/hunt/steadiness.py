"""Whether the cheapest offer is bought at a seller that fails by turns, or a dearer one elsewhere.

An order at a seller that answers every other call may be lost every other time. Then it is in
doubt, which takes ten seconds and more to settle, or a person; and the next order meets the same.
The naive way never learns from that and orders there as long as it is the cheapest by a cent; the
other one leaves such a seller alone, which in a market whose cheapest sellers answer badly and
deliver well doubled what was paid too much. So an offer elsewhere may cost more by as much as
orders at unsteady sellers were lost lately: by a tenth where every other one is, by nothing where
none is. All of them teach it together, since each gets few orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.hunt.choice import key_of

if TYPE_CHECKING:
    from bookhunt.hunt.choice import Choice, OfferKey
    from bookhunt.hunt.gate import Gate

_WORTH = 0.2  # of its price: what is paid elsewhere for an order that surely is in doubt
_DECAY = 0.95  # twenty orders say what there is to say


@dataclass(slots=True)
class Steadiness:
    """What became of orders at sellers that fail often; before any, half of them count as lost."""

    gate: Gate
    _lost: float = 1.0
    _answered: float = 1.0

    def ordered(self, seller_id: str, *, lost: bool) -> None:
        """An order was sent: whether its answer was lost."""
        if self.gate.is_unsteady(seller_id):
            self._lost = self._lost * _DECAY + lost
            self._answered = self._answered * _DECAY + (not lost)

    @property
    def worth(self) -> float:
        """So many times the cheapest an offer of a steady seller may cost."""
        return 1.0 + _WORTH * self._lost / (self._lost + self._answered)

    def left_for_others(self, choice: Choice) -> list[OfferKey]:
        """Fitting offers of unsteady sellers, where one of a steady seller hardly costs more.

        None where no such offer is known, its landed total with it.
        """
        fitting = [judged.offer for judged in choice.judged if judged.reason is None]
        if not fitting or not self.gate.is_unsteady(fitting[0].seller):
            return []
        most = fitting[0].least_minor * self.worth
        left: list[OfferKey] = []
        for offer in fitting:
            if offer.least_minor > most:
                break
            if self.gate.is_unsteady(offer.seller):
                left.append(key_of(offer))
            elif offer.total is not None:
                return left
        return []
