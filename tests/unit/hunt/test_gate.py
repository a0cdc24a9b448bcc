"""The gate: rates, concurrency and breakers, each shown by what is let through."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.gate import Gate, Pass, Refused, Suspension
from bookhunt.model.reasons import Reason
from tests.support.builders import a_seller

if TYPE_CHECKING:
    from bookhunt.model.seller import Seller

LATER = 100.0  # past the grace after the start


def quick(seller_id: str = "alpha", **fields: object) -> Seller:
    """A seller whose own limits do not matter here."""
    return a_seller(seller_id, **{"per_second": 1000.0, "concurrency": 50} | fields)


def call(gate: Gate, seller: Seller, now: float, reason: Reason | None = None) -> bool:
    """Make one call that goes so; whether it was let through."""
    entered = gate.enter(seller, now)
    if isinstance(entered, Refused):
        return False
    gate.leave(entered, reason, now)
    return True


def fail_until_shut(gate: Gate, seller: Seller, now: float, reason: Reason) -> None:
    for _ in range(5):
        assert call(gate, seller, now, reason)
    assert gate.suspension(seller.id, now) is not None


def rest_of(gate: Gate, seller: Seller, now: float) -> Suspension:
    """For how long a seller is left alone yet, and has been."""
    suspension = gate.suspension(seller.id, now)
    assert suspension is not None
    return suspension


def test_a_seller_is_called_no_faster_than_it_bears() -> None:
    """Half a second's calls at once, then evenly; a moment's wait is told, a longer one refused."""
    gate, seller = Gate(0.0), a_seller(per_second=20.0, concurrency=50)
    waits = []
    for _ in range(40):
        entered = gate.enter(seller, LATER)
        if isinstance(entered, Refused):
            assert entered.reason is Reason.SKIPPED_LIMIT
            assert entered.retry_after_s > 0.25
            break
        waits.append(entered.wait_s)
    assert waits.count(0.0) == 11
    assert waits == sorted(waits)
    assert max(waits) <= 0.25
    assert len(waits) == 16
    entered = gate.enter(seller, LATER + 1.0)
    assert isinstance(entered, Pass)
    assert entered.wait_s == 0.0


def test_a_region_has_a_rate_of_its_own() -> None:
    """Many sellers of one region together are held to it; others are not."""
    gate = Gate(0.0, regions={"AU": 10})
    let_in = [gate.enter(quick(f"s{n}", region="AU"), LATER) for n in range(20)]
    assert sum(isinstance(each, Pass) for each in let_in) < 10
    assert isinstance(gate.enter(quick("other", region="NZ"), LATER), Pass)


def test_a_refused_call_uses_nothing_up() -> None:
    """Where one limit refuses, the others are as they were."""
    gate, seller = Gate(0.0), a_seller(per_second=1000.0, concurrency=1)
    first = gate.enter(seller, LATER)
    assert isinstance(first, Pass)
    due = gate._doors[seller.id].rate.due
    assert isinstance(gate.enter(seller, LATER), Refused)
    assert gate._doors[seller.id].rate.due == due
    gate.leave(first, None, LATER)
    assert isinstance(gate.enter(seller, LATER), Pass)


def test_so_many_calls_at_once_as_the_seller_allows() -> None:
    gate, seller = Gate(0.0), quick(concurrency=3)
    entered = [gate.enter(seller, LATER) for _ in range(4)]
    assert [type(each) for each in entered] == [Pass, Pass, Pass, Refused]


@pytest.mark.parametrize("reason", [Reason.RATE_LIMITED, Reason.TIMED_OUT])
def test_the_limit_falls_by_a_factor_and_rises_by_one(reason: Reason) -> None:
    """It falls where the seller cannot keep up, and rises only while it is used."""
    gate, seller = Gate(0.0), quick(concurrency=10)
    assert call(gate, seller, LATER, reason)
    assert gate.limit_of(seller.id) == pytest.approx(7.0)
    for n in range(20):
        call(gate, seller, LATER + 10 + n)
    assert gate.limit_of(seller.id) == pytest.approx(7.0), "one call at a time proves nothing"
    for n in range(5):
        entered = [gate.enter(seller, LATER + 50 + n) for _ in range(6)]
        for each in entered:
            assert isinstance(each, Pass)
            gate.leave(each, None, LATER + 50 + n)
    assert gate.limit_of(seller.id) == pytest.approx(10.0), "never above what it allows"


def test_the_limit_never_falls_below_one() -> None:
    gate, seller = Gate(0.0), quick(concurrency=4)
    for n in range(30):
        call(gate, seller, LATER + 5 * n, Reason.RATE_LIMITED)
    assert gate.limit_of(seller.id) == 1.0
    assert call(gate, seller, LATER + 1000)


def test_a_seller_that_fails_five_times_in_a_row_is_left_alone() -> None:
    """Then one call probes, and one only; its success closes the breaker."""
    gate, seller = Gate(0.0), quick()
    fail_until_shut(gate, seller, LATER, Reason.SERVER_ERROR)
    refused = gate.enter(seller, LATER + 9)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.SKIPPED_OPEN_BREAKER
    assert refused.retry_after_s == pytest.approx(1.0)
    probe = gate.enter(seller, LATER + 11)
    assert isinstance(probe, Pass)
    assert isinstance(gate.enter(seller, LATER + 11), Refused), "two calls are no probe"
    gate.leave(probe, None, LATER + 11)
    assert call(gate, seller, LATER + 11)


def test_a_failed_probe_doubles_the_time() -> None:
    gate, seller = Gate(0.0), quick()
    fail_until_shut(gate, seller, LATER, Reason.SERVER_ERROR)
    assert call(gate, seller, LATER + 11, Reason.SERVER_ERROR)
    assert not call(gate, seller, LATER + 11 + 19)
    assert call(gate, seller, LATER + 11 + 21)


def test_calls_that_were_under_way_when_it_shut_make_it_no_longer() -> None:
    """Twenty that time out together are one trouble, not sixteen."""
    gate, seller = Gate(0.0), quick()
    under_way = [gate.enter(seller, LATER) for _ in range(20)]
    for entered in under_way:
        assert isinstance(entered, Pass)
        gate.leave(entered, Reason.TIMED_OUT, LATER + 3)
    assert not call(gate, seller, LATER + 3 + 9)
    assert call(gate, seller, LATER + 3 + 11)


def test_a_probe_that_is_cut_off_does_not_shut_the_seller_for_ever() -> None:
    """The next call may probe."""
    gate, seller = Gate(0.0), quick()
    fail_until_shut(gate, seller, LATER, Reason.SERVER_ERROR)
    probe = gate.enter(seller, LATER + 11)
    assert isinstance(probe, Pass)
    gate.drop(probe)
    assert isinstance(gate.enter(seller, LATER + 11), Pass)


def share_of_drips(failing: float, *, seed: int, asks: int = 36_000) -> float:
    """The part of an hour's asks, ten a second, at which a seller drips that fails so often."""
    gate, seller, dice = Gate(0.0), quick(), random.Random(seed)
    dripping = 0
    for n in range(asks):
        call(gate, seller, LATER + n / 10, Reason.SERVER_ERROR if dice.random() < failing else None)
        dripping += gate.drips(seller.id)
    return dripping / asks


@pytest.mark.parametrize("seed", range(3))
def test_a_seller_that_fails_now_and_then_is_called_as_ever(seed: int) -> None:
    """By chance, as real ones do, for an hour: one call in seven, or in five; not in two."""
    assert share_of_drips(1 / 7, seed=seed) < 0.05
    assert share_of_drips(1 / 5, seed=seed) < 0.2
    assert share_of_drips(1 / 2, seed=seed) > 0.8


def drip(gate: Gate, seller: Seller, now: float) -> None:
    """Let the seller fail by turns until it is called less."""
    for n in range(90):
        if not call(gate, seller, now, None if n % 2 else Reason.SERVER_ERROR):
            return
    raise AssertionError("it is called as ever")


def test_a_seller_that_fails_by_turns_is_called_every_other_second() -> None:
    """Never twice in a row, and half of what it is asked is lost all the same."""
    gate, seller = Gate(0.0), quick()
    drip(gate, seller, LATER)
    calls = 0
    for n in range(1, 601):
        calls += call(gate, seller, LATER + n / 10, None if calls % 2 else Reason.SERVER_ERROR)
    assert 25 <= calls <= 31
    assert gate.drips(seller.id)
    assert gate.suspension(seller.id, LATER + 60) is None, "it may be asked in spite of it"
    assert isinstance(gate.enter(seller, LATER + 60, anyway=True), Pass)


def test_a_seller_that_drips_is_called_as_ever_once_it_is_well() -> None:
    """Half a minute of answers is enough."""
    gate, seller = Gate(0.0), quick()
    drip(gate, seller, LATER)
    for n in range(1, 31):
        call(gate, seller, LATER + n)
    assert call(gate, seller, LATER + 31)
    assert call(gate, seller, LATER + 31)


def test_what_is_asked_anyway_takes_no_drip_from_who_asks_as_ever() -> None:
    """Nor does a call that was cut off before it was sent."""
    gate, seller = Gate(0.0), quick()
    drip(gate, seller, LATER)
    for n in range(1, 40):
        entered = gate.enter(seller, LATER + 1.9 + n / 1000, anyway=True)
        assert isinstance(entered, Pass)
        gate.leave(entered, Reason.SERVER_ERROR if n % 2 else None, LATER + 1.95)
    entered = gate.enter(seller, LATER + 2.1)
    assert isinstance(entered, Pass)
    gate.drop(entered, sent=False)
    assert isinstance(gate.enter(seller, LATER + 2.2), Pass)


def test_a_seller_that_drips_and_then_fails_for_good_is_left_alone() -> None:
    gate, seller = Gate(0.0), quick()
    drip(gate, seller, LATER)
    for n in range(1, 6):
        if not call(gate, seller, LATER + 3 * n, Reason.SERVER_ERROR):
            break
    assert not call(gate, seller, LATER + 3 * n + 5)
    assert call(gate, seller, LATER + 3 * n + 11), "the probe"
    assert call(gate, seller, LATER + 3 * n + 13)
    assert call(gate, seller, LATER + 3 * n + 13), "its success is a new beginning"


def test_when_everybody_fails_by_turns_the_fault_is_our_own() -> None:
    gate, sellers = Gate(0.0), [quick(f"s{n}") for n in range(10)]
    for n in range(120):
        for seller in sellers:
            call(gate, seller, LATER, None if n % 2 else Reason.UNREACHABLE)
    assert sum(gate.drips(seller.id) for seller in sellers) == 5


def test_a_seller_that_is_down_is_left_alone_though_others_fail_by_turns() -> None:
    """That they answer at all shows that our network works."""
    gate, down = Gate(0.0), quick("down")
    for name in ("one", "two"):
        call(gate, quick(f"well {name}"), LATER)
    assert call(gate, down, LATER)
    for name in ("one", "two"):
        drip(gate, quick(name), LATER)
    fail_until_shut(gate, down, LATER, Reason.UNREACHABLE)


def test_a_call_that_was_lost_and_made_again_counts_as_a_failure() -> None:
    """However it ends: a seller that answers the second time only costs every call twice."""
    gate, seller = Gate(0.0), quick()
    calls = 0
    while isinstance(entered := gate.enter(seller, LATER), Pass):
        gate.leave(entered, None, LATER, lost=True)
        calls += 1
        assert calls < 90
    assert calls > 5


def test_what_passes_by_itself_is_asked_for_again_within_a_minute() -> None:
    """However long it lasted: the seller may be well again at any moment."""
    gate, seller, now = Gate(0.0), quick(), LATER
    fail_until_shut(gate, seller, now, Reason.UNREACHABLE)
    for _ in range(20):
        now += 61.0
        assert call(gate, seller, now, Reason.UNREACHABLE)


def test_how_long_a_seller_is_left_alone_counts_the_times_before() -> None:
    """Until it answers; the hours in which nobody asked it do not count."""
    gate, seller = Gate(0.0), quick()
    fail_until_shut(gate, seller, LATER, Reason.UNREACHABLE)
    for n in range(1, 5):
        assert call(gate, seller, LATER + 7200 * n, Reason.UNREACHABLE)
    rest = rest_of(gate, seller, LATER + 28_800)
    assert (rest.left_s, rest.lasts_s) == (60.0, 190.0)
    assert call(gate, seller, LATER + 40_000)
    fail_until_shut(gate, seller, LATER + 40_000, Reason.UNREACHABLE)
    rest = rest_of(gate, seller, LATER + 40_000)
    assert (rest.left_s, rest.lasts_s) == (10.0, 10.0)


def test_a_seller_may_be_down_for_weeks() -> None:
    """The time it is left alone stays what it is; in a day of traffic it is probed 1,440 times."""
    gate, seller, now = Gate(0.0), quick(), LATER
    fail_until_shut(gate, seller, now, Reason.TIMED_OUT)
    for _ in range(3000):
        now += 61.0
        assert call(gate, seller, now, Reason.TIMED_OUT)
    assert rest_of(gate, seller, now).left_s == pytest.approx(60.0)


def test_calls_that_end_late_do_not_end_a_rest_early() -> None:
    """A 429 of a call that was under way when the seller was shut, and an answer of another."""
    gate, seller = Gate(0.0), quick()
    late = [gate.enter(seller, LATER) for _ in range(2)]
    fail_until_shut(gate, seller, LATER, Reason.BLOCKED)
    for entered, reason in zip(late, (Reason.RATE_LIMITED, None), strict=True):
        assert isinstance(entered, Pass)
        gate.leave(entered, reason, LATER + 1)
    rest = rest_of(gate, seller, LATER + 1)
    assert (rest.cause, round(rest.left_s)) == (Reason.BLOCKED, 299)
    assert isinstance(gate.enter(seller, LATER + 1), Refused)


def test_a_ban_is_left_alone_longer_than_a_hiccup() -> None:
    """The first time depends on the cause, and the longest is bounded."""
    gate = Gate(0.0)
    for reason, seconds in (
        (Reason.TIMED_OUT, 10),
        (Reason.UNAUTHORISED, 120),
        (Reason.BLOCKED, 300),
    ):
        seller = quick(reason.value)
        fail_until_shut(gate, seller, LATER, reason)
        rest = rest_of(gate, seller, LATER)
        assert rest.cause is reason
        assert rest.left_s == pytest.approx(seconds)
    now = LATER
    for _ in range(12):
        now += 700
        call(gate, quick(Reason.BLOCKED.value), now, Reason.BLOCKED)
    suspension = gate.suspension(Reason.BLOCKED.value, now)
    assert suspension is not None
    assert suspension.left_s <= 600


def test_retry_after_is_honoured() -> None:
    """The seller says when, and it is not called before; without a time a second passes."""
    gate, seller = Gate(0.0), quick()
    entered = gate.enter(seller, LATER)
    assert isinstance(entered, Pass)
    gate.leave(entered, Reason.RATE_LIMITED, LATER, retry_after_s=30.0)
    refused = gate.enter(seller, LATER + 29)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.RATE_LIMITED
    assert call(gate, seller, LATER + 31)


def test_after_the_start_nothing_is_held_against_anybody() -> None:
    """A machine that boots has no network for a moment."""
    gate, seller = Gate(LATER), quick()
    for _ in range(20):
        assert call(gate, seller, LATER + 5, Reason.UNREACHABLE)
    fail_until_shut(gate, seller, LATER + 11, Reason.UNREACHABLE)


def test_when_everybody_fails_the_fault_is_our_own() -> None:
    """At most half of the sellers are shut at once; the others go on being called."""
    gate, sellers = Gate(0.0), [quick(f"s{n}") for n in range(10)]
    for _ in range(20):
        for seller in sellers:
            call(gate, seller, LATER, Reason.UNREACHABLE)
    shut = sum(gate.suspension(seller.id, LATER) is not None for seller in sellers)
    assert shut == 5


def test_a_purchase_is_never_refused() -> None:
    """Neither by a limit nor by an open breaker; it is counted all the same."""
    gate, seller = Gate(0.0), a_seller(per_second=1.0, concurrency=1)
    for _ in range(5):
        assert isinstance(gate.enter_purchase(seller, LATER), Pass)
    assert isinstance(gate.enter(seller, LATER), Refused)


def test_reset_forgets_what_a_seller_did() -> None:
    """Calls that were under way at that moment end without harm."""
    gate, seller = Gate(0.0), quick()
    under_way = gate.enter(seller, LATER)
    assert isinstance(under_way, Pass)
    fail_until_shut(gate, seller, LATER, Reason.BLOCKED)
    gate.reset(seller.id)
    assert call(gate, seller, LATER)
    gate.leave(under_way, Reason.BLOCKED, LATER)
    assert gate._doors[seller.id].in_flight == 0


def test_new_limits_of_a_definition_hold_at_once() -> None:
    """A definition that is edited changes its gate, and what was learned stays."""
    gate = Gate(0.0)
    assert call(gate, quick(concurrency=10), LATER, Reason.TIMED_OUT)
    assert isinstance(gate.enter(quick(concurrency=2), LATER), Pass)
    assert gate.limit_of("alpha") == 2.0
