"""Tries come apart, and end."""

from __future__ import annotations

import random

from bookhunt.notify.backoff import PAUSES_S, pause_s


def test_pauses_grow_and_end() -> None:
    rng = random.Random(7)
    pauses = [pause_s(n, asked_s=None, rng=rng) for n in range(1, len(PAUSES_S) + 2)]
    assert pauses[-1] is None
    told = [pause for pause in pauses if pause is not None]
    assert len(told) == len(PAUSES_S)
    assert told[0] < 10
    assert all(
        0.8 * usual <= pause <= 1.2 * usual for pause, usual in zip(told, PAUSES_S, strict=True)
    )


def test_what_failed_together_does_not_come_back_together() -> None:
    rng = random.Random(7)
    assert len({pause_s(3, asked_s=None, rng=rng) for _ in range(100)}) == 100


def test_a_receiver_that_asks_for_time_gets_it() -> None:
    rng = random.Random(7)
    assert pause_s(1, asked_s=900.0, rng=rng) == 900.0
    assert (pause_s(5, asked_s=1.0, rng=rng) or 0) > 1000
