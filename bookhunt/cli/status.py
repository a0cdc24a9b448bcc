"""`bookhunt status`: requests, what became of them, and why."""

import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.durations import seconds
from bookhunt.cli.output import Terminal
from bookhunt.cli.render import (
    REQUEST_HEADERS,
    REQUEST_SHORT,
    REQUEST_SPARE,
    iso_before,
    outcome_lines,
    request_row,
    tell_overcharge,
)
from bookhunt.cli.table import print_table
from bookhunt.cli.why import WHY_FIELDS, explained, print_explained
from bookhunt.client import DaemonClient
from bookhunt.client.calls import is_at_rest
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import REQUEST_FIELDS

_LOOK_EVERY_S = 0.5
_SHOWN = 20
_CLEAR = "\x1b[H\x1b[2J"


def status(
    terminal: Terminal,
    requests: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REQ]...", help="An id, its beginning, or @last."),
    ] = None,
    *,
    why: Annotated[
        bool,
        typer.Option(
            "--why",
            help="Each seller: what it gave or why nothing, what was expected of it, and z: with "
            "a total below it in hand, asking was not worth a call.",
        ),
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look until all have ended.")] = False,
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help="Only these, for example SUCCESS.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="2d", help="Only what was submitted since then.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many.")] = _SHOWN,
) -> None:
    """Show the newest requests, or those named."""
    fields = (*REQUEST_FIELDS, *WHY_FIELDS) if why else tuple(REQUEST_FIELDS)
    terminal.picked(fields)
    if limit < 1:
        raise InputError("--limit is at least 1", hint="--limit 20")
    client = connect(terminal)
    look = _look(client, requests or [], states=state or [], since=since, limit=limit)
    if watch:
        _watch(terminal, look, fields)
        return
    found = look()
    if not found:
        terminal.notice("no such request yet; bookhunt buy BOOK --max-price 30 makes one")
    notes = {r["request_id"]: client.why(r["request_id"]) for r in found} if why else {}
    if terminal.wants_objects:
        for request in found:
            own = notes.get(request["request_id"])
            terminal.thing(request if own is None else explained(request, own), fields)
    elif requests or why:
        for request in found:
            _print_whole(terminal, request, notes.get(request["request_id"]))
    else:
        _print_list(terminal, found)


def _look(
    client: DaemonClient, ids: list[str], *, states: list[str], since: str | None, limit: int
) -> Callable[[], list[dict[str, Any]]]:
    """How to look once more. `@last` and abbreviations are looked up once: they must not move."""
    names = {state.upper() for state in states}
    after = None if since is None else _moment(since)
    if not ids:
        wanted = tuple(sorted(names))
        return lambda: client.requests(states=wanted, since=after, limit=limit)
    whole = [client.status(each)["request_id"] for each in ids]

    def look() -> list[dict[str, Any]]:
        found = [client.status(each) for each in whole]
        return [
            request
            for request in found
            if (not names or request["status"] in names)
            and (after is None or request["submitted_at"] >= after)
        ][:limit]

    return look


def _moment(text: str) -> str:
    """A time that was given as one, or as how long ago."""
    if text[:4].isdecimal() and "-" in text:
        return text
    return iso_before(seconds(text))


def _print_list(terminal: Terminal, found: list[dict[str, Any]]) -> None:
    rows = [request_row(request) for request in found]
    print_table(terminal, REQUEST_HEADERS, rows, spare=REQUEST_SPARE, short=REQUEST_SHORT)


def _print_whole(
    terminal: Terminal, request: dict[str, Any], notes: list[dict[str, Any]] | None
) -> None:
    if notes is not None:
        print_explained(terminal, request, notes)
        return
    for line in outcome_lines(request, terminal):
        terminal.line(line)
    tell_overcharge(request, terminal)


def _under_way(found: list[dict[str, Any]]) -> str:
    """What stands above the list while it is looked at."""
    count = sum(1 for request in found if not is_at_rest(request))
    if not count:
        return f"{len(found)} requests, all at their end"
    return f"{count} of {len(found)} under way (Ctrl-C stops looking, not the hunt)"


def _watch(
    terminal: Terminal, look: Callable[[], list[dict[str, Any]]], fields: tuple[str, ...]
) -> None:
    """On a terminal the list is drawn anew; elsewhere a request is a line when it has changed."""
    shown: dict[str, str] = {}
    while True:
        found = look()
        changed = [r for r in found if shown.get(r["request_id"]) != r["status"]]
        shown.update({r["request_id"]: r["status"] for r in found})
        if changed and not terminal.wants_objects and not terminal.is_plain:
            terminal.line(_CLEAR + terminal.styled(_under_way(found), "dim"))
            _print_list(terminal, found)
        else:
            for request in changed:
                if terminal.wants_objects:
                    terminal.thing(request, fields)
                else:
                    terminal.line("\t".join(request_row(request)))
        if all(is_at_rest(request) for request in found):
            return
        time.sleep(_LOOK_EVERY_S)
