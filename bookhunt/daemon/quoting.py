"""What sellers answered to a quote, told as offers: judged as for a purchase, cheapest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.hunt.choice import choose
from bookhunt.wire.shapes import offer_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.daemon.daemon import Daemon
    from bookhunt.daemon.intake import QuoteCall
    from bookhunt.hunt.ports import Quoted
    from bookhunt.model.offer import Offer


def offers_told(daemon: Daemon, call: QuoteCall, answers: Sequence[Quoted]) -> list[dict[str, Any]]:
    """Every offer that was read, those that fit first, each with its rank or its reason."""
    sellers = {seller.id: seller for seller in daemon.sellers.all()}
    offers = [offer for quoted in answers for offer in quoted.offers if offer.seller in sellers]
    choice = choose(
        offers,
        sellers=sellers,
        max_price=call.ask.max_price,
        dropped={},
        floor_ratio=daemon.config_file.config.search.floor_ratio,
    )
    fitting = [judged.offer for judged in choice.judged if judged.reason is None]
    told = [offer_object(offer, rank=rank) for rank, offer in enumerate(fitting, 1)]
    others: list[tuple[Offer, str]] = [
        (judged.offer, judged.reason.value) for judged in choice.judged if judged.reason is not None
    ]
    others.extend(
        (refusal.offer, refusal.reason.value)
        for quoted in answers
        for refusal in quoted.refused
        if refusal.offer is not None
    )
    others.sort(key=lambda each: (each[0].price.currency, each[0].at_least.minor, each[0].seller))
    return told + [offer_object(offer, reason=reason) for offer, reason in others]
