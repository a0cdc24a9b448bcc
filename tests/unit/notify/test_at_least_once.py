"""A receiver that fails, hangs and repeats, and a process that is killed: each notice arrives."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bookhunt.daemon.clock import SystemClock
from bookhunt.daemon.reaching import CheckedNetwork
from bookhunt.model.notice import Event
from bookhunt.notify.courier import Courier
from bookhunt.notify.webhook import Webhook
from bookhunt.sellers.network import NetworkRules
from bookhunt.store.ledger import SqliteLedger
from tests.support.builders import an_offer
from tests.support.courier_life import SECRET
from tests.support.jump_clock import JumpClock
from tests.support.ledger_steps import a_success
from tests.support.loopback import Arrived, hang, loopback, reset, say
from tests.support.notices import says

if TYPE_CHECKING:
    from pathlib import Path

KILL = -signal.SIGKILL


def verify(arrived: Arrived) -> str:
    """The id of a delivery, whose signature is right."""
    headers = arrived.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + arrived.body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert arrived.json()["id"] == headers["webhook-id"]
    return headers["webhook-id"]


def notices_in(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as db:
        return {row[0] for row in db.execute("SELECT id FROM notice")}


async def test_a_receiver_that_fails_hangs_and_breaks_gets_each_notice(tmp_path: Path) -> None:
    """At least once, with the same id and the same bytes each time; days of pauses pass at once."""
    clock = JumpClock()  # of the ledger and of the tries; the wire keeps real time
    ledger = await SqliteLedger.open(tmp_path / "ledger.db", clock=clock, free_space_floor=0)
    await ledger.outbox.listen({"hook": [Event.BOUGHT]})
    courier = Courier(ledger.outbox, clock)
    bad = [say(status=500), hang, reset, say(status=429, headers=(("Retry-After", "60"),)), hang]
    async with loopback(*bad * 2, otherwise=say(status=204)) as server:
        courier.targets = {
            "hook": Webhook(
                title="hook",
                address=says(server.address),
                secret=says(SECRET),
                network=CheckedNetwork(NetworkRules(allow_loopback=True)),
                clock=SystemClock(),
                within_s=0.3,
            )
        }
        for _ in range(4):
            await a_success(ledger, an_offer(inventory=100))
        looks = 0
        while await ledger.outbox.undelivered(limit=1):
            looks += 1
            assert looks < 100
            await courier.look()
            await courier.at_rest()
            clock.pass_time(3600)
        bodies: dict[str, set[bytes]] = {}
        for arrived in server.arrived:
            bodies.setdefault(verify(arrived), set()).add(arrived.body)
    await ledger.close()
    assert bodies.keys() == notices_in(tmp_path / "ledger.db")
    assert {len(each) for each in bodies.values()} == {1}
    assert len(server.arrived) == len(bad) * 2 + 4


async def lives(path: Path, url: str, purchases: int, failpoints: str | None = None) -> int:
    """One life of a process; its code."""
    environment = dict(os.environ)
    if failpoints is not None:
        environment |= {"BOOKHUNT_TESTING": "1", "BOOKHUNT_FAILPOINTS": failpoints}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.courier_life",
        str(path),
        url,
        str(purchases),
        env=environment,
    )
    return await process.wait()


# Where a process is killed, and what the receiver has heard by then; 3 books are bought.
MOMENTS = {
    "ledger.settle.before_commit": "nothing",  # the outcome is not true, so it is not told
    "ledger.settle.after_commit": "perhaps",  # it is true and its notice is there
    "ledger.told.before": "something",  # told, not written down
    "ledger.told.before_commit": "something",
    "ledger.told.after_commit": "something",
}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_process_killed_at_any_moment_tells_all_in_its_next_life(
    tmp_path: Path, moment: str
) -> None:
    """Every outcome that is true is told, and none that is not; a repeated one has its old id."""
    path = tmp_path / "ledger.db"
    async with loopback(otherwise=say(status=204)) as server:
        assert await lives(path, server.address, 3, f"{moment}*2=kill") == KILL
        before = Counter(verify(each) for each in server.arrived)
        assert await lives(path, server.address, 0) == 0
        after = Counter(verify(each) for each in server.arrived)
    with closing(sqlite3.connect(path)) as db:
        true = db.execute("SELECT count(*) FROM request WHERE state = 'SUCCESS'").fetchone()[0]
        waiting = db.execute("SELECT count(*) FROM delivery WHERE state <> 'told'").fetchone()[0]
    assert waiting == 0
    assert after.keys() == notices_in(path)
    assert len(after) == true >= 1
    assert before <= after
    if MOMENTS[moment] == "something":
        assert before


async def test_what_was_told_and_not_written_down_is_told_again(tmp_path: Path) -> None:
    """The second time under the same id: the receiver knows it."""
    path = tmp_path / "ledger.db"
    async with loopback(otherwise=say(status=204)) as server:
        assert await lives(path, server.address, 1, "ledger.told.before_commit=kill") == KILL
        [first] = [verify(each) for each in server.arrived]
        assert await lives(path, server.address, 0) == 0
        assert [verify(each) for each in server.arrived] == [first, first]
