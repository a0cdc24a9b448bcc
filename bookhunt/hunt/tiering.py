"""Which tier a seller is in: by what it has been like, lately, on this machine.

Tiers bound who may be asked and bought from (degraded operation asks the first tier only, shadowing
holds new sellers back), and they order the waves of strategy `tiers`. A seller starts in tier 3 and
is placed by its figures once it has given enough readable quotes, so that a fresh installation
can buy at once: while nobody is placed, everybody is in tier 3 and is asked together.

The score is what one call to a seller is worth: how often it answers, has the book, and takes the
order, per expected time (p95), and how cheap it is. Its parts decay with age like all beliefs. The
best fifth is tier 1, the next three tenths tier 2. A seller on the edge is not moved to and fro:
it changes its tier only when its score is clearly on the other side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bookhunt.hunt.learned import SellerBelief
from bookhunt.model.seller import PurchaseMode, Trust

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.hunt.beliefs import Beliefs
    from bookhunt.model.seller import Seller

Tier = Literal[1, 2, 3]
NEW_SELLERS_TIER: Tier = 3
_BY_HAND: dict[int, Tier] = {1: 1, 2: 2, 3: 3}
_ENOUGH_QUOTES = 5  # readable answers after which the figures of a seller say something
_REFRESHED_EVERY_S = 5.0
_CLEARLY = 0.05  # share by which a score must pass an edge before a seller crosses it
_P95 = 1.645  # standard deviations of a normal
_CHEAPNESS = 3.0  # one per cent cheaper counts as three per cent more answers
_STRANGER = SellerBelief()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one seller has been like; shares from 0 to 1."""

    quotes: int  # readable answers, ever
    was_asked: bool  # whether anything is measured; the shares of a stranger are expectations
    was_timed: bool  # whether the latency is measured
    was_ordered_from: bool  # whether the purchase share is measured
    answered_at: float | None  # the time of day of its last readable answer
    answer_share: float  # calls that were answered readably and in time
    stock_share: float  # answers that had the book
    purchase_share: float  # orders that were taken, and not complained about
    latency_p95_s: float
    price_level: float  # of its totals against other sellers': 0.02 is two per cent dearer
    score: float


def figures_of(belief: SellerBelief) -> Figures:
    """The figures of one seller as they are believed now."""
    answer_share = belief.answers / (belief.answers + belief.failures)
    stock_share = belief.stocked / (belief.stocked + belief.missing)
    purchase_share = belief.taken / (belief.taken + belief.spoilt)
    p95_s = math.exp(belief.log_latency + _P95 * math.sqrt(belief.latency_var))
    worth = answer_share * stock_share * purchase_share * math.exp(-_CHEAPNESS * belief.level)
    return Figures(
        quotes=belief.quotes,
        was_asked=belief.quotes > 0 or belief.failed_at > _STRANGER.failed_at,
        was_timed=belief.latency_seen > _STRANGER.latency_seen,
        was_ordered_from=(belief.taken, belief.spoilt) != (_STRANGER.taken, _STRANGER.spoilt),
        answered_at=belief.answered_at or None,
        answer_share=answer_share,
        stock_share=stock_share,
        purchase_share=purchase_share,
        latency_p95_s=p95_s,
        price_level=math.expm1(belief.level),
        score=worth / (0.3 + p95_s),
    )


class Tiering:
    """The tiers of all sellers, computed anew every few seconds."""

    def __init__(self, beliefs: Beliefs) -> None:
        self._beliefs = beliefs
        self._tiers: dict[str, Tier] = {}
        self._due = -math.inf

    def refresh(
        self, sellers: Sequence[Seller], sizes: tuple[float, float, float], *, now_s: float
    ) -> None:
        """Place every seller that is known well enough, if that was not done just now.

        Args:
            sellers: all there are.
            sizes: the share of each tier among those that are placed.
            now_s: monotonic seconds.
        """
        if now_s < self._due:
            return
        self._due = now_s + _REFRESHED_EVERY_S
        scores = {
            seller.id: figures_of(self._beliefs.seller(seller.id)).score
            for seller in sellers
            if self.is_known(seller)
        }
        ranked = sorted(scores, key=lambda each: -scores[each])
        edges = [_edge(ranked, scores, share) for share in (sizes[0], sizes[0] + sizes[1])]
        self._tiers = {each: _placed(scores[each], edges, self._tiers.get(each)) for each in ranked}

    def tier_of(self, seller: Seller) -> Tier:
        """The tier set by hand, else the one its figures earned, else that of new sellers."""
        if seller.tier is not None:
            return _BY_HAND[seller.tier]
        return self._tiers.get(seller.id, NEW_SELLERS_TIER)

    def is_known(self, seller: Seller) -> bool:
        """Whether it has given enough readable quotes to be judged by."""
        return self._beliefs.seller(seller.id).quotes >= _ENOUGH_QUOTES

    def is_held_back(self, seller: Seller, *, shadow_new: bool) -> bool:
        """Whether a new seller is only watched: asked, and not bought from."""
        orderable = seller.purchase_mode is PurchaseMode.AUTO and seller.trust is Trust.NORMAL
        return shadow_new and orderable and seller.tier is None and not self.is_known(seller)


def _edge(ranked: Sequence[str], scores: dict[str, float], share: float) -> float:
    """The lowest score that belongs above an edge: at least one seller always does."""
    if not ranked:
        return math.inf
    last = max(1, round(share * len(ranked)))
    return scores[ranked[min(last, len(ranked)) - 1]]


def _placed(score: float, edges: Sequence[float], before: Tier | None) -> Tier:
    tier: Tier = 1 if score >= edges[0] else 2 if score >= edges[1] else 3
    if before is None or tier == before:
        return tier
    # Between the old place and the new one lies an edge; it must be passed clearly.
    edge = edges[min(tier, before) - 1]
    margin = (1 + _CLEARLY) if tier < before else (1 - _CLEARLY)
    passed = score >= edge * margin if tier < before else score < edge * margin
    return tier if passed else before
