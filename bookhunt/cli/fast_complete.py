"""`bookhunt __complete KIND`: what the daemon knows, for the shells' completion scripts.

A key was pressed and somebody waits: it asks a daemon that runs already, once, for a moment, prints
`value<TAB>a word about it` a line, and prints nothing where anything at all is not as usual. It
never starts a daemon and never says an error.
"""

from __future__ import annotations

import os
import sys

from bookhunt.cli.fast_status import ask, socket_path
from bookhunt.cli.output import one_line

TYPE_CHECKING = False  # see `output`
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_WITHIN_S = 0.25


def fast_complete(arguments: list[str]) -> int:
    """Print what completes a value of this kind; 0, whatever happens."""
    kind = arguments[0] if arguments else ""
    path = socket_path()
    if kind not in _KINDS or path is None:
        return 0
    target, lines_of = _KINDS[kind]
    found = ask(path, target, within_s=_WITHIN_S)
    if not isinstance(found, list):
        return 0
    try:
        lines = [f"{one_line(v)}\t{one_line(about)}\n" for v, about in lines_of(found) if v]
    except (AttributeError, KeyError, TypeError):
        return 0
    try:
        sys.stdout.write("".join(lines))
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def _requests(found: list[Any]) -> Iterator[tuple[str, str]]:
    if found:
        yield "@last", f"{_state(found[0])}, {_title(found[0])}"
    for request in found:
        yield request["request_id"], f"{_state(request)}, {_title(request)}"


def _books(found: list[Any]) -> Iterator[tuple[str, str]]:
    """The books of earlier requests: by ISBN, and by title where that is how they were named."""
    seen = set()
    for request in found:
        book = request["book"]
        isbn, title = book.get("isbn13"), book.get("title")
        for value, about in ((isbn, title), (title, isbn)):
            if value and value not in seen:
                seen.add(value)
                yield value, about or _state(request)


def _sellers(found: list[Any]) -> Iterator[tuple[str, str]]:
    for seller in found:
        yield seller["id"], f"{seller['name']}, {seller['state']}".replace("_", " ")


def _profiles(found: list[Any]) -> Iterator[tuple[str, str]]:
    for profile in found:
        told = (profile.get("city"), profile.get("country"))
        yield profile["profile"], ", ".join(str(each) for each in told if each)


def _watches(found: list[Any]) -> Iterator[tuple[str, str]]:
    for watch in found:
        yield watch["id"], f"{_title(watch)}, {watch.get('schedule') or watch.get('state')}"


def _title(thing: dict[str, Any]) -> str:
    book = thing.get("book") or {}
    return str(book.get("title") or book.get("isbn13") or "")


def _state(request: dict[str, Any]) -> str:
    return str(request["status"]).lower().replace("_", " ")


_KINDS: dict[str, tuple[str, Callable[[list[Any]], Iterator[tuple[str, str]]]]] = {
    "requests": ("/requests?limit=30", _requests),
    "books": ("/requests?limit=200", _books),
    "sellers": ("/sellers", _sellers),
    "profiles": ("/profiles", _profiles),
    "watches": ("/watches", _watches),
}
