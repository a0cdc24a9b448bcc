"""What may be set about the hunt; the defaults are the configuration page's."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from bookhunt.hunt.exchange import ExchangeSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class TierSettings:
    """The tiered policy: how long a wave is waited for, and when enough is enough."""

    sizes: tuple[float, float, float] = (0.2, 0.3, 0.5)  # share of each tier
    patience_s: float = 1.5  # then the next tier is asked too; slow sellers keep their calls
    grace_s: float = 0.2  # after the first fitting offer, for a cheaper one
    margin: float = 0.10  # an offer so far below the maximum is taken without grace


class WhenFull(StrEnum):
    """What happens to a request too many."""

    REJECT = "reject"  # told to come back
    DELAY = "delay"  # waits at the door, as long as its caller does
    DEGRADE = "degrade"  # taken, and hunted with less


@dataclass(frozen=True, slots=True, kw_only=True)
class HuntSettings:
    """Bounds and times of the whole hunt."""

    tiers: TierSettings = field(default_factory=TierSettings)
    call_value: float | None = None  # what a call costs, as a share of the price; None: by strategy
    shadow_new_sellers: bool = False  # new sellers are asked, and not bought from
    min_stock_for_cache: int | None = None  # copies a cached offer must have; None: by strategy
    in_flight: int = 500  # calls to sellers at once, of all requests together
    per_seller: int = 50  # and to one of them, whatever its definition allows
    regions: Mapping[str, int] = field(default_factory=dict)  # calls per second to all of a region
    queue: int = 1000  # requests that wait for a worker; one more is too many
    workers: int = 256  # requests hunted at once
    when_full: WhenFull = WhenFull.REJECT  # of requests too many, by number, time or rate
    door_s: float = 8.0  # a request waits at the door so long; its caller waits a little longer
    owner: str | None = None  # the customer that the daemon itself belongs to
    owner_per_min: int | None = None  # requests it may submit; None: as many as it likes
    per_customer_per_min: int | None = None  # and every other customer
    classes: Mapping[str, int] = field(default_factory=dict)  # weight of each class of customers
    customers: Mapping[str, str] = field(default_factory=dict)  # and who is of which
    reserve_s: float = 0.7  # of the search's deadline, kept for confirming and ordering
    floor_ratio: float = 0.2  # a total under this part of the others' median is a mistake
    fresh_s: float = 2.0  # an answer younger than this needs no second look before buying
    expire_after_s: float = 900.0  # unasked so long, a request is no longer what its customer wants
    recording: bool = True  # whether what is done for a request is recorded at all
    keeps_traces: bool = True
    trace_sample: float = 0.01  # of requests that bought nothing and did not fail: kept of them
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)
    names_share: float = 0.4  # of a search, a title's ISBNs are waited for; the rest is for asking
    rates_wait_s: float = 1.0  # the first answer of a source of rates is waited for
    most_attempts: int = 10  # offers tried for one request
    slot_patience_s: float = 5.0  # how long another request's purchase of the same copy is awaited
