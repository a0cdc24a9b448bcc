"""What `top` shows, worked out of looks at the daemon a moment apart: rates, shares, percentiles.

A look is `GET /top`: counts since the start of the daemon. Between two of them lie rates; a daemon
that was restarted meanwhile counts from nought again, and then the later look alone counts.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from bookhunt.telemetry.counts import quantile

RATES_OVER_S = 10.0
TIMES_OVER_S = 60.0


class Looks:
    """The looks of the last minute."""

    def __init__(self) -> None:
        self._looks: deque[dict[str, Any]] = deque(maxlen=600)

    def add(self, look: dict[str, Any]) -> None:
        """Take in one more; after a restart of the daemon those before it are of another life."""
        if self._looks and look["uptime_s"] < self._looks[-1]["uptime_s"]:
            self._looks.clear()
        self._looks.append(look)
        while _seconds(self._looks[0], look) > TIMES_OVER_S and len(self._looks) > 2:
            self._looks.popleft()

    @property
    def last(self) -> dict[str, Any] | None:
        """The newest."""
        return self._looks[-1] if self._looks else None

    def since(self, seconds: float) -> dict[str, Any] | None:
        """The oldest that is not older than that against the newest; None: there is but one."""
        last = self.last
        if last is None or len(self._looks) < 2:
            return None
        return next(each for each in self._looks if _seconds(each, last) <= seconds or each is last)


def _seconds(before: dict[str, Any], now: dict[str, Any]) -> float:
    return float(now["monotonic_s"] - before["monotonic_s"])


class Change:
    """What happened between two looks; without an earlier one, since the start of the daemon."""

    def __init__(self, now: dict[str, Any], before: dict[str, Any] | None) -> None:
        self.now = now
        self.before = before if before is not None and before is not now else None
        spent = now["uptime_s"] if self.before is None else _seconds(self.before, now)
        self.seconds = max(float(spent), 1e-3)

    def count(self, *path: str) -> float:
        """How much a count grew; one that is not there is nought."""
        return _at(self.now, path) - (0.0 if self.before is None else _at(self.before, path))

    def rate(self, *path: str) -> float:
        """The same a second."""
        return self.count(*path) / self.seconds

    def rates(self, *path: str) -> dict[str, float]:
        """The rate of each member of an object, those that stand still left out."""
        names = _object(self.now, path)
        found = {name: self.rate(*path, name) for name in names}
        return {name: rate for name, rate in found.items() if rate > 0}

    def counts(self, *path: str) -> list[int]:
        """How much each bucket of a histogram grew."""
        now = _list(self.now, path)
        before = [] if self.before is None else _list(self.before, path)
        return [a - b for a, b in zip(now, before or [0] * len(now), strict=True)]

    def times(self, states: tuple[str, ...] | None = None) -> list[float | None]:
        """p50, p90 and p99 of requests that ended, in seconds."""
        seconds = _object(self.now, ("requests", "seconds"))
        total: list[int] = []
        for state in seconds if states is None else [s for s in seconds if s in states]:
            own = self.counts("requests", "seconds", state)
            total = [a + b for a, b in zip(total or [0] * len(own), own, strict=True)]
        return [quantile(self.edges, total, share) for share in (0.5, 0.9, 0.99)]

    def stage(self, name: str, share: float) -> float | None:
        """A percentile of one stage, in seconds."""
        if name not in _object(self.now, ("requests", "stages")):
            return None
        return quantile(self.edges, self.counts("requests", "stages", name), share)

    @property
    def edges(self) -> list[float]:
        """The edges of every histogram of seconds."""
        return list(self.now["requests"]["edges_s"])

    def seller_rates(self, name: str) -> dict[str, float]:
        """The rate of a count of each seller."""
        before = {} if self.before is None else {s["id"]: s for s in self.before["sellers"]}
        return {
            seller["id"]: (seller[name] - before.get(seller["id"], {}).get(name, 0)) / self.seconds
            for seller in self.now["sellers"]
        }


def _at(look: dict[str, Any], path: tuple[str, ...]) -> float:
    value: Any = look
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return float(value or 0.0)


def _object(look: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    value: Any = look
    for name in path:
        value = value.get(name, {})
    return dict(value)


def _list(look: dict[str, Any], path: tuple[str, ...]) -> list[int]:
    value: Any = look
    for name in path:
        value = value.get(name, {}) if isinstance(value, dict) else {}
    return list(value)
