"""What `bookhunt doctor` looks at, in order: the home first, then the daemon and what it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.cli import checks_daemon, checks_home
from bookhunt.cli.findings import Finding, Level, guarded, ok, warning
from bookhunt.home.config import Config, load_config
from bookhunt.model.errors import BookhuntError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.client import DaemonClient
    from bookhunt.home.paths import Home


def examined(home: Home, client: DaemonClient) -> Iterator[Finding]:
    """Every finding, in the order in which things depend on each other."""
    yield from guarded("program", checks_home.program)
    yield from guarded("home", lambda: checks_home.folders(home))
    yield from guarded("disk", lambda: checks_home.disk(home))
    yield from guarded("clock", lambda: checks_home.clock(home))
    yield from guarded("config", lambda: checks_home.configuration(home))
    config = _readable(home)
    store: list[Finding] = []
    if config is not None:
        store += guarded("secrets", lambda: checks_home.secret_store(home, config))
        yield from store
        yield from guarded("profile", lambda: checks_home.profiles(home, config))
    health, told = checks_daemon.daemon(home, config, client)
    yield from told
    yield from guarded("ledger", lambda: _ledger(home, client, health))
    yield from guarded("sellers", lambda: _sellers(home, config, client, health, store))
    if health is not None:
        yield from guarded("spending", lambda: checks_daemon.spending(client, health))
        yield from guarded("requests", lambda: checks_daemon.requests(client))
        yield from guarded("watches", lambda: checks_daemon.watches(client))
        yield from guarded("notices", lambda: checks_daemon.notices(client))
    yield from guarded("edits", lambda: checks_home.edits(home))
    yield from guarded("submissions", lambda: checks_home.spool(home))


def _readable(home: Home) -> Config | None:
    """The configuration, None where it has mistakes: they are told already."""
    try:
        return load_config(home)
    except BookhuntError:
        return None


def _ledger(home: Home, client: DaemonClient, health: dict[str, Any] | None) -> Iterator[Finding]:
    if health is None and not home.ledger_file.exists():
        yield ok("ledger", "there is none yet: nothing was ever asked for")
        return
    yield from checks_daemon.ledger(home, client, health)


def _sellers(
    home: Home,
    config: Config | None,
    client: DaemonClient,
    health: dict[str, Any] | None,
    store: list[Finding],
) -> Iterator[Finding]:
    """The daemon's word on its sellers; without one, what it would find, asking nobody."""
    if health is not None:
        told = client.sellers()
        yield from checks_daemon.sellers(told, list(health.get("mistakes", ())))
        yield from checks_daemon.payments(client, told)
    elif any(finding.level is Level.WARNING for finding in store):
        yield warning("sellers", "cannot be told while the secret store does not answer")
    elif config is not None:
        told, mistakes = checks_daemon.defined_sellers(home, config)
        new = [each for each in mistakes if not any(each.startswith(f.found) for f in store)]
        yield from checks_daemon.sellers(told, new)
