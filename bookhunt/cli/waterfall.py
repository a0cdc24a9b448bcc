"""A trace for people: every span on a line with its place in time, then the calls and their worth.

    at ms       ms  what                                      0             617 ms
      0.0    617.2  request                                   ████████████████████
      0.0      3.1   submit                                   ▏
     12.4    141.0   call copperlane 24.99 USD                ▍████

A bar is where its span lies between the beginning of the request and its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.cli.output import one_line
from bookhunt.cli.render import outcome_lines
from bookhunt.cli.table import fitted, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.cli.output import Terminal

_COLUMNS = 79
_BAR = 20
_LABEL = _COLUMNS - _BAR - 2 * 9 - 2 - 1
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_OPEN = "░"  # nobody saw its end
_EVENT = "╵"
# What follows a span's name, in this order.
_SAID = "seller step target total answer standing reason stage status error why".split()
_CALLS = ("at ms", "ms", "seller", "total", "expect", "z", "win", "gave")
_MOST_NAMED = 6


def print_waterfall(terminal: Terminal, request: dict[str, Any], trace: dict[str, Any]) -> None:
    """Print a trace; `request` as `why.explained` makes it."""
    spans = trace["spans"]
    depth = _depths(spans)
    if terminal.is_plain:
        for span in spans:
            terminal.line("\t".join(_plain(span, depth[span["id"]])))
        return
    for line in outcome_lines(request, terminal):
        terminal.line(line)
    print_course(terminal, request, trace)


def print_course(terminal: Terminal, request: dict[str, Any], trace: dict[str, Any]) -> None:
    """The same on a terminal without the outcome, which was told already."""
    spans = trace["spans"]
    depth = _depths(spans)
    for name, text in _summary(request, trace):
        terminal.line(f"  {terminal.styled(f'{name:9}', 'dim')}{text}")
    terminal.line()
    total_ms = trace["ms"] or 1.0
    scale = f"0{f'{total_ms:.0f} ms':>{_BAR - 1}}"
    head = f"{'at ms':>8} {'ms':>8}  {'what':<{_LABEL}}  {scale}"
    terminal.line(terminal.styled(head, "dim"))
    for span in spans:
        terminal.line(_line(terminal, span, depth[span["id"]], total_ms))
    _print_calls(terminal, [span for span in spans if span["name"] == "call"])
    asked = {span["told"].get("seller") for span in spans if span["name"] == "call"}
    notes = [note for note in request.get("sellers") or [] if note["seller"] not in asked]
    _print_not_asked(terminal, notes)


def _depths(spans: Sequence[dict[str, Any]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for span in spans:
        found[span["id"]] = found.get(span["parent"], -1) + 1
    return found


def _plain(span: dict[str, Any], depth: int) -> list[str]:
    """One span for a program: where it lies, how deep, its name, and what is said of it."""
    said = " ".join(f"{name}={one_line(str(value))}" for name, value in span["told"].items())
    length = "" if span["ms"] is None else f"{span['ms']:.3f}"
    return [f"{span['start_ms']:.3f}", length, str(depth), span["name"], said]


def _summary(request: dict[str, Any], trace: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    if request.get("stopped_because"):
        rows.append(("stopped", one_line(request["stopped_because"])))
    calls, able = request.get("calls"), request.get("full_fan_out")
    if calls is not None and able is not None:
        saved = request["saved_calls"]
        rows.append(("calls", f"{calls} of {able} for asking everybody: {saved} saved"))
    if trace["parts"] > 1:
        rows.append(("parts", f"{trace['parts']}: it was taken up again"))
    if trace["dropped"]:
        rows.append(("dropped", f"{trace['dropped']} spans: there were too many"))
    return rows


def _line(terminal: Terminal, span: dict[str, Any], depth: int, total_ms: float) -> str:
    length = "      ..." if span["ms"] is None else f"{span['ms']:9.1f}"
    label = fitted(" " * min(depth, 8) + _label(span), _LABEL)
    bar = _bar(span, total_ms)
    style = _style(span)
    if style is not None:
        label, bar = terminal.styled(label, style), terminal.styled(bar, style)
    return f"{span['start_ms']:8.1f}{length}  {label}  {bar}".rstrip()


def _label(span: dict[str, Any]) -> str:
    told = span["told"]
    said = [one_line(str(told[name])) for name in _SAID if told.get(name) not in {None, ""}]
    if span["name"] == "decide":
        again = told.get("again")
        said = [f"ask {told.get('asked', 0)}" + (f", again {again}" if again else "")]
        said.append(f"window {told['window']}" if "window" in told else "")
    said += [word for word in ("cached", "shared", "again", "recovered") if told.get(word) is True]
    return f"{span['name']} {' '.join(filter(None, said))}".rstrip()


def _style(span: dict[str, Any]) -> str | None:
    told = span["told"]
    if "error" in told:
        return "red"
    if span["name"] in {"decide", "stop"}:
        return "dim"
    if span["name"] == "call":
        return "green" if told.get("offers") else "yellow"
    return None


def _bar(span: dict[str, Any], total_ms: float) -> str:
    """The span between the beginning and the end, in eighths of a column."""
    start = min(span["start_ms"] / total_ms, 1.0) * _BAR
    first = min(int(start), _BAR - 1)
    if span["ms"] is None:
        return " " * first + _OPEN * (_BAR - first)
    if span["ms"] == 0:
        return " " * first + _EVENT
    columns: float = min(span["ms"] / total_ms * _BAR, _BAR - start)
    eighths = max(round(columns * 8), 1)
    full, rest = divmod(eighths, 8)
    full = min(full, _BAR - first)
    tail = _EIGHTHS[rest] if rest and first + full < _BAR else ""
    return " " * first + _EIGHTHS[8] * full + tail


def _print_calls(terminal: Terminal, calls: Sequence[dict[str, Any]]) -> None:
    """Each call with what it was expected to give; with a total below `z` it was not worth it."""
    if not calls:
        return
    terminal.line()
    rows = []
    for call in calls:
        told = call["told"]
        gave = told.get("reason") or ("an offer" if told.get("offers") else "")
        marks = [word for word in ("cached", "shared", "again") if told.get(word) is True]
        marks += [f"of {told['together']} books"] if "together" in told else []
        rows.append(
            [
                f"{call['start_ms']:.1f}",
                "..." if call["ms"] is None else f"{call['ms']:.1f}",
                str(told.get("seller", "")),
                _amount(told.get("total")),
                _amount(told.get("expected")),
                _amount(told.get("z")),
                str(told.get("window", "-")),
                " ".join([gave, *marks]).strip(),
            ]
        )
    print_table(terminal, _CALLS, rows, flexible=2)


def _amount(text: Any) -> str:
    """An amount without its currency, which is the request's."""
    return "-" if text is None else str(text).split(" ")[0]


def _print_not_asked(terminal: Terminal, notes: Sequence[dict[str, Any]]) -> None:
    """Who was not asked, by reason."""
    by_reason: dict[str, list[str]] = {}
    for note in notes:
        if note["reason"]:
            by_reason.setdefault(note["reason"], []).append(note["seller"])
    if not by_reason:
        return
    terminal.line()
    terminal.line(terminal.styled("not asked", "dim"))
    for reason, sellers in sorted(by_reason.items(), key=lambda each: -len(each[1])):
        named = ", ".join(sellers[:_MOST_NAMED]) + (", ..." if len(sellers) > _MOST_NAMED else "")
        terminal.line(fitted(f"  {reason} ({len(sellers)}): {named}", _COLUMNS).rstrip())
