"""Strategy `tiers`: sellers are asked in three waves, best first.

The policy of the design this tool began with: ask tier 1 at once; take the first fitting offer
that is well below the maximum, else wait a short grace for a cheaper one; ask the next tier when a
wave gave no fitting offer, failed, or is silent for too long. A slow seller keeps its call when
the next tier is asked. The policy only decides; `search` performs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bookhunt.hunt.policy import Decision

if TYPE_CHECKING:
    from bookhunt.hunt.policy import Sight, View
    from bookhunt.hunt.settings import TierSettings
    from bookhunt.model.money import Money


class Tiers:
    """One request's course through the tiers."""

    def __init__(self, settings: TierSettings, *, share: float = 1.0) -> None:
        self._settings = settings
        self._share = share  # of a wave that is asked at once
        self._grace_ends_at: float | None = None
        self._patience_ends_at: float | None = None

    def view(self, seller_id: str) -> View | None:  # noqa: ARG002 - the policy's signature
        """Nothing: tiers do not look at prices before they ask."""
        return None

    def resume(self) -> None:
        """The offer the search stopped for fell through: search on."""
        self._grace_ends_at = None
        self._patience_ends_at = None

    def decide(self, sight: Sight) -> Decision:
        """Stop, wait, or ask another tier."""
        if sight.now >= sight.ends_at:
            return Decision(stop=True)
        if sight.best is not None:
            return self._take_or_wait(sight, sight.best)
        self._grace_ends_at = None
        return self._ask_or_wait(sight)

    def _take_or_wait(self, sight: Sight, best: Money) -> Decision:
        well_below = best.minor <= sight.max_price.minor * (1 - self._settings.margin)
        if well_below or not sight.in_flight:
            return Decision(stop=True)
        if self._grace_ends_at is None:
            self._grace_ends_at = sight.now + self._settings.grace_s
        if sight.now >= self._grace_ends_at:
            return Decision(stop=True)
        return Decision(look_again_at=min(self._grace_ends_at, sight.ends_at))

    def _ask_or_wait(self, sight: Sight) -> Decision:
        if not sight.unasked:
            return Decision(stop=not sight.in_flight, look_again_at=sight.ends_at)
        waiting = self._patience_ends_at is not None and sight.now < self._patience_ends_at
        if sight.in_flight and waiting:
            return Decision(look_again_at=min(self._patience_ends_at or 0.0, sight.ends_at))
        tier = min(candidate.tier for candidate in sight.unasked)
        wave = [candidate for candidate in sight.unasked if candidate.tier == tier]
        self._patience_ends_at = sight.now + self._settings.patience_s
        return Decision(
            ask=tuple(wave[: math.ceil(len(wave) * self._share)]),
            look_again_at=min(self._patience_ends_at, sight.ends_at),
        )
