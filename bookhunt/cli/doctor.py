"""`bookhunt doctor`: what is set up, what is wrong, and what to type next; starts no daemon."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bookhunt.cli import checks_daemon, checks_home
from bookhunt.cli.connection import connect
from bookhunt.cli.findings import FINDING_FIELDS, Finding, Level, exit_code_of, guarded, ok, warning
from bookhunt.cli.output import Terminal, one_line
from bookhunt.home.config import Config, load_config
from bookhunt.home.paths import Home
from bookhunt.model.errors import BookhuntError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.client import DaemonClient

_STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}


def doctor(
    terminal: Terminal,
    *,
    bundle: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a redacted zip for a bug report; never over one."),
    ] = None,
) -> int:
    """Look at everything that has to be right, and say what to type where it is not.

    Ends with 1 where something is broken and with 4 where something is only not set up. The bundle
    holds versions, settings that are numbers or words of a list, ids and hashes of definitions,
    the end of the log, figures and the ledger's schema: no name, no address, no secret, no book.
    """
    terminal.picked(FINDING_FIELDS)
    home = Home.find()
    to = None if bundle is None else Path(bundle).expanduser().absolute()
    if to is not None and (to.exists() or to.is_symlink()):
        raise InputError(f"{to} exists", hint="name a file that does not")
    terminal.no_autostart = True
    client = connect(terminal, home)
    findings = []
    for finding in examined(home, client):
        findings.append(finding)
        _print(terminal, finding)
    if to is not None:
        from bookhunt.cli.bundle import write_bundle

        write_bundle(to, home, client, findings)
        terminal.notice(f"{to} is written; look into it before you send it: unzip -l {to}")
    counts = Counter(finding.level for finding in findings)
    if not terminal.wants_objects:
        terminal.notice(_summary(counts))
    return exit_code_of(findings)


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


def _print(terminal: Terminal, finding: Finding) -> None:
    if terminal.wants_objects:
        terminal.thing(finding.told(), FINDING_FIELDS)
        return
    if terminal.is_plain:
        cells = (finding.level.value, finding.check, finding.found, finding.hint or "")
        terminal.line("\t".join(one_line(cell) for cell in cells))
        return
    level = terminal.styled(finding.level.value.ljust(7), _STYLES[finding.level])
    terminal.line(f"{level}  {finding.check.ljust(11)}  {one_line(finding.found)}")
    if finding.hint:
        hint = terminal.styled("hint:", "cyan")
        terminal.line(f"{' ' * 22}{hint} {one_line(finding.hint)}")


def _summary(counts: Counter[Level]) -> str:
    wrong = [
        f"{counts[level]} {level.value}{'s' if counts[level] != 1 else ''}"
        for level in (Level.ERROR, Level.WARNING)
        if counts[level]
    ]
    return ", ".join(wrong) if wrong else "all is well"
