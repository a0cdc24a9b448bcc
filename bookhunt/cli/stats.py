"""`bookhunt stats`: what became of the requests of a period, what it cost, and how long it took."""

from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.durations import time_ago
from bookhunt.cli.output import Terminal, flat
from bookhunt.cli.table import print_table
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import SELLER_STATS_FIELDS, STATS_FIELDS, STRATEGY_STATS_FIELDS

_BY = {"seller": SELLER_STATS_FIELDS, "strategy": STRATEGY_STATS_FIELDS}
_HEADERS = {"calls_per_request": "calls", "calls_saved": "saved"}  # 80 columns are not many
_SELLER_COLUMNS = ("seller", "tried", "bought", "refused", "unknown", "average", "spent")
_STRATEGY_COLUMNS = (
    "strategy", "requests", "bought", "refused", "unknown", "average", "calls_per_request",
    "calls_saved", "p50", "p90",
)  # fmt: skip


def stats(
    terminal: Terminal,
    *,
    since: Annotated[
        str, typer.Option(metavar="AGE|all", help="Of requests submitted since then.")
    ] = "30d",
    by: Annotated[
        str | None, typer.Option(metavar="seller|strategy", help="A line for each of them.")
    ] = None,
) -> None:
    """Print figures over a period: outcomes, money spent, calls, and how long it took.

    A request belongs to the period it was submitted in. `refused` are orders that certainly do not
    stand, `unknown` those nobody can say about yet. `calls_saved` is the part of asking every
    seller that was not needed.
    """
    if by is not None and by not in _BY:
        raise InputError(
            f"--by is seller or strategy, not {by!r}", hint="bookhunt stats --by seller"
        )
    terminal.picked(STATS_FIELDS if by is None else _BY[by])
    told = connect(terminal).stats(since=None if since == "all" else time_ago(since))
    if not told["complete"]:
        terminal.notice(f"there are more; these are the oldest {told['requests']} requests")
    if by is None:
        _print_whole(terminal, told)
    else:
        _print_parts(terminal, by, told[f"by_{by}"])


def _print_whole(terminal: Terminal, told: dict[str, Any]) -> None:
    if terminal.wants_objects:
        terminal.thing({name: told[name] for name in STATS_FIELDS}, STATS_FIELDS)
        return
    lines = {
        "since": told["since"] or "the first request",
        "requests": _requests(told),
        "spent": _amounts(told["spent"]),
        "average": _amounts(told["average"]),
        "calls": _calls(told),
        "time": _times(told["latency_ms"]),
        "orders": f"{told['refused']} refused, {told['unknown']} unknown",
    }
    if told["overcharged"]:
        lines["overcharged"] = f"{told['overcharged']} purchases cost more than was agreed"
    width = max(map(len, lines))
    for name, value in lines.items():
        if terminal.is_plain:
            terminal.line(f"{name}\t{value}")
        else:
            terminal.line(f"{terminal.styled(name.ljust(width), 'dim')}  {value}")


def _print_parts(terminal: Terminal, by: str, parts: list[dict[str, Any]]) -> None:
    if terminal.wants_objects:
        for part in parts:
            terminal.thing(part, _BY[by])
        return
    columns = _SELLER_COLUMNS if by == "seller" else _STRATEGY_COLUMNS
    rows = [[_cell(part, column) for column in columns] for part in parts]
    print_table(terminal, [_HEADERS.get(column, column) for column in columns], rows)


def _cell(part: dict[str, Any], column: str) -> str:
    if column in {"p50", "p90"}:
        return _ms(part["latency_ms"][column])
    value = part[column]
    if column in {"average", "spent"}:
        return _amounts(value)
    if column == "calls_saved":
        return _percent(value)
    return "-" if value is None else flat(value)


def _requests(told: dict[str, Any]) -> str:
    states = {name.lower().replace("_", " "): n for name, n in told["states"].items() if n}
    words = ", ".join(f"{n} {name}" for name, n in states.items())
    return f"{told['requests']}" + (f": {words}" if words else "")


def _calls(told: dict[str, Any]) -> str:
    if told["calls_per_request"] is None:
        return "-"
    text = f"{told['calls']}, {told['calls_per_request']} a request"
    text += f"; {_percent(told['calls_saved'])} of asking everybody saved"
    if told["cached"] or told["coalesced"]:
        text += f"; {told['cached']} remembered, {told['coalesced']} shared"
    return text


def _times(latency: dict[str, float | None]) -> str:
    return ", ".join(f"{name} {_ms(ms)}" for name, ms in latency.items())


def _ms(ms: float | None) -> str:
    if ms is None:
        return "-"
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1000:.1f} s"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.0f} %"


def _amounts(amounts: list[dict[str, str]]) -> str:
    return " + ".join(flat(each) for each in amounts) or "-"
