"""The requests of `top`: the newest ones, one of them chosen, and the waterfall of that one.

Both are pages over the whole screen. The chosen request stays the chosen one while newer ones
arrive above it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from bookhunt.cli.output import Terminal, one_line
from bookhunt.cli.render import book_of, clock_time, money, word_of
from bookhunt.cli.table import fitted
from bookhunt.cli.waterfall import print_waterfall
from bookhunt.cli.why import explained
from bookhunt.client.calls import is_at_rest
from bookhunt.model.errors import BookhuntError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from bookhunt.client import DaemonClient

MOST_LISTED = 200
_KEY = re.compile(r"\x1b(?:[\[O][0-9;]*[A-Za-z~])?|.", re.DOTALL)
_UP, _DOWN = frozenset(("k", "\x1b[A", "\x1bOA")), frozenset(("j", "\x1b[B", "\x1bOB"))
_PAGE_UP, _PAGE_DOWN = frozenset(("\x1b[5~", "b")), frozenset(("\x1b[6~", " "))
_OPENS, _BACK = frozenset("\r\n"), frozenset(("q", "\x1b"))
_BEFORE_BOOK = 52  # columns
_READABLE = 20  # columns of a book's title
_AROUND = 3  # lines: the head, what is in the way, the keys


def keys_of(pressed: str) -> list[str]:
    """The single keys of what was read at once; an arrow is one."""
    return _KEY.findall(pressed)


class Requests:
    """The pages: `press` keys, `look` again from time to time, show `screen`."""

    def __init__(self, client: DaemonClient, terminal: Terminal) -> None:
        self.is_open = False
        self._client = client
        self._color = terminal.color
        self._listed: list[dict[str, Any]] = []
        self._chosen: str | None = None
        self._trace: list[str] | None = None  # the lines of the one that is open
        self._rests = False  # that one: nothing more will come
        self._first = 0  # its first line on the screen
        self._room = 1  # lines that there were at the last showing
        self._trouble: str | None = None

    def open(self) -> None:
        """Show the newest."""
        self.is_open, self._trace, self._chosen = True, None, None
        self.look()

    def look(self) -> None:
        """Ask the daemon for what is shown, where that may have changed."""
        try:
            if self._trace is not None:
                if self._rests:
                    return
                self._trace = self._lines()
            else:
                self._listed = self._client.requests(limit=MOST_LISTED)
                if self._chosen is None and self._listed:
                    self._chosen = self._listed[0]["request_id"]
            self._trouble = None
        except BookhuntError as error:
            self._trouble = error.message

    def press(self, key: str) -> None:
        """Do what one key says."""
        if key in _BACK:
            self._back()
        elif self._trace is not None:
            self._scroll(key)
        elif key in _OPENS:
            self._open_chosen()
        elif self._listed:
            place = min(max(self._place() + self._step(key), 0), len(self._listed) - 1)
            self._chosen = self._listed[place]["request_id"]

    def _back(self) -> None:
        self._trouble = None
        if self._trace is None:
            self.is_open = False
        else:
            self._trace = None
            self.look()

    def _step(self, key: str) -> int:
        if key in _UP or key in _DOWN:
            return -1 if key in _UP else 1
        if key in _PAGE_UP or key in _PAGE_DOWN:
            return -self._room if key in _PAGE_UP else self._room
        return 0

    def _place(self) -> int:
        """Where the chosen one stands; the newest, where it is not listed any more."""
        ids = [each["request_id"] for each in self._listed]
        return ids.index(self._chosen) if self._chosen in ids else 0

    def _open_chosen(self) -> None:
        if not self._listed:
            return
        self._chosen = self._listed[self._place()]["request_id"]
        try:
            self._trace, self._first, self._trouble = self._lines(), 0, None
        except BookhuntError as error:
            self._trouble = error.message

    def _scroll(self, key: str) -> None:
        most = max(len(self._trace or ()) - self._room, 0)
        self._first = min(max(self._first + self._step(key), 0), most)

    def _lines(self) -> list[str]:
        """The waterfall of the chosen one, as `trace` prints it."""
        assert self._chosen is not None
        found = self._client.status(self._chosen)
        told = self._client.trace(self._chosen)
        paper = Paper(color=self._color)
        print_waterfall(paper, explained(found, self._client.why(self._chosen)), told)
        self._rests = is_at_rest(found)
        return paper.lines

    # ------------------------------------------------------------------------------ what is shown
    def screen(self, *, width: int, height: int) -> RenderableType:
        """The open page, no wider and no higher than that."""
        self._room = max(height - _AROUND, 1)
        if self._trace is not None:
            self._scroll("")  # the window may have grown
            lines = [Text.from_ansi(one) for one in self._window(self._trace, self._first)]
            head, keys = Text(f"trace of {self._chosen}", style="bold"), "q back  j k scroll"
        else:
            place = self._place()
            first = min(max(place - self._room // 2, 0), max(len(self._listed) - self._room, 0))
            lines = [
                Text(_row(each, width), style="reverse" if first + n == place else "")
                for n, each in enumerate(self._window(self._listed, first))
            ]
            head, keys = (
                Text("the newest requests", style="bold"),
                "q back  j k choose  Enter trace",
            )
        trouble = Text(one_line(self._trouble or ""), style="bold red")
        blank = [Text("") for _ in range(self._room - len(lines))]
        return _page([head, trouble, *lines, *blank, Text(keys, style="reverse")], width)

    def _window(self, lines: Sequence[Any], first: int) -> Sequence[Any]:
        return lines[first : first + self._room]


class Paper(Terminal):
    """Takes the lines that a command would print on a terminal."""

    __slots__ = ("lines",)

    def __init__(self, *, color: str) -> None:
        super().__init__(color=color)
        self.lines: list[str] = []

    @property
    def is_plain(self) -> bool:
        """It is for a person."""
        return False

    def line(self, text: str = "") -> None:
        """Take a line."""
        self.lines.append(text)


def _row(request: dict[str, Any], width: int) -> str:
    """One request in a line; its id at the end, where the window has room for all of it."""
    rest = width - _BEFORE_BOOK
    id_ = request["request_id"] if rest >= _READABLE + len(request["request_id"]) else ""
    cells = (
        (clock_time(request["submitted_at"]), 8),
        (word_of(request["status"]), 14),
        (money(request.get("resolved_price")), 12),
        (one_line(request.get("resolved_seller") or "-"), 14),
        (book_of(request), max(rest - len(id_) - 1, 1)),
    )
    return " ".join([*(fitted(cell, columns) for cell, columns in cells), id_])


def _page(lines: Sequence[Text], width: int) -> Table:
    page = Table.grid(padding=0)
    page.add_column(no_wrap=True, overflow="crop", width=width)
    for line in lines:
        line.truncate(width, overflow="ellipsis")
        page.add_row(line)
    return page
