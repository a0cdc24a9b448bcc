"""`bookhunt feedback`: how a purchase was, so that the next ones go to better sellers."""

from typing import Annotated

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import FEEDBACK_FIELDS


def feedback(
    terminal: Terminal,
    request: Annotated[str, typer.Argument(metavar="REQ", help="An id, its beginning, or @last.")],
    *,
    good: Annotated[bool, typer.Option("--good", help="It came as it was described.")] = False,
    late: Annotated[bool, typer.Option("--late", help="It came later than was said.")] = False,
    refunded: Annotated[
        bool, typer.Option("--refunded", help="The money came back: no book.")
    ] = False,
    wrong_item: Annotated[
        bool, typer.Option("--wrong-item", help="Another book or condition came.")
    ] = False,
) -> None:
    """Say how a purchase was. It moves the seller's tier; each word counts once for a request."""
    said = {"good": good, "late": late, "refunded": refunded, "wrong_item": wrong_item}
    words = [word for word, given in said.items() if given]
    if not words:
        raise InputError(
            "say how it was: --good, --late, --refunded or --wrong-item",
            hint=f"bookhunt feedback {request} --good",
        )
    terminal.picked(FEEDBACK_FIELDS)
    client = connect(terminal)
    request_id = client.status(request)["request_id"]  # `@last` may be another by the second word
    for word in words:
        told = client.feedback(request_id, word)
        if terminal.wants_objects:
            terminal.thing(told, FEEDBACK_FIELDS)
        elif told["counted"]:
            terminal.notice(f"{told['seller']}: {word.replace('_', ' ')}, noted")
        else:
            terminal.notice(f"{told['seller']}: {word.replace('_', ' ')} was noted before")
