"""`bookhunt status`, without the machinery: a socket, one call, the same lines as ever.

It knows the plain forms (`status`, `status REQ`, each with `--json`) on a daemon that runs and
speaks our version. For all else it says None, having printed nothing, and the command in `status`
does it again with everything: starting a daemon, explaining errors. A test holds the two against
each other, and this one's imports.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time

import bookhunt
from bookhunt.cli.output import ReaderGone, Terminal, let_nobody_hear
from bookhunt.cli.render import (
    REQUEST_HEADERS,
    REQUEST_SHORT,
    REQUEST_SPARE,
    outcome_lines,
    request_row,
    tell_overcharge,
)
from bookhunt.cli.table import print_table
from bookhunt.wire.http import NotUnderstood, talked, written

TYPE_CHECKING = False  # see `output`
if TYPE_CHECKING:
    from typing import Any

# As `wire.contract`, `wire.routes` and the command's own limit say; a test compares them.
API_VERSION = 1
SHOWN = 20
LIST = f"/requests?limit={SHOWN}"
ONE = "/request-status?request_id="
_WITHIN_S = 10.0
_READER_GONE = 141
_PLAIN = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-@")


def fast_status(arguments: list[str]) -> int | None:
    """Print what was asked for and return the exit code, or do nothing and return None."""
    as_json = "--json" in arguments
    ids = [word for word in arguments if word != "--json"]
    if len(ids) > 1 or any(word.startswith("-") or not _PLAIN.issuperset(word) for word in ids):
        return None
    path = socket_path()
    found = None if path is None else ask(path, ONE + ids[0].replace("@", "%40") if ids else LIST)
    if not found:  # nothing there is said by the command, with what to type next
        return None
    terminal = Terminal(json=as_json)
    try:
        _print(terminal, found if isinstance(found, list) else [found], whole=bool(ids))
    except ReaderGone:
        let_nobody_hear()
        return _READER_GONE
    return 0


def _print(terminal: Terminal, requests: list[dict[str, Any]], *, whole: bool) -> None:
    if terminal.json:
        for request in requests:
            terminal.thing(request, ())
    elif whole:
        for line in outcome_lines(requests[0], terminal):
            terminal.line(line)
        tell_overcharge(requests[0], terminal)
    else:
        print_table(
            terminal,
            REQUEST_HEADERS,
            [request_row(each) for each in requests],
            spare=REQUEST_SPARE,
            short=REQUEST_SHORT,
        )


def socket_path() -> str | None:
    """Where the daemon listens, in the usual places; None: it takes `Home` to know."""
    home = os.environ.get("BOOKHUNT_HOME")
    if home:
        absolute = os.path.abspath(home)  # noqa: PTH100 - pathlib costs as much as the call itself
        return None if home.startswith("~") else f"{absolute}/run/bookhunt.sock"
    if sys.platform != "linux":  # the command knows the places of other systems
        return None
    data = os.environ.get("XDG_DATA_HOME", "").strip() or os.path.expanduser("~/.local/share")  # noqa: PTH111 - as above
    return f"{data}/bookhunt/run/bookhunt.sock"


def ask(path: str, target: str, *, within_s: float = _WITHIN_S) -> Any:
    """The JSON of the answer; None for whatever is not the plain success of a daemon of ours."""
    ends_at = time.monotonic() + within_s
    ours = {"bookhunt-api": str(API_VERSION), "bookhunt-version": bookhunt.__version__}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(within_s)
            line.connect(path)
            heard = talked(line, written("GET", target, ours, None), ends_at=ends_at)
        if heard.status != 200 or any(heard.headers.get(name) != ours[name] for name in ours):
            return None
        return json.loads(heard.body)
    except (OSError, NotUnderstood, ValueError):
        return None
