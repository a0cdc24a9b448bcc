"""`bookhunt history`: what a book cost over time, as it was seen."""

import csv
import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import ReaderGone, Terminal
from bookhunt.cli.render import money, short_time
from bookhunt.cli.table import print_table
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import PRICE_LINE_FIELDS

_HEADERS = ("seller", "copy", "now", "median", "lowest ever", "on", "seen", "prices")
_COLUMNS = ("at", "seller", "condition", "format", "country", "amount", "currency", "landed")
_LETTERS = "abcdef"  # so many lines are drawn; more cannot be told apart
_COLOURS = ("green", "cyan", "magenta", "orange", "blue", "red")
_HEIGHT = 20
_WIDEST = 120


def history(
    terminal: Terminal,
    book: Annotated[str, typer.Argument(metavar="BOOK", help="A title or an ISBN.")],
    *,
    days: Annotated[int, typer.Option(min=1, max=400, help="Prices of so many days.")] = 90,
    plot: Annotated[bool, typer.Option("--plot", help="Draw them.")] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print each price as a line of CSV.")
    ] = False,
) -> None:
    """Show what each seller asked for a book while you asked for it: now, usually, at the least.

    Kept is the lowest total of each condition and format whenever it changed, and once a day, for
    400 days; every purchase, quote and watch adds to it. A price with + is without shipping, which
    that seller does not say. The lowest ever is of all that is kept, the rest of --days.
    """
    if plot + as_csv + terminal.wants_objects > 1:
        raise InputError(
            "--plot, --csv and --json show the same thing in different ways", hint="one of them"
        )
    terminal.picked(PRICE_LINE_FIELDS)
    lines = connect(terminal).history(book, days=days)
    if not lines:
        terminal.notice(
            f"no price of {book} was seen in the last {days} days; bookhunt quote asks for one"
        )
    if terminal.wants_objects:
        for line in lines:
            terminal.thing(line, PRICE_LINE_FIELDS)
    elif as_csv:
        _print_csv(lines)
    elif plot and lines:
        terminal.line(_drawn(terminal, lines))
    elif not plot:
        print_table(terminal, _HEADERS, [_row(line) for line in lines])
    for said in _best(lines):
        terminal.notice(said)


def _row(line: dict[str, Any]) -> list[str]:
    return [
        str(line["seller"]),
        _copy(line),
        money(line["last"]) + ("" if line["landed"] else " +"),
        money(line["median"]),
        money(line["lowest"]),
        short_time(line["lowest_at"])[:10],
        short_time(line["last_at"]),
        str(len(line["points"])),
    ]


def _copy(line: dict[str, Any]) -> str:
    """The condition, and the format where it is not paper."""
    form = "" if line["format"] == "paper" else f" {line['format']}"
    return f"{line['condition']}{form}"


def _best(lines: list[dict[str, Any]]) -> list[str]:
    """The lowest ever in each currency."""
    lowest: dict[str, dict[str, Any]] = {}
    for line in lines:
        known = lowest.get(line["currency"])
        if known is None or float(line["lowest"]["amount"]) < float(known["lowest"]["amount"]):
            lowest[line["currency"]] = line
    return [
        f"lowest ever: {money(line['lowest'])} at {line['seller']} ({_copy(line)}), "
        f"{short_time(line['lowest_at'])[:10]}"
        for line in lowest.values()
    ]


def _print_csv(lines: list[dict[str, Any]]) -> None:
    """Every price, the oldest first; RFC 4180, but for its line ends."""
    rows = sorted(
        (
            (
                point["at"],
                line["seller"],
                line["condition"],
                line["format"],
                line["country"],
                point["amount"],
                line["currency"],
                "yes" if point["landed"] else "no",
            )
            for line in lines
            for point in line["points"]
        ),
    )
    writer = csv.writer(sys.stdout, lineterminator="\n")
    try:
        writer.writerow(_COLUMNS)
        writer.writerows(rows)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def _drawn(terminal: Terminal, lines: list[dict[str, Any]]) -> str:
    """The prices of the cheapest lines of the first currency, over time."""
    import plotext

    currency = lines[0]["currency"]
    drawn = [line for line in lines if line["currency"] == currency][: len(_LETTERS)]
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(min(plotext.terminal_width() or 80, _WIDEST), _HEIGHT)
    ticks: dict[float, str] = {}
    coloured = terminal.styled("-", "dim") != "-"
    for line, letter, colour in zip(drawn, _LETTERS, _COLOURS, strict=False):
        times, amounts = _steps(line["points"])
        how = {"marker": "hd", "color": colour} if coloured else {"marker": letter}
        plotext.plot(times, amounts, label=f"{line['seller']}, {_copy(line)}", **how)
        for at in (times[0], times[-1]):
            ticks[at] = datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d")
    ends = sorted(ticks)
    shown = [ends[0], ends[-1]] if ends[0] != ends[-1] else ends[:1]
    plotext.xticks(shown, [ticks[at] for at in shown])
    plotext.title(currency)
    picture = str(plotext.build())
    return (picture if coloured else str(plotext.uncolorize(picture))).rstrip("\n")


def _steps(points: list[dict[str, Any]]) -> tuple[list[float], list[float]]:
    """A price holds until the next one: the corners of its steps."""
    times: list[float] = []
    amounts: list[float] = []
    for point in points:
        at, amount = datetime.fromisoformat(point["at"]).timestamp(), float(point["amount"])
        if amounts:
            times.append(at)
            amounts.append(amounts[-1])
        times.append(at)
        amounts.append(amount)
    return times, amounts
