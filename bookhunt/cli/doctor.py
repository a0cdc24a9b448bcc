"""`bookhunt doctor`: what is set up, what is wrong, and what to type next; starts no daemon."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.findings import FINDING_FIELDS, Finding, Level, exit_code_of
from bookhunt.cli.output import Terminal, one_line
from bookhunt.home.paths import Home
from bookhunt.model.errors import InputError

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
    from bookhunt.cli.examination import examined  # pydantic and asyncio come with it

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
