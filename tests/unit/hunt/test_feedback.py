"""What is said of a purchase teaches once, and only of what was bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.feedback import Feedback
from bookhunt.hunt.service import HuntService
from bookhunt.model.errors import NotFound, StateConflict
from tests.support.memory_beliefs import MemoryBeliefShelf

if TYPE_CHECKING:
    from tests.unit.hunt.life import Life


async def test_a_complaint_outweighs_the_order_it_is_about(life: Life) -> None:
    """A refund costs more than the sale was worth, a wrong book more than a refund."""
    life.sells("shop", "10")
    shares = [life.service.figures("shop").purchase_share]
    record = await life.hunted()
    shares.append(life.service.figures("shop").purchase_share)
    for word in (Feedback.REFUNDED, Feedback.WRONG_ITEM):
        assert await life.service.feedback(record.request.id, word)
        shares.append(life.service.figures("shop").purchase_share)
    before, taken, refunded, wrong = shares
    assert refunded < before < taken
    assert refunded - wrong > 0
    assert Feedback.WRONG_ITEM.weight < Feedback.REFUNDED.weight < -1 < Feedback.LATE.weight < 0
    assert all(isinstance(word.weight, float) for word in Feedback)


async def test_what_was_not_bought_has_no_feedback(life: Life) -> None:
    life.sells("dear", "99")
    record = await life.hunted()
    figures = life.service.figures("dear")
    with pytest.raises(StateConflict):
        await life.service.feedback(record.request.id, Feedback.GOOD)
    with pytest.raises(NotFound):
        await life.service.feedback("nothing", Feedback.GOOD)
    assert life.service.figures("dear") == figures


async def test_a_word_and_what_it_taught_are_on_the_shelf_together(life: Life) -> None:
    """Said again after a restart, it counts no second time; where the shelf is lost, it does."""
    life.sells("shop", "10")
    record = await life.hunted()
    shelf = MemoryBeliefShelf()

    def service() -> HuntService:
        return HuntService(
            ledger=life.ledger,
            sellers=life.sellers,
            buyers=life.buyers,
            explanations=life.explanations,
            shelf=life.shelf,
            clock=life.clock,
            settings=life.settings,
            belief_shelf=shelf,
        )

    assert await service().feedback(record.request.id, Feedback.REFUNDED)
    assert "shop" in shelf.sellers
    assert not await service().feedback(record.request.id, Feedback.REFUNDED)
    shelf = MemoryBeliefShelf()
    assert await service().feedback(record.request.id, Feedback.REFUNDED)


async def test_a_seller_that_is_reset_is_not_expected_to_fail(life: Life) -> None:
    """What is known of it stays."""
    beliefs, now = life.service._world.beliefs, life.clock.now().timestamp()
    seller = beliefs.seller("shop")
    seller.fails_in_a_row, seller.failed_at = 4.0, now
    before = seller.chance_of_answer(now)
    life.service.reset_seller("shop")
    assert beliefs.seller("shop").chance_of_answer(now) > 5 * before
    assert "shop" in beliefs.changed_sellers
    life.service.reset_seller("nobody")
