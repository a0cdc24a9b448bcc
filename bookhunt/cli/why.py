"""Why a request came out as it did: each seller's part, why the search stopped, what it saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.cli.render import money, outcome_lines
from bookhunt.cli.table import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.cli.output import Terminal

WHY_FIELDS = ("full_fan_out", "saved_calls", "sellers")
# Sellers that could have been asked and were not: the search was over before their turn came.
_NOT_REACHED = frozenset({"skipped_early_exit", "skipped_tier"})
_HEADERS = ("#", "seller", "total", "expect", "z", "tier", "ms", "gave")
_LAST = 10**9  # after every rank there is


def explained(request: dict[str, Any], notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The request with `sellers`, and what it saved.

    `full_fan_out` is how many calls asking every seller that could be asked takes at the least,
    `saved_calls` how many fewer were made; null where nothing is remembered of the request.
    """
    able = sum(note["asked_ms"] is not None or note["reason"] in _NOT_REACHED for note in notes)
    saved = max(able - (request.get("calls") or 0), 0)
    return {
        **request,
        "full_fan_out": able if notes else None,
        "saved_calls": saved if notes else None,
        "sellers": list(notes),
    }


def print_explained(
    terminal: Terminal, request: dict[str, Any], notes: Sequence[dict[str, Any]]
) -> None:
    """Print a request whole: its outcome, why the search stopped, and a line for each seller."""
    told = explained(request, notes)
    lines = outcome_lines(request, terminal)
    if terminal.is_plain:
        lines = ["\t".join([*lines, told.get("stopped_because") or "-", _calls(told)])]
    else:
        rows = (("stopped", told.get("stopped_because")), ("calls", _calls(told)))
        lines += [f"  {terminal.styled(f'{name:9}', 'dim')}{text}" for name, text in rows if text]
    for line in lines:
        terminal.line(line)
    print_notes(terminal, request, notes)


def print_notes(
    terminal: Terminal, request: dict[str, Any], notes: Sequence[dict[str, Any]]
) -> None:
    """A line for each seller, in the order of what asking it was worth.

    `z` is what asking it was worth in the customer's own terms: with a total below it in hand, it
    was not worth a call.
    """
    ordered = sorted(notes, key=lambda note: note.get("rank") or _LAST)
    currency = None if terminal.is_plain else request["max_price"]["currency"]
    rows = [_row(note, currency) for note in ordered]
    print_table(terminal, _HEADERS, rows, flexible=len(_HEADERS) - 1)


def _calls(told: dict[str, Any]) -> str:
    """`12 instead of 96 for asking everybody; 3 answers from memory, 1 shared`."""
    made = f"{told.get('calls') or 0}"
    if told["full_fan_out"] is not None:
        made += f" instead of {told['full_fan_out']} for asking everybody"
    free = [
        f"{count} {what}"
        for count, what in (
            (told.get("cached"), "from memory"),
            (told.get("coalesced"), "shared with other requests"),
        )
        if count
    ]
    return f"{made}; {', '.join(free)}" if free else made


def _row(note: dict[str, Any], currency: str | None) -> list[str]:
    answered, rank, tier = note.get("answered_ms"), note.get("rank"), note.get("tier")
    return [
        "-" if rank is None else str(rank),
        str(note["seller"]),
        _amount(note.get("total"), currency),
        _amount(note.get("expected"), currency),
        _amount(note.get("reservation"), currency),
        "-" if tier is None else str(tier),
        "-" if answered is None else f"{answered:.0f}",
        _gave(note),
    ]


def _amount(value: dict[str, str] | None, currency: str | None) -> str:
    """An amount, without its currency where that is the request's own."""
    if value is not None and value["currency"] == currency:
        return value["amount"]
    return money(value)


def _gave(note: dict[str, Any]) -> str:
    gave = str(note.get("reason") or "fits")
    if note.get("cached"):
        gave += " (from memory)"
    elif note.get("shared"):
        gave += " (shared)"
    return f"{gave}: {note['detail']}" if note.get("detail") else gave
