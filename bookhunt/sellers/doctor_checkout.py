"""A checkout walked as far as its commit step, to see whether a seller takes orders at all.

What `--dry-run` does for a request is done here for a definition that is tried out: a basket is
filled, the address and the delivery are chosen, the landed total is read. Nothing is sent that
spends: the commit step is rendered and thrown away.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from uuid import uuid4

from bookhunt.hunt.ports import Order
from bookhunt.model.money import LARGEST_MINOR, Money
from bookhunt.model.purchase import Attempt, Stage

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
    attempt = Attempt(
        id=str(uuid4()),
        request_id=str(uuid4()),
        seller=seller.id,
        offer=offer,
        key=str(uuid4()),
        reference=secrets.token_hex(9),
        definition_hash=seller.hash,
        profile=buyer.profile,
        max_price=ask.max_price,
        stage=Stage.PREPARED,
        version=1,
        agreed=None,
        frozen=None,
        sends=0,
        first_sent_at=None,
        last_sent_at=None,
        not_found=0,
        checks=0,
        next_check_at=None,
        order_id=None,
        charged=None,
        delivery=None,
        answer=None,
        detail=None,
        created_at=offer.checked_at,
        finished_at=None,
    )
    ceiling = Money(LARGEST_MINOR, offer.as_sold.price.currency)
    order = Order(attempt=attempt, buyer=buyer, book=ask.book, ceiling=ceiling)
    try:
        return await gateway.prepare(order)
    finally:
        await gateway.cancel(order)
