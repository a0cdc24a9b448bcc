"""The street as a process: it opens its doors, says where they are, and closes behind itself."""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bookhunt.simulated.control import Control
from bookhunt.simulated.dialects import DIALECTS
from bookhunt.simulated.door import Door
from bookhunt.simulated.faults import Faults
from bookhunt.simulated.ledger import Ledger, last_seq, read_ledger
from bookhunt.simulated.roster import roster
from bookhunt.simulated.server import listen
from bookhunt.simulated.shop import Shop
from bookhunt.simulated.street import STREET_FILE, is_alive

LEDGER_FILE = "ledger.jsonl"
_LOCK_FILE = "lock"
_FLUSH_EVERY_S = 0.2
_LOOK_FOR_PARENT_EVERY_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the command line asked for."""

    state_dir: Path
    seed: int
    sellers: int
    latency_scale: float
    port_base: int  # 0: any free ports; else control at P, the sellers from P + 1
    parent_pid: int | None
    records_quotes: bool
    made_up_books: int  # beyond the catalogue's
    copies: int  # times the usual stock


class StreetInUseError(Exception):
    """Another street has this directory: two writers of one ledger would make it worthless."""


async def run(plan: Plan) -> None:
    """Serve until SIGTERM, SIGINT, or the parent's end.

    Raises:
        StreetInUseError: if another street works in the same directory.
        OSError: if the directory cannot be written or a port is taken.
        ValueError: if the ledger there is damaged, or too many sellers were asked for.
    """
    plan.state_dir.mkdir(parents=True, exist_ok=True)
    with _locked(plan.state_dir / _LOCK_FILE):
        path = plan.state_dir / LEDGER_FILE
        ledger = Ledger(path, last_seq(path))
        try:
            await _serve(plan, ledger)
        finally:
            ledger.close()
            (plan.state_dir / STREET_FILE).unlink(missing_ok=True)


async def _serve(plan: Plan, ledger: Ledger) -> None:
    faults = Faults(plan.seed)
    doors = _doors(plan, ledger, faults)
    for line in read_ledger(ledger.path):
        door = doors.get(line.get("seller", ""))
        if door is not None:
            door.shop.recall(line)
    facts: dict[str, Any] = {"pid": os.getpid(), "seed": plan.seed, "version": 1}
    control = Control(doors, faults=faults, ledger=ledger, facts=facts)
    base = plan.port_base
    control_server, control_address = await listen(control, base)
    servers = [control_server]
    sellers = {}
    for place, (seller, door) in enumerate(doors.items(), 1):
        server, address = await listen(door, base + place if base else 0)
        servers.append(server)
        profile = door.shop.profile
        like = profile.like or profile.id
        sellers[seller] = {
            "address": address,
            "dialect": profile.dialect,
            "like": like,
            "name": profile.name,
        }
    # Whoever reads the file may stop the street at once: it listens to signals before that.
    told = _told_by_signals()
    _publish(
        plan.state_dir / STREET_FILE, {**facts, "control": control_address, "sellers": sellers}
    )
    try:
        await _until_told(told, plan.parent_pid, ledger)
    finally:
        for server in servers:
            server.close()


def _doors(plan: Plan, ledger: Ledger, faults: Faults) -> dict[str, Door]:
    return {
        profile.id: Door(
            DIALECTS[profile.dialect](
                Shop(
                    profile,
                    plan.seed,
                    ledger,
                    made_up_books=plan.made_up_books,
                    copies=plan.copies,
                )
            ),
            faults=faults,
            ledger=ledger,
            latency_scale=plan.latency_scale,
            seed=plan.seed,
            records=plan.records_quotes,
        )
        for profile in roster(plan.sellers)
    }


def _told_by_signals() -> asyncio.Event:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told


async def _until_told(told: asyncio.Event, parent_pid: int | None, ledger: Ledger) -> None:
    flushing = asyncio.create_task(_flush_always(ledger))
    watching = asyncio.create_task(_watch(parent_pid, told))
    try:
        await told.wait()
    finally:
        for task in (flushing, watching):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _flush_always(ledger: Ledger) -> None:
    while True:
        await asyncio.sleep(_FLUSH_EVERY_S)
        ledger.flush()


async def _watch(parent_pid: int | None, told: asyncio.Event) -> None:
    """Tell when the parent is gone: a child sees a new parent, anybody else a dead process."""
    if parent_pid is None:
        return
    is_child = os.getppid() == parent_pid
    while not told.is_set():
        if (is_child and os.getppid() != parent_pid) or not is_alive(parent_pid):
            told.set()
        await asyncio.sleep(_LOOK_FOR_PARENT_EVERY_S)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StreetInUseError(f"another street is open in {path.parent}") from error
        yield


def _publish(path: Path, value: dict[str, Any]) -> None:
    """Write street.json whole or not at all: whoever reads it may connect to all it names."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))
    draft.replace(path)
