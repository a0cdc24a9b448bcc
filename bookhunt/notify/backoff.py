"""When telling is tried again after it failed, and when it is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

# The Standard Webhooks specification's own schedule; ten tries in some three days.
PAUSES_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
_JITTER = 0.2  # so that what failed together does not come back together


def pause_s(failures: int, *, asked_s: float | None, rng: random.Random) -> float | None:
    """Seconds until the next try after so many failures; None: enough.

    `asked_s` is how long the receiver asks to be left alone: never less than that.
    """
    if failures > len(PAUSES_S):
        return None
    pause = PAUSES_S[failures - 1] * rng.uniform(1 - _JITTER, 1 + _JITTER)
    return max(pause, asked_s or 0.0)
