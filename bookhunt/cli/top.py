"""`bookhunt top`: everything that goes on, live in the terminal."""

import contextlib
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.durations import seconds
from bookhunt.cli.output import Terminal
from bookhunt.client import DaemonClient
from bookhunt.model.errors import BookhuntError, InputError

LOOK_FIELDS = tuple(
    "at uptime_s monotonic_s paused safe_mode load requests calls money sellers "
    "schema_version".split()
)
_EVERY = "1s"
_LEAST_S = 0.2


def top(
    terminal: Terminal,
    *,
    every: Annotated[str, typer.Option(metavar="1s", help="How often to look.")] = _EVERY,
) -> None:
    """Watch requests, latencies, calls, sellers and money; q ends it. Starts no daemon.

    t lists the newest requests; Enter opens the trace of the chosen one, q goes back.
    With --json, or where stdout is no terminal, one look is printed.
    """
    terminal.picked(LOOK_FIELDS)
    terminal.no_autostart = True
    every_s = seconds(every)
    if every_s < _LEAST_S:
        raise InputError(f"--every is at least {_LEAST_S} s", hint="--every 1s")
    client = connect(terminal)
    look = client.top
    if terminal.wants_objects or terminal.is_plain:
        told = look()
        if terminal.wants_objects:
            terminal.thing(told, LOOK_FIELDS)
        else:
            terminal.line("\t".join(f"{name}={value}" for name, value in told["load"].items()))
        return
    with _keys() as key:
        _watch(terminal, client, key, every_s)


def _no_key(wait_s: float) -> str:
    time.sleep(wait_s)
    return ""


@contextlib.contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """Reads single keys; '' where none came in time. The terminal is given back as it was."""
    if not sys.stdin.isatty():
        yield _no_key
        return
    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)
    tty.setcbreak(stdin)

    def key(wait_s: float) -> str:
        ready, _, _ = select.select([stdin], [], [], wait_s)
        return os.read(stdin, 32).decode("utf-8", "ignore") if ready else ""

    try:
        yield key
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)


def _watch(
    terminal: Terminal,
    client: DaemonClient,
    key: Callable[[float], str],
    every_s: float,
) -> None:
    from rich.console import Console
    from rich.live import Live

    from bookhunt.cli.top_figures import Looks
    from bookhunt.cli.top_requests import Requests
    from bookhunt.cli.top_view import Wish, screen

    looks, wish, requests = Looks(), Wish(), Requests(client, terminal)
    looks.add(client.top())  # a daemon that cannot be reached is said as every command says it
    console = Console(no_color=terminal.color == "never" or None)
    due = time.monotonic() + every_s
    with (
        contextlib.suppress(KeyboardInterrupt),
        Live(console=console, screen=True, auto_refresh=False, redirect_stderr=False) as live,
    ):
        while True:
            width, height = console.size
            if requests.is_open:
                shown = requests.screen(width=width, height=height)
            else:
                shown = screen(looks, wish, width=width, height=height)
            live.update(shown, refresh=True)
            if not obey_all(key(max(due - time.monotonic(), 0.0)), wish, requests):
                return
            if time.monotonic() < due:
                continue
            due = time.monotonic() + every_s
            if requests.is_open:
                requests.look()
            if not wish.paused:
                wish.trouble = _look(client.top, looks)


def _look(look: Callable[[], dict[str, Any]], looks: Any) -> str | None:
    """Look once more; what was in the way, if anything."""
    try:
        looks.add(look())
    except BookhuntError as error:
        return error.message
    return None


_ENTER = frozenset("\r\n")
_ESCAPE, _BACKSPACE = "\x1b", frozenset("\x7f\x08")
_LONGEST_FILTER = 30


def obey_all(pressed: str, wish: Any, requests: Any) -> bool:
    """Do what the keys say, on the page that each of them finds open; False: one says to end."""
    from bookhunt.cli.top_requests import keys_of

    for key in keys_of(pressed):
        if requests.is_open:
            requests.press(key)
        elif key == "t" and not wish.typing:
            requests.open()
        elif not obey(key, wish):
            return False
    return True


def obey(pressed: str, wish: Any) -> bool:
    """Do what a key says; False: it says to end."""
    from bookhunt.cli.top_view import COLUMNS

    if pressed.startswith(_ESCAPE):  # an arrow, or Escape itself
        wish.typing, wish.words = False, "" if wish.typing else wish.words
        return True
    for one in pressed:
        if wish.typing:
            _type(one, wish)
        elif one == "q":
            return False
        elif one == "p":
            wish.paused = not wish.paused
        elif one == "s":
            wish.sort = (wish.sort + 1) % len(COLUMNS)
        elif one == "r":
            wish.upside_down = not wish.upside_down
        elif one == "/":
            wish.typing, wish.words = True, ""
    return True


def _type(one: str, wish: Any) -> None:
    if one in _ENTER:
        wish.typing = False
    elif one in _BACKSPACE:
        wish.words = wish.words[:-1]
    elif one.isprintable() and len(wish.words) < _LONGEST_FILTER:
        wish.words += one
