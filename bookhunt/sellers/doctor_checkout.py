"""A checkout walked as far as its commit step, to see whether a seller takes orders at all.

What `--dry-run` does for a request is done here for a definition that is tried out: a basket is
filled, the address and the delivery are chosen, the landed total is read. Nothing is sent that
spends: the commit step is rendered and thrown away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.hunt.claim import new_id, new_key, new_reference
from bookhunt.hunt.ports import Order
from bookhunt.model.money import LARGEST_MINOR, Money
from bookhunt.model.purchase import Attempt

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Ask, Prepared, Stopped
    from bookhunt.model.buyer import Buyer
    from bookhunt.model.offer import Offer
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.gateway import Gateway


async def walk_checkout(
    gateway: Gateway, seller: CompiledSeller, ask: Ask, offer: Offer, buyer: Buyer
) -> Prepared | Stopped:
    """Run the steps before the commit for an offer, whatever they cost, then take them back.

    The seller learns the buyer's address, and may keep a basket. Never raises for what the seller
    does; `Stopped` says what its checkout lacks.
    """
    attempt = Attempt.begun(
        id=new_id(),
        request_id=new_id(),
        offer=offer,
        key=new_key(),
        reference=new_reference(),
        definition_hash=seller.hash,
        profile=buyer.profile,
        max_price=ask.max_price,
        agreed=None,
        at=offer.checked_at,
    )
    ceiling = Money(LARGEST_MINOR, offer.as_sold.price.currency)
    order = Order(attempt=attempt, buyer=buyer, book=ask.book, ceiling=ceiling)
    try:
        return await gateway.prepare(order)
    finally:
        await gateway.cancel(order)
