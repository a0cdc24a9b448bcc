"""One look at the market for a book: whom it is worth asking, and nothing is ordered or written.

A watch looks hundreds of times for each time it buys. A look is a search like that of a purchase:
sellers are asked in the order of what they have been worth, it ends when asking more is not worth
it, and its answers are shared with whoever asks for the same book meanwhile. So a purchase that
follows at once finds them on the shelf, and the ledger keeps no row of looks that found nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.hunt.candidates import candidates_for
from bookhunt.hunt.search import Search

if TYPE_CHECKING:
    from bookhunt.hunt.world import World
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import Findings
    from bookhunt.model.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look saw: the cheapest offer that could be bought for this request, None: none."""

    best: Offer | None
    findings: Findings


async def look(world: World, request: Request) -> Look:
    """Search as for this request, within its own deadline; the request need not be written down."""
    await world.exchange.ready(within_s=world.settings.rates_wait_s)
    # The next look comes by itself: none insists on an answer of a seller that fails by turns.
    search = Search.of(world, request, await candidates_for(world, request), insists=False)
    choice = await search.next_choice()
    findings = search.findings(search.notes())
    world.beliefs.learn_hint(search.subject, max_minor=request.max_price.minor)
    return Look(best=choice.best, findings=findings)
