"""Who may be asked for a request, and why the others are not: decided without any call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bookhunt.hunt.ports import Ask
from bookhunt.model.outcome import SellerNote
from bookhunt.model.reasons import Reason
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.model.seller import BookFormat, Condition, PurchaseMode, SellerState, Trust

if TYPE_CHECKING:
    from bookhunt.hunt.world import World
    from bookhunt.model.request import Request
    from bookhunt.model.seller import Seller

Tier = Literal[1, 2, 3]
_NEW_SELLERS_TIER: Tier = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A seller that will be asked if the search gets to it."""

    seller: Seller
    tier: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The sellers of one request: those to ask, best tier first, and those ruled out."""

    candidates: tuple[Candidate, ...]
    ruled_out: tuple[SellerNote, ...]


def ask_of(request: Request) -> Ask:
    """What sellers are told of a request."""
    return Ask(
        book=request.book,
        max_price=request.max_price,
        country=request.country,
        condition=request.condition,
        format=request.format,
    )


async def candidates_for(world: World, request: Request) -> Market:
    """Split all sellers into those to ask, best tier first, and those that cannot help."""
    ask = ask_of(request)
    chosen: list[Candidate] = []
    ruled_out: list[SellerNote] = []
    for seller in world.sellers.all():
        if request.sellers is not None and seller.id not in request.sellers:
            continue
        if seller.state is SellerState.DISABLED:
            continue
        reason, detail = await _ruled_out(world, request, ask, seller)
        tier = tier_of(seller)
        if reason is None:
            chosen.append(Candidate(seller=seller, tier=tier))
        else:
            ruled_out.append(SellerNote(seller=seller.id, reason=reason, detail=detail, tier=tier))
    chosen.sort(key=lambda candidate: candidate.tier)
    return Market(candidates=tuple(chosen), ruled_out=tuple(ruled_out))


def tier_of(seller: Seller) -> Tier:
    """The tier a seller is asked in: set by hand, else the one new sellers start in."""
    if seller.tier == 1:
        return 1
    if seller.tier == 2:
        return 2
    return _NEW_SELLERS_TIER


async def _ruled_out(
    world: World, request: Request, ask: Ask, seller: Seller
) -> tuple[Reason | None, str | None]:
    if seller.trust is Trust.BLOCKED or seller.state is SellerState.BLOCKED:
        return Reason.SKIPPED_BLOCKED, None
    if seller.state is SellerState.NEEDS_SETUP:
        return Reason.NEEDS_SETUP, seller.cause
    if seller.state is SellerState.SUSPENDED:
        return Reason.SKIPPED_OPEN_BREAKER, seller.cause
    if not seller.ships(request.country):
        return Reason.DOES_NOT_SHIP, f"not to {request.country}"
    if not _has_format(seller, request.format):
        return Reason.WRONG_FORMAT, None
    if not _has_condition(seller, request.condition):
        return Reason.WRONG_CONDITION, None
    reason = world.sellers.cannot_ask(seller.id, ask)
    if reason is not None:
        return reason, None
    if seller.purchase_mode is PurchaseMode.AUTO and seller.trust is Trust.NORMAL:
        missing = await world.sellers.needs_setup(seller.id, request.profile)
        if missing is not None:
            return Reason.NEEDS_SETUP, missing
    return None, None


def _has_format(seller: Seller, wish: FormatWish) -> bool:
    if wish is FormatWish.ANY or not seller.formats:
        return True
    return BookFormat(wish.value) in seller.formats


def _has_condition(seller: Seller, wish: ConditionWish) -> bool:
    if wish is ConditionWish.ANY or not seller.conditions:
        return True
    if wish is ConditionWish.NEW:
        return Condition.NEW in seller.conditions
    return bool(seller.conditions - {Condition.NEW})
