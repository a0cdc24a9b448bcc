"""What `doctor` asks a daemon, and what it looks at itself where none runs."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

import bookhunt
from bookhunt.cli.findings import error, failed, ok, warning
from bookhunt.cli.output import flat
from bookhunt.cli.reboot import is_started_by_itself
from bookhunt.client.starting import is_held
from bookhunt.model.errors import (
    DaemonForbidden,
    DaemonNotAnswering,
    DaemonNotRunning,
)
from bookhunt.wire.contract import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.cli.findings import Finding
    from bookhunt.client import DaemonClient
    from bookhunt.home.config import Config
    from bookhunt.home.paths import Home

_TOLD = 5  # of a kind; more are counted
_LAG_MS = 250.0
_NEARLY = 0.9  # of a spending limit


def daemon(
    home: Home, config: Config | None, client: DaemonClient
) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The daemon's own word, None where there is no daemon to ask; and what is wrong with it."""
    try:
        health = client.health()
    except DaemonNotRunning:
        return None, list(_not_running(home, config))
    except (DaemonForbidden, DaemonNotAnswering) as trouble:
        return None, [failed("daemon", trouble)]
    return (health if health.get("api") == API_VERSION else None), list(_running(health))


def _not_running(home: Home, config: Config | None) -> Iterator[Finding]:
    if home.run_dir.is_dir() and is_held(home.daemon_lock):
        yield warning(
            "daemon", "is starting or ending: it does not listen", "bookhunt daemon status"
        )
    elif config is not None and not config.daemon.autostart:
        yield warning(
            "daemon", "does not run, and is not started by itself", "bookhunt daemon start"
        )
    else:
        yield ok("daemon", "does not run; the first command that needs it starts it")


def _running(health: dict[str, Any]) -> Iterator[Finding]:
    if health.get("api") != API_VERSION:
        yield error(
            "daemon",
            f"is version {health.get('version')}, of another contract than {bookhunt.__version__}",
            "bookhunt daemon restart",
        )
        return
    if health.get("version") != bookhunt.__version__:
        yield warning(
            "daemon",
            f"is version {health.get('version')}, this is {bookhunt.__version__}",
            "bookhunt daemon restart",
        )
    for about, why in health.get("trouble", {}).items():
        if about == "needs_restart":
            yield warning("daemon", f"does not know yet: {why}", "bookhunt daemon restart")
        else:
            yield warning("daemon", f"the {about} was not taken up: {why}", "bookhunt config check")
    yield from _export(health.get("export"))
    load = health.get("load", {})
    if load.get("lag_ms", 0) > _LAG_MS:
        yield warning("daemon", f"is late by {load['lag_ms']:.0f} ms: the machine is too busy")
    waits = health.get("unfinished")
    under_way = f"; requests under way: {waits}" if waits else ""
    yield ok("daemon", f"runs as process {health.get('pid')}{under_way}")


def _export(told: dict[str, Any] | None) -> Iterator[Finding]:
    """That a collector, where one is configured, takes the traces."""
    if told is None:
        return
    lost = f"; lost: {told['dropped']}" if told["dropped"] else ""
    if told["trouble"] is not None:
        yield warning(
            "traces",
            f"{told['to']} does not take them: {told['trouble']}; they wait: "
            f"{told['waiting']}{lost}",
            "telemetry.otlp_endpoint in config.yaml (bookhunt config edit)",
        )
    else:
        yield ok("traces", f"are sent to {told['to']}: {told['sent']}{lost}")


def ledger(home: Home, client: DaemonClient, health: dict[str, Any] | None) -> Iterator[Finding]:
    """That the one precious file is whole, and that it may be bought from."""
    if health is not None:
        facts = client.facts()
        reason = health.get("safe_mode")
        found = f"was whole when the daemon began; requests in it: {facts['requests']}"
    elif is_held(home.daemon_lock) if home.run_dir.is_dir() else False:
        yield warning("ledger", "a daemon has it and cannot be asked", "bookhunt daemon status")
        return
    else:
        reason, found = _resting(home), "is whole"
    if reason is not None:
        yield error(
            "ledger",
            f"only searching is allowed: {reason}",
            "compare `bookhunt status` with your orders at the sellers (bookhunt help safety); "
            "then bookhunt resume --reconciled",
        )
    else:
        yield ok("ledger", found)


def _resting(home: Home) -> str | None:
    from bookhunt.daemon.lock import held
    from bookhunt.store.resting import examine_resting

    if not home.run_dir.is_dir():  # a home that was copied from elsewhere, and never began
        return examine_resting(home.ledger_file)
    with held(home.daemon_lock):
        return examine_resting(home.ledger_file)


def sellers(told: list[dict[str, Any]], mistakes: list[str]) -> Iterator[Finding]:
    """That there is somebody to buy from; and who still needs a key, or is left alone."""
    for mistake in mistakes[:_TOLD]:
        yield warning("sellers", mistake, "bookhunt sellers test")
    if len(mistakes) > _TOLD:
        yield warning("sellers", f"and {len(mistakes) - _TOLD} more mistakes")
    states = Counter(each["state"] for each in told)
    able = [each for each in told if each["state"] in {"ready", "suspended"}]
    ordering = [each for each in able if each["mode"] == "auto"]
    needy = [each["id"] for each in told if each["state"] == "needs_setup"]
    if not ordering:
        yield error(
            "sellers",
            "none is ready to be ordered from" + (f"; {len(able)} can be asked" if able else ""),
            f"bookhunt sellers login {needy[0]}" if needy else "bookhunt help sellers",
            is_setup=True,
        )
    if needy:
        names = ", ".join(needy[:_TOLD]) + (" ..." if len(needy) > _TOLD else "")
        yield ok("sellers", f"{len(needy)} need a key or a setting: {names}")
    for each in told:
        if each["state"] == "suspended":
            yield warning(
                "sellers",
                f"{each['id']} is left alone until {each['suspended_until']}: {each['cause']}",
                f"bookhunt sellers reset {each['id']}",
            )
    yield ok("sellers", f"{len(ordering)} ready, of {states.total()} defined")


def payments(client: DaemonClient, told: list[dict[str, Any]]) -> Iterator[Finding]:
    """Sellers that are ready, and that the default profile cannot pay at."""
    ready = [each["id"] for each in told if each["state"] == "ready" and each["mode"] == "auto"]
    for seller_id in ready[:100]:
        payment = client.seller(seller_id)["payment"]
        if payment is not None and not payment["stored"]:
            yield warning(
                "payment",
                f"profile {payment['profile']} has no payment token at {seller_id}",
                f"bookhunt sellers login {seller_id} --profile {payment['profile']}",
            )


def spending(client: DaemonClient, health: dict[str, Any]) -> Iterator[Finding]:
    """Whether buying is paused, or a limit nearly reached."""
    if health.get("paused"):
        yield warning("spending", "is paused: nothing new is bought", "bookhunt resume")
    for limit in client.limits():
        for span in ("day", "month"):
            most, spent = limit[span], limit[f"spent_{span}"]
            if most is None or spent is None:
                continue
            if float(spent["amount"]) >= _NEARLY * float(most["amount"]):
                yield warning(
                    "spending",
                    f"{flat(spent)} of {flat(most)} a {span} are spent or reserved",
                    f"bookhunt limits set --currency {limit['currency']} --{span} AMOUNT",
                )
    if not health.get("paused"):
        yield ok("spending", "is allowed, within the limits")


def requests(client: DaemonClient) -> Iterator[Finding]:
    """Orders that nobody knows the end of."""
    open_ = 0
    for state, what, then in (
        ("NEEDS_ATTENTION", "only you can say what became of the order", "bookhunt settle"),
        ("IN_DOUBT", "the seller is being asked what became of the order", "bookhunt status"),
    ):
        found = client.requests(states=(state,), limit=100)
        open_ += len(found)
        for each in found[:_TOLD]:
            short = each["request_id"][-8:]
            hint = f"{then} {short}"
            yield warning("requests", f"{short} at {each['resolved_seller']}: {what}", hint)
        if len(found) > _TOLD:
            rest = f"and {len(found) - _TOLD} more"
            yield warning("requests", rest, f"bookhunt status --state {state}")
    if not open_:
        yield ok("requests", "none is in doubt")


def watches(client: DaemonClient) -> Iterator[Finding]:
    """That what is to be looked for at its times is, also after a reboot."""
    active = sum(1 for _ in client.watches(states=("active",)))
    if not active:
        return
    if is_started_by_itself():
        yield ok("watches", f"active: {active}; the system starts the daemon")
    else:
        yield warning(
            "watches",
            f"active: {active}, and nothing starts the daemon after a reboot",
            "bookhunt daemon install",
        )


def notices(client: DaemonClient) -> Iterator[Finding]:
    """Notices that could not be told."""
    given_up = [each for each in client.undelivered(limit=500) if each["state"] == "given_up"]
    if given_up:
        yield warning(
            "notices",
            f"given up after many tries: {len(given_up)}",
            "bookhunt notify list; bookhunt notify test",
        )


def defined_sellers(home: Home, config: Config) -> tuple[list[dict[str, Any]], list[str]]:
    """The sellers as a daemon would find them, and what is wrong with definitions; asks nobody."""
    from bookhunt.daemon.definitions import ShelfCatalogue
    from bookhunt.home.overrides import SellerOverrides
    from bookhunt.home.secrets import Secrets
    from bookhunt.sellers.loading import DefinitionShelf
    from bookhunt.wire.shapes import seller_object

    logging.getLogger("bookhunt").addHandler(logging.NullHandler())  # its findings say it
    shelf = DefinitionShelf(home.sellers_dir, demo=config.network.allow_loopback)
    secrets = Secrets(home, config.secrets)
    catalogue = ShelfCatalogue(shelf, secrets, SellerOverrides(home))
    asyncio.run(catalogue.take_up(config))
    told = [seller_object(each.seller) for each in catalogue.compiled.values()]
    return sorted(told, key=lambda each: str(each["id"])), list(catalogue.mistakes())
