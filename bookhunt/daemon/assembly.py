"""Where adapters are plugged into ports: the only module that names both.

Everything above sees protocols, everything below sees its own file or network. What is opened here
is closed here, in the other order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bookhunt.daemon import snapshots
from bookhunt.daemon.clock import SystemClock
from bookhunt.daemon.daemon import Daemon, hunt_settings_of
from bookhunt.daemon.definitions import ShelfCatalogue
from bookhunt.daemon.exporting import ExportedTraces, endpoint_of
from bookhunt.daemon.inline import EveryBuyer
from bookhunt.daemon.notices import Notices
from bookhunt.daemon.reaching import CheckedNetwork
from bookhunt.daemon.schedule import Schedule
from bookhunt.home.overrides import SellerOverrides
from bookhunt.home.profiles import Profiles
from bookhunt.home.secrets import Secrets
from bookhunt.hunt.ports import Knowledge, Limits
from bookhunt.hunt.service import HuntService
from bookhunt.hunt.watching import Watching
from bookhunt.notify.collector import TraceExport
from bookhunt.sellers.gateway import Gateway
from bookhunt.sellers.loading import DefinitionShelf
from bookhunt.sellers.network import NetworkRules
from bookhunt.store.beliefs import SqliteBeliefs
from bookhunt.store.cache import Cache
from bookhunt.store.explanations import SqliteExplanations
from bookhunt.store.history import SqlitePrices
from bookhunt.store.knowledge import SqliteNames, SqliteRates
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.records import SqliteRecords
from bookhunt.store.shelf import MemoryShelf
from bookhunt.store.traces import Keeping, SqliteTraces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bookhunt.home.config import Config, ConfigFile
    from bookhunt.home.paths import Home
    from bookhunt.hunt.ports import Clock, Ledger

_log = logging.getLogger(__name__)


class ConfiguredLimits(Mapping[str, Limits]):
    """The spending limits of the configuration as it stands now, by currency."""

    def __init__(self, config_file: ConfigFile) -> None:
        self._config_file = config_file

    def __getitem__(self, currency: str) -> Limits:
        config = self._config_file.config
        if currency not in config.limits:
            raise KeyError(currency)
        own = config.spending_limits(currency)
        return Limits(purchase=own.purchase, day=own.day, month=own.month)

    def __iter__(self) -> Iterator[str]:
        return iter(self._config_file.config.limits)

    def __len__(self) -> int:
        return len(self._config_file.config.limits)


def network_rules_of(config: Config) -> NetworkRules:
    """What the configuration says about the network."""
    network = config.network
    return NetworkRules(
        allow_loopback=network.allow_loopback,
        allow_private=network.allow_private,
        proxy=network.proxy,
        ca_file=network.ca_file,
    )


@asynccontextmanager
async def assembled(home: Home, config_file: ConfigFile) -> AsyncIterator[Daemon]:
    """The daemon of this home, its ledger recovered; it does not hunt and does not listen yet.

    Raises:
        LedgerUnusable, UnsafePath: the ledger or the cache cannot be opened.
    """
    config = config_file.config
    clock = SystemClock()
    profiles = Profiles(home)
    secrets = Secrets(home, config.secrets)
    buyers = EveryBuyer(home, profiles, secrets)
    async with AsyncExitStack() as opened:
        ledger = await SqliteLedger.open(
            home.ledger_file, clock=clock, defaults=ConfiguredLimits(config_file)
        )
        opened.push_async_callback(ledger.close)
        shelves = await _shelves(home, clock, opened, config_file)
        catalogue = await _catalogue(home, secrets, config)
        export = _export(secrets, config, clock, opened)
        gateway = _gateway(catalogue, secrets, config, clock)
        opened.push_async_callback(gateway.close)
        catalogue.when_changed = gateway.forget_secrets
        await _sweep(home, buyers, ledger)
        service = HuntService(
            ledger=ledger,
            sellers=gateway,
            buyers=buyers,
            explanations=shelves.explanations,
            shelf=MemoryShelf(),
            clock=clock,
            settings=hunt_settings_of(config),
            belief_shelf=shelves.beliefs,
            knowledge=shelves.with_the_knowledge_of(gateway),
            traces=ExportedTraces(shelves.traces, export),
            prices=shelves.prices,
            clock_went_back=ledger.recovered.clock_behind_s > 0,
        )
        yield Daemon(
            home=home,
            config_file=config_file,
            profiles=profiles,
            buyers=buyers,
            secrets=secrets,
            sellers=gateway,
            ledger=ledger,
            explanations=shelves.explanations,
            service=service,
            clock=clock,
            recovered=ledger.recovered,
            catalogue=catalogue,
            started_at=clock.now(),
            records=SqliteRecords(ledger),
            schedule=_schedule(ledger, service, buyers, clock, config_file),
            notices=await _notices(ledger, service, secrets, config, opened),
            names=shelves.names,
            prices=shelves.prices,
            traces=shelves.traces,
            export=export,
            commits=ledger.writer.commits,
        )


async def _catalogue(home: Home, secrets: Secrets, config: Config) -> ShelfCatalogue:
    # The sellers of the simulated street are of use only where loopback is allowed.
    shelf = DefinitionShelf(home.sellers_dir, demo=config.network.allow_loopback)
    catalogue = ShelfCatalogue(shelf, secrets, SellerOverrides(home))
    await catalogue.take_up(config)
    return catalogue


def _gateway(catalogue: ShelfCatalogue, secrets: Secrets, config: Config, clock: Clock) -> Gateway:
    return Gateway(
        lambda: catalogue.compiled,
        secret=secrets.get,
        rules=network_rules_of(config),
        clock=clock,
    )


def _schedule(
    ledger: SqliteLedger,
    service: HuntService,
    buyers: EveryBuyer,
    clock: Clock,
    config_file: ConfigFile,
) -> Schedule:
    watching = Watching(
        watches=ledger.watches,
        ledger=ledger,
        service=service,
        buyers=buyers,
        clock=clock,
        outbox=ledger.outbox,
        deadline_s=lambda: config_file.config.search.deadline_s,
    )
    return Schedule(watching, clock, in_company=lambda: service.asks_in_batches)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelves:
    """What is remembered in the cache, and may be lost."""

    explanations: SqliteExplanations
    beliefs: SqliteBeliefs
    names: SqliteNames
    rates: SqliteRates
    traces: SqliteTraces
    prices: SqlitePrices

    def with_the_knowledge_of(self, gateway: Gateway) -> Knowledge:
        return Knowledge(
            resolvers=gateway, names=self.names, rate_sources=gateway, rates=self.rates
        )


async def _shelves(
    home: Home, clock: Clock, opened: AsyncExitStack, config_file: ConfigFile
) -> _Shelves:
    """Open the cache and all that lies in it; each is closed before the cache is."""
    cache = await Cache.open(home.cache_file)
    opened.push_async_callback(cache.close)
    shelves = _Shelves(
        explanations=SqliteExplanations(cache, clock=clock),
        beliefs=SqliteBeliefs(cache, clock=clock),
        names=SqliteNames(cache),
        rates=SqliteRates(cache),
        traces=SqliteTraces(cache, clock=clock, keeping=lambda: _keeping(config_file.config)),
        prices=SqlitePrices(cache, clock=clock),
    )
    for shelf in (
        shelves.explanations,
        shelves.beliefs,
        shelves.names,
        shelves.rates,
        shelves.traces,
        shelves.prices,
    ):
        opened.push_async_callback(shelf.close)
    return shelves


def _keeping(config: Config) -> Keeping:
    telemetry = config.telemetry
    return Keeping(days=telemetry.keep_days, most_bytes=telemetry.keep_mb * 1_000_000)


def _export(secrets: Secrets, config: Config, clock: Clock, opened: AsyncExitStack) -> TraceExport:
    """Traces to a collector, where one is configured; it ends after the hunt does."""

    def network() -> CheckedNetwork:
        # The address is the owner's own word, and a collector is mostly on this machine.
        rules = replace(network_rules_of(config), allow_loopback=True, allow_private=True)
        made = CheckedNetwork(rules)
        opened.push_async_callback(made.close)
        return made

    export = TraceExport(clock=clock, network=network, secret=secrets.get)
    export.take_up(endpoint_of(config))
    export.start()
    opened.push_async_callback(export.stop)
    return export


async def _notices(
    ledger: SqliteLedger,
    service: HuntService,
    secrets: Secrets,
    config: Config,
    opened: AsyncExitStack,
) -> Notices:
    """The courier of the ledger's outbox; it tells from now on, and ends before the ledger does."""
    network = CheckedNetwork(network_rules_of(config))
    opened.push_async_callback(network.close)
    notices = Notices(
        outbox=ledger.outbox,
        clock=service.tracer.clock,
        secrets=secrets,
        network=network,
        tracer=service.tracer,
    )
    await notices.take_up(config)
    opened.push_async_callback(notices.stop)
    notices.start()
    return notices


async def _sweep(home: Home, buyers: EveryBuyer, ledger: Ledger) -> None:
    """Remove what an earlier life left: half snapshots, and addresses that no request needs."""
    await asyncio.to_thread(snapshots.sweep, home)
    in_use = {record.request.profile for record in await ledger.unfinished()}
    in_use |= {attempt.profile for attempt in await ledger.open_attempts()}
    removed = await asyncio.to_thread(buyers.sweep, in_use=frozenset(in_use))
    if removed:
        _log.info("addresses that no request needs any more were removed", extra={"count": removed})
