"""A daemon on a real Unix socket in the loop of the test, with doubles behind its ports.

The home, its configuration, its profiles and its secrets are real files in the test's folder; the
ledger, the sellers and the explanations are doubles. Calls block: `await call(client.status, x)`
makes them in a thread while the daemon answers in the test's loop.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from bookhunt.client import DaemonClient
from bookhunt.daemon.app import app_of
from bookhunt.daemon.clock import SystemClock
from bookhunt.daemon.daemon import Daemon, hunt_settings_of
from bookhunt.daemon.inline import EveryBuyer
from bookhunt.daemon.logins import LoginNeeds
from bookhunt.daemon.notices import Notices
from bookhunt.daemon.reaching import CheckedNetwork
from bookhunt.daemon.schedule import Schedule
from bookhunt.daemon.server import HttpServer
from bookhunt.daemon.unix_socket import listen
from bookhunt.home.config import ConfigFile
from bookhunt.home.paths import Home
from bookhunt.home.profiles import Profiles
from bookhunt.home.secrets import Secrets
from bookhunt.hunt.ports import Recovered
from bookhunt.hunt.service import HuntService
from bookhunt.hunt.watching import Watching
from bookhunt.sellers.network import NetworkRules
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.shelf import MemoryShelf
from tests.support.memory_beliefs import MemoryBeliefShelf
from tests.support.memory_explanations import MemoryExplanations
from tests.support.memory_ledger import MemoryLedger
from tests.support.memory_outbox import MemoryOutbox
from tests.support.memory_traces import MemoryTraces
from tests.support.memory_watches import MemoryWatches
from tests.support.scripted_sellers import ScriptedSellers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from bookhunt.home.config import Config
    from bookhunt.home.overrides import Switch

_P = ParamSpec("_P")
_T = TypeVar("_T")

CONFIGURATION = "secrets: {backend: file}\n"
PROFILE = """\
name: Elizabeth Bennet
street: 1 Longbourn Lane
city: Meryton
postcode: "01234"
country: US
"""


def a_home(folder: Path, *, configuration: str = CONFIGURATION) -> Home:
    """A home that is ready for a daemon, with a profile `home`."""
    home = Home.at(folder)
    home.prepare()
    home.config_file.write_text(configuration, "utf-8")
    home.config_file.chmod(0o600)
    Profiles(home).add("home", PROFILE)
    return home


@dataclass(slots=True)
class MemoryCatalogue:
    """What stands behind scripted sellers; `changed` is answered once."""

    needs: dict[str, LoginNeeds] = field(default_factory=dict)
    changed: bool = False
    wrong: tuple[str, ...] = ()
    forgotten: int = 0
    pinned: dict[str, int | None] = field(default_factory=dict)
    switched: dict[str, str] = field(default_factory=dict)

    def login_needs(self, seller_id: str) -> LoginNeeds:
        return self.needs.get(seller_id, LoginNeeds())

    async def take_up(self, config: Config) -> bool:
        changed, self.changed = self.changed, False
        return changed

    async def secrets_changed(self) -> None:
        self.forgotten += 1

    async def pin(self, seller_id: str, tier: int | None) -> None:
        self.pinned[seller_id] = tier

    async def switch(self, seller_id: str, to: Switch) -> None:
        self.switched[seller_id] = to.value

    def mistakes(self) -> tuple[str, ...]:
        return self.wrong


@dataclass(slots=True, kw_only=True)
class Running:
    """A daemon that answers, and the doubles behind it."""

    daemon: Daemon
    ledger: MemoryLedger
    sellers: ScriptedSellers
    explanations: MemoryExplanations
    catalogue: MemoryCatalogue
    server: HttpServer
    client: DaemonClient

    @property
    def home(self) -> Home:
        return self.daemon.home


def a_daemon(home: Home, **fields: Any) -> Daemon:
    """A daemon of doubles; it does not listen yet."""
    clock = SystemClock()
    belief_shelf = fields.pop("belief_shelf", None) or MemoryBeliefShelf()
    config_file = ConfigFile(home)
    profiles = Profiles(home)
    secrets = Secrets(home, config_file.config.secrets)
    parts: dict[str, Any] = {
        "home": home,
        "config_file": config_file,
        "profiles": profiles,
        "buyers": EveryBuyer(home, profiles, secrets),
        "secrets": secrets,
        "sellers": ScriptedSellers(clock),
        "ledger": MemoryLedger(clock),
        "explanations": MemoryExplanations(),
        "traces": MemoryTraces(),
        "clock": clock,
        "recovered": Recovered(epoch=1, safe_mode=None, interrupted=0, abandoned=0, requeued=0),
        "catalogue": MemoryCatalogue(),
        "started_at": clock.now(),
        "notices": Notices(
            outbox=MemoryOutbox(clock),
            clock=clock,
            secrets=secrets,
            network=CheckedNetwork(NetworkRules(allow_loopback=True)),
        ),
    } | fields
    if "service" not in parts:
        parts["service"] = HuntService(
            ledger=parts["ledger"],
            sellers=parts["sellers"],
            buyers=parts["buyers"],
            explanations=parts["explanations"],
            shelf=MemoryShelf(),
            clock=clock,
            settings=hunt_settings_of(config_file.config),
            belief_shelf=belief_shelf,
            traces=parts["traces"],
        )
    if "schedule" not in parts:
        ledger = parts["ledger"]
        real = isinstance(ledger, SqliteLedger)
        watching = Watching(
            watches=ledger.watches if real else MemoryWatches(ledger),
            ledger=ledger,
            service=parts["service"],
            buyers=parts["buyers"],
            clock=clock,
            outbox=None,
            deadline_s=lambda: 5.0,
        )
        parts["schedule"] = Schedule(watching, clock)
    return Daemon(**parts)


@asynccontextmanager
async def serving(daemon: Daemon, *, hunting: bool = True) -> AsyncIterator[Running]:
    """Let it listen until the end; without `hunting` what is submitted stays PENDING."""
    listening = listen(daemon.home)
    server = HttpServer(app_of(daemon))
    task = asyncio.create_task(server.serve_on(listening.sock))
    assert daemon.schedule is not None
    keeping_on = asyncio.create_task(daemon.schedule.keep_on())
    if hunting:
        await daemon.service.start()
    try:
        yield Running(
            daemon=daemon,
            ledger=daemon.ledger,  # type: ignore[arg-type]
            sellers=daemon.sellers,  # type: ignore[arg-type]
            explanations=daemon.explanations,  # type: ignore[arg-type]
            catalogue=daemon.catalogue,  # type: ignore[arg-type]
            server=server,
            client=DaemonClient(daemon.home, autostart=False),
        )
    finally:
        daemon.closing.set()
        keeping_on.cancel()
        await daemon.schedule.stop()
        await daemon.service.stop(within_s=10.0)
        server.tell_to_end()
        await task
        listening.close()


async def call(made: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Make a blocking call in a thread, while the loop of the test serves it."""
    return await asyncio.to_thread(made, *args, **kwargs)


async def until(condition: Callable[[], bool], *, within_s: float = 20.0) -> None:
    """Wait until something holds, letting everything else run meanwhile."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)
