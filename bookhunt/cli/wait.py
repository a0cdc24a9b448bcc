"""`bookhunt wait`: the outcome of requests, as an exit code."""

import math
import time
from typing import Annotated

import typer

from bookhunt.cli import exit_codes
from bookhunt.cli.connection import connect
from bookhunt.cli.durations import seconds
from bookhunt.cli.output import Terminal
from bookhunt.cli.render import outcome_lines, progress_line, tell_overcharge, tell_why
from bookhunt.client import DaemonClient
from bookhunt.client.calls import is_at_rest
from bookhunt.wire.contract import LONGEST_WAIT_S, REQUEST_FIELDS

_LOOK_EVERY_S = 1.0


def wait(
    terminal: Terminal,
    requests: Annotated[
        list[str], typer.Argument(metavar="REQ...", help="An id, its beginning, or @last.")
    ],
    *,
    timeout: Annotated[
        str | None, typer.Option(metavar="60s", help="How long; without it, as long as it takes.")
    ] = None,
) -> int:
    """Wait until each request has ended, print it, and leave with its exit code."""
    terminal.picked(REQUEST_FIELDS)
    within_s = math.inf if timeout is None else seconds(timeout)
    ends_at = time.monotonic() + within_s
    client = connect(terminal)
    codes = []
    # All of them are named before the first is waited for: `@last` means the last one now.
    ids = [client.status(each)["request_id"] for each in requests]
    try:
        for place, request_id in enumerate(ids):
            terminal.progress(progress_line(len(ids) - place))
            codes.append(_wait_for(terminal, client, request_id, ends_at))
    except KeyboardInterrupt:
        left = ids[len(codes) :]
        terminal.notice(
            "stopped waiting; the hunt goes on. To look again: bookhunt wait " + " ".join(left[:5])
        )
        return exit_codes.INTERRUPTED
    return exit_codes.of_several(codes)


def _wait_for(terminal: Terminal, client: DaemonClient, request_id: str, ends_at: float) -> int:
    while True:
        left_s = ends_at - time.monotonic()
        request = client.status(request_id, wait_s=min(left_s, LONGEST_WAIT_S))
        if is_at_rest(request) or left_s <= 0:
            break
    tell_overcharge(request, terminal)
    if terminal.wants_objects:
        terminal.thing(request, REQUEST_FIELDS)
    else:
        for line in outcome_lines(request, terminal):
            terminal.line(line)
        tell_why(request, terminal)
    return exit_codes.of_request(request)
