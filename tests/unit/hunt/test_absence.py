"""NOT_AVAILABLE is said only of what was asked, or skipped for a stated reason.

Random streets, random strategies: the oracle is what each seller would have answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from bookhunt.hunt.settings import HuntSettings
from bookhunt.model.outcome import ProofOfAbsence
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import UNPROVEN, Reason
from bookhunt.model.request import RequestState, Strategy
from bookhunt.model.seller import PurchaseMode, SellerState, Trust
from tests.support.builders import usd
from tests.support.jump_clock import JumpClock
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from bookhunt.model.outcome import RequestRecord, SellerNote

MAXIMUM = 30
SILENT_S = 60.0


@dataclass(frozen=True, slots=True)
class Shop:
    """One seller of a random street."""

    tier: int | None
    total: int | None  # what it sells the book for; None: it has none
    delay_s: float
    failure: Reason | None
    mode: PurchaseMode
    trust: Trust
    state: SellerState
    ships: bool
    basket: Answer | None  # what ends its checkout before the commit

    @property
    def has_it(self) -> bool:
        """Whether the book could have been bought here at this price."""
        return (
            self.total is not None
            and self.total <= MAXIMUM
            and self.mode is PurchaseMode.AUTO
            and self.trust is Trust.NORMAL
            and self.ships
            and self.basket is None
        )


SHOPS = st.lists(
    st.builds(
        Shop,
        tier=st.sampled_from([None, 1, 2, 3]),
        total=st.none() | st.integers(20, 40),
        delay_s=st.sampled_from([0.0, 0.1, 0.4, 1.0, 2.2, SILENT_S]),
        failure=st.none()
        | st.sampled_from([Reason.SERVER_ERROR, Reason.BLOCKED, Reason.RATE_LIMITED]),
        mode=st.sampled_from([PurchaseMode.AUTO, PurchaseMode.AUTO, PurchaseMode.LINK]),
        trust=st.sampled_from([Trust.NORMAL, Trust.NORMAL, Trust.SHADOW, Trust.BLOCKED]),
        state=st.sampled_from(
            [SellerState.READY] * 4 + [SellerState.SUSPENDED, SellerState.NEEDS_SETUP]
        ),
        ships=st.sampled_from([True, True, False]),
        basket=st.none() | st.sampled_from([Answer.SOLD_OUT, Answer.OVER_MAX]),
    ),
    max_size=8,
)


def open_street(life: Life, shops: list[Shop]) -> None:
    for number, shop in enumerate(shops):
        name = f"s{number}"
        fields = {
            "tier": shop.tier,
            "purchase_mode": shop.mode,
            "trust": shop.trust,
            "state": shop.state,
            "ships_to": frozenset({"*"} if shop.ships else {"AU"}),
        }
        if shop.failure is not None:
            life.fails(name, shop.failure, delay_s=shop.delay_s, **fields)
        elif shop.total is None:
            life.fails(name, Reason.NOT_STOCKED, delay_s=shop.delay_s, **fields)
        else:
            life.sells(name, str(shop.total), delay_s=shop.delay_s, **fields)
        if shop.basket is not None:
            life.sellers.prepares(name, *[shop.basket] * 20)


async def hunted(
    clock: JumpClock, shops: list[Shop], strategy: Strategy, in_flight: int
) -> tuple[Life, RequestRecord, dict[str, SellerNote]]:
    life = Life(clock, settings=HuntSettings(workers=2, in_flight=in_flight))
    open_street(life, shops)
    await life.service.start()
    record = await life.hunted(strategy=strategy, max_price=usd(str(MAXIMUM)))
    await life.service.stop(within_s=60)
    return life, record, life.notes(record)


@given(shops=SHOPS, strategy=st.sampled_from(Strategy), in_flight=st.sampled_from([1, 2, 500]))
def test_absence_is_never_claimed_of_a_seller_nobody_asked(
    shops: list[Shop], strategy: Strategy, in_flight: int
) -> None:
    clock = JumpClock()
    life, record, notes = clock.run(hunted(clock, shops, strategy, in_flight))
    assert set(notes) == {f"s{number}" for number in range(len(shops))}
    if record.state is RequestState.SUCCESS:
        assert record.result.bought is not None
        assert record.result.bought.total <= usd(str(MAXIMUM))
        assert life.orders() == [record.result.bought.seller]
        return
    assert life.orders() == []
    if record.state is RequestState.PURCHASE_FAILED:
        assert any(shop.basket is not None for shop in shops)
        return
    assert record.state is RequestState.NOT_AVAILABLE
    for number, shop in enumerate(shops):
        note = notes[f"s{number}"]
        assert note.reason is not None, (shop, note)
        setup_or_block = {Reason.NEEDS_SETUP, Reason.SKIPPED_BLOCKED}
        if shop.has_it and note.reason not in setup_or_block:
            assert note.reason in UNPROVEN, (shop, note)
            assert record.result.findings.proof is ProofOfAbsence.PARTIAL


@given(shops=SHOPS, strategy=st.sampled_from(Strategy))
def test_absence_is_proven_exactly_where_nobody_left_it_open(
    shops: list[Shop], strategy: Strategy
) -> None:
    """`complete` and `partial` follow from the lines that `status --why` shows."""
    clock = JumpClock()
    _, record, notes = clock.run(hunted(clock, shops, strategy, 500))
    proof = record.result.findings.proof
    if record.state is not RequestState.NOT_AVAILABLE:
        assert proof is None
        return
    left_open = any(note.reason in UNPROVEN for note in notes.values())
    nobody = record.result.findings.sellers_asked == 0
    assert proof is (ProofOfAbsence.PARTIAL if left_open or nobody else ProofOfAbsence.COMPLETE)


@given(shops=SHOPS)
def test_everybody_who_answers_in_time_is_heard_before_absence_is_claimed(
    shops: list[Shop],
) -> None:
    """A street that answers at once, or not at all: whoever has it, is bought from."""
    quick = [
        Shop(
            tier=shop.tier,
            total=shop.total,
            delay_s=min(shop.delay_s, 0.4),
            failure=shop.failure,
            mode=shop.mode,
            trust=shop.trust,
            state=SellerState.READY,
            ships=shop.ships,
            basket=None,
        )
        for shop in shops
    ]
    for strategy in Strategy:
        clock = JumpClock()
        _, record, _ = clock.run(hunted(clock, quick, strategy, 500))
        somebody = any(shop.has_it and shop.failure is None for shop in quick)
        assert (record.state is RequestState.SUCCESS) == somebody
