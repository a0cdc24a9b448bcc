"""`bookhunt cancel`: before the order is sent."""

from typing import Annotated

import typer

from bookhunt.cli import exit_codes
from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.cli.render import outcome_lines
from bookhunt.model.errors import BookhuntError
from bookhunt.wire.contract import REQUEST_FIELDS
from bookhunt.wire.problems import exit_code_of


def cancel(
    terminal: Terminal,
    requests: Annotated[
        list[str], typer.Argument(metavar="REQ...", help="An id, its beginning, or @last.")
    ],
) -> int:
    """Cancel requests. An order that was already sent stands; one in doubt is settled first."""
    terminal.picked(REQUEST_FIELDS)
    client = connect(terminal)
    codes = [exit_codes.DONE]
    ids = [client.status(each)["request_id"] for each in requests]
    for request_id in ids:
        try:
            request = client.cancel(request_id)
        except BookhuntError as error:
            terminal.error(error, about=request_id if len(ids) > 1 else None)
            codes.append(exit_code_of(error))
            continue
        if terminal.wants_objects:
            terminal.thing(request, REQUEST_FIELDS)
        else:
            for line in outcome_lines(request, terminal):
                terminal.line(line)
        if request["status"] != "CANCELLED":
            terminal.notice(
                "its order may have been sent: it is cancelled if it turns out that it was not. "
                f"bookhunt wait {request_id}"
            )
    return exit_codes.of_several(codes)
