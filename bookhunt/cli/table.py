"""Tables: aligned and cut to its width on a terminal, tab-separated lines elsewhere."""

from __future__ import annotations

import os
import sys
import unicodedata

from bookhunt.cli.output import one_line

TYPE_CHECKING = False  # see `output`: this module is on the way of `status`
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from bookhunt.cli.output import Terminal

_GAP = "  "
_NARROWEST = 8
_READABLE = 20  # of a column that is cut: less says nothing
_LEFT_OUT = -1
_USUAL_COLUMNS = 80


def print_table(
    terminal: Terminal,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    flexible: int = 0,
    spare: Sequence[int] = (),
    short: tuple[int, int] | None = None,
) -> None:
    """Print rows, on a terminal as wide as it is.

    Where they are wider: the column `short[0]` shows its first `short[1]` characters, the columns
    `spare` are left out, the first first, and what `flexible` holds is cut.
    """
    clean = [[one_line(cell) for cell in row] for row in rows]
    if terminal.is_plain:
        for row in clean:
            terminal.line("\t".join(row))
        return
    widths = [max(width_of(row[i]) for row in [headers, *clean]) for i in range(len(headers))]
    most = terminal_columns()
    if short is not None and _too_wide(widths, flexible, most):
        place, length = short
        clean = [[*row[:place], row[place][:length], *row[place + 1 :]] for row in clean]
        widths[place] = min(widths[place], max(length, width_of(headers[place])))
    for place in spare:
        if _too_wide(widths, flexible, most):
            widths[place] = _LEFT_OUT
    over = _sum(widths) - most
    widths[flexible] = max(_NARROWEST, min(widths[flexible], widths[flexible] - over))
    terminal.line(terminal.styled(_aligned(headers, widths), "dim"))
    for row in clean:
        terminal.line(_aligned(row, widths))


def _too_wide(widths: list[int], flexible: int, most: int) -> bool:
    """Whether what may be cut would have no room to say anything."""
    return _sum(widths) - max(0, widths[flexible] - _READABLE) > most


def _sum(widths: list[int]) -> int:
    shown = [width for width in widths if width != _LEFT_OUT]
    return sum(shown) + len(_GAP) * (len(shown) - 1)


def terminal_columns(stream: TextIO | None = None) -> int:
    """The width of the terminal of stdout, or of the stream; COLUMNS goes before, as everywhere."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named):
        return int(named)
    try:
        return os.get_terminal_size((stream or sys.stdout).fileno()).columns or _USUAL_COLUMNS
    except (OSError, ValueError):
        return _USUAL_COLUMNS


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    told = zip(cells, widths, strict=True)
    return _GAP.join(fitted(cell, width) for cell, width in told if width != _LEFT_OUT).rstrip()


def fitted(cell: str, width: int) -> str:
    """The cell padded to a width, or cut with an ellipsis."""
    if width_of(cell) > width:
        while cell and width_of(cell) > width - 1:
            cell = cell[:-1]
        cell += "…"
    return cell + " " * (width - width_of(cell))


def width_of(text: str) -> int:
    """How many columns a text takes: wide characters two, marks that combine none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
