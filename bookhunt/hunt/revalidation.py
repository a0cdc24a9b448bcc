"""A last look before buying: is the copy still there, and at this price?

A live answer of a moment ago counts, unless the seller itself said that it holds no longer, and so
does a landed total that a step of the purchase reads itself; everything else is asked again. A
raised price or no stock abandons the offer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bookhunt.hunt.choice import key_of
from bookhunt.model.reasons import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.hunt.search import Search
    from bookhunt.hunt.world import World
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
    if stands_until_bought(world, offer, seller):
        return Looked(standing=Standing.STANDS, offer=offer)
    quoted = await search.ask_again(seller, within_s=seller.timeout_s)
    fresh = next((o for o in quoted.offers if key_of(o) == key_of(offer)), None)
    if fresh is None:
        # A silent seller proves nothing about the copy, but it is no longer an offer we can trust.
        reason = quoted.reason if quoted.reason is not None else Reason.SOLD_OUT
        return Looked(standing=Standing.GONE, offer=offer, reason=reason)
    if _has_expired(fresh, world.clock.now()):
        return Looked(standing=Standing.GONE, offer=offer, reason=Reason.SOLD_OUT)
    if _costs_more(fresh, offer):
        return Looked(standing=Standing.CHANGED, offer=fresh)
    return Looked(standing=Standing.STANDS, offer=fresh)


def stands_until_bought(world: World, offer: Offer, seller: Seller) -> bool:
    """Whether nothing needs to be asked before buying this offer now."""
    if offer.cached:
        return False
    if seller.checks_total:
        return True
    now = world.clock.now()
    age_s = (now - offer.checked_at).total_seconds()
    return 0 <= age_s < world.settings.fresh_s and not _has_expired(offer, now)


def _has_expired(offer: Offer, now: datetime) -> bool:
    return offer.expires_at is not None and offer.expires_at <= now


def _costs_more(fresh: Offer, offer: Offer) -> bool:
    if fresh.price.currency != offer.price.currency:
        return True  # no amount in another currency is the price that was agreed to
    if offer.total is None or fresh.total is None:
        return (fresh.total is None) != (offer.total is None) or fresh.at_least > offer.at_least
    return fresh.total > offer.total
