"""A last look before buying: is the copy still there, and at this price?

A live answer of a moment ago counts, and so does a landed total that a step of the purchase reads
itself; everything else is asked again. A raised price or no stock abandons the offer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bookhunt.hunt.choice import key_of
from bookhunt.model.reasons import Reason

if TYPE_CHECKING:
    from bookhunt.hunt.search import Search
    from bookhunt.model.offer import Offer
    from bookhunt.model.seller import Seller


class Standing(StrEnum):
    """What the last look showed."""

    STANDS = "stands"  # buy it; `offer` is as fresh as it gets
    CHANGED = "changed"  # it costs more now: `offer` is what it costs; choose again
    GONE = "gone"  # `reason` says why


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The offer after the last look."""

    standing: Standing
    offer: Offer
    reason: Reason | None = None


async def revalidate(search: Search, offer: Offer, seller: Seller) -> Looked:
    """Make sure that an offer still stands, with one call at most."""
    world = search.world
    age_s = (world.clock.now() - offer.checked_at).total_seconds()
    if not offer.cached and (seller.checks_total or 0 <= age_s < world.settings.fresh_s):
        return Looked(standing=Standing.STANDS, offer=offer)
    quoted = await search.ask_again(seller.id, within_s=seller.timeout_s)
    fresh = next((o for o in quoted.offers if key_of(o) == key_of(offer)), None)
    if fresh is None:
        # A silent seller proves nothing about the copy, but it is no longer an offer we can trust.
        reason = quoted.reason if quoted.reason is not None else Reason.SOLD_OUT
        return Looked(standing=Standing.GONE, offer=offer, reason=reason)
    if _costs_more(fresh, offer):
        return Looked(standing=Standing.CHANGED, offer=fresh)
    return Looked(standing=Standing.STANDS, offer=fresh)


def _costs_more(fresh: Offer, offer: Offer) -> bool:
    if offer.total is None or fresh.total is None:
        return (fresh.total is None) != (offer.total is None) or fresh.at_least > offer.at_least
    return fresh.total > offer.total
