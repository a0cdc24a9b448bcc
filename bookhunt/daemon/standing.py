"""How a seller stands now: what it is set to be, what was measured, whether it is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bookhunt.model.seller import SellerState
from bookhunt.wire.shapes import seller_object

if TYPE_CHECKING:
    from bookhunt.daemon.daemon import Daemon
    from bookhunt.model.seller import Seller


def seller_told(daemon: Daemon, seller: Seller) -> dict[str, Any]:
    """A seller with its live figures; what was never measured is null."""
    service = daemon.service
    figures = service.figures(seller.id)
    suspension = service.suspension(seller.id)
    until = None
    if suspension is not None and seller.state is SellerState.READY:
        until = daemon.clock.now() + timedelta(seconds=suspension.left_s)
        cause = suspension.cause.value
        seller = replace(seller, state=SellerState.SUSPENDED, cause=cause)
    elif seller.state is SellerState.READY and service.drips(seller.id):
        seller = replace(seller, cause="fails by turns: few calls until it is well")
    seen = figures.answered_at
    return seller_object(
        seller,
        tier=service.tier_of(seller),
        p95_ms=round(figures.latency_p95_s * 1000, 1) if figures.was_timed else None,
        success=round(figures.answer_share, 4) if figures.was_asked else None,
        stock=round(figures.stock_share, 4) if figures.quotes else None,
        orders=round(figures.purchase_share, 4) if figures.was_ordered_from else None,
        last_seen=None if seen is None else datetime.fromtimestamp(seen, UTC),
        suspended_until=until,
    )
