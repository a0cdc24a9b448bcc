"""One look at everything that `bookhunt top` shows; who wants rates looks twice.

Counts are from the start of the daemon on. A histogram travels as its counts, beside the edges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.daemon.standing import seller_told
from bookhunt.hunt.tally import OFFERS
from bookhunt.telemetry.counts import SECONDS
from bookhunt.wire.contract import SCHEMA_VERSION
from bookhunt.wire.shapes import money_object, time_text

if TYPE_CHECKING:
    from bookhunt.daemon.daemon import Daemon
    from bookhunt.hunt.tally import Tally


async def look_of(daemon: Daemon) -> dict[str, Any]:
    """Requests, calls, sellers and money, as they stand now."""
    now, tally = daemon.clock.now(), daemon.service.tally
    load, fan_out = daemon.service.load(), daemon.service.fan_out
    return {
        "at": time_text(now),
        "uptime_s": round((now - daemon.started_at).total_seconds(), 1),
        "monotonic_s": round(daemon.clock.monotonic(), 3),
        "paused": await daemon.ledger.paused(),
        "safe_mode": await daemon.ledger.safe_mode(),
        "load": {
            "waiting": load.waiting,
            "hunting": load.hunting,
            "at_the_door": load.at_the_door,
            "workers": daemon.service.settings.workers,
            "queue": daemon.service.settings.queue,
            "lag_ms": round(fan_out.lag_s * 1000, 1),
            "fan_out": fan_out.share,
        },
        "requests": _requests(tally),
        "calls": _calls(tally),
        "money": await _money(daemon),
        "sellers": _sellers(daemon),
        "schema_version": SCHEMA_VERSION,
    }


def _requests(tally: Tally) -> dict[str, Any]:
    states: dict[str, int] = {}
    for (state, _), count in tally.rested.items():
        states[state] = states.get(state, 0) + count
    return {
        "accepted": tally.accepted,
        "refused": dict(tally.refused),
        "states": states,
        "edges_s": list(SECONDS),
        "seconds": {state: list(seen.counts) for state, seen in tally.request_s.items()},
        "stages": {name: list(seen.counts) for name, seen in tally.stage_s.items()},
    }


def _calls(tally: Tally) -> dict[str, Any]:
    searches = tally.request_calls.values()
    return {
        "made": sum(tally.seller_calls.values()),
        "searches": sum(seen.count for seen in searches),
        "of_searches": round(sum(seen.sum for seen in searches)),
        "saved": tally.calls_saved,
        "cached": tally.answers_at_hand,
        "shared": tally.answers_shared,
        "batched": tally.answers_carried,
        "refused": dict(tally.calls_refused),
        "delayed": tally.calls_delayed,
    }


async def _money(daemon: Daemon) -> list[dict[str, Any]]:
    ledger, now = daemon.ledger, daemon.clock.now()
    found = []
    defaults = daemon.config_file.config.defaults
    for currency in dict.fromkeys([defaults.currency, *await ledger.currencies()]):
        day, _ = await ledger.spent(currency, at=now)
        limits = await ledger.limits(currency)
        spent, limit = money_object(day), money_object(limits.day)
        found.append({"currency": currency, "spent_day": spent, "day": limit})
    return found


def _sellers(daemon: Daemon) -> list[dict[str, Any]]:
    """Every seller that can be called or was, with what it gave."""
    calls: dict[str, int] = {}
    offers: dict[str, int] = {}
    for (called, gave), count in daemon.service.tally.seller_calls.items():
        calls[called] = calls.get(called, 0) + count
        if gave == OFFERS:
            offers[called] = count
    found = []
    for seller in daemon.sellers.all():
        told, load = seller_told(daemon, seller), daemon.service.calls_at(seller.id)
        found.append(
            {
                "id": seller.id,
                "tier": told["tier"],
                "state": told["state"],
                "cause": told["cause"] if told["state"] == "suspended" else None,
                "p95_ms": told["p95_ms"],
                "success": told["success"],
                "stock": told["stock"],
                "orders": told["orders"],
                "in_flight": None if load is None else load[0],
                "limit": None if load is None else round(load[1], 1),
                "calls": calls.get(seller.id, 0),
                "offers": offers.get(seller.id, 0),
            }
        )
    return found
