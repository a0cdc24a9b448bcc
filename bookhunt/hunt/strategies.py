"""From a strategy's name to its policy and to what it asks of the cache."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from bookhunt.hunt.rolling import STRATEGIES, Rolling
from bookhunt.hunt.tiers import Tiers
from bookhunt.model.request import Strategy

if TYPE_CHECKING:
    from bookhunt.hunt.candidates import Market
    from bookhunt.hunt.policy import Policy
    from bookhunt.hunt.settings import HuntSettings
    from bookhunt.hunt.world import World
    from bookhunt.model.request import Request

_USUAL_LENGTH_S = 4.3  # of the default deadline, what the strategies' times are meant for
_FEW_SELLERS = 40  # with fewer, asking one that is known is dearer, and a stranger cheaper
_TIERS_MIN_STOCK = 100  # the tiered policy reuses an offer without asking only where plenty is left


class PolicyFactory(Protocol):
    """Makes the policy of one request, whose search may last `length_s` seconds."""

    def __call__(
        self, world: World, request: Request, market: Market, subject: str, *, length_s: float
    ) -> Policy:
        """The policy; `subject` is the book as this customer asks for it."""
        ...


def policy_for(
    world: World, request: Request, market: Market, subject: str, *, length_s: float
) -> Policy:
    """The policy of one request; a shorter deadline makes everything quicker in proportion.

    Among few sellers each is asked by a large part of all requests. So what a stranger among them
    says is worth knowing for long, and one that was asked often is well known: a call there costs
    more of what it bears, and saves less. Measured on markets of eight and sixteen.
    """
    if request.strategy is Strategy.TIERS:
        return Tiers(world.settings.tiers, share=world.fan_out.share)
    settings = STRATEGIES[request.strategy]
    hurry = min(length_s / _USUAL_LENGTH_S, 1.0)
    set_value = world.settings.call_value  # nothing is a value, too: ask while anything is saved
    sellers = max(len(market.candidates), 1)
    few = min(max((_FEW_SELLERS / sellers) ** 1.3, 1.0), sellers)
    settings = replace(
        settings,
        call_value=settings.call_value if set_value is None else set_value,
        few=few if set_value is None else 1.0,
        target_s=settings.target_s * hurry,
        prove_s=settings.prove_s * hurry,
        share=world.fan_out.share,
    )
    wall_s = world.clock.now().timestamp()
    maximum = request.max_price.minor
    book = world.beliefs.book(subject, wall_s, max_minor=maximum)
    return Rolling(
        settings, world.beliefs, book, market.candidates, max_minor=maximum, wall_s=wall_s
    )


def finishes_calls(strategy: Strategy) -> bool:
    """Whether calls under way end in the background when a request has seen enough."""
    return strategy is not Strategy.TIERS


def cached_stock(settings: HuntSettings, request: Request) -> int:
    """How many copies a cached offer must be known to have."""
    if settings.min_stock_for_cache is not None:
        return settings.min_stock_for_cache
    return _TIERS_MIN_STOCK if request.strategy is Strategy.TIERS else 0
