"""The door: what was accepted is worked on, in order, and no more is accepted than fits."""

from __future__ import annotations

import asyncio

import pytest

from bookhunt.hunt.admission import Admission
from bookhunt.model.errors import DaemonStopping, TryLater
from tests.support.builders import a_record, a_request


def door(queue: int = 3) -> Admission:
    return Admission(queue=queue, workers=2)


async def test_a_full_queue_says_when_to_come_back() -> None:
    """Places that are promised count like requests that wait."""
    admission = door(2)
    admission.promise()
    admission.promise()
    with pytest.raises(TryLater) as caught:
        admission.promise()
    assert caught.value.retry_after_s >= 1
    admission.release()
    admission.enter(a_record())
    with pytest.raises(TryLater):
        admission.promise()
    await admission.next()
    admission.promise()


async def test_a_longer_queue_asks_for_more_patience() -> None:
    def advice(queue: int) -> float:
        admission = door(queue)
        for _ in range(queue):
            admission.enter(a_record())
        with pytest.raises(TryLater) as caught:
            admission.promise()
        return caught.value.retry_after_s

    assert advice(100) > advice(10)


async def test_a_closed_door_lets_nobody_in() -> None:
    admission = door()
    admission.close()
    with pytest.raises(DaemonStopping):
        admission.promise()


async def test_the_more_urgent_goes_first_and_among_equals_the_older() -> None:
    admission = door()
    waiting = [a_record(request=a_request(priority=p)) for p in (0, 5, 0, -1, 5)]
    for record in waiting:
        admission.enter(record)
    order = [await admission.next() for _ in waiting]
    assert order == [waiting[i] for i in (1, 4, 0, 2, 3)]


async def test_what_comes_back_from_settlement_needs_no_place() -> None:
    """It was accepted long ago: a full queue does not keep it out."""
    admission = door(1)
    admission.enter(a_record())
    admission.enter(a_record())
    assert await asyncio.wait_for(admission.next(), 1)
    assert await asyncio.wait_for(admission.next(), 1)
