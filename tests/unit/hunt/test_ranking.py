"""Ranking: the closed forms are those of the rule, and the order is Weitzman's."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.hunt.ranking import (
    Box,
    below,
    chance_any_fits,
    in_order,
    reservation,
    sample_size,
    saving,
)

MAX = 3000.0
LOG_MAX = math.log(MAX)


def a_box(seller: str = "a", **fields: float) -> Box:
    standard = {"mu": LOG_MAX - 0.2, "sd": 0.15, "chance": 0.5, "cost": 4.5, "latency_s": 0.3}
    return Box(seller=seller, **standard | fields)  # type: ignore[arg-type]


def test_the_expected_saving_is_the_mean_of_many_draws() -> None:
    """`saving` is E[(y - X)+] of the log-normal it is told."""
    dice = random.Random(1)
    mu, sd, y = LOG_MAX - 0.1, 0.3, MAX
    drawn = [max(0.0, y - dice.lognormvariate(mu, sd)) for _ in range(40_000)]
    assert saving(y, mu, sd) == pytest.approx(sum(drawn) / len(drawn), rel=0.03)


@given(
    mu=st.floats(LOG_MAX - 1.5, LOG_MAX + 0.5),
    sd=st.floats(0.02, 0.6),
    chance=st.floats(0.001, 1.0),
    cost=st.floats(0.1, 200.0),
)
def test_at_the_reservation_price_a_call_is_just_worth_its_cost(
    mu: float, sd: float, chance: float, cost: float
) -> None:
    """`chance * saving(z) = cost`, and no z where even the maximum in hand is not worth a call."""
    box = a_box(mu=mu, sd=sd, chance=chance, cost=cost)
    z = reservation(box, LOG_MAX)
    if z is None:
        assert chance * saving(MAX, mu, sd) < cost
    else:
        assert z <= LOG_MAX
        at_z, above = box.gain(math.exp(z)), box.gain(math.exp(z) * 1.01)
        assert at_z == pytest.approx(cost, rel=0.25) or at_z <= cost <= above


def test_cheaper_likelier_and_better_known_sellers_come_first() -> None:
    """Each of the three lowers the reservation price, and so does more to be found by asking."""
    plain = a_box("plain")
    cheaper = a_box("cheaper", mu=LOG_MAX - 0.4)
    likelier = a_box("likelier", chance=0.9)
    wider = a_box("wider", sd=0.3)
    costly = a_box("costly", cost=20.0)
    order = [box.seller for box in in_order([costly, plain, likelier, wider, cheaper], LOG_MAX)]
    assert order.index("plain") > max(map(order.index, ("cheaper", "likelier", "wider")))
    assert order[-1] == "costly"


def test_long_shots_come_last_by_their_chance_to_fit() -> None:
    """A seller that hardly ever fits is asked after all that may, the likelier one first."""
    usual = a_box("usual")
    dear = a_box("dear", mu=LOG_MAX + 1.0)
    dearer = a_box("dearer", mu=LOG_MAX + 1.3)
    assert [b.seller for b in in_order([dearer, dear, usual], LOG_MAX)] == [
        "usual",
        "dear",
        "dearer",
    ]


def test_more_sellers_are_asked_at_once_where_a_call_costs_less() -> None:
    """The fixed-sample optimum grows as calls get cheaper, and asks nobody who is worth nothing."""
    many = [a_box(str(n), chance=0.4) for n in range(40)]
    dear = [a_box(str(n), chance=0.4, cost=100.0) for n in range(40)]
    assert sample_size(many, LOG_MAX) > sample_size(dear, LOG_MAX) >= 1
    assert sample_size([a_box(chance=1e-6)], LOG_MAX) == 0


def test_the_chance_that_anybody_fits() -> None:
    """It is one minus the chance that none does."""
    one = a_box(mu=LOG_MAX, chance=0.5)  # half of its offers fit
    assert one.fits(LOG_MAX) == pytest.approx(0.25)
    assert chance_any_fits([one, one], LOG_MAX) == pytest.approx(1 - 0.75**2)
    assert chance_any_fits([], LOG_MAX) == 0.0


def test_the_normal_distribution_function() -> None:
    """Half at nought, symmetric, and right at the familiar places."""
    assert below(0) == 0.5
    assert below(1.959964) == pytest.approx(0.975, abs=1e-6)
    assert below(-3) + below(3) == pytest.approx(1.0)
