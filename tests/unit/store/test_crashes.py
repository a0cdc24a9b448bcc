"""Killed at any moment, the ledger opens again, sound, with all it had answered."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.purchase import Stage
from bookhunt.model.request import RequestState
from bookhunt.store.ledger import SqliteLedger
from tests.support.builders import a_request
from tests.support.jump_clock import JumpClock
from tests.support.soundness import faults

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.hunt.ports import Recovered
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.purchase import Attempt

pytestmark = pytest.mark.timeout(240)  # 150 processes and as many openings, each with its fsyncs
LEAST_POINTS = 100  # the walk has 25 changes with three points each, and two for each commit


@pytest.fixture(scope="module")
def graves(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One folder for each point where a process was killed."""
    folder = tmp_path_factory.mktemp("crashes")
    environment = os.environ | {
        "BOOKHUNT_TESTING": "1",
        "BOOKHUNT_FAILPOINTS": "record:/dev/null",
    }
    command = [sys.executable, "-m", "tests.support.ledger_crashes", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sorted(path for path in folder.iterdir() if path.name != "count")


def answered(grave: Path) -> tuple[dict[str, int], dict[str, int]]:
    """The last version of each request and attempt that the dead process had been told."""
    requests: dict[str, int] = {}
    attempts: dict[str, int] = {}
    acks = grave / "acks"
    for line in acks.read_text("utf-8").splitlines() if acks.exists() else []:
        ack = json.loads(line)
        versions = requests if "request" in ack else attempts
        versions[ack.get("request") or ack["attempt"]] = ack["version"]
    return requests, attempts


@dataclass(frozen=True, slots=True)
class Afterlife:
    """A grave, and what the ledger in it is after it was opened again."""

    grave: Path
    recovered: Recovered
    records: dict[str, RequestRecord]
    attempts: dict[str, Attempt]
    repeated: bool  # the first submission, sent once more, made a new request


async def open_again(grave: Path) -> Afterlife:
    ledger = await SqliteLedger.open(grave / "ledger.db", clock=JumpClock(), free_space_floor=0)
    records = {record.request.id: record for record in await ledger.find(limit=100)}
    attempts = {a.id: a for request_id in records for a in await ledger.attempts(request_id)}
    request = a_request(idempotency_key="bought", profile="bought")
    again = await ledger.submit(request, fingerprint="f", again=True)
    await ledger.close()
    return Afterlife(grave, ledger.recovered, records, attempts, again.created)


@pytest.fixture(scope="module")
def afterlives(graves: list[Path]) -> list[Afterlife]:
    assert len(graves) >= LEAST_POINTS
    return [asyncio.run(open_again(grave)) for grave in graves]


def test_killed_at_any_point_nothing_answered_is_lost(afterlives: list[Afterlife]) -> None:
    """Acknowledged is a part of what is there; what is there is a part of what was attempted."""
    for life in afterlives:
        requests, attempts = answered(life.grave)
        assert life.recovered.safe_mode is None, life.grave
        # One change at most was on disk and not yet answered.
        strangers = (life.records.keys() - requests.keys()) | (
            life.attempts.keys() - attempts.keys()
        )
        assert len(strangers) <= 1, life.grave
        for request_id, version in requests.items():
            # The change that was not answered, and the one of recovery.
            assert version <= life.records[request_id].version <= version + 2, life.grave
        for attempt_id, version in attempts.items():
            assert version <= life.attempts[attempt_id].version <= version + 2, life.grave


def test_killed_at_any_point_the_ledger_is_sound(afterlives: list[Afterlife]) -> None:
    """After recovery no attempt is between two stages, and copies and money add up."""
    for life in afterlives:
        stages = {attempt.stage for attempt in life.attempts.values()}
        assert not stages & {Stage.PREPARED, Stage.SENDING}, life.grave
        states = {record.state for record in life.records.values()}
        assert RequestState.RESOLVED not in states, life.grave
        db = sqlite3.connect(life.grave / "ledger.db")
        try:
            assert faults(db) == [], life.grave
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        finally:
            db.close()


def test_killed_at_any_point_a_submission_can_be_repeated(afterlives: list[Afterlife]) -> None:
    """The same key finds the request where it was stored, and makes it where it was not."""
    for life in afterlives:
        keys = {record.request.idempotency_key for record in life.records.values()}
        assert life.repeated is ("bought" not in keys), life.grave


def test_killed_at_any_point_an_outcome_and_its_notice_are_there_together(
    afterlives: list[Afterlife],
) -> None:
    """Every outcome that the journal holds has its notice, one for each target, and no other has.

    The journal is written in the same transactions, and nobody who writes it knows of notices.
    """
    outcomes = {"request.success", "request.in_doubt", "request.needs_attention"}
    noticed = 0
    for life in afterlives:
        db = sqlite3.connect(life.grave / "ledger.db")
        try:
            if not db.execute("SELECT count(*) FROM notice_target").fetchone()[0]:
                continue  # killed before anybody listened
            happened = sorted(
                (request_id, event)
                for request_id, event in db.execute("SELECT request_id, event FROM journal")
                if event in outcomes
            )
            told = sorted(
                (request_id, f"request.{json.loads(body)['state'].lower()}")
                for request_id, body in db.execute(
                    "SELECT request_id, body FROM notice WHERE request_id IS NOT NULL"
                )
            )
            deliveries = db.execute("SELECT count(*) FROM delivery").fetchone()[0]
            notices = db.execute("SELECT count(*) FROM notice").fetchone()[0]
        finally:
            db.close()
        assert told == happened, life.grave
        assert deliveries == 2 * notices, life.grave
        noticed += len(told)
    assert noticed > LEAST_POINTS
