"""When there is too much to do: fewer sellers at a time, or less of a hunt; and it is said."""

from __future__ import annotations

import asyncio
import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.admission import Place
from bookhunt.hunt.candidates import Candidate
from bookhunt.hunt.easing import Ease, FanOut, Signs
from bookhunt.hunt.policy import Sight
from bookhunt.hunt.rolling import STRATEGIES, Rolling
from bookhunt.hunt.settings import HuntSettings, TierSettings, WhenFull
from bookhunt.hunt.tiers import Tiers
from bookhunt.model.errors import IdempotencyKeyReused, TryLater
from bookhunt.model.money import Money
from bookhunt.model.outcome import ProofOfAbsence
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState, Strategy
from bookhunt.model.seller import Capability
from bookhunt.store.shelf import MemoryShelf
from tests.support.builders import a_request, a_seller, usd
from tests.support.scripted_sellers import QuoteScript, SendScript
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from bookhunt.hunt.beliefs import Beliefs
    from bookhunt.model.outcome import RequestRecord
    from tests.support.jump_clock import JumpClock

SUCCESS, NOT_AVAILABLE = RequestState.SUCCESS, RequestState.NOT_AVAILABLE


# ------------------------------------------------------------------------------- the loop is late
def test_a_late_loop_halves_the_fan_out_and_calm_brings_it_back() -> None:
    """At most twice a second, never to nothing; each calm second doubles it."""
    fan_out, now = FanOut(), 0.0
    shares = []
    for lag_s in [0.06] * 20 + [0.0] * 60:
        fan_out.note(lag_s, now)
        shares.append(fan_out.share)
        now += 0.1
    assert shares[0] == 0.5
    assert shares[4] == 0.5
    assert shares[6] == 0.25
    assert min(shares) == 1 / 8
    assert shares[-1] == 1.0
    changes = [at for at, (a, b) in enumerate(itertools.pairwise(shares)) if b > a]
    assert all(b - a >= 9 for a, b in itertools.pairwise(changes))


def test_a_little_late_is_neither() -> None:
    """Between calm and late nothing changes; fifty milliseconds are not late yet."""
    for share, lag_s in ((0.5, 0.03), (1.0, 0.05)):
        fan_out = FanOut(share=share)
        for n in range(100):
            fan_out.note(lag_s, float(n))
        assert fan_out.share == share
        assert fan_out.lag_s == lag_s


def asked(policy: Rolling | Tiers, candidates: list[Candidate], *, now: float = 0.0) -> int:
    sight = Sight(
        now=now, started_at=0.0, ends_at=4.3, max_price=usd("30"), best=None, unasked=candidates
    )
    return len(policy.decide(sight).ask)


def some_candidates(count: int) -> list[Candidate]:
    return [Candidate(seller=a_seller(f"s{n}"), tier=1) for n in range(count)]


@pytest.mark.parametrize("share", [1.0, 0.5, 0.25])
def test_a_search_asks_so_much_fewer_at_once(share: float, known_beliefs: Beliefs) -> None:
    """Its window, and its burst; what proves absence in the end asks everybody."""
    settings = replace(STRATEGIES[Strategy.BALANCED], share=share, target_s=0.1, grow=1.0)
    book = known_beliefs.book("b", 0.0, max_minor=3000)
    candidates = some_candidates(40)
    rolling = Rolling(settings, known_beliefs, book, candidates, max_minor=3000, wall_s=0.0)
    whole = Rolling(
        replace(settings, share=1.0), known_beliefs, book, candidates, max_minor=3000, wall_s=0.0
    )
    assert whole._window > 1
    assert rolling._window == math.ceil(whole._window * share)
    assert asked(rolling, candidates, now=settings.prove_s) == 40
    book.level = math.log(9000)  # hardly anybody has it below the maximum: all are asked
    hopeless = Rolling(settings, known_beliefs, book, candidates, max_minor=3000, wall_s=0.0)
    assert asked(hopeless, candidates) == 40 * share


def test_a_wave_of_tiers_is_asked_in_parts() -> None:
    candidates = some_candidates(9)
    assert asked(Tiers(TierSettings()), candidates) == 9
    assert asked(Tiers(TierSettings(), share=0.5), candidates) == 5
    assert asked(Tiers(TierSettings(), share=1 / 8), candidates[:1]) == 1


@pytest.mark.parametrize("strategy", Strategy)
async def test_the_next_request_is_searched_that_narrowly(
    clock: JumpClock, strategy: Strategy
) -> None:
    """Whatever its strategy: the first calls are fewer."""
    first = []
    for share in (1.0, 1 / 8):
        life = Life(clock)
        life.service.fan_out.share = share
        for n in range(40):
            life.fails(f"s{n}", Reason.NOT_STOCKED, delay_s=1.0)
        await life.service.start()
        began = clock.monotonic()
        await life.hunted(strategy=strategy)
        first.append(sum(call.at_s == began for call in life.sellers.calls))
        await life.service.stop(within_s=1)
    assert 0 < first[1] < first[0] / 2


@pytest.mark.parametrize("strategy", Strategy)
async def test_a_hunt_under_a_late_loop_still_asks_everybody_for_its_proof(
    clock: JumpClock, strategy: Strategy
) -> None:
    """Slower, and with the same word in the end."""
    life = Life(clock)
    life.service.fan_out.share = 1 / 8
    for n in range(30):
        life.fails(f"s{n}", Reason.NOT_STOCKED, delay_s=0.05)
    await life.service.start()
    record = await life.hunted(strategy=strategy)
    assert record.result.findings.proof is ProofOfAbsence.COMPLETE
    assert record.result.findings.sellers_asked == 30
    await life.service.stop(within_s=1)


# ------------------------------------------------------------------------------- too many requests
async def eased(life: Life, ease: Ease) -> RequestRecord:
    """A request that is hunted with less."""
    request = a_request(submitted_at=life.clock.now(), strategy=Strategy.BALANCED)
    submitted = await life.ledger.submit(request, fingerprint="f", again=True)
    place = Place(ease, request.customer, None, request.search_deadline_s)
    life.service._queue(submitted.record, place)
    return await life.outcome(submitted.record)


async def test_only_the_first_tier_is_asked_and_the_others_say_why(life: Life) -> None:
    """Bought there where it fits; where it does not, nothing is proven."""
    life.sells("best", "20", tier=1)
    life.sells("second", "10", tier=2)
    record = await eased(life, Ease.FIRST_TIER)
    assert record.state is SUCCESS
    assert life.orders() == ["best"]
    note = life.notes(record)["second"]
    assert (note.reason, note.calls) == (Reason.SKIPPED_TIER, 0)
    assert "too many requests" in (note.detail or "")
    life.fails("best", Reason.NOT_STOCKED, tier=1)
    record = await eased(life, Ease.FIRST_TIER)
    assert record.state is NOT_AVAILABLE
    assert record.result.findings.proof is ProofOfAbsence.PARTIAL


async def test_while_nobody_is_placed_the_first_tier_is_everybody(life: Life) -> None:
    """A new installation under load still buys."""
    life.sells("a", "20")
    life.sells("b", "10")
    record = await eased(life, Ease.FIRST_TIER)
    assert record.state is SUCCESS
    assert {note.reason for note in life.notes(record).values()} == {None}


async def test_from_memory_nobody_is_asked_but_to_confirm(clock: JumpClock) -> None:
    life = Life(clock, shelf=MemoryShelf())
    life.sells("known", *["20"] * 5)
    life.sells("unknown", "10")
    await life.service.start()
    first = await life.hunted(sellers=frozenset({"known"}), strategy=Strategy.BALANCED)
    assert first.state is SUCCESS
    calls = life.sellers.count("quote", "unknown")
    await asyncio.sleep(5)
    record = await eased(life, Ease.MEMORY)
    assert record.state is SUCCESS
    assert life.orders() == ["known", "known"]
    assert life.sellers.count("quote", "unknown") == calls
    note = life.notes(record)["unknown"]
    assert (note.reason, note.calls) == (Reason.SKIPPED_LIMIT, 0)
    await life.service.stop(within_s=1)


async def test_a_full_house_takes_more_and_hunts_them_with_less(clock: JumpClock) -> None:
    """As the configuration says: the first ones whole, the next ones in the first tier only."""
    settings = HuntSettings(workers=1, queue=2, when_full=WhenFull.DEGRADE)
    life = Life(clock, settings=settings)
    life.sells("best", *["20"] * 9, tier=1)
    life.sells("second", *["10"] * 9, tier=2)
    records = [await life.submit() for _ in range(4)]
    await life.service.start()
    ended = [await life.outcome(record) for record in records]
    reasons = [life.notes(record)["second"].detail is not None for record in ended]
    assert reasons == [False, False, True, True]
    await life.service.stop(within_s=1)


async def test_a_key_that_is_known_needs_no_place(clock: JumpClock) -> None:
    """A caller that heard nothing sends the same again: it must not read "nothing was written"."""
    life = Life(clock, settings=HuntSettings(workers=1, queue=2))
    request = a_request(submitted_at=clock.now())
    first = await life.service.submit(request, fingerprint="f", again=False)
    await life.submit()
    with pytest.raises(TryLater):
        await life.submit()
    again = replace(request, id=a_request().id)
    second = await life.service.submit(again, fingerprint="f", again=False)
    assert second.record.request.id == first.record.request.id
    with pytest.raises(IdempotencyKeyReused):
        await life.service.submit(again, fingerprint="g", again=False)
    assert life.service.load().waiting == 2


async def test_a_repeated_submission_costs_its_customer_nothing(clock: JumpClock) -> None:
    life = Life(clock, settings=HuntSettings(workers=1, per_customer_per_min=2))
    request = a_request(submitted_at=clock.now())
    for _ in range(10):
        again = replace(request, id=a_request().id)
        await life.service.submit(again, fingerprint="f", again=False)
    await life.submit(customer=request.customer, book=replace(request.book, isbn13=None))
    with pytest.raises(TryLater, match="2 requests a minute"):
        await life.submit(customer=request.customer)


async def test_looking_waiting_and_cancelling_pass_by_a_full_house(clock: JumpClock) -> None:
    life = Life(clock, settings=HuntSettings(workers=1, queue=1, when_full=WhenFull.DELAY))
    record = await life.submit()
    at_the_door = asyncio.create_task(life.submit())
    await asyncio.sleep(0.1)
    assert await life.service.wait(record.request.id, within_s=0) is not None
    assert (await life.service.cancel(record.request.id)).state is RequestState.CANCELLED
    assert clock.monotonic() == pytest.approx(0.1)
    with pytest.raises(TryLater):
        await at_the_door


async def test_orders_in_doubt_are_settled_whatever_waits(clock: JumpClock) -> None:
    """Recovery has its own way: it needs no worker and no place in the line."""
    life = Life(clock, settings=HuntSettings(workers=1, queue=1, reserve_s=0.0))
    life.sells("doubtful", "10", tier=1, capability=Capability.LOOKUP)
    life.sells("slow", "20", tier=1)
    life.sellers.sends("doubtful", SendScript(answer=Answer.UNKNOWN, executes=True))
    await life.service.start()
    record = await life.submit(sellers=frozenset({"doubtful"}))
    await asyncio.sleep(1)
    assert life.orders() == ["doubtful"]
    life.sellers.quotes("slow", QuoteScript(reason=Reason.TIMED_OUT, delay_s=2.4))
    for _ in range(2):
        await life.submit(sellers=frozenset({"slow"}))
        await asyncio.sleep(0.01)
    with pytest.raises(TryLater):
        await life.submit(sellers=frozenset({"slow"}))
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["doubtful"]
    await life.service.stop(within_s=1)


async def test_prices_of_other_currencies_rank_by_their_rate(clock: JumpClock) -> None:
    """By the configured rate; without one at their face value."""
    exchange = Life(clock).service._world.exchange
    assert exchange.worth_of(usd("12.50")) == 12.5
    assert exchange.worth_of(Money(3000, "JPY")) == 3000.0


def test_fewer_are_hunted_at_once_while_hunts_are_long_because_the_loop_is_busy() -> None:
    """A tenth every half second; more again, step by step, only where requests wait for that."""
    fan_out, now = FanOut(width=0.5), 0.0
    for _ in range(10):
        now += 0.25
        fan_out.note(0.0, now, Signs(busy=0.95, hunt_s=3.0))
    assert fan_out.width == pytest.approx(0.5 * 0.9**5)
    narrow = fan_out.width
    for signs in (Signs(busy=0.95, hunt_s=1.0), Signs(busy=0.1, narrow=False)):
        now += 1.0
        fan_out.note(0.0, now, signs)
        assert fan_out.width == narrow, "short hunts are no trouble, and width nobody needs is none"
    now += 1.0
    fan_out.note(0.0, now, Signs(busy=0.1))
    assert fan_out.width > narrow


def test_where_the_processor_is_nearly_busy_the_width_grows_in_small_steps() -> None:
    """What a step did is seen when the hunts it let in have ended; until then many would be in."""
    grown = []
    for busy in (0.2, 0.7):
        fan_out = FanOut(width=0.2)
        for n in range(1, 21):
            fan_out.note(0.0, n / 5, Signs(busy=busy))
        grown.append(fan_out.width - 0.2)
    assert grown[1] == pytest.approx(grown[0] / 8)


def test_one_busy_moment_is_not_a_busy_processor() -> None:
    fan_out = FanOut(width=0.5)
    for n in range(1, 11):
        fan_out.note(0.0, n / 10, Signs(busy=0.3, hunt_s=3.0, narrow=False))
    fan_out.note(0.0, 1.1, Signs(busy=1.0, hunt_s=3.0))
    assert fan_out.width >= 0.5
    for n in range(12, 40):
        fan_out.note(0.0, n / 10, Signs(busy=1.0, hunt_s=3.0))
    assert fan_out.width < 0.5


def test_slow_sellers_alone_narrow_nothing() -> None:
    """Hunts are long, and the loop has time: half of the sellers hang."""
    fan_out = FanOut(width=0.5)
    for n in range(50):
        fan_out.note(0.001, float(n), Signs(busy=0.2, hunt_s=4.5, narrow=False))
    assert fan_out.width == 0.5


def test_calls_that_wait_for_the_cap_narrow_at_once() -> None:
    fan_out = FanOut(width=0.5)
    fan_out.note(0.001, 1.0, Signs(full=True))
    assert fan_out.width < 0.5


def test_nothing_is_ever_too_narrow_to_go_on() -> None:
    fan_out = FanOut()
    for n in range(200):
        fan_out.note(1.0, float(n), Signs(full=True))
    assert fan_out.width > 0
