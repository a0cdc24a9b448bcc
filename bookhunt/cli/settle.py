"""`bookhunt settle`: a person says what became of an order that nobody else can know."""

from typing import Annotated

import typer

from bookhunt.cli import exit_codes
from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.cli.render import outcome_lines
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import REQUEST_FIELDS


def settle(
    terminal: Terminal,
    request: Annotated[str, typer.Argument(metavar="REQ", help="An id, its beginning, or @last.")],
    *,
    bought: Annotated[
        str | None, typer.Option(metavar="ORDER", help="It was bought: the seller's number.")
    ] = None,
    not_bought: Annotated[
        bool, typer.Option("--not-bought", help="The seller has no such order.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Not bought: hunt on.")] = False,
) -> int:
    """Settle an outcome by hand. Look at the seller's own list of orders first."""
    if (bought is None) != not_bought:
        raise InputError(
            "say either --bought ORDER or --not-bought",
            hint=f"bookhunt settle {request} --bought ORDER",
        )
    if retry and bought is not None:
        raise InputError("--retry goes with --not-bought only")
    terminal.picked(REQUEST_FIELDS)
    client = connect(terminal)
    request_id = client.status(request)["request_id"]
    settled = client.settle(request_id, bought=bought, retry=retry)
    if terminal.wants_objects:
        terminal.thing(settled, REQUEST_FIELDS)
    else:
        for line in outcome_lines(settled, terminal):
            terminal.line(line)
    return exit_codes.DONE
