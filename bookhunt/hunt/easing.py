"""What is left out when there is more to do than can be done in time.

Two signs, two answers. Too many requests wait: those that come on top are hunted with less (only
the first tier is asked, or only what is remembered is looked at), where the configuration says so.
The event loop is late: every request asks fewer sellers at a time until it is not, because calls
that nobody finds the time to read only make the rest later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

_LATE_S = 0.05  # the research page's: from here on the loop does not keep up
_CALM_S = 0.025
_CALM_FOR_S = 1.0  # then a step back towards the whole
_HALVED_EVERY_S = 0.5  # what one step did must be seen before the next
_LEAST_SHARE = 1 / 8


class Ease(StrEnum):
    """With how much a request is hunted."""

    WHOLE = "whole"
    FIRST_TIER = "first_tier"  # only the best tier there is
    MEMORY = "memory"  # only sellers whose answer is still fresh


@dataclass(slots=True)
class FanOut:
    """The share of its usual width with which a search asks sellers at once. Times are monotonic.

    Halved while the loop is late, at most twice a second; doubled after each calm second.
    """

    share: float = 1.0
    lag_s: float = 0.0  # as it was measured last
    _halved_at: float = field(default=-1e18, repr=False)
    _calm_since: float | None = field(default=None, repr=False)

    def note(self, lag_s: float, now: float) -> None:
        """Take in how late the loop was."""
        self.lag_s = lag_s
        if lag_s > _LATE_S:
            self._calm_since = None
            if now - self._halved_at >= _HALVED_EVERY_S:
                self.share = max(self.share / 2, _LEAST_SHARE)
                self._halved_at = now
        elif lag_s > _CALM_S:
            self._calm_since = None
        elif self._calm_since is None:
            self._calm_since = now
        elif now - self._calm_since >= _CALM_FOR_S:
            self.share = min(self.share * 2, 1.0)
            self._calm_since = now
