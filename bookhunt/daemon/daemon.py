"""The daemon as its routes see it: ports, what the user owns, and how it is asked to stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from bookhunt.daemon.intake import Intake, customer_of
from bookhunt.home.effective import OriginKind
from bookhunt.home.pins import Pins
from bookhunt.hunt.exchange import ExchangeSettings
from bookhunt.hunt.settings import HuntSettings, TierSettings, WhenFull
from bookhunt.model.errors import InputError, NotFound
from bookhunt.model.request import RequestState
from bookhunt.telemetry.counts import LAGS, Histogram

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.daemon.bodies import CustomerInfo
    from bookhunt.daemon.inline import EveryBuyer
    from bookhunt.daemon.logins import LoginNeeds
    from bookhunt.daemon.notices import Notices
    from bookhunt.daemon.records import Records
    from bookhunt.daemon.schedule import Schedule
    from bookhunt.home.config import Config, ConfigFile
    from bookhunt.home.overrides import Switch
    from bookhunt.home.paths import Home
    from bookhunt.home.profiles import Profiles
    from bookhunt.home.secrets import Secrets
    from bookhunt.hunt.ports import (
        Clock,
        Explanations,
        Ledger,
        NameShelf,
        PriceShelf,
        Recovered,
        Sellers,
        TraceShelf,
    )
    from bookhunt.hunt.service import HuntService
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.notify.collector import TraceExport

LAST = "@last"
_UNFINISHED = frozenset(
    state
    for state in RequestState
    if not state.is_final and state is not RequestState.NEEDS_ATTENTION
)


class Catalogue(Protocol):
    """What stands behind the sellers: their definitions, as far as the daemon deals with them."""

    def login_needs(self, seller_id: str) -> LoginNeeds:
        """What a seller that is defined needs to know."""
        ...

    async def take_up(self, config: Config) -> bool:
        """Read definitions and settings that changed; whether anything did."""
        ...

    async def secrets_changed(self) -> None:
        """Forget what is remembered of secrets: one was stored or removed."""
        ...

    async def pin(self, seller_id: str, tier: int | None) -> None:
        """Put a seller that is defined into a tier; None: as without this command."""
        ...

    async def switch(self, seller_id: str, to: Switch) -> None:
        """Ask a seller that is defined again, ask it no more, or block it; durably."""
        ...

    def mistakes(self) -> tuple[str, ...]:
        """What is wrong with definitions that cannot be used."""
        ...


@dataclass(slots=True, kw_only=True)
class Daemon:
    """One running daemon. `closing` is set once, when it is told to stop."""

    home: Home
    config_file: ConfigFile
    profiles: Profiles
    buyers: EveryBuyer
    secrets: Secrets
    sellers: Sellers
    ledger: Ledger
    explanations: Explanations
    service: HuntService
    clock: Clock
    recovered: Recovered
    catalogue: Catalogue
    started_at: datetime
    notices: Notices
    records: Records | None = None  # reads beside the hunt; None: this ledger has none
    traces: TraceShelf | None = None  # None: none is kept
    export: TraceExport | None = None  # sends them to a collector; None: this daemon cannot
    schedule: Schedule | None = None  # of watches; None: this ledger keeps none
    commits: Histogram | None = None  # of the ledger, in seconds; None: it does not tell
    lags: Histogram = field(default_factory=lambda: Histogram(LAGS))  # of the event loop
    prices: PriceShelf | None = None  # seen so far; None: nothing is kept
    names: NameShelf | None = None  # what resolvers said; None: nothing is kept
    pins: Pins = field(init=False)
    trouble: dict[str, str] = field(default_factory=dict)  # what was not taken up, and why
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.pins = Pins(self.home)

    @property
    def intake(self) -> Intake:
        """Reads bodies by the settings in force now."""
        return Intake(
            settings=self.config_file.config,
            buyers=self.buyers,
            sellers=self.sellers,
            clock=self.clock,
            pins=self.pins,
        )

    @property
    def default_profile(self) -> str:
        """The name of the profile of requests that name none; it may not exist yet."""
        return self.profiles.default(self.config_file.config.defaults.profile)

    async def profile_of(self, info: CustomerInfo | None) -> str:
        """The name of the profile that a body buys for; what it brought along is kept first.

        Raises:
            ProfileMissing, InputError, SetupMissing: it cannot be bought for.
        """
        if info is None or (info.profile is None and info.shipping is None):
            return self.default_profile
        if info.profile is not None:
            return info.profile
        assert info.shipping is not None
        shipping = info.shipping.model_dump(exclude_none=True)
        return await asyncio.to_thread(self.buyers.keep, shipping, info.payment or {})

    async def unfinished(self, *, most: int) -> int:
        """How many requests something is still to be done for, as far as `most`."""
        return len(await self.ledger.find(states=_UNFINISHED, limit=most))

    async def find(self, name: str) -> RequestRecord:
        """The request of an id, of the beginning of one, or `@last`.

        Raises:
            NotFound: there is none.
            InputError: several begin like that.
        """
        if name == LAST:
            found = await self.ledger.find(limit=1)
            if not found:
                raise NotFound("there is no request yet", hint="bookhunt buy BOOK --max-price 30")
            return found[0]
        record = await self.ledger.get(name)
        if record is not None:
            return record
        found = await self.ledger.find(prefix=name, limit=2)
        if not found:
            raise NotFound(f"no request {name}", hint="bookhunt status lists them")
        if len(found) > 1:
            raise InputError(f"several requests are called {name}", hint="give more of the id")
        return found[0]


def hunt_settings_of(config: Config) -> HuntSettings:
    """What the configuration says about the hunt."""
    stock = ("search", "min_stock_for_cache")
    by_strategy = config.origin(stock).kind is OriginKind.DEFAULT
    return HuntSettings(
        tiers=TierSettings(
            sizes=config.tiers.sizes,
            patience_s=config.tiers.patience_s,
            grace_s=config.tiers.grace_ms / 1000,
            margin=config.tiers.margin,
        ),
        call_value=config.search.call_value,
        shadow_new_sellers=config.search.shadow_new_sellers,
        min_stock_for_cache=None if by_strategy else config.search.min_stock_for_cache,
        in_flight=config.throttle.in_flight,
        per_seller=config.throttle.per_seller,
        regions=config.throttle.regions,
        queue=config.throttle.queue,
        when_full=WhenFull(config.throttle.when_full.value),
        owner=customer_of(None),
        owner_per_min=config.throttle.owner_per_min,
        per_customer_per_min=config.throttle.per_customer_per_min,
        classes=config.throttle.classes,
        customers=config.throttle.customers,
        floor_ratio=config.search.floor_ratio,
        recording=config.telemetry.record,
        keeps_traces=config.telemetry.keep_mb > 0,
        trace_sample=config.telemetry.sample,
        exchange=exchange_settings_of(config),
    )


def exchange_settings_of(config: Config) -> ExchangeSettings:
    """What the configuration says about other currencies; its rates are in the default one."""
    fx, base = config.fx, config.defaults.currency
    return ExchangeSettings(
        base=base,
        fixed={code: Fraction(rate) for code, rate in fx.rates.items() if code != base},
        source=fx.source,
        margin=Fraction(str(fx.margin)),
        max_age_s=fx.max_age_h * 3600,
    )
