"""Tables: aligned and cut to its width on a terminal, tab-separated lines elsewhere."""

from __future__ import annotations

import os
import sys
import unicodedata

from bookhunt.cli.output import one_line

TYPE_CHECKING = False  # see `output`: this module is on the way of `status`
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.cli.output import Terminal

_GAP = "  "
_NARROWEST = 8
_USUAL_COLUMNS = 80


def print_table(
    terminal: Terminal, headers: Sequence[str], rows: Sequence[Sequence[str]], *, flexible: int = 0
) -> None:
    """Print rows; the column `flexible` is cut where all of them are wider than the terminal."""
    clean = [[one_line(cell) for cell in row] for row in rows]
    if terminal.is_plain:
        for row in clean:
            terminal.line("\t".join(row))
        return
    widths = [max(width_of(row[i]) for row in [headers, *clean]) for i in range(len(headers))]
    most = _columns() - len(_GAP) * (len(widths) - 1)
    widths[flexible] = max(_NARROWEST, min(widths[flexible], widths[flexible] + most - sum(widths)))
    terminal.line(terminal.styled(_aligned(headers, widths), "dim"))
    for row in clean:
        terminal.line(_aligned(row, widths))


def _columns() -> int:
    """The width of the terminal; COLUMNS goes before what it says itself, as everywhere."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named):
        return int(named)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _USUAL_COLUMNS
    except (OSError, ValueError):
        return _USUAL_COLUMNS


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    cut = [fitted(cell, width) for cell, width in zip(cells, widths, strict=True)]
    return _GAP.join(cut).rstrip()


def fitted(cell: str, width: int) -> str:
    """The cell padded to a width, or cut with an ellipsis."""
    if width_of(cell) > width:
        while width_of(cell) > width - 1:
            cell = cell[:-1]
        cell += "…"
    return cell + " " * (width - width_of(cell))


def width_of(text: str) -> int:
    """How many columns a text takes: wide characters two, marks that combine none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
