"""What is left out when there is more to do than can be done in time.

Two signs, two answers. Too many requests wait: those that come on top are hunted with less (only
the first tier is asked, or only what is remembered is looked at), where the configuration says so.
The event loop is late: every request asks fewer sellers at a time until it is not, because calls
that nobody finds the time to read only make the rest later; and fewer requests are hunted at once,
because two hundred that share one processor all end too late, where twenty at a time end in time
and the door can tell the others when to come back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

_LATE_S = 0.05  # the research page's: from here on the loop does not keep up
_CALM_S = 0.025
_CALM_FOR_S = 1.0  # then a step back towards the whole
_HALVED_EVERY_S = 0.5  # what one step did must be seen before the next
_LEAST_SHARE = 1 / 8
_LEAST_WIDTH = 1 / 32
_FIRST_WIDTH = 1 / 5
# AIMD: a part less, a little more; what a step did is seen a hunt's time later.
_NARROWER, _NARROWER_EVERY_S = 0.9, 0.5
_WIDER, _WIDER_EVERY_S = 0.02, 0.2
_BUSY, _SPARE = 0.8, 0.6  # of one processor; between them steps are small
_SMALL = 1 / 8
_BUSY_FOR_S = 0.5  # what the processor does for shorter than that says little
_LONG_HUNT_S = 2.0  # longer than they take where there is time for them, shorter than they may


class Ease(StrEnum):
    """With how much a request is hunted."""

    WHOLE = "whole"
    FIRST_TIER = "first_tier"  # only the best tier there is
    MEMORY = "memory"  # only sellers whose answer is still fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What else tells how full it is."""

    busy: float = 0.0  # the part of the time for which the loop's thread had work
    hunt_s: float = 0.0  # how long hunts take
    full: bool = False  # calls wait for the cap on all of them
    narrow: bool = True  # requests wait though workers idle


@dataclass(slots=True)
class FanOut:
    """The share of its usual width with which a search asks sellers at once. Times are monotonic.

    Halved while the loop is late, at most twice a second; doubled after each calm second.
    `width` is the share of all workers that may hunt at once. It grows only where it is what holds
    requests up, and so settles where the loop just keeps up.
    """

    share: float = 1.0
    width: float = _FIRST_WIDTH
    lag_s: float = 0.0  # as it was measured last
    _halved_at: float = field(default=-1e18, repr=False)
    _calm_since: float | None = field(default=None, repr=False)
    _width_at: float = field(default=-1e18, repr=False)
    _busy: float = field(default=0.0, repr=False)
    _busy_at: float = field(default=-1e18, repr=False)

    def note(self, lag_s: float, now: float, signs: Signs | None = None) -> None:
        """Take in how late the loop was, and what else tells how full it is."""
        self.lag_s = lag_s
        self._widen(lag_s, now, signs or Signs())
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

    def _widen(self, lag_s: float, now: float, signs: Signs) -> None:
        self._busy += (signs.busy - self._busy) * min((now - self._busy_at) / _BUSY_FOR_S, 1.0)
        self._busy_at = now
        is_hard = lag_s > _LATE_S or self._busy > _BUSY
        since_s = now - self._width_at
        if signs.full or (is_hard and signs.hunt_s > _LONG_HUNT_S):
            if since_s >= _NARROWER_EVERY_S:
                self.width, self._width_at = max(self.width * _NARROWER, _LEAST_WIDTH), now
        elif signs.narrow and not is_hard and since_s >= _WIDER_EVERY_S:
            step = _WIDER if self._busy < _SPARE else _WIDER * _SMALL
            self.width, self._width_at = min(self.width + step, 1.0), now
