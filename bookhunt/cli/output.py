"""What a command says and where: data on stdout, everything else on stderr.

A reader of stdout that went away ends the command silently. Colour is for terminals, unless
`NO_COLOR` or `--color` says otherwise; the rules of both are https://no-color.org.

`bookhunt status` lives on this module, `render`, `table` and `fast_status`: they import neither
`typing` nor `dataclasses` nor anything that does, which costs more than the rest of the command.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TextIO

    from bookhunt.model.errors import BookhuntError

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_CLEAR_LINE = "\r\x1b[K"
_CLEAR_BELOW = "\x1b[J"
_UP = "\x1b[{}A"


class ReaderGone(Exception):
    """Whoever read our stdout has closed it: there is nobody left to tell anything."""


class Terminal:
    """How this command was asked to speak; `color` is auto, always or never."""

    __slots__ = ("_progress_lines", "color", "fields", "json", "no_autostart", "no_input", "quiet")

    def __init__(
        self,
        *,
        json: bool = False,
        fields: tuple[str, ...] | None = None,
        color: str = "auto",
        quiet: bool = False,
        no_input: bool = False,
        no_autostart: bool = False,
    ) -> None:
        self.json = json
        self.fields = fields
        self.color = color
        self.quiet = quiet
        self.no_input = no_input
        self.no_autostart = no_autostart
        self._progress_lines = 0

    # -- data

    @property
    def is_plain(self) -> bool:
        """Whether stdout is not a terminal: lines for programs, one thing each."""
        return not sys.stdout.isatty()

    def line(self, text: str = "") -> None:
        """Print a line of data.

        Raises:
            ReaderGone: nobody reads any more.
        """
        self._clear_progress()
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            raise ReaderGone from None

    def thing(self, thing: dict[str, Any], known: Sequence[str]) -> None:
        """Print one object as a line of JSON, or its fields between tabs."""
        picked = self.picked(known)
        if not self.json:
            self.line("\t".join(flat(thing.get(name)) for name in picked or known))
            return
        chosen = thing if picked is None else {name: thing.get(name) for name in picked}
        if "schema_version" not in chosen:
            from bookhunt.wire.contract import SCHEMA_VERSION

            chosen = {**chosen, "schema_version": SCHEMA_VERSION}
        self.line(as_json(chosen))

    @property
    def wants_objects(self) -> bool:
        """Whether things are printed by `thing`: `--json`, or fields picked by hand."""
        return self.json or self.fields is not None

    def picked(self, known: Sequence[str]) -> tuple[str, ...] | None:
        """The fields asked for, None for all.

        Raises:
            InputError: one of them is not a field; the hint lists those that are.
        """
        if self.fields is None:
            return None
        unknown = [name for name in self.fields if name not in known]
        if unknown:
            from bookhunt.model.errors import InputError

            raise InputError(
                f"there is no field {', '.join(unknown)}", hint=f"fields: {', '.join(known)}"
            )
        return self.fields

    # -- everything else

    def notice(self, text: str) -> None:
        """Tell a person something beside the data, unless `--quiet`."""
        if not self.quiet:
            self._clear_progress()
            _to_stderr(text + "\n")

    @property
    def shows_progress(self) -> bool:
        """Whether somebody looks at stderr, and wants to."""
        return not self.quiet and not self.json and sys.stderr.isatty()

    def progress(self, text: str) -> None:
        """Show what is going on, in lines of a terminal that the next word replaces.

        Each line is to be narrower than the terminal: one that it wraps would stay.
        """
        if self.shows_progress:
            self._clear_progress()
            _to_stderr(_CLEAR_LINE + text)
            self._progress_lines = text.count("\n") + 1

    def error(self, error: BookhuntError, *, about: str | None = None) -> None:
        """Say what went wrong, why, and what to type next; `about` names the thing of several."""
        self._clear_progress()
        if self.json:
            _to_stderr(as_json({"error": error_object(error, about=about)}) + "\n")
            return
        what = f"{about}: {error.message}" if about else error.message
        _to_stderr(f"{self.styled('error:', 'red', 'bold', stream=sys.stderr)} {what}\n")
        if error.hint:
            _to_stderr(f"{self.styled('hint:', 'cyan', stream=sys.stderr)} {error.hint}\n")

    def styled(self, text: str, *styles: str, stream: TextIO | None = None) -> str:
        """The text in these styles, where colour is wanted."""
        if not self._wants_color(stream or sys.stdout):
            return text
        codes = ";".join(_STYLES[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def may_ask(self) -> bool:
        """Whether a person can be asked: stdin is a terminal and `--no-input` was not given."""
        return not self.no_input and sys.stdin.isatty()

    def _wants_color(self, stream: TextIO) -> bool:
        if self.color != "auto":
            return self.color == "always"
        return (
            stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )

    def _clear_progress(self) -> None:
        if self._progress_lines:
            up = self._progress_lines - 1
            _to_stderr((_UP.format(up) if up else "") + _CLEAR_LINE + (_CLEAR_BELOW if up else ""))
            self._progress_lines = 0


def let_nobody_hear() -> None:
    """Send what is still to come on stdout nowhere: Python flushes it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def as_json(value: object) -> str:
    """One line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def error_object(error: BookhuntError, *, about: str | None = None) -> dict[str, Any]:
    """What `--json` says of an error; a duplicate names the older request, a wait its length."""
    told: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if about is not None:
        told["about"] = about
    # What two of the errors know beside it, under the names of the problem on the wire.
    for name in ("older_id", "retry_after_s"):
        if hasattr(error, name):
            told[name] = getattr(error, name)
    return told


def flat(value: object) -> str:
    """A field as one plain word of a line: money as `24.99 USD`, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        if value.keys() == {"amount", "currency"}:
            return f"{value['amount']} {value['currency']}"
        return as_json(value)
    if isinstance(value, (list, tuple)):
        return as_json(value)
    return one_line(str(value))


def one_line(text: str) -> str:
    """Text of others (titles, sellers' messages) without tabs, line ends or control characters."""
    return "".join(c if c.isprintable() else " " for c in text)


def _to_stderr(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
