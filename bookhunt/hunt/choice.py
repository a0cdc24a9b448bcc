"""Which offer is bought: the cheapest landed total that fits, and why each other one is not.

An offer whose shipping is not known yet is compared by what it costs at the least; the price step
of its purchase then reads the landed total, and stops if the next best offer turns out cheaper.
So an unknown part never makes an offer look cheaper than it is by more than one abandoned basket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.model.reasons import Reason
from bookhunt.model.seller import PurchaseMode, Trust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer
    from bookhunt.model.seller import Seller

_OTHERS_NEEDED = 3  # a median of fewer says little about what a book costs

OfferKey = tuple[str, str]


def key_of(offer: Offer) -> OfferKey:
    """What one copy at one seller is recognised by, through several look-ups."""
    return (offer.seller, offer.item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An offer and why it is not bought; None: it may be."""

    offer: Offer
    reason: Reason | None


class Choice:
    """The verdict over all offers known so far.

    `best` is the cheapest that fits, `ceiling` the landed total above which it is not the best any
    more. A search looks at `best` after every answer, and at the others once, at its end: so they
    are judged when somebody asks.
    """

    __slots__ = ("_against", "_judged", "_known", "best", "ceiling")

    def __init__(
        self, known: Sequence[Offer], against: Callable[[Offer], Reason | None], max_price: Money
    ) -> None:
        """`known`, cheapest first, judged by `against`."""
        self._known = known
        self._against = against
        self._judged: tuple[Judged, ...] | None = None
        fitting = (offer for offer in known if against(offer) is None)
        self.best: Offer | None = next(fitting, None)
        self.ceiling = None if self.best is None else _ceiling(self.best, fitting, max_price)

    @property
    def judged(self) -> tuple[Judged, ...]:
        """Every offer with its reason, cheapest first."""
        if self._judged is None:
            self._judged = tuple(
                Judged(offer=offer, reason=self._against(offer)) for offer in self._known
            )
        return self._judged


def choose(
    offers: Iterable[Offer],
    *,
    sellers: Mapping[str, Seller],
    max_price: Money,
    dropped: Mapping[OfferKey, Reason],
    floor_ratio: float,
) -> Choice:
    """Judge every offer; the cheapest without a reason against it is the best.

    How old an offer is does not matter here: what is bought is looked at again first.
    """
    known = sorted(offers, key=_cheapest_first)
    suspects = _too_cheap(
        [offer for offer in known if offer.price.currency == max_price.currency], floor_ratio
    )

    def against(offer: Offer) -> Reason | None:
        key = key_of(offer)
        if (why := dropped.get(key)) is not None:
            return why
        if key in suspects:
            return Reason.TOO_CHEAP
        return _against(offer, sellers[offer.seller], max_price)

    return Choice(known, against, max_price)


def _cheapest_first(offer: Offer) -> tuple[int, bool, str, str]:
    # At equal cost a known total is better than a hope, and the order never depends on who
    # answered first.
    unknown = offer.shipping is None or offer.tax is None
    return (offer.least_minor, unknown, offer.seller, offer.item)


def _against(offer: Offer, seller: Seller, max_price: Money) -> Reason | None:
    if offer.price.currency != max_price.currency:
        return Reason.WRONG_CURRENCY
    if offer.least_minor > max_price.minor:
        return Reason.OVER_MAX
    if seller.trust is not Trust.NORMAL:
        return Reason.SKIPPED_SHADOW
    if seller.purchase_mode is not PurchaseMode.AUTO:
        return Reason.ONLY_BY_LINK
    if offer.total is None and not seller.checks_total:
        return Reason.UNKNOWN_TOTAL  # nobody would check it before the money is spent
    return None


def _too_cheap(known: Sequence[Offer], floor_ratio: float) -> set[OfferKey]:
    """Those whose total is under the given part of the median of the others, cheapest first."""
    totals = [offer.least_minor for offer in known]
    suspects: set[OfferKey] = set()
    if len(totals) <= _OTHERS_NEEDED:
        return suspects
    for index, offer in enumerate(known):
        if totals[index] >= floor_ratio * _median_without(totals, index):
            break  # the dearer ones are still less suspicious
        suspects.add(key_of(offer))
    return suspects


def _median_without(ordered: Sequence[int], index: int) -> float:
    """The median of an ascending sequence without one of its members."""
    others = len(ordered) - 1
    at = [k if k < index else k + 1 for k in ((others - 1) // 2, others // 2)]
    return (ordered[at[0]] + ordered[at[1]]) / 2


def _ceiling(best: Offer, rest: Iterable[Offer], max_price: Money) -> Money:
    if best.total is not None:
        return best.total
    known = [offer.total for offer in rest if offer.total is not None]
    return min([max_price, *known])
