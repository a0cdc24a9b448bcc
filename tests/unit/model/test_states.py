"""The states of requests and attempts are the tables of the design, move by move."""

from __future__ import annotations

import pytest

from bookhunt.model.purchase import DECLARED_REFUSALS, NEGATIVE, STAGE_MOVES, Answer, Stage
from bookhunt.model.request import REQUEST_MOVES, RequestState

REQUESTS = {
    "PENDING": "PROCESSING CANCELLED EXPIRED",
    "PROCESSING": "RESOLVED NOT_AVAILABLE PURCHASE_FAILED CANCELLED EXPIRED DRY_RUN",
    "RESOLVED": "SUCCESS PROCESSING IN_DOUBT PURCHASE_FAILED CANCELLED DRY_RUN",
    "IN_DOUBT": "SUCCESS PROCESSING NEEDS_ATTENTION CANCELLED",
    "NEEDS_ATTENTION": "SUCCESS PROCESSING CANCELLED",
    "SUCCESS": "",
    "NOT_AVAILABLE": "",
    "PURCHASE_FAILED": "",
    "CANCELLED": "",
    "EXPIRED": "",
    "DRY_RUN": "",
}
ATTEMPTS = {
    "PREPARED": "SENDING ABANDONED",
    "SENDING": "CONFIRMED PLACED REFUSED NOT_SENT UNKNOWN MANUAL",
    "PLACED": "CONFIRMED REFUSED MANUAL",
    "UNKNOWN": "CONFIRMED REFUSED ABSENT MANUAL",
    "MANUAL": "CONFIRMED ABSENT",
    "CONFIRMED": "",
    "REFUSED": "",
    "NOT_SENT": "",
    "ABSENT": "",
    "ABANDONED": "",
}


@pytest.mark.parametrize("before", RequestState)
@pytest.mark.parametrize("after", RequestState)
def test_a_request_moves_as_the_table_says(before: RequestState, after: RequestState) -> None:
    allowed = after.name in REQUESTS[before.name].split()
    assert before.may_become(after) == allowed
    assert ((before, after) in REQUEST_MOVES) == allowed


@pytest.mark.parametrize("before", Stage)
@pytest.mark.parametrize("after", Stage)
def test_an_attempt_moves_as_the_table_says(before: Stage, after: Stage) -> None:
    allowed = after.name in ATTEMPTS[before.name].split()
    assert before.may_become(after) == allowed
    assert ((before, after) in STAGE_MOVES) == allowed


@pytest.mark.parametrize("stage", Stage)
def test_another_seller_is_allowed_only_from_a_definite_negative(stage: Stage) -> None:
    """An order that may stand, or stands, forbids every other one."""
    negative = {"REFUSED", "NOT_SENT", "ABSENT", "ABANDONED"}
    assert stage.allows_next_seller == (stage.name in negative)
    assert stage.allows_next_seller == (stage in NEGATIVE)
    assert stage.is_open == (stage.name in {"PREPARED", "SENDING", "PLACED", "UNKNOWN", "MANUAL"})
    assert stage.is_open + stage.allows_next_seller + (stage is Stage.CONFIRMED) == 1


def test_a_final_request_is_one_that_nothing_moves() -> None:
    final = {state.name for state in RequestState if state.is_final}
    assert final == {name for name, after in REQUESTS.items() if not after}


def test_only_a_declared_refusal_is_one() -> None:
    """A time-out, a limit, a missing login say nothing about an order that may stand."""
    assert {
        Answer.SOLD_OUT,
        Answer.DECLINED,
        Answer.PRICE_CHANGED,
        Answer.REFUSED,
    } == DECLARED_REFUSALS
