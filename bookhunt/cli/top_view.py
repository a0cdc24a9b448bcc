"""The screen of `top`: a few lines for the whole, then as many sellers as fit.

Everything is put together for a width and a height; a window that is too narrow loses columns from
the right, one that is too low loses sellers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from bookhunt.cli.output import one_line
from bookhunt.cli.render import word_of
from bookhunt.cli.top_figures import RATES_OVER_S, TIMES_OVER_S, Change, Looks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

_BAR = 16
_STAGES = ("queue", "search", "claim", "prepare", "send")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the sellers: its head, its width, what is shown, what is sorted by."""

    head: str
    width: int
    shown: Callable[[dict[str, Any]], str]
    key: Callable[[dict[str, Any]], Any]
    highest_first: bool = True


@dataclass(slots=True)
class Wish:
    """How the person wants to see it."""

    sort: int = 1
    upside_down: bool = False
    words: str = ""  # a seller is shown if its name or state holds this
    typing: bool = False
    paused: bool = False
    trouble: str | None = None


def _share(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda seller: "-" if seller[name] is None else f"{seller[name]:.0%}"


def _number(name: str) -> Callable[[dict[str, Any]], float]:
    return lambda seller: -1.0 if seller[name] is None else float(seller[name])


def _p95(seller: dict[str, Any]) -> str:
    return "-" if seller["p95_ms"] is None else f"{seller['p95_ms']:.0f} ms"


def _flight(seller: dict[str, Any]) -> str:
    if seller["in_flight"] is None:
        return "-"
    return f"{seller['in_flight']}/{seller['limit']:.0f}"


def _state(seller: dict[str, Any]) -> str:
    cause = seller.get("cause")
    return one_line(f"{seller['state']} ({cause})" if cause else str(seller["state"]))


COLUMNS = (
    Column("seller", 18, lambda s: one_line(s["id"]), lambda s: s["id"], highest_first=False),
    Column("calls/s", 8, lambda s: f"{s['calls_s']:.1f}", lambda s: (s["calls_s"], s["calls"])),
    Column("offers/s", 9, lambda s: f"{s['offers_s']:.1f}", lambda s: (s["offers_s"], s["offers"])),
    Column("p95", 8, _p95, _number("p95_ms")),
    Column("answer", 7, _share("success"), _number("success"), highest_first=False),
    Column("stock", 6, _share("stock"), _number("stock")),
    Column(
        "tier", 5, lambda s: str(s["tier"] or "-"), lambda s: s["tier"] or 9, highest_first=False
    ),
    Column("state", 10, _state, lambda s: (s["state"] == "ready", s["state"]), highest_first=False),
    Column("flight", 7, _flight, _number("in_flight")),
    Column("orders", 7, _share("orders"), _number("orders")),
    Column("calls", 8, lambda s: str(s["calls"]), _number("calls")),
)


def screen(looks: Looks, wish: Wish, *, width: int, height: int) -> RenderableType:
    """The whole screen, no wider and no higher than that."""
    look = looks.last
    if look is None:
        return Text(wish.trouble or "asking the daemon ...", style="bold")
    change = Change(look, looks.since(RATES_OVER_S))
    lines = [
        _title(look, wish),
        *_whole(change, Change(look, looks.since(TIMES_OVER_S))),
        *_money(look),
        Text(""),
    ]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    rows = _chosen(change, wish)
    room = max(height - len(lines) - 2, 1)
    table = _sellers(rows[:room], wish, width=width)
    whole = Table.grid(padding=0)
    whole.add_column(no_wrap=True, overflow="crop", width=width)
    for line in lines:
        whole.add_row(line)
    whole.add_row(table)
    for _ in range(room - len(rows)):
        whole.add_row(Text(""))
    foot = _foot(wish, shown=min(len(rows), room), total=len(rows))
    foot.truncate(width, overflow="ellipsis")
    whole.add_row(foot)
    return whole


def _title(look: dict[str, Any], wish: Wish) -> Text:
    at = datetime.fromisoformat(look["at"]).astimezone().strftime("%H:%M:%S")
    line = Text.assemble(("bookhunt", "bold"), f"  {at}  up {_long(look['uptime_s'])}")
    if wish.trouble:
        line.append(f"  {one_line(wish.trouble)}", "bold red")
    if wish.paused:
        line.append("  the view is paused", "bold yellow")
    if look["paused"]:
        line.append("  buying is paused", "bold red")
    if look["safe_mode"]:
        line.append("  safe mode", "bold red")
    return line


def _long(seconds: float) -> str:
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min {int(seconds % 60)} s"


def _whole(change: Change, longer: Change) -> list[Text]:
    load = change.now["load"]
    late = "red" if load["lag_ms"] > 50 else ""
    accepted = change.rate("requests", "accepted")
    refused = sum(change.rates("requests", "refused").values())
    requests = Text.assemble(
        f"{accepted:.1f}/s  hunting {load['hunting']}/{load['workers']}",
        f"  queue {load['waiting']}/{load['queue']}  door {load['at_the_door']}",
        (f"  refused {refused:.1f}/s", "red" if refused else ""),
    )
    states = change.rates("requests", "states")
    outcomes = [f"{word_of(s)} {r:.1f}/s" for s, r in sorted(states.items(), key=lambda e: -e[1])]
    p50, p90, p99 = longer.times()
    slow = "red" if p90 is not None and p90 > 5 else ""
    times = Text.assemble(
        f"p50 {_s(p50)}  ",
        (f"p90 {_s(p90)}", slow),
        f"  p99 {_s(p99)}",
        (f"   loop late by {load['lag_ms']:.0f} ms", late),
        (f"  searches {load['fan_out']:.0%} wide", "yellow" if load["fan_out"] < 1 else ""),
    )
    stages = [(name, longer.stage(name, 0.9)) for name in _STAGES]
    told = "  ".join(f"{name} {_s(at)}" for name, at in stages if at is not None)
    return [
        _named("requests", requests),
        _named("outcomes", Text("  ".join(outcomes) or "none yet")),
        _named("latency", times),
        _named("p90 of", Text(told or "-")),
        _named("calls", _calls(change)),
        _named("throttle", _throttle(change)),
    ]


def _calls(change: Change) -> Text:
    searches, of_searches = change.count("calls", "searches"), change.count("calls", "of_searches")
    made, saved = change.rate("calls", "made"), change.rate("calls", "saved")
    cached, shared = change.rate("calls", "cached"), change.rate("calls", "shared")
    each = "-" if not searches else f"{of_searches / searches:.1f}"
    answers = made + cached + shared
    parts = [f"{each} a request  {made:.0f}/s  saved {saved:.0f}/s"]
    if answers > 0:
        parts.append(f"cached {cached / answers:.0%}  shared {shared / answers:.0%}")
    return Text("  ".join(parts))


def _throttle(change: Change) -> Text:
    refused = change.rates("calls", "refused")
    parts = [f"{name} {rate:.1f}/s" for name, rate in sorted(refused.items())]
    delayed = change.rate("calls", "delayed")
    if delayed:
        parts.append(f"delayed {delayed:.1f}/s")
    return Text("  ".join(parts) or "nothing", style="yellow" if parts else "")


def _money(look: dict[str, Any]) -> list[Text]:
    """What is spent today, and of how much; one line for each currency in use, three at most."""
    found = []
    for money in look["money"][:3]:
        spent, limit = money["spent_day"], money["day"]
        line = Text(f"{spent['amount']} {spent['currency']}")
        if limit is None:
            line.append("  no limit", "yellow")
        else:
            part = float(spent["amount"]) / max(float(limit["amount"]), 0.01)
            full = min(round(part * _BAR), _BAR)
            style = "red" if part > 0.9 else "green"
            line.append(f" of {limit['amount']}  ")
            line.append("█" * full, style).append("░" * (_BAR - full), "dim")
            line.append(f" {part:.0%}")
        found.append(_named("today", line))
    return found


def _named(name: str, line: Text) -> Text:
    return Text.assemble((f"{name:9}", "dim"), line)


def _s(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _chosen(change: Change, wish: Wish) -> list[dict[str, Any]]:
    """The sellers to show, in the order asked for."""
    calls, offers = change.seller_rates("calls"), change.seller_rates("offers")
    rows = [
        {**seller, "calls_s": calls[seller["id"]], "offers_s": offers[seller["id"]]}
        for seller in change.now["sellers"]
    ]
    words = wish.words.lower()
    rows = [row for row in rows if words in f"{row['id']} {_state(row)}".lower()]
    column = COLUMNS[wish.sort]
    rows.sort(key=lambda row: row["id"])
    rows.sort(key=column.key, reverse=column.highest_first != wish.upside_down)
    return rows


def _fitting(width: int) -> Sequence[Column]:
    used, found = 0, []
    for column in COLUMNS:
        used += column.width + 1
        if used > width:
            break
        found.append(column)
    return found


def _sellers(rows: Sequence[dict[str, Any]], wish: Wish, *, width: int) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    sorted_by = COLUMNS[wish.sort]
    columns = _fitting(width)
    for column in columns:
        mark = ("▲" if wish.upside_down else "▼") if column is sorted_by else ""
        left = column.head in {"seller", "state"}
        table.add_column(
            column.head + mark,
            width=column.width,
            no_wrap=True,
            overflow="ellipsis",
            justify="left" if left else "right",
        )
    for row in rows:
        style = {"ready": "", "suspended": "red"}.get(row["state"], "dim")
        table.add_row(*(Text(column.shown(row)) for column in columns), style=style)
    return table


def _foot(wish: Wish, *, shown: int, total: int) -> Text:
    if wish.typing:
        return Text.assemble(("show sellers with: ", "bold"), wish.words, ("▏", "blink"))
    keys = "q quit  p pause  s sort  r reverse  / filter  t traces"
    what = f"with {wish.words!r}" if wish.words else "sellers"
    said = f"   {shown} of {total} {what}"
    return Text.assemble((keys, "reverse"), one_line(said))
