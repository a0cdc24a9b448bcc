"""`bookhunt watch`: books that are looked for again and again until their copies are bought."""

import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bookhunt.cli import exit_codes
from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.cli.reboot import is_started_by_itself
from bookhunt.cli.render import book_of, money
from bookhunt.cli.table import print_table
from bookhunt.cli.things import print_thing
from bookhunt.cli.watch_lines import read_lines, schedule_of
from bookhunt.cli.wishes import STDIN, price_of, sellers_of
from bookhunt.cli.zones import zone_of_machine
from bookhunt.model.errors import BookhuntError, InputError
from bookhunt.wire.problems import exit_code_of
from bookhunt.wire.watches import WATCH_FIELDS

_HEADERS = ("id", "book", "at most", "schedule", "next run", "bought", "state", "lowest")
_NONE = "none"
_Id = Annotated[str, typer.Argument(metavar="ID", help="Of the watch, or how it begins.")]
_Cron = Annotated[
    str | None, typer.Option(metavar="LINE", help='As in crontab: "0 7 * * 1-5", @daily.')
]
_Every = Annotated[str | None, typer.Option(metavar="6h", help="30m, 6h, 1d; at least 1m.")]
_At = Annotated[
    list[str] | None,
    typer.Option(metavar="TIME", help="2026-12-01T07:00; can be said again for more times."),
]
_Zone = Annotated[
    str | None, typer.Option(metavar="ZONE", help="Europe/Berlin; this machine's without it.")
]
_Price = Annotated[
    str | None,
    typer.Option(metavar="AMOUNT", help="The most for one copy, shipping and tax included."),
]
_Profile = Annotated[str | None, typer.Option(help="Where it is sent.")]
_Times = Annotated[int | None, typer.Option(metavar="N", min=1, max=100, help="Copies to buy.")]
_NoFirst = Annotated[
    bool, typer.Option("--no-first-run", help="Wait for the first time; else it looks at once.")
]


# long: three lines for each option that the contract names; the body itself is short
def add(
    terminal: Terminal,
    book: Annotated[str, typer.Argument(metavar="BOOK", help="A title or an ISBN.")],
    *,
    max_price: _Price = None,
    currency: Annotated[str | None, typer.Option(metavar="CUR", help="Of the price.")] = None,
    cron: _Cron = None,
    every: _Every = None,
    at: _At = None,
    timezone: _Zone = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="The last day, or a time.")
    ] = None,
    times: _Times = None,
    quote_only: Annotated[
        bool, typer.Option("--quote-only", help="Look and tell; buy nothing.")
    ] = False,
    no_first_run: _NoFirst = False,
    profile: _Profile = None,
    strategy: Annotated[
        str | None, typer.Option(metavar="cheapest|balanced|fast|tiers", help="How it is sought.")
    ] = None,
    condition: Annotated[str | None, typer.Option(metavar="new|used|any", help="Copies.")] = None,
    book_format: Annotated[
        str | None, typer.Option("--format", metavar="paper|ebook|audio|any", help="Formats.")
    ] = None,
    sellers: Annotated[str | None, typer.Option(metavar="A,B", help="Only these.")] = None,
    customer: Annotated[str | None, typer.Option(help="On whose behalf.")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Kept with it.")] = None,
) -> None:
    """Look for a book at certain times, and buy it as soon as it fits: once, or --times N.

    Times are those of the watch's zone, which is shown. Where its clocks go forward, a time that is
    skipped runs when the hour is over; where they go back, a time that comes twice runs once; lines
    whose minute or hour begins with * follow the clock. What was missed while the machine slept
    runs once. A run begins up to five minutes after its time, so that not all ask at once.
    """
    terminal.picked(WATCH_FIELDS)
    schedule = schedule_of(cron, every, tuple(at or ()))
    if max_price is None:
        raise InputError("a watch needs a maximum price", hint="add --max-price 20")
    if schedule is None:
        raise InputError("a watch needs its times", hint='--cron "0 7 * * *", --every 6h or --at')
    named = sellers_of(sellers)
    said = {
        "id": secrets.token_hex(6),
        "book_name": book,
        "max_price": price_of(max_price, currency),
        "schedule": schedule,
        "timezone": _zone(terminal, timezone),
        "until": until,
        "copies": times,
        "quote_only": quote_only or None,
        "first_run": False if no_first_run else None,
        "profile": profile,
        "strategy": strategy,
        "condition": condition,
        "format": book_format,
        "sellers": None if named is None else list(named),
        "customer": customer,
        "note": note,
    }
    watch = connect(terminal).add_watch({k: v for k, v in said.items() if v is not None})
    _print(terminal, watch)
    _say_what_starts_it(terminal)


def list_watches(
    terminal: Terminal,
    *,
    state: Annotated[
        list[str] | None,
        typer.Option(metavar="active|paused|done|ended", help="Only these; can be said again."),
    ] = None,
) -> None:
    """List the watches, with their next run and what they bought."""
    terminal.picked(WATCH_FIELDS)
    found = connect(terminal).watches(states=tuple(state or ()))
    if terminal.wants_objects:
        for watch in found:
            terminal.thing(watch, WATCH_FIELDS)
        return
    rows = [_row(watch) for watch in found]
    if not rows:
        terminal.notice(
            'there is no watch; bookhunt watch add BOOK --max-price 20 --cron "0 7 * * *"'
        )
    print_table(terminal, _HEADERS, rows, flexible=1)


def show(terminal: Terminal, watch: _Id) -> None:
    """Show one watch: its next five runs, what the last one came to, what it bought."""
    terminal.picked(WATCH_FIELDS)
    told = connect(terminal).watch(watch)
    print_thing(terminal, told)
    if told.get("state") == "blocked":
        terminal.notice(
            f"a purchase of it needs you: bookhunt status --why {told['request_id']}, then "
            f"bookhunt settle {told['request_id']}"
        )


def edit(
    terminal: Terminal,
    watch: _Id,
    *,
    max_price: _Price = None,
    cron: _Cron = None,
    every: _Every = None,
    at: _At = None,
    timezone: _Zone = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE|none", help="The last day, or a time.")
    ] = None,
    times: _Times = None,
    quote_only: Annotated[
        bool | None, typer.Option("--quote-only/--buy", help="Only look, or buy.")
    ] = None,
    profile: _Profile = None,
    strategy: Annotated[
        str | None, typer.Option(metavar="cheapest|balanced|fast|tiers", help="How it is sought.")
    ] = None,
    condition: Annotated[str | None, typer.Option(metavar="new|used|any", help="Copies.")] = None,
    book_format: Annotated[
        str | None, typer.Option("--format", metavar="paper|ebook|audio|any", help="Formats.")
    ] = None,
    sellers: Annotated[str | None, typer.Option(metavar="A,B|all", help="Only these.")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT|none", help="Kept with it.")] = None,
) -> None:
    """Change a watch; what it has bought counts on, so --times 2 after one is one more."""
    terminal.picked(WATCH_FIELDS)
    said: dict[str, Any] = {
        "max_price": None if max_price is None else price_of(max_price, None),
        "schedule": schedule_of(cron, every, tuple(at or ())),
        "timezone": timezone,
        "copies": times,
        "quote_only": quote_only,
        "profile": profile,
        "strategy": strategy,
        "condition": condition,
        "format": book_format,
    }
    changes = {name: value for name, value in said.items() if value is not None}
    for name, given in (("until", until), ("note", note)):
        if given is not None:
            changes[name] = None if given == _NONE else given
    if sellers is not None:
        changes["sellers"] = None if sellers == "all" else list(sellers_of(sellers) or ())
    _print(terminal, connect(terminal).edit_watch(watch, changes))


def pause(terminal: Terminal, watch: _Id) -> None:
    """Look and buy no more until it is resumed; a purchase that is not ordered yet is cancelled."""
    _print(terminal, connect(terminal).pause_watch(watch))


def resume(terminal: Terminal, watch: _Id) -> None:
    """Look again; what was due meanwhile runs once, at once."""
    _print(terminal, connect(terminal).resume_watch(watch))


def run(terminal: Terminal, watch: _Id) -> None:
    """Look now, whatever its times are, and buy where it fits."""
    terminal.picked(WATCH_FIELDS)
    told = connect(terminal).run_watch(watch)
    _print(terminal, told)
    if told.get("outcome") == "ordered" and told.get("request_id"):
        terminal.notice(f"a copy is being bought: bookhunt wait {told['request_id']}")


def remove(terminal: Terminal, watch: _Id) -> None:
    """Remove a watch for good; what it bought stays, what is not ordered yet is cancelled."""
    told = connect(terminal).remove_watch(watch)
    if terminal.wants_objects:
        terminal.thing(told, WATCH_FIELDS)
    else:
        terminal.notice(f"watch {told['id']} is removed")


def export(terminal: Terminal) -> None:
    """Print every watch as a line of JSON, for `watch import`."""
    terminal.json = True
    for watch in connect(terminal).watches():
        terminal.thing(watch, WATCH_FIELDS)


def import_watches(
    terminal: Terminal,
    source: Annotated[str, typer.Argument(metavar="FILE|-", help="Lines; - reads stdin.")],
    *,
    max_price: _Price = None,
    cron: _Cron = None,
    every: _Every = None,
    at: _At = None,
    timezone: _Zone = None,
    times: _Times = None,
    profile: _Profile = None,
    no_first_run: _NoFirst = False,
) -> int:
    """Add watches from lines: a book, a book and its price after a tab, or JSON.

    What a line does not say the options do. Of a watch that was exported the copies that are left
    are bought; one that is there already under its id stays as it is.
    """
    terminal.picked(WATCH_FIELDS)
    said = {
        "max_price": None if max_price is None else price_of(max_price, None),
        "schedule": schedule_of(cron, every, tuple(at or ())),
        "timezone": _zone(terminal, timezone),
        "copies": times,
        "profile": profile,
        "first_run": False if no_first_run else None,
    }
    terms = {name: value for name, value in said.items() if value is not None}
    content = _content(source)
    client, code = connect(terminal), exit_codes.DONE
    for line in read_lines(content.splitlines(), terms):
        where = f"line {line.number}"
        try:
            if line.error is not None:
                raise line.error
            if line.body is None:
                terminal.notice(f"{where}: {line.rests}, nothing to do")
                continue
            body = {"id": secrets.token_hex(6), **line.body}
            if line.paused:
                body["first_run"] = False
            watch = client.add_watch(body)
            if line.paused:
                watch = client.pause_watch(str(watch["id"]))
            _print(terminal, watch, briefly=True)
        except BookhuntError as error:
            terminal.error(error, about=where)
            code = code or exit_code_of(error)
    _say_what_starts_it(terminal)
    return code


def _content(source: str) -> bytes:
    if source == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(source).expanduser().read_bytes()
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}") from error


def _zone(terminal: Terminal, said: str | None) -> str:
    zone = said or zone_of_machine()
    if zone is None:
        terminal.notice("this machine does not name its time zone: times are UTC; --timezone")
    return zone or "UTC"


def _say_what_starts_it(terminal: Terminal) -> None:
    if not is_started_by_itself():
        terminal.notice(
            "watches run while the daemon does, and nothing starts it after a reboot: "
            "bookhunt daemon install"
        )


def _print(terminal: Terminal, watch: dict[str, Any], *, briefly: bool = False) -> None:
    if terminal.wants_objects:
        terminal.thing(watch, WATCH_FIELDS)
        return
    if terminal.is_plain or briefly:
        terminal.line("\t".join(_row(watch)))
        return
    what = "looks for" if watch.get("quote_only") else "buys"
    copies = f"{watch['copies']} copies" if watch["copies"] != 1 else "one copy"
    title = terminal.styled(f"watch {watch['id']}", "bold")
    terminal.line(
        f"{title} {what} {book_of(watch)}, {copies} at {money(watch['max_price'])} at most"
    )
    state = f"{watch['state']}, {watch['bought']} of {watch['copies']} bought"
    terminal.line(f"  {watch['schedule']}, in {watch['timezone']}; {state}")
    for due in watch.get("next_runs") or ():
        terminal.line(f"  {_told(due)}")
    if watch.get("outcome"):
        lowest = f", lowest {money(watch['lowest'])}" if watch.get("lowest") else ""
        terminal.line(f"  last run: {str(watch['outcome']).replace('_', ' ')}{lowest}")


def _row(watch: dict[str, Any]) -> list[str]:
    runs = watch.get("next_runs") or []
    return [
        str(watch["id"]),
        book_of(watch),
        money(watch.get("max_price")),
        str(watch["schedule"]),
        _told(runs[0]) if runs else "-",
        f"{watch['bought']}/{watch['copies']}",
        str(watch["state"]),
        money(watch.get("best")),
    ]


def _told(due: str) -> str:
    """`Mon 2026-03-02 07:00 +01:00`."""
    at = datetime.fromisoformat(due)
    return f"{at:%a %Y-%m-%d %H:%M} {due[-6:]}"
