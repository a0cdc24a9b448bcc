"""Who may be asked for a request, and why the others are not: decided without any call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bookhunt.hunt.beliefs import subject_of
from bookhunt.hunt.easing import Ease
from bookhunt.hunt.naming import needs_name
from bookhunt.hunt.ports import Ask
from bookhunt.hunt.strategies import cached_stock
from bookhunt.model.outcome import SellerNote
from bookhunt.model.reasons import Reason
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.model.seller import BookFormat, Condition, PurchaseMode, SellerState, Trust

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.hunt.tiering import Tier
    from bookhunt.hunt.world import World
    from bookhunt.model.request import Request
    from bookhunt.model.seller import Seller


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


async def candidates_for(world: World, request: Request, ease: Ease = Ease.WHOLE) -> Market:
    """Split all sellers into those to ask, best tier first, and those that cannot help.

    With an ease, those that could and are left out say so.
    """
    ask, settings = ask_of(request), world.settings
    world.tiering.refresh(world.sellers.all(), settings.tiers.sizes, now_s=world.clock.monotonic())
    chosen: list[Candidate] = []
    ruled_out: list[SellerNote] = []
    for seller in _considered(world, request.sellers):
        reason, detail = _cannot_answer(world, ask, seller)
        if reason is None and _can_be_ordered_from(seller):
            missing = await world.sellers.needs_setup(seller.id, request.profile)
            reason, detail = (None, None) if missing is None else (Reason.NEEDS_SETUP, missing)
            waiting = await world.quarantine.holds(seller.id)
            if waiting is not None:
                reason, detail = Reason.SKIPPED_OPEN_BREAKER, held_by(waiting)
        tier = world.tiering.tier_of(seller)
        if world.tiering.is_held_back(seller, shadow_new=settings.shadow_new_sellers):
            seller = replace(seller, trust=Trust.SHADOW)  # noqa: PLW2901 - the same, held back
        if reason is None:
            chosen.append(Candidate(seller=seller, tier=tier))
        else:
            ruled_out.append(SellerNote(seller=seller.id, reason=reason, detail=detail, tier=tier))
    chosen.sort(key=lambda candidate: candidate.tier)
    left_out = _left_out(world, request, chosen, ease)
    if left_out:
        gone = {note.seller for note in left_out}
        chosen = [candidate for candidate in chosen if candidate.seller.id not in gone]
        ruled_out += left_out
    return Market(candidates=tuple(chosen), ruled_out=tuple(ruled_out))


def _left_out(
    world: World, request: Request, chosen: Sequence[Candidate], ease: Ease
) -> list[SellerNote]:
    """Those that are not asked because there is too much to do; `chosen` has the best tier first.

    While nobody is placed in the first tier, the best tier is the one that everybody is in.
    """
    if ease is Ease.WHOLE or not chosen:
        return []
    if ease is Ease.FIRST_TIER:
        best, told = chosen[0].tier, "too many requests at once: only the first tier was asked"
        gone = [each for each in chosen if each.tier > best]
        return [_note(each, Reason.SKIPPED_TIER, told) for each in gone]
    ask, told = ask_of(request), "too many requests at once: only remembered answers were used"
    subject, min_stock = subject_of(ask), cached_stock(world.settings, request)
    return [
        _note(each, Reason.SKIPPED_LIMIT, told)
        for each in chosen
        if world.lookups.cached(each.seller, ask, subject, min_stock=min_stock) is None
    ]


def _note(candidate: Candidate, reason: Reason, told: str) -> SellerNote:
    seller_id = candidate.seller.id
    return SellerNote(seller=seller_id, reason=reason, detail=told, tier=candidate.tier)


def held_by(request_id: str) -> str:
    """Why nothing is ordered at a seller that can prove nothing and lost an answer."""
    return f"an order there waits for a person (bookhunt settle {request_id})"


def able_to_answer(world: World, ask: Ask, sellers: frozenset[str] | None) -> list[Seller]:
    """Those of the sellers that can be asked this, whether anything can be ordered there or not."""
    return [
        seller
        for seller in _considered(world, sellers)
        if _cannot_answer(world, ask, seller)[0] is None
    ]


def _considered(world: World, named: frozenset[str] | None) -> list[Seller]:
    """The sellers this is about.

    One that is switched off, or that only knows titles or exchange rates, only where it is named.
    """
    return [
        seller
        for seller in world.sellers.all()
        if (
            seller.id in named
            if named is not None
            else seller.state is not SellerState.DISABLED and seller.asks_by
        )
    ]


def _can_be_ordered_from(seller: Seller) -> bool:
    return seller.purchase_mode is PurchaseMode.AUTO and seller.trust is Trust.NORMAL


def _cannot_answer(world: World, ask: Ask, seller: Seller) -> tuple[Reason | None, str | None]:
    """Why this seller is not asked, and what a person should know of it."""
    if seller.trust is Trust.BLOCKED or seller.state is SellerState.BLOCKED:
        return Reason.SKIPPED_BLOCKED, None
    if seller.state is SellerState.DISABLED:
        return Reason.NEEDS_SETUP, f"switched off (bookhunt sellers enable {seller.id})"
    if seller.state is SellerState.NEEDS_SETUP:
        return Reason.NEEDS_SETUP, seller.cause
    if seller.state is SellerState.SUSPENDED:
        return Reason.SKIPPED_OPEN_BREAKER, seller.cause
    suspension = world.gate.suspension(seller.id, world.clock.monotonic())
    if suspension is not None:
        told = f"{suspension.cause.value}; left alone for {suspension.left_s:.0f} s more"
        limited = suspension.cause is Reason.RATE_LIMITED
        return Reason.RATE_LIMITED if limited else Reason.SKIPPED_OPEN_BREAKER, told
    if not seller.ships(ask.country):
        return Reason.DOES_NOT_SHIP, f"not to {ask.country}"
    if not _has_format(seller, ask.format):
        return Reason.WRONG_FORMAT, None
    if not _has_condition(seller, ask.condition):
        return Reason.WRONG_CONDITION, None
    reason = world.sellers.cannot_ask(seller.id, ask)
    if reason is not Reason.CANNOT_ASK or not needs_name(seller, ask.book):
        return reason, None
    # Its ISBN may be found while the others are asked; if not, the look-up says so.
    why = world.naming.why_not()
    return (None, None) if why is None else (reason, why)


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
