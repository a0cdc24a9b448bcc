"""The file's own last word: raw SQL that breaks a rule of purchase-safety is refused."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.purchase import STAGE_MOVES, Stage
from bookhunt.model.request import REQUEST_MOVES, RequestState
from bookhunt.model.watch import WatchState
from bookhunt.store.ledger import SqliteLedger
from tests.support.builders import a_watch, an_offer
from tests.support.jump_clock import JumpClock
from tests.support.ledger_steps import (
    a_manual,
    a_pending,
    a_prepared,
    a_processing,
    a_sending,
    a_success,
    an_unknown,
    fell_through,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


async def make_image(path: Path) -> dict[str, str]:
    """One request in each place: its id, and `a_<name>` the id of its latest attempt."""
    ledger = await SqliteLedger.open(path, clock=JumpClock(), free_space_floor=0)
    copies = (an_offer(item=f"item{n}", inventory=1) for n in range(100))
    found = {
        "pending": (await a_pending(ledger)).request.id,
        "processing": (await a_processing(ledger)).request.id,
        "prepared": (await a_prepared(ledger, next(copies))).record.request.id,
        "plenty": (await a_prepared(ledger, an_offer(item="many", inventory=3))).record.request.id,
        "dry": (await a_prepared(ledger, next(copies), dry_run=True)).record.request.id,
        "sending": (await a_sending(ledger, next(copies))).request_id,
        "unknown": (await an_unknown(ledger, next(copies))).request_id,
        "manual": (await a_manual(ledger, next(copies)))[0].request_id,
        "success": (await a_success(ledger, next(copies))).request.id,
        "refused": (await fell_through(ledger, await a_sending(ledger, next(copies))))[
            0
        ].request_id,
    }
    cancelled = await a_sending(ledger, next(copies))
    await ledger.cancel(cancelled.request_id)
    found["cancelled"] = cancelled.request_id
    for name, request_id in list(found.items()):
        for attempt in await ledger.attempts(request_id):
            found[f"a_{name}"] = attempt.id
    await make_watches(ledger)
    await ledger.close()
    return found


async def make_watches(ledger: SqliteLedger) -> None:
    """One that was removed, one that has all it wants, one whose second copy is being bought."""
    for name, copies in (("w-gone", 1), ("w-once", 1), ("w-twice", 2)):
        await ledger.watches.add(a_watch(id=name, copies=copies), first_run=True)
    gone = await ledger.watches.get("w-gone")
    assert gone is not None
    await ledger.watches.change(gone, gone.watch, WatchState.REMOVED)
    for name in ("w-once", "w-twice"):
        await a_success(ledger, an_offer(item=name), watch_id=name)
    await a_pending(ledger, watch_id="w-twice")
    done = await ledger.watches.get("w-once")
    assert done is not None
    assert done.state is WatchState.DONE
    await ledger.watches.change(done, done.watch, WatchState.ACTIVE)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    path = tmp_path_factory.mktemp("schema") / "ledger.db"
    return path, asyncio.run(make_image(path))


@pytest.fixture
def ids(image: tuple[Path, dict[str, str]]) -> dict[str, str]:
    return image[1]


@pytest.fixture
def db(image: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The file as a program without any rules would open it."""
    db = sqlite3.connect(shutil.copy(image[0], tmp_path), isolation_level=None)
    db.execute("PRAGMA foreign_keys = ON")
    yield db
    db.close()


def forbidden() -> Iterator[object]:
    """Each statement of `forbidden.sql`, with the words it is refused with."""
    text = Path(__file__).with_name("forbidden.sql").read_text("utf-8")
    for part in text.split("-- refused: ")[1:]:
        refusal, statement = part.split("\n", 1)
        yield pytest.param(refusal, statement, id=" ".join(statement.split())[:70])


@pytest.mark.parametrize(("refusal", "statement"), list(forbidden()))
def test_what_must_not_be_written_cannot_be(
    db: sqlite3.Connection, ids: dict[str, str], refusal: str, statement: str
) -> None:
    names = {name: ids[name] for name in re.findall(r":([a-z_]+)", statement)}
    with pytest.raises(sqlite3.IntegrityError, match=refusal):
        db.execute(statement, names)


@pytest.mark.parametrize(
    ("refusal", "undo"),
    [
        ("without a claim", "DELETE FROM claim"),
        ("is not reserved", "DELETE FROM reservation"),
        ("is not reserved", "UPDATE reservation SET minor = minor - 1"),
    ],
)
def test_nothing_is_sent_that_holds_nothing(
    db: sqlite3.Connection, ids: dict[str, str], refusal: str, undo: str
) -> None:
    """Even where a claim or a reservation was lost by force, the order is not sent without it."""
    for trigger in ("claim_kept", "reservation_kept"):
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute(f"{undo} WHERE attempt_id = ?", (ids["a_prepared"],))
    with pytest.raises(sqlite3.IntegrityError, match=refusal):
        db.execute(
            "UPDATE attempt SET stage='sending', version=version+1, frozen='{}', body_hash='x', "
            "sends=1, first_sent_us=1, last_sent_us=1 WHERE id=?",
            (ids["a_prepared"],),
        )


@pytest.mark.parametrize("holder", ["unknown", "success"])
def test_a_new_epoch_does_not_forget_open_and_sold_copies(
    db: sqlite3.Connection, ids: dict[str, str], holder: str
) -> None:
    """All slots of a new epoch are free, and still the copies that went before count."""
    names = {"holder": ids[f"a_{holder}"]}
    db.execute(
        "UPDATE offer_epoch SET epoch=epoch+1 WHERE (seller, item) IN "
        "(SELECT seller, item FROM claim WHERE attempt_id=:holder)",
        names,
    )
    claim = (
        "INSERT INTO claim SELECT 'x', seller, item, epoch+1, 1, 'held', NULL "
        "FROM claim WHERE attempt_id=:holder"
    )
    with pytest.raises(sqlite3.IntegrityError, match="more claims than copies"):
        db.execute(claim, names)


def test_a_second_live_attempt_is_refused_by_an_index(
    db: sqlite3.Connection, ids: dict[str, str]
) -> None:
    """Were every trigger and every line of Python wrong: one request, one order that may stand."""
    for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        db.execute(f"DROP TRIGGER {trigger}")
    for name in ("prepared", "sending", "unknown", "manual", "success"):
        with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE.*request_id"):
            db.execute(
                "UPDATE attempt SET request_id=:to WHERE id=:moved",
                {"to": ids[name], "moved": ids["a_cancelled"]},
            )
    db.execute(
        "UPDATE attempt SET request_id=:to WHERE id=:moved",
        {"to": ids["refused"], "moved": ids["a_cancelled"]},
    )


def test_the_file_knows_the_moves_of_the_model(db: sqlite3.Connection) -> None:
    """The tables behind the triggers are the model's, word for word."""
    requests = {
        (RequestState(a), RequestState(b)) for a, b in db.execute("SELECT * FROM request_move")
    }
    stages = {(Stage(a), Stage(b)) for a, b in db.execute("SELECT * FROM stage_move")}
    assert requests == set(REQUEST_MOVES)
    assert stages == set(STAGE_MOVES)
