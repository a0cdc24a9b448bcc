"""`python -m tests.crash.power --points 1000`: cut the power, and look for orders nobody knows of.

A ledger works on a recorded disk (`power_disk`): requests are accepted, orders intended, sent,
settled, several at once. Then the power is cut at that many moments, each in a world of its own,
and the real ledger opens what is left. It must be sound; it must know every order whose request had
left by then, and every outcome and every acceptance that was told; and it must not think itself
older than its side file.

The same is done with a commit that does not wait for the disk (`synchronous = NORMAL`): there
orders must be lost, or this test sees nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import types
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import apsw

from bookhunt.hunt.ports import Facts, Intended, Limits
from bookhunt.model.errors import LedgerUnusable
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.model.request import RequestState
from bookhunt.store import database, ledger_file
from bookhunt.store.database import LEDGER, Schema
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.ledger_file import LedgerFile
from bookhunt.store.stamp import Stamp, stamp_path, write_stamp
from tests.crash.power_disk import Disk, Event, PowerConnection, PowerVFS, Record
from tests.crash.report import POWER_FAULTS as FAULTS
from tests.support.builders import a_frozen, a_request, an_intent, an_offer, another_book, usd
from tests.support.seller_worlds import WallClock

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEMORY = Path("/dev/shm")
_BUYERS = 6  # at once: their commits are made in groups
_BOOKS = 12  # of each buyer
_NO_LIMIT = {"USD": Limits(purchase=None, day=None, month=None)}
_NORMAL = Schema("ledger", "NORMAL")


# ------------------------------------------------------------------------------------- the record
@contextlib.contextmanager
def recorded(record: Record, schema: Schema) -> Iterator[None]:
    """Have the ledger work on the recorded disk, as durably as the schema says."""
    layer = PowerVFS(record)
    driver = types.SimpleNamespace(**vars(sqlite3) | {"connect": PowerConnection})

    def stamped(path: Path, stamp: Stamp) -> bool:
        # It is synced by itself before it counts; the moment it is on disk is the moment after.
        written = write_stamp(path, stamp)
        record.append(Event("stamp", note=stamp))
        return written

    with (
        patch.object(database, "sqlite3", driver),
        patch.object(ledger_file, "LEDGER", schema),
        patch.object(ledger_file, "write_stamp", stamped),
    ):
        yield
    layer.unregister()


async def work(folder: Path, record: Record) -> None:
    """Many purchases, several at a time; what a seller or a customer was told is in the record."""
    ledger = await SqliteLedger.open(
        folder / "ledger.db", clock=WallClock(), defaults=_NO_LIMIT, free_space_floor=0
    )

    async def buyer(name: str) -> None:
        for n in range(_BOOKS):
            await _buy(ledger, record, f"{name}-{n}", n)

    await asyncio.gather(*(buyer(f"buyer-{b}") for b in range(_BUYERS)))
    await ledger.close()


async def _buy(ledger: SqliteLedger, record: Record, item: str, n: int) -> None:
    request = a_request(book=another_book(), submitted_at=WallClock().now())
    submitted = await ledger.submit(request, fingerprint="f", again=False)
    record.append(Event("accepted", note=request.id))
    hunted = await ledger.move(submitted.record, RequestState.PROCESSING)
    offer = an_offer(item=item, inventory=1, checked_at=WallClock().now())
    intended = await ledger.intend(an_intent(hunted, offer))
    assert isinstance(intended, Intended)
    attempt = await ledger.start_sending(intended.attempt, a_frozen())
    assert isinstance(attempt, Attempt)
    record.append(Event("sent", note=attempt.id))
    if n % 3 == 0:  # the answer is lost, the same bytes go again
        attempt, _ = await ledger.settle(
            attempt, Stage.UNKNOWN, Facts(), request_to=RequestState.IN_DOUBT
        )
        attempt = await ledger.resend(attempt)
        record.append(Event("sent", note=attempt.id))
    if n % 5 == 4:
        to, facts, state = Stage.REFUSED, Facts(answer=Answer.DECLINED), RequestState.PROCESSING
    else:
        to, facts, state = Stage.CONFIRMED, Facts(order_id=item), RequestState.SUCCESS
        facts = Facts(answer=Answer.BOUGHT, order_id=item, charged=usd("12.50"))
    await ledger.settle(attempt, to, facts, request_to=state)
    record.append(Event("settled", note=(attempt.id, to)))


# --------------------------------------------------------------------------------------- the cuts
def cuts(record: Record, points: int, seed: int, folder: Path) -> Counter[str]:
    """Cut the power at so many moments; what was wrong afterwards, by its word."""
    dice = random.Random(seed)
    moments = sorted(dice.choices(range(1, len(record) + 1), k=points))
    found: Counter[str] = Counter()
    disk, told, at = Disk(), _Told(), 0
    for moment in moments:
        while at < moment:
            disk.take(record[at])
            told.take(record[at])
            at += 1
        grave = folder / "grave"
        grave.mkdir()
        disk.cut(grave, dice)
        found.update(told.what_is_wrong(grave))
        shutil.rmtree(grave)
    return found


class _Told:
    """What the world outside knows by a moment."""

    def __init__(self) -> None:
        self._accepted: set[str] = set()
        self._sent: set[str] = set()
        self._settled: dict[str, Stage] = {}
        self._stamp: Stamp | None = None

    def take(self, event: Event) -> None:
        if event.what == "accepted":
            self._accepted.add(event.note)
        elif event.what == "sent":
            self._sent.add(event.note)
        elif event.what == "settled":
            attempt_id, stage = event.note
            self._settled[attempt_id] = stage
        elif event.what == "stamp":
            self._stamp = event.note

    def what_is_wrong(self, grave: Path) -> set[str]:
        """What the ledger that is left has forgotten, or cannot say."""
        path = grave / "ledger.db"
        if self._stamp is not None:
            write_stamp(stamp_path(path), self._stamp)
        file = LedgerFile(path, clock=WallClock(), defaults=_NO_LIMIT)
        try:
            db = file.open()
        except LedgerUnusable:
            return {"damaged"}
        try:
            return self._forgotten(db, file)
        finally:
            db.close()

    def _forgotten(self, db: sqlite3.Connection, file: LedgerFile) -> set[str]:
        wrong = set()
        if db.execute("PRAGMA integrity_check").fetchone()[0] != "ok" or list(
            file._path.parent.glob("*.damaged-*")
        ):
            wrong.add("damaged")
        if file.recovered.safe_mode is not None:
            wrong.add("false alarms")
        stages = {row["id"]: row["stage"] for row in db.execute("SELECT id, stage FROM attempt")}
        requests = {row["id"] for row in db.execute("SELECT id FROM request")}
        if not self._accepted <= requests:
            wrong.add("lost requests")
        unsent = {None, "prepared", "abandoned"}
        if any(stages.get(attempt_id) in unsent for attempt_id in self._sent):
            wrong.add("lost orders")
        if any(stages.get(attempt_id) != stage for attempt_id, stage in self._settled.items()):
            wrong.add("lost outcomes")
        return wrong


def run(points: int, seed: int) -> dict[str, Any]:
    """Both runs: how often something was wrong, with FULL and with NORMAL."""
    told: dict[str, Any] = {"points": points, "seed": seed, "sqlite": apsw.sqlite_lib_version()}
    where = _MEMORY if _MEMORY.is_dir() else None
    for name, schema in (("FULL", LEDGER), ("NORMAL", _NORMAL)):
        with tempfile.TemporaryDirectory(prefix="power-", dir=where) as folder:
            record: Record = []
            living, graves = Path(folder) / "living", Path(folder) / "graves"
            living.mkdir()
            graves.mkdir()
            with recorded(record, schema):
                asyncio.run(work(living, record))
            found = cuts(record, points, seed, graves)
            told[name] = {fault: found[fault] for fault in FAULTS} | {
                "events": len(record),
                "syncs": sum(event.what == "sync" for event in record),
            }
    told["clean"] = not any(told["FULL"][fault] for fault in FAULTS)
    told["sees"] = told["NORMAL"]["lost orders"] > 0 and told["NORMAL"]["damaged"] == 0
    return told


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.power", description=__doc__)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    told = run(given.points, given.seed)
    if given.json:
        print(json.dumps(told))
    else:
        for name in ("FULL", "NORMAL"):
            counts = ", ".join(f"{told[name][fault]} {fault}" for fault in FAULTS)
            print(f"{name:7} {given.points} power cuts: {counts} ({told[name]['syncs']} syncs)")
        if not told["clean"]:
            print("FAULT: something that was told is not on disk")
        if not told["sees"]:
            print("FAULT: without syncs nothing was lost: this test is blind")
    return 0 if told["clean"] and told["sees"] else 1


if __name__ == "__main__":
    sys.exit(main())
