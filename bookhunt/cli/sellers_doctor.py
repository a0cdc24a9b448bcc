"""`bookhunt sellers test`: definitions, their checks, and their examples, offline or live."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bookhunt.cli import exit_codes
from bookhunt.cli.output import Terminal, one_line
from bookhunt.home.paths import Home
from bookhunt.model.errors import InputError, NotFound

if TYPE_CHECKING:
    from bookhunt.sellers.doctor import TestLine

TEST_FIELDS = (
    "file",
    "operation",
    "example",
    "ok",
    "error",
    "line",
    "column",
    "warning",
    "calls",
    "offers",
    "latency_ms",
    "parts",
    "schema_version",
)
_OF_LIVE = ("calls", "offers", "latency_ms", "parts")


def try_out(
    terminal: Terminal,
    definitions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE|ID...]", help="A file, or the id of a seller; none: all."),
    ] = None,
    *,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings, and what --live misses, are failures.")
    ] = False,
    live: Annotated[
        str | None,
        typer.Option(metavar="BOOK", help="Ask the seller for this book; never orders."),
    ] = None,
    checkout: Annotated[
        bool, typer.Option("--checkout", help="With --live: as far as the order, not sent.")
    ] = False,
    profile: Annotated[
        str | None, typer.Option(help="Who would order, with --live; the default one without it.")
    ] = None,
) -> int:
    """Check definitions and replay their examples; nobody is contacted without --live.

    On a failure it prints the request that was sent, the part of the answer that counts, what was
    read of it, and what was expected. --live tells what is missing for the seller to be ordered
    from. With --checkout it learns the profile's address, and may keep a basket.
    """
    terminal.picked(TEST_FIELDS)
    if checkout and live is None:
        raise InputError("--checkout walks a real checkout", hint="--live ISBN --checkout")
    home = Home.find()
    # All are found before the first is tried: a mistyped name is told at once.
    paths = [path_of(home, each) for each in definitions or ()] or all_files(home)
    failed, tried = False, Counter[str]()
    for path in paths:
        lines = _examined(terminal, home, path, strict=strict)
        failed |= not all(line.ok for line in lines)
        tried.update(line.operation for line in lines if line.example is not None)
        if live is not None and not failed:
            from bookhunt.cli.sellers_live import ask_live

            came = ask_live(terminal, home, path, live, checkout=checkout, profile=profile)
            failed |= not came.read or (strict and not came.ready)
    terminal.notice(
        f"{len(paths)} definitions, {tried.total()} examples ("
        + ", ".join(f"{count} {operation}" for operation, count in sorted(tried.items()))
        + f"): {'not all pass' if failed else 'all pass'}"
    )
    return exit_codes.ERROR if failed else exit_codes.DONE


def all_files(home: Home) -> list[Path]:
    """The user's definitions, then the shipped ones; the simulated street's only where named."""
    from bookhunt.sellers.loading_files import shipped_folder

    folders = (home.sellers_dir, shipped_folder())
    return [path for folder in folders for path in sorted(folder.glob("*.yaml"))]


def path_of(home: Home, named: str) -> Path:
    """The file of a definition: named itself, or the user's, or a shipped one of that id.

    Raises:
        NotFound: there is none.
    """
    from bookhunt.sellers.loading_files import shipped_folder

    if "/" in named or named.endswith(".yaml"):
        path = Path(named).expanduser()
        if not path.is_file():
            raise NotFound(f"there is no file {named}", hint="bookhunt sellers new ID")
        return path
    shipped = shipped_folder()
    for folder in (home.sellers_dir, shipped, shipped / "demo"):
        path = folder / f"{named}.yaml"
        if path.is_file():
            return path
    raise NotFound(
        f"no seller {named} is defined", hint=f"bookhunt sellers list; bookhunt sellers new {named}"
    )


def _examined(terminal: Terminal, home: Home, path: Path, *, strict: bool) -> list[TestLine]:
    from bookhunt.sellers.doctor import examine

    lines = examine(path, user_folder=home.sellers_dir, strict=strict)
    for line in lines:
        if terminal.wants_objects:
            told: dict[str, Any] = dict.fromkeys(_OF_LIVE)
            told |= line.json_fields() | {"warning": line.warning}
            terminal.thing(told, TEST_FIELDS)
        else:
            _print(terminal, line)
    return lines


def _print(terminal: Terminal, line: TestLine) -> None:
    verdict, style = ("ok  ", "green") if line.ok else ("FAIL", "red")
    if line.ok and line.warning:
        verdict, style = "warn", "yellow"
    place = f"{line.file}:{line.line}:{line.column}" if line.line is not None else line.file
    what = line.operation if line.example is None else f"{line.operation}: {line.example}"
    text = f"{terminal.styled(verdict, style)}  {place}  {one_line(what)}"
    terminal.line(f"{text}: {one_line(line.error)}" if line.error else text)
    for detail in line.details:
        for each in detail.splitlines():
            terminal.line(f"      {one_line(each)}")
