"""What explanations promise: the notes of a request, in order, and no trouble for the hunt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.model.reasons import Reason
from tests.support.builders import a_note, an_id, usd

if TYPE_CHECKING:
    from tests.contract.conftest import AnyExplanations


async def test_notes_come_back_in_their_order(explanations: AnyExplanations) -> None:
    """Every field of each note, in the order sellers were ranked."""
    request_id = an_id()
    notes = [
        a_note(
            "zeta",
            tier=1,
            rank=3,
            reservation=usd("9"),
            expected=usd("11"),
            cached=True,
            shared=True,
            asked_ms=0.0,
            answered_ms=12.3,
            calls=2,
            detail="é",
        ),
        a_note("alpha", reason=Reason.OVER_MAX, total=usd("99"), tier=2, asked_ms=1.5),
        a_note("beta", reason=Reason.SKIPPED_TIER, total=None),
    ]
    explanations.keep(request_id, notes)
    assert await explanations.of(request_id) == notes


async def test_nothing_is_known_of_a_request_nobody_explained(
    explanations: AnyExplanations,
) -> None:
    explanations.keep(an_id(), [a_note()])
    assert await explanations.of(an_id()) == []


async def test_a_second_hunt_explains_anew(explanations: AnyExplanations) -> None:
    """A request that is hunted again shows each seller once, as of the last time."""
    request_id = an_id()
    explanations.keep(request_id, [a_note("alpha"), a_note("beta")])
    explanations.keep(request_id, [a_note("alpha", reason=Reason.SOLD_OUT)])
    assert await explanations.of(request_id) == [a_note("alpha", reason=Reason.SOLD_OUT)]


async def test_keeping_changes_nothing_for_the_keeper(explanations: AnyExplanations) -> None:
    """The list that was given may be used on."""
    request_id, notes = an_id(), [a_note("alpha")]
    explanations.keep(request_id, notes)
    notes.clear()
    assert await explanations.of(request_id) == [a_note("alpha")]
