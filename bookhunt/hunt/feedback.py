"""What a customer says of a purchase afterwards, and what it is worth.

A seller that took an order speaks for itself already (+1, see `settlement`); the weights here are
added to that. A refund outweighs it, and a wrong book more so: both cost a customer a second hunt.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from bookhunt.model.errors import NotFound, StateConflict
from bookhunt.model.request import RequestState

if TYPE_CHECKING:
    from bookhunt.model.outcome import Bought, RequestRecord


class Feedback(StrEnum):
    """A word about a purchase; each counts once for each request."""

    GOOD = "good"  # it came as it was described
    LATE = "late"  # it came later than was said
    REFUNDED = "refunded"  # the money came back: no book
    WRONG_ITEM = "wrong_item"  # another book, or another condition, came

    @property
    def weight(self) -> float:
        """What `Beliefs.learn_order` is told: above nought for the seller, below it against."""
        return _WEIGHTS[self]


_WEIGHTS = {
    Feedback.GOOD: 1.0,
    Feedback.LATE: -0.5,
    Feedback.REFUNDED: -2.0,
    Feedback.WRONG_ITEM: -3.0,
}


def purchase_of(record: RequestRecord | None, request_id: str) -> Bought:
    """The purchase that a word is about.

    Raises:
        NotFound: there is no such request.
        StateConflict: it bought nothing, so far.
    """
    if record is None:
        raise NotFound(f"no request {request_id}", hint="bookhunt status lists them")
    bought = record.result.bought
    if record.state is not RequestState.SUCCESS or bought is None:
        raise StateConflict(
            f"nothing was bought by this request: it is {record.state.value}",
            hint=f"bookhunt status {request_id}",
        )
    return bought
