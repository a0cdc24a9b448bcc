"""What a person sees while hunts go on: a line for each book, and what is done for it just now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bookhunt.cli.render import book_of, progress_line, word_of
from bookhunt.cli.table import fitted, terminal_columns
from bookhunt.model.errors import BookhuntError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bookhunt.cli.output import Terminal
    from bookhunt.client import DaemonClient

_MOST_LINES = 8
_LOOKED_AT = 64  # of the newest requests: those under way are among them, or told by their number
_STATE = 16


class Live:
    """The lines of what is under way, drawn anew at each call; a pipe sees none of it."""

    def __init__(self, terminal: Terminal, client: Callable[[], DaemonClient]) -> None:
        self._terminal = terminal
        self._make_client = client
        self._client: DaemonClient | None = None

    def show(self, under_way: Iterable[str]) -> None:
        """Draw the hunts of these ids; asks the daemon once, where somebody looks."""
        if not self._terminal.shows_progress:
            return
        ids = list(under_way)
        lines = self._lines(ids) if len(ids) > 1 else []
        self._terminal.progress("\n".join([*lines, progress_line(len(ids))]))

    def _lines(self, ids: list[str]) -> list[str]:
        if self._client is None:
            self._client = self._make_client()
        try:
            found = {each["request_id"]: each for each in self._client.requests(limit=_LOOKED_AT)}
        except BookhuntError:
            return []  # whoever waits for the hunt itself tells what is wrong
        width = terminal_columns(sys.stderr) - 1
        told = [found[each] for each in ids if each in found]
        lines = [
            fitted(f"{word_of(each['status']).ljust(_STATE)}{book_of(each)}", width).rstrip()
            for each in told[:_MOST_LINES]
        ]
        more = len(ids) - len(lines)
        return [*lines, f"and {more} more"] if more else lines
