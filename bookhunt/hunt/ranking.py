"""In what order sellers are worth asking, when asking more is not worth it, how many at once.

Each unasked seller is a closed box: opening it costs a call, and inside is an offer with some
chance, its total log-normal. Weitzman's rule (1979) says what to do: give each box the reservation
price z at which opening it is just worth its cost,

    cost = chance * E[(z - X)+]

open boxes in ascending z, and stop when the best total in hand is below every unopened z. The
expectation is a put on a log-normal and has a closed form (Black and Scholes). Offers above the
customer's maximum are worth nothing; a box with no z below it is a long shot, and long shots come
last, by chance per cost.

Prices of sellers are correlated through the level of the book; the rule is applied to beliefs that
are conditioned on every answer seen so far, which keeps a constant-factor guarantee (Gergatsouli
and Tzamos 2023). How many boxes to open at once is the fixed-sample optimum divided by the rounds
that fit into the time aimed at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT_HALF = math.sqrt(0.5)
_NEWTON_STEPS = 8
_DEEPEST = 6.0  # standard deviations below the mean: cheaper offers are not counted on
_CLOSE_ENOUGH = 0.004  # of the price: an order does not need more digits
_GRID = 16  # points in log price over which the fixed-sample optimum is integrated
_GRID_DEPTH = 0.75  # of log price below the maximum: half of it
_MOST_IN_SAMPLE = 40
_SUCCESS_WORTH = 0.25  # of the maximum: what having any fitting offer is worth in itself


def below(x: float) -> float:
    """The normal distribution function."""
    return 0.5 * math.erfc(-x * _ROOT_HALF)


def saving(y: float, mu: float, sd: float) -> float:
    """E[(y - X)+] of a log-normal X: what an offer is expected to save against `y` in hand."""
    d = (math.log(y) - mu) / sd
    return y * below(d) - math.exp(mu + 0.5 * sd * sd) * below(d - sd)


@dataclass(slots=True, kw_only=True)
class Box:
    """One seller that may be asked, as it looks now; amounts in minor units."""

    seller: str
    mu: float  # mean of the log total
    sd: float
    chance: float  # of an offer at all
    cost: float  # of asking, time included
    latency_s: float
    z: float = 0.0  # log of the reservation price; above the maximum's for long shots

    def fits(self, log_max: float) -> float:
        """The chance of an offer at or below the maximum."""
        return self.chance * below((log_max - self.mu) / self.sd)

    def gain(self, y: float) -> float:
        """What asking is expected to save against `y` in hand, its cost not taken off."""
        return self.chance * saving(y, self.mu, self.sd)


def reservation(box: Box, log_max: float) -> float | None:
    """The log of the reservation price; None where even an offer far below the maximum costs more.

    Newton's steps on the log of the saving as a function of the log of the price, which is concave
    and nearly straight in the tail: after the first step they close in from below.
    """
    mu, sd = box.mu, box.sd
    if box.chance * saving(math.exp(log_max), mu, sd) < box.cost:
        return None
    wanted = math.log(box.cost / box.chance)
    lowest = mu - _DEEPEST * sd
    z = min(log_max, mu + sd)
    mean = math.exp(mu + 0.5 * sd * sd)
    for _ in range(_NEWTON_STEPS):
        price, d = math.exp(z), (z - mu) / sd
        below_price = price * below(d)
        worth = below_price - mean * below(d - sd)
        if worth <= 0.0:
            return lowest  # so deep in the tail that the difference is lost in rounding
        step = (math.log(worth) - wanted) * worth / below_price
        z = max(min(z - step, log_max), lowest)
        if -_CLOSE_ENOUGH < step < _CLOSE_ENOUGH:
            break
    return z


def in_order(boxes: Sequence[Box], log_max: float) -> list[Box]:
    """The boxes by ascending reservation price, long shots last by their chance to fit per cost."""
    cheapest = min((box.cost for box in boxes), default=1.0)
    for box in boxes:
        z = reservation(box, log_max)
        # Above the maximum, and the better the chance per cost the less so.
        box.z = z if z is not None else log_max + 1.0 - box.fits(log_max) * cheapest / box.cost
    return sorted(boxes, key=lambda box: box.z)


def sample_size(order: Sequence[Box], log_max: float) -> int:
    """How many of the first boxes are worth opening all at once (the fixed-sample optimum).

    A box is worth opening beside those before it by what it adds to the expected best price,

        chance_k * integral of prod_{j<k} (1 - chance_j F_j(x)) * F_k(x) dx,

    and by the chance that it alone fits.
    """
    step = _GRID_DEPTH / (_GRID - 1)
    logs = [log_max - _GRID_DEPTH + step * n for n in range(_GRID)]
    widths = [math.exp(x) * step for x in logs]
    worth_of_one = _SUCCESS_WORTH * math.exp(log_max)
    nobody = [1.0] * _GRID  # the chance that none of the boxes before is below each price
    size = 0
    for box in order[:_MOST_IN_SAMPLE]:
        mu, sd, chance = box.mu, box.sd, box.chance
        adds = 0.0
        last = 0.0
        for n, x in enumerate(logs):
            last = chance * below((x - mu) / sd)
            adds += nobody[n] * last * widths[n]
            if n == _GRID - 1:
                adds += nobody[n] * last * worth_of_one
            nobody[n] *= 1.0 - last
        if adds < box.cost:
            break
        size += 1
    return size


def chance_any_fits(boxes: Sequence[Box], log_max: float) -> float:
    """The chance that at least one of these sellers has a fitting offer."""
    none = 1.0
    for box in boxes:
        none *= 1.0 - min(box.fits(log_max), 0.999)
    return 1.0 - none
