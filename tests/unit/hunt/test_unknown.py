"""What may be done about an order whose answer was lost, by what the seller can prove."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.hunt.unknown import Lived, Plan, next_check_s, plan_for
from bookhunt.model.purchase import Stage
from bookhunt.model.seller import Capability, Proof
from tests.support.builders import NOON, a_proof, a_sending_attempt

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.model.purchase import Attempt

HOUR = 3600.0
CAN = {
    Capability.KEY_AND_LOOKUP: Plan(look_up=True, resend=True),
    Capability.KEY: Plan(resend=True),
    Capability.LOOKUP: Plan(look_up=True),
    Capability.NONE: Plan(),
}
NOW_LIVED = Lived(known_s=0.0, quiet_s=0.0)


def lost(**fields: Any) -> Attempt:
    """An attempt of unknown outcome, sent at noon."""
    return replace(a_sending_attempt(stage=Stage.UNKNOWN), **fields)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def plan(
    capability: Capability,
    *,
    attempt: Attempt | None = None,
    now: datetime = NOON,
    lived: Lived = NOW_LIVED,
    **circumstances: bool,
) -> Plan:
    return plan_for(attempt or lost(), a_proof(capability), lived, now=now, **circumstances)


@pytest.mark.parametrize("capability", Capability)
def test_the_table_by_capability(capability: Capability) -> None:
    assert plan(capability) == CAN[capability]
    assert CAN[capability].nothing_left == (capability is Capability.NONE)


def test_a_key_is_trusted_for_most_of_the_time_it_is_kept() -> None:
    """Of 24 h, 80 %: a key that the seller forgot would order a second time."""
    assert plan(Capability.KEY, now=after(19.1 * HOUR)).resend
    assert plan(Capability.KEY, now=after(19.3 * HOUR)).nothing_left
    assert plan(Capability.KEY_AND_LOOKUP, now=after(19.3 * HOUR)) == Plan(look_up=True)


def test_no_key_is_trusted_for_more_than_a_day() -> None:
    forever = a_proof(Capability.KEY, key_retained_s=10**9)
    assert plan_for(lost(), forever, NOW_LIVED, now=after(23.9 * HOUR)).resend
    assert not plan_for(lost(), forever, NOW_LIVED, now=after(24.1 * HOUR)).resend


def test_the_time_of_day_going_back_does_not_make_a_key_younger() -> None:
    """The monotonic clock of this life knows better; and a time not yet come betrays the jump."""
    long_known = Lived(known_s=20 * HOUR, quiet_s=0.0)
    assert not plan(Capability.KEY, now=after(60), lived=long_known).resend
    assert not plan(Capability.KEY, now=after(-60)).resend
    assert not plan(
        Capability.KEY, attempt=lost(next_check_at=after(5 * HOUR)), now=after(60)
    ).resend
    assert plan(Capability.KEY, attempt=lost(next_check_at=after(300)), now=after(60)).resend


@pytest.mark.parametrize("capability", [Capability.LOOKUP, Capability.KEY_AND_LOOKUP])
def test_looking_up_ends_after_two_days(capability: Capability) -> None:
    """A seller that cannot be asked for so long leaves it to a person; nothing loops for ever."""
    long_known = Lived(known_s=2 * HOUR, quiet_s=0.0)
    assert plan(capability, now=after(47 * HOUR), lived=long_known).look_up
    assert plan(capability, now=after(49 * HOUR), lived=long_known).nothing_left
    stuck_clock = Lived(known_s=49 * HOUR, quiet_s=0.0)
    assert plan(capability, now=after(60), lived=stuck_clock).nothing_left


@pytest.mark.parametrize("stage", [Stage.UNKNOWN, Stage.PLACED])
def test_whoever_was_off_for_long_looks_once_they_are_back(stage: Stage) -> None:
    """Two days of silence were ours: the seller was not asked at all, and may well know."""
    attempt, now = lost(stage=stage), after(90 * 24 * HOUR)
    assert plan(Capability.LOOKUP, attempt=attempt, now=now) == Plan(look_up=True)
    proof = a_proof(Capability.LOOKUP, settle_s=10 * HOUR)
    for known_s, look_up in ((10.9 * HOUR, True), (11.1 * HOUR, False)):
        lived = Lived(known_s=known_s, quiet_s=known_s)
        assert plan_for(attempt, proof, lived, now=now).look_up == look_up


def test_a_clock_that_the_ledger_caught_going_back_forgets_keys() -> None:
    """The attempt's own times may all be past, and the key is older than it looks."""
    lived = Lived(known_s=0.0, quiet_s=0.0, ages_unknown=True)
    assert plan(Capability.KEY, now=after(60), lived=lived).nothing_left
    assert plan(Capability.KEY_AND_LOOKUP, now=after(60), lived=lived) == Plan(look_up=True)


def test_an_edited_definition_sends_nothing_again() -> None:
    """What was sent was sent by the old one; the new one's word about keys is not about it."""
    assert plan(Capability.KEY, edited=True).nothing_left
    assert plan(Capability.KEY_AND_LOOKUP, edited=True) == Plan(look_up=True)


def test_what_is_not_wanted_any_more_is_looked_up_and_not_sent_again() -> None:
    """The same bytes might buy it now. Where only they can tell, they are sent all the same."""
    assert plan(Capability.KEY_AND_LOOKUP, cancelled=True) == Plan(look_up=True)
    assert plan(Capability.KEY, cancelled=True) == Plan(resend=True)


def test_paused_nothing_is_sent_and_nothing_given_up() -> None:
    assert plan(Capability.KEY, paused=True) == Plan(wait=True)
    assert plan(Capability.KEY_AND_LOOKUP, paused=True) == Plan(look_up=True, wait=True)
    assert plan(Capability.NONE, paused=True).nothing_left


@pytest.mark.parametrize("capability", Capability)
def test_a_placed_order_is_only_looked_up_for_two_days(capability: Capability) -> None:
    placed = lost(stage=Stage.PLACED)
    has = capability.has_lookup
    assert plan(capability, attempt=placed) == Plan(look_up=has)
    long_known = Lived(known_s=2 * HOUR, quiet_s=0.0)
    assert plan(capability, attempt=placed, now=after(49 * HOUR), lived=long_known).nothing_left


# ------------------------------------------------------------------------------------- when
def waits(capability: Capability, count: int = 6, **fields: Any) -> list[float]:
    proof = a_proof(capability, settle_s=10**6) if capability.has_lookup else a_proof(capability)
    return [
        next_check_s(lost(checks=n, **fields), proof, NOW_LIVED, resend=CAN[capability].resend)
        for n in range(count)
    ]


def test_look_ups_come_at_growing_distances() -> None:
    assert waits(Capability.LOOKUP) == [1, 3, 10, 30, 60, 60]


def test_resends_double_with_jitter_and_then_rest() -> None:
    for n, wait_s in enumerate(waits(Capability.KEY, 12)):
        most = min(2.0**n, 60.0)
        assert most / 2 <= wait_s <= most
    assert waits(Capability.KEY, 14)[12:] == [600, 600]


def test_a_placed_order_is_looked_up_at_the_times_the_language_says() -> None:
    assert waits(Capability.LOOKUP, stage=Stage.PLACED) == [5, 15, 60, 600, 600, 600]


def test_the_look_up_that_counts_is_not_waited_past() -> None:
    """Twenty seconds before "not found" proves something the next look-up is in twenty seconds."""
    proof = a_proof(Capability.LOOKUP, settle_s=60.0)
    lived = Lived(known_s=40.0, quiet_s=40.0)
    assert next_check_s(lost(checks=5), proof, lived, resend=False) == 20.0
    assert next_check_s(lost(checks=5), proof, replace(lived, quiet_s=61.0), resend=False) == 60


def test_two_sends_are_never_under_way_together() -> None:
    """While the seller may work on the first, it is only looked at; then the same bytes go."""
    proof = a_proof(Capability.KEY_AND_LOOKUP, resend_after_s=30.0)
    for quiet_s, may_go in ((0.0, False), (29.9, False), (30.0, True)):
        lived = Lived(known_s=100.0, quiet_s=quiet_s)
        made = plan_for(lost(), proof, lived, now=after(100))
        assert made == Plan(look_up=True, resend=may_go, wait=not may_go)


def test_the_time_when_bytes_may_go_again_is_not_waited_past() -> None:
    """Until then looked up at growing distances; however often, the last one falls on it."""
    proof = a_proof(Capability.KEY_AND_LOOKUP, resend_after_s=30.0)
    at_s = [0.0]
    while at_s[-1] < 30.0:
        lived = Lived(known_s=at_s[-1], quiet_s=at_s[-1])
        wait_s = next_check_s(lost(checks=len(at_s) - 1), proof, lived, resend=True)
        at_s.append(at_s[-1] + wait_s)
    assert at_s == [0, 1, 4, 14, 30]
    often = lost(checks=12)
    assert next_check_s(often, proof, NOW_LIVED, resend=True) == 600


@given(
    capability=st.sampled_from(Capability),
    stage=st.sampled_from([Stage.UNKNOWN, Stage.PLACED]),
    checks=st.integers(0, 200),
    settle_s=st.floats(0, 10**5),
    quiet_s=st.floats(0, 10**6),
    resend=st.booleans(),
)
def test_the_next_check_always_comes_and_never_at_once(
    capability: Capability, stage: Stage, checks: int, settle_s: float, quiet_s: float, resend: bool
) -> None:
    proof = Proof(
        capability=capability, settle_s=settle_s, key_retained_s=10.0, replays_same_answer=True
    )
    wait_s = next_check_s(
        lost(stage=stage, checks=checks),
        proof,
        Lived(known_s=quiet_s, quiet_s=quiet_s),
        resend=resend,
    )
    assert 0.1 <= wait_s <= 600


@given(
    capability=st.sampled_from(Capability),
    stage=st.sampled_from([Stage.UNKNOWN, Stage.PLACED]),
    age_s=st.floats(-(10**6), 10**6),
    known_s=st.floats(0, 10**6),
    edited=st.booleans(),
    cancelled=st.booleans(),
    paused=st.booleans(),
)
def test_a_plan_never_does_what_the_seller_cannot_prove(
    capability: Capability,
    stage: Stage,
    age_s: float,
    known_s: float,
    edited: bool,
    cancelled: bool,
    paused: bool,
) -> None:
    made = plan(
        capability,
        attempt=lost(stage=stage),
        now=after(age_s),
        lived=Lived(known_s=known_s, quiet_s=0.0),
        edited=edited,
        cancelled=cancelled,
        paused=paused,
    )
    assert capability.has_key or not (made.resend or made.wait)
    assert capability.has_lookup or not made.look_up
    assert not (made.resend and (paused or edited or stage is Stage.PLACED))
    # Two days after it was sent, and after this life has looked for an hour, all is tried.
    if max(age_s, known_s) > 48 * HOUR and known_s > HOUR + a_proof(capability).settle_s:
        assert made.nothing_left
