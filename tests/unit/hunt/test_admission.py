"""The door: what was accepted is taken up in time, and whoever is turned away is told the truth."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt import admission as module
from bookhunt.hunt.admission import Admission, Later, Place
from bookhunt.hunt.easing import Ease
from bookhunt.hunt.settings import HuntSettings, WhenFull
from bookhunt.model.errors import DaemonStopping, TryLater
from tests.support.builders import a_record, a_request, usd

if TYPE_CHECKING:
    from tests.support.jump_clock import JumpClock

OWNER = "uid:1"


class Door:
    """An admission and its workers, each hunt as long as a test says."""

    def __init__(self, clock: JumpClock, **settings: Any) -> None:
        standard = {"queue": 10, "workers": 2, "owner": OWNER}
        self.settings = HuntSettings(**standard | settings)
        self.clock = clock
        self.admission = Admission(lambda: self.settings, clock)

    def measured(self, hunt_s: float) -> Door:
        """Let hunts have taken so long, lately."""
        for _ in range(200):
            self.admission._busy += 1
            self.admission.done(hunt_s)
        return self

    def busy(self) -> Door:
        """Let every worker have something to do."""
        self.admission._busy = self.settings.workers
        return self

    def enter(self, count: int = 1, **fields: Any) -> None:
        for _ in range(count):
            self.admission.enter(a_record(request=a_request(**fields)))

    def try_(self, **fields: Any) -> Place | Later:
        return self.admission.try_now(a_request(**fields))

    def accepted(self, **fields: Any) -> Place:
        place = self.try_(**fields)
        assert isinstance(place, Place)
        return place

    def refused(self, **fields: Any) -> Later:
        later = self.try_(**fields)
        assert isinstance(later, Later)
        return later

    async def admitted(self, **fields: Any) -> Place:
        """As a submission does it: at once, or by waiting at the door."""

        async def came_before() -> bool:
            await asyncio.sleep(0)
            return False

        place = await self.admission.admit(a_request(**fields), came_before=came_before)
        assert place is not None
        return place

    async def hunt(self, for_s: float) -> None:
        """One worker takes up one request, and is done with it after so long."""
        await self.admission.next()
        await self.clock.sleep(for_s)
        self.admission.done(for_s)


# ------------------------------------------------------------------------------- by number
async def test_no_more_wait_than_there_is_room_for(clock: JumpClock) -> None:
    """Places that are promised count like requests that wait."""
    door = Door(clock, queue=3)
    door.enter(2)
    place = door.accepted()
    assert "3 requests are waiting" in door.refused().why
    door.admission.release(place, counts=True)
    assert isinstance(door.try_(), Place)


async def test_what_was_accepted_before_needs_no_place(clock: JumpClock) -> None:
    """After a crash or from settlement: a full queue does not keep it out."""
    door = Door(clock, queue=1, workers=3)
    door.enter(3)
    assert [await door.admission.next() for _ in range(3)]


async def test_a_closed_door_lets_nobody_in(clock: JumpClock) -> None:
    door = Door(clock)
    door.admission.close()
    with pytest.raises(DaemonStopping):
        door.try_()


# ------------------------------------------------------------------------------- by time
async def test_who_would_wait_longer_than_its_own_time_is_refused(clock: JumpClock) -> None:
    """By what hunts took lately: 2 workers, 1 s each, so four before it are two seconds.

    Of its four seconds one is kept for its own hunt, and a fifth for what nobody can foresee.
    """
    door = Door(clock, queue=1000).measured(1.0).busy()
    door.enter(3)
    assert isinstance(door.try_(search_deadline_s=4.0), Place)
    later = door.refused(search_deadline_s=4.0)
    assert later.after_s == pytest.approx(0.3)
    assert "2.5 s" in later.why
    assert isinstance(door.try_(search_deadline_s=60.0), Place)


async def test_time_is_kept_for_one_of_the_longer_hunts(clock: JumpClock) -> None:
    """Nine in ten should end in time, and not the usual one only."""
    door = Door(clock, queue=1000).measured(1.0).busy()
    for _ in range(6):
        door.admission._pace.ended(1.0)
        door.admission._pace.ended(3.0)
    mean_s = door.admission._pace.mean_s
    assert mean_s < 1.8
    assert isinstance(door.try_(search_deadline_s=5.0), Place)  # nobody before it: 1 s of 4
    wait_s = 2 / 2 * mean_s
    assert door.refused(search_deadline_s=5.0).after_s == pytest.approx(wait_s - 1.0)


async def test_the_time_to_come_back_is_what_was_measured(clock: JumpClock) -> None:
    """Slow hunts ask for more patience, in proportion, and not a constant."""

    def advice(hunt_s: float) -> float:
        door = Door(clock, queue=100).measured(hunt_s).busy()
        door.enter(100, search_deadline_s=3600.0)
        return door.refused(search_deadline_s=3600.0).after_s

    assert advice(0.2) == pytest.approx(101 / 2 * 0.2)
    assert advice(3.0) == pytest.approx(101 / 2 * 3.0)


async def test_before_anything_is_measured_only_the_number_refuses(clock: JumpClock) -> None:
    door = Door(clock, queue=1000).busy()
    door.enter(500)
    assert isinstance(door.try_(search_deadline_s=0.1), Place)


async def test_an_idle_worker_means_no_wait(clock: JumpClock) -> None:
    """However long hunts take."""
    door = Door(clock).measured(1000.0)
    assert isinstance(door.try_(search_deadline_s=0.1), Place)
    assert isinstance(door.try_(search_deadline_s=0.1), Place)
    assert isinstance(door.try_(search_deadline_s=0.1), Later)


async def test_the_pace_is_that_of_the_last_hunts(clock: JumpClock) -> None:
    door = Door(clock).measured(5.0)
    before = door.admission.load().hunt_s
    door.measured(1.0)
    assert before == pytest.approx(5.0)
    assert door.admission.load().hunt_s < 2.0


async def test_a_better_class_is_not_refused_for_those_it_goes_before(clock: JumpClock) -> None:
    """Nor a higher priority."""
    classes = {"gold": 100, "free": 1}
    door = Door(clock, queue=1000, classes=classes, customers={"jane": "gold"})
    door.measured(1.0).busy()
    door.enter(50, customer="anybody")
    assert isinstance(door.try_(customer="nobody"), Later)
    assert isinstance(door.try_(customer="jane"), Place)
    assert isinstance(door.try_(customer=OWNER), Place)
    assert isinstance(door.try_(customer="nobody", priority=1), Place)


async def test_a_dearer_request_takes_no_time_that_others_were_promised(clock: JumpClock) -> None:
    """It goes before the cheaper ones that wait, and so is one of them at the door."""
    door = Door(clock, queue=1000).measured(1.0).busy()
    door.enter(50, max_price=usd("5"))
    assert isinstance(door.try_(max_price=usd("500")), Later)


async def test_what_waits_for_as_long_as_was_promised_goes_before_the_dearer(
    clock: JumpClock,
) -> None:
    """The promise of the door, which is shorter than the request's own time."""
    door = Door(clock, queue=1000).measured(1.0).busy()
    place = door.accepted(search_deadline_s=5.0)
    assert place.within_s == pytest.approx(3.0)
    cheap = a_record(request=a_request(max_price=usd("5"), search_deadline_s=5.0))
    door.admission.enter(cheap, place)
    clock.pass_time(2.9)
    door.enter(2, max_price=usd("500"))
    door.admission._busy = 0
    assert (await door.admission.next()).record is not cheap
    clock.pass_time(0.2)
    assert (await door.admission.next()).record is cheap


# ------------------------------------------------------------------------------- by rate
async def test_a_customer_submits_so_many_a_minute(clock: JumpClock) -> None:
    """All at once, then one at a time; what one does costs no other anything."""
    door = Door(clock, queue=100, per_customer_per_min=10)
    for _ in range(10):
        door.accepted(customer="jane")
    later = door.refused(customer="jane")
    assert later.after_s == pytest.approx(6.0)
    assert "jane may submit 10 requests a minute" in later.why
    assert isinstance(door.try_(customer="bob"), Place)
    clock.pass_time(5.9)
    assert isinstance(door.try_(customer="jane"), Later)
    clock.pass_time(0.2)
    assert isinstance(door.try_(customer="jane"), Place)
    assert isinstance(door.try_(customer="jane"), Later)
    clock.pass_time(3600)
    for _ in range(10):
        door.accepted(customer="jane")
    assert isinstance(door.try_(customer="jane"), Later)


async def test_the_owner_has_a_rate_of_its_own(clock: JumpClock) -> None:
    door = Door(clock, queue=1000, per_customer_per_min=1)
    for _ in range(50):
        door.accepted(customer=OWNER)
    door.settings = replace(door.settings, owner_per_min=2)
    for _ in range(2):
        door.accepted(customer=OWNER)
    assert isinstance(door.try_(customer=OWNER), Later)


async def test_what_came_before_is_given_back(clock: JumpClock) -> None:
    """The same key sent again is no second request; one that was refused is one."""
    door = Door(clock, per_customer_per_min=2)
    for _ in range(20):
        door.admission.release(door.accepted(), counts=False)
    for _ in range(2):
        door.admission.release(door.accepted(), counts=True)
    assert isinstance(door.try_(), Later)


async def test_customers_are_not_remembered_without_end(clock: JumpClock) -> None:
    door = Door(clock, queue=10**6, per_customer_per_min=10)
    for n in range(10_050):
        door.accepted(customer=f"c{n}")
    assert len(door.admission._allowances._due) == 10_000


# ------------------------------------------------------------------------------- reject
async def test_rejected_is_told_when_to_come_back(clock: JumpClock) -> None:
    """At least in a second: a caller rounds."""
    door = Door(clock, queue=1).measured(0.01).busy()
    door.enter()
    with pytest.raises(TryLater) as caught:
        await door.admitted()
    assert caught.value.retry_after_s == 1.0
    assert caught.value.hint == "try again in 1 s"
    assert clock.monotonic() == 0


# ------------------------------------------------------------------------------- delay
async def test_delayed_waits_at_the_door_until_a_place_is_free(clock: JumpClock) -> None:
    door = Door(clock, queue=1, workers=1, when_full=WhenFull.DELAY)
    door.enter()
    waiting = asyncio.create_task(door.admitted())
    await asyncio.sleep(1)
    assert not waiting.done()
    assert door.admission.load().at_the_door == 1
    hunting = asyncio.create_task(door.hunt(0.5))
    assert isinstance(await waiting, Place)
    assert clock.monotonic() == pytest.approx(1.0)
    assert door.admission.load().at_the_door == 0
    await hunting


async def test_at_the_door_the_first_is_served_first(clock: JumpClock) -> None:
    """Nobody who comes later slips in before them."""
    door = Door(clock, queue=1, workers=1, when_full=WhenFull.DELAY)
    door.enter()
    served: list[int] = []

    async def come(n: int) -> None:
        await asyncio.sleep(n / 10)
        place = await door.admitted()
        served.append(n)
        door.enter()
        door.admission.release(place, counts=True)

    group = [asyncio.create_task(come(n)) for n in range(4)]
    await asyncio.sleep(1)
    for _ in range(4):
        await door.hunt(0.1)
    await asyncio.gather(*group)
    assert served == [0, 1, 2, 3]


async def test_who_comes_at_the_very_moment_does_not_slip_in(clock: JumpClock) -> None:
    """A place is free, and whoever waits for it has not been woken yet."""
    door = Door(clock, queue=1, workers=1, when_full=WhenFull.DELAY)
    door.enter()
    waiting = asyncio.create_task(door.admitted())
    await asyncio.sleep(1)
    await door.admission.next()
    assert "others wait" in door.refused().why
    assert isinstance(await waiting, Place)


async def test_two_places_that_come_free_at_once_serve_two(clock: JumpClock) -> None:
    door = Door(clock, queue=2, workers=2, when_full=WhenFull.DELAY)
    door.enter(2)
    waiting = [asyncio.create_task(door.admitted()) for _ in range(2)]
    await asyncio.sleep(1)
    for _ in range(2):
        await door.admission.next()
    assert len(await asyncio.gather(*waiting)) == 2
    assert clock.monotonic() == pytest.approx(1.0)


async def test_nobody_waits_at_the_door_for_ever(clock: JumpClock) -> None:
    door = Door(clock, queue=1, when_full=WhenFull.DELAY)
    door.enter()
    with pytest.raises(TryLater):
        await door.admitted()
    assert clock.monotonic() == pytest.approx(door.settings.door_s)


async def test_the_door_has_room_for_so_many(
    clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_AT_THE_DOOR", 2)
    door = Door(clock, queue=2, when_full=WhenFull.DELAY)
    door.enter(2)
    waiting = [asyncio.create_task(door.admitted()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TryLater):
        await door.admitted()
    assert clock.monotonic() == 0
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_caller_that_hangs_up_leaves_the_door(clock: JumpClock) -> None:
    """And the next one is served in its place."""
    door = Door(clock, queue=1, workers=1, when_full=WhenFull.DELAY)
    door.enter()
    first, second = (asyncio.create_task(door.admitted()) for _ in range(2))
    await asyncio.sleep(1)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await door.hunt(0.5)
    assert isinstance(await second, Place)
    assert door.admission.load().waiting == 1


async def test_a_rate_is_waited_for_as_long_as_the_door_allows(clock: JumpClock) -> None:
    """Six seconds for the next one; for the one after that nobody waits."""
    door = Door(clock, per_customer_per_min=10, when_full=WhenFull.DELAY, queue=100)
    for _ in range(10):
        door.accepted()
    assert isinstance(await door.admitted(), Place)
    assert clock.monotonic() == pytest.approx(6.0)
    waiting = asyncio.create_task(door.admitted())
    await asyncio.sleep(0)
    assert isinstance(door.try_(customer="bob"), Place)
    assert isinstance(await waiting, Place)
    door.admission._allowances.take("jane", 10, clock.monotonic())
    with pytest.raises(TryLater) as caught:
        await door.admitted()
    assert caught.value.retry_after_s == pytest.approx(12.0)


async def test_closing_sends_everybody_away_at_once(clock: JumpClock) -> None:
    door = Door(clock, queue=1, per_customer_per_min=1, when_full=WhenFull.DELAY, door_s=100.0)
    door.accepted(customer="early")
    early = asyncio.create_task(door.admitted(customer="early"))
    late = asyncio.create_task(door.admitted(customer="late"))
    await asyncio.sleep(1)
    door.admission.close()
    ended = await asyncio.gather(early, late, return_exceptions=True)
    assert [type(each) for each in ended] == [DaemonStopping, DaemonStopping]
    assert clock.monotonic() == pytest.approx(1.0)


# ------------------------------------------------------------------------------- degrade
async def test_degraded_is_taken_with_less_the_fuller_it_is(clock: JumpClock) -> None:
    """Whole, then the first tier, then from memory; beyond three times as many nobody."""
    door = Door(clock, queue=4, when_full=WhenFull.DEGRADE)
    eased = []
    while isinstance(place := door.try_(), Place):
        eased.append(place.ease)
    assert eased == [Ease.WHOLE] * 4 + [Ease.FIRST_TIER] * 4 + [Ease.MEMORY] * 4


async def test_degraded_by_time_as_well(clock: JumpClock) -> None:
    door = Door(clock, queue=1000, when_full=WhenFull.DEGRADE).measured(1.0).busy()
    door.enter(12)
    assert door.accepted(search_deadline_s=9.5).ease is Ease.WHOLE
    assert door.accepted(search_deadline_s=6.0).ease is Ease.FIRST_TIER
    assert door.accepted(search_deadline_s=4.6).ease is Ease.MEMORY
    assert isinstance(door.try_(search_deadline_s=1.0), Later)


async def test_over_its_rate_a_customer_is_served_from_memory_as_much_again(
    clock: JumpClock,
) -> None:
    door = Door(clock, queue=100, per_customer_per_min=5, when_full=WhenFull.DEGRADE)
    eased = []
    while isinstance(place := door.try_(), Place):
        eased.append(place.ease)
    assert eased == [Ease.WHOLE] * 5 + [Ease.MEMORY] * 5


# ------------------------------------------------------------------------------- the line
async def test_the_dearer_and_more_urgent_goes_first(clock: JumpClock) -> None:
    door = Door(clock, workers=3)
    door.enter(max_price=usd("10"))
    door.enter(max_price=usd("20"))
    door.enter(max_price=usd("5"), priority=1)
    taken = [(await door.admission.next()).record.request.max_price for _ in range(3)]
    assert taken == [usd("5"), usd("20"), usd("10")]


async def test_two_thousand_come_and_go(clock: JumpClock) -> None:
    """Nothing of them stays behind."""
    door = Door(clock, queue=10)
    for _ in range(2000):
        door.admission.release(door.accepted(), counts=True)
        door.enter()
        await door.hunt(0.0)
    load = door.admission.load()
    assert (load.waiting, load.hunting, load.at_the_door) == (0, 0, 0)
    assert len(door.admission._line._overdue) < 200


# ------------------------------------------------------------------------------- by width
async def test_so_many_are_hunted_at_once_as_the_width_lets(clock: JumpClock) -> None:
    """The others wait in the line, and the next is taken when one is done."""
    width = [1 / 4]
    settings = HuntSettings(workers=32)
    admission = Admission(lambda: settings, clock, width=lambda: width[0])
    for _ in range(10):
        admission.enter(a_record())
    workers = [asyncio.create_task(admission.next()) for _ in range(32)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sum(worker.done() for worker in workers) == 8
    assert admission.load().narrow
    admission.done(1.0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sum(worker.done() for worker in workers) == 9
    width[0] = 1.0
    admission.done(1.0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sum(worker.done() for worker in workers) == 10
    assert not admission.load().narrow
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def test_a_worker_that_is_cancelled_while_it_waits_takes_nobody_with_it(
    clock: JumpClock,
) -> None:
    settings = HuntSettings(workers=32)
    admission = Admission(lambda: settings, clock, width=lambda: 0.0)
    for _ in range(7):
        admission.enter(a_record())
    for _ in range(6):
        await admission.next()
    waiting = asyncio.create_task(admission.next())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    admission.done(1.0)
    assert (await admission.next()).record is not None
    assert admission.load().waiting == 0
