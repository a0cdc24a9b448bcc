"""One life of bookhunt, in a forked child: open the ledger, submit, hunt, rest; or be killed.

Everything is the program's own (ledger on disk, HTTP, hunt) but its socket. A daemon's start costs
a second of imports, so the parent imports once and every life is a fork of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import logging
import os
import select
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import uvloop

from bookhunt.hunt.service import HuntService
from bookhunt.hunt.settings import HuntSettings, TierSettings
from bookhunt.model.book import Book
from bookhunt.model.errors import TooLate
from bookhunt.model.request import ConditionWish, FormatWish, Request, Strategy
from bookhunt.sellers.gateway import Gateway
from bookhunt.sellers.network import NetworkRules, tls_context
from bookhunt.sellers.network_addresses import Addresses
from bookhunt.sellers.order_transport import OrderTransport
from bookhunt.sellers.transport_quotes import QuoteTransport
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.shelf import MemoryShelf
from bookhunt.telemetry.failpoints import Plan, fp
from tests.crash.definitions import PROFILE
from tests.support.builders import a_buyer, an_id
from tests.support.memory_explanations import MemoryExplanations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

    from bookhunt.hunt.ports import Limits
    from bookhunt.model.buyer import Buyer
    from bookhunt.model.money import Money
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.sellers.compiled import CompiledSeller
    from tests.crash.clock import FastClock

_RULES = NetworkRules(allow_loopback=True)
_TLS = tls_context(_RULES)  # 30 ms that a life need not spend
_LONG_S = 3600.0
_TIMES_RUNNING = 3  # that an error of the system comes
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _OneBuyer:
    who: Buyer

    def buyer(self, profile: str) -> Buyer:
        return self.who


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; the key is on disk before a life begins, so each life says the same."""

    key: str
    isbn: str
    max_price: Money
    sellers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What all lives of a case have in common."""

    folder: Path
    sellers: Mapping[str, CompiledSeller]
    secret: Callable[[str], str]
    clock: FastClock
    wishes: Sequence[Wish]
    limits: Mapping[str, Limits] = field(default_factory=dict)
    ledger: str = "ledger.db"
    buyer: Buyer = field(default_factory=a_buyer)

    def settings(self) -> HuntSettings:
        """Waits that HTTP bounds are waited really; no request is too old at this pace."""
        factor = self.clock.factor
        return HuntSettings(
            tiers=TierSettings(patience_s=0.5 * factor, grace_s=0.3 * factor, margin=1.0),
            fresh_s=2.0 * factor,
            slot_patience_s=0.5 * factor,
            expire_after_s=1e9,
        )


@dataclass(frozen=True, slots=True)
class Lived:
    """How a life went."""

    died: bool  # it was killed, by itself or by us
    rested: bool  # every request came to rest before that
    rest_s: float | None  # real seconds from the opening of the ledger to the rest
    points: tuple[str, ...]  # the failure points it reached
    trouble: str = ""  # it ended in another way than it should


# ------------------------------------------------------------------------------------ the parent
def live(
    world: World,
    *,
    kill_at: int | None = None,
    kill_after_s: float | None = None,
    cancel_at: str = "",
    break_at: str = "",
    within_s: float = 20.0,
) -> Lived:
    """Fork a life and wait for its end; one that takes too long is ended, and did not rest.

    It is killed when it reaches its point number `kill_at`, or `kill_after_s` from now; its first
    request is cancelled at the point `cancel_at` (`NAME*2`); at `break_at` (`NAME*2=ENOSPC`) it
    meets that error three times running, and may end of it.
    """
    points = world.folder / "points"
    points.write_bytes(b"")
    ears, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ears)
        _be_the_child(world, _Fate(points, kill_at, cancel_at, break_at), mouth)
    os.close(mouth)
    try:
        said, on_time = _listen(ears, child, kill_after_s, within_s)
    finally:
        os.close(ears)
        _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    killed = killed or (status != 0 and bool(break_at))
    rest = next((json.loads(line) for line in said.splitlines() if line), None)
    trouble = ""
    if not on_time and kill_after_s is None:
        trouble = f"no rest within {within_s:.0f} s"
    elif not killed and status != 0:
        trouble = f"the process ended with status {status}"
    return Lived(
        died=killed,
        rested=rest is not None,
        rest_s=None if rest is None else rest["rest_s"],
        points=tuple(points.read_text("ascii").split()),
        trouble=trouble,
    )


def _listen(
    ears: int, child: int, kill_after_s: float | None, within_s: float
) -> tuple[bytes, bool]:
    """What the child says until it is gone; killed when its time is over."""
    said, ends_at = b"", time.monotonic() + (within_s if kill_after_s is None else kill_after_s)
    on_time = True
    while True:
        left_s = ends_at - time.monotonic()
        if left_s <= 0 and on_time:
            os.kill(child, signal.SIGKILL)
            on_time = False
        if not select.select([ears], [], [], max(left_s, 0.0) if on_time else None)[0]:
            continue
        heard = os.read(ears, 65536)
        if not heard:
            return said, on_time
        said += heard


def import_all(world: World) -> None:
    """Import what a life imports on its way: one that is killed early must not pay for it."""
    listed = world.folder / "modules"
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        _be_the_child(world, _Fate(world.folder / "points", modules=listed), nowhere)
    os.waitpid(child, 0)
    for name in listed.read_text("utf-8").split():
        if name not in sys.modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    # httpcore asks on every request for a library that is not there: let the answer be known.
    if importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]


# ------------------------------------------------------------------------------------- the child
@dataclass(frozen=True, slots=True)
class _Fate:
    """What will happen to a life, and where it writes down how it goes."""

    points: Path
    kill_at: int | None = None
    cancel_at: str = ""
    break_at: str = ""
    modules: Path | None = None


def _be_the_child(world: World, fate: _Fate, mouth: int) -> None:
    status = 1
    try:
        logging.basicConfig(filename=world.folder / "log", level=logging.WARNING, force=True)
        plan = the_plan()
        plan.record, plan.kill_at = fate.points, fate.kill_at
        plan.actions = _errors(fate.break_at)
        plan._reached = Counter()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_live(world, mouth, fate.cancel_at))
        if fate.modules is not None:
            fate.modules.write_text("\n".join(sys.modules), "utf-8")
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, a child must not become a second parent
        _log.exception("this life went wrong")
    finally:
        logging.shutdown()
        os._exit(status)


def point_of(text: str) -> tuple[str, int]:
    """`NAME*2` as the name and the how-many-eth time."""
    name, _, times = text.partition("*")
    return name, int(times or 1)


def _errors(break_at: str) -> dict[tuple[str, int], Callable[[], None]]:
    """The actions of a plan that raises an error three times running."""
    if not break_at:
        return {}
    point, _, error = break_at.partition("=")
    name, first = point_of(point)
    times = range(first, first + _TIMES_RUNNING)
    return Plan.read(";".join(f"{name}*{n}=raise:{error}" for n in times)).actions


def the_plan() -> Plan:
    """The plan behind `fp`; the worker is started with one that does nothing."""
    return cast("Plan", getattr(fp, "__self__"))  # noqa: B009 - a bound method's object


async def _live(world: World, mouth: int, cancel_at: str) -> None:
    began = time.monotonic()
    async with open_life(world) as service:
        customers = [
            asyncio.create_task(buy(service, wish, world.clock, cancel_at if n == 0 else ""))
            for n, wish in enumerate(world.wishes)
        ]
        await asyncio.gather(*customers)
        os.write(mouth, json.dumps({"rest_s": time.monotonic() - began}).encode() + b"\n")


@contextlib.asynccontextmanager
async def open_life(world: World) -> AsyncIterator[HuntService]:
    """The hunt over this world's ledger and sellers, from recovery to an orderly end."""
    ledger = await SqliteLedger.open(
        world.folder / world.ledger,
        clock=world.clock,
        defaults=world.limits,
        free_space_floor=0,
    )
    addresses = Addresses(_RULES)
    gateway = Gateway(
        lambda: world.sellers,
        secret=world.secret,
        rules=_RULES,
        clock=world.clock,
        addresses=addresses,
        quotes=QuoteTransport(addresses, tls=_TLS),
        orders=OrderTransport(addresses, tls=_TLS),
    )
    service = HuntService(
        ledger=ledger,
        sellers=gateway,
        buyers=_OneBuyer(world.buyer),
        explanations=MemoryExplanations(),
        shelf=MemoryShelf(),
        clock=world.clock,
        settings=world.settings(),
        clock_went_back=ledger.recovered.clock_behind_s > 0,
    )
    await service.start()
    yield service
    await service.stop(within_s=5)
    await gateway.close()
    await ledger.close()


async def buy(
    service: HuntService,
    wish: Wish,
    clock: FastClock,
    cancel_at: str = "",
) -> RequestRecord | None:
    """Submit a wish and wait until it rests."""
    request = Request(
        id=an_id(),
        customer="crash",
        idempotency_key=wish.key,
        book=Book(isbn13=wish.isbn),
        max_price=wish.max_price,
        profile=PROFILE,
        country="US",
        strategy=Strategy.TIERS,
        condition=ConditionWish.ANY,
        format=FormatWish.PAPER,
        sellers=wish.sellers,
        search_deadline_s=_LONG_S,
        priority=0,
        dry_run=False,
        note=None,
        watch_id=None,
        submitted_at=clock.now(),
    )
    fingerprint = f"{wish.isbn} {wish.max_price}"
    submitted = await service.submit(request, fingerprint=fingerprint, again=True)
    request_id = submitted.record.request.id
    if cancel_at:
        loop = asyncio.get_running_loop()
        the_plan().actions[point_of(cancel_at)] = lambda: loop.call_soon_threadsafe(
            _cancel, service, request_id
        )
    return await service.wait(request_id, within_s=1e6)


_cancelling: set[asyncio.Task[None]] = set()


def _cancel(service: HuntService, request_id: str) -> None:
    """The customer changes their mind; that it is too late is an answer like another."""

    async def cancel() -> None:
        with contextlib.suppress(TooLate):
            await service.cancel(request_id)

    task = asyncio.get_running_loop().create_task(cancel())
    _cancelling.add(task)
    task.add_done_callback(_cancelling.discard)
