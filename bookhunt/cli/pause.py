"""`bookhunt pause` and `bookhunt resume`: the kill switch."""

from typing import Annotated

import typer

from bookhunt.cli.connection import connect
from bookhunt.cli.output import Terminal
from bookhunt.cli.things import print_thing


def pause(terminal: Terminal) -> None:
    """Buy nothing new from now on. Orders that were sent already are still settled."""
    answer = connect(terminal).pause()
    if terminal.wants_objects:
        print_thing(terminal, answer)
    else:
        terminal.notice("paused: nothing new is bought. bookhunt resume allows it again")


def resume(
    terminal: Terminal,
    *,
    reconciled: Annotated[
        bool,
        typer.Option("--reconciled", help="You compared the orders: see help safety."),
    ] = False,
) -> None:
    """Allow purchases again. In safe mode --reconciled says that nothing is missing."""
    client = connect(terminal)
    answer = client.reconciled() if reconciled else client.resume()
    if terminal.wants_objects:
        print_thing(terminal, answer)
    elif answer["safe_mode"] is not None:
        terminal.notice(
            f"still nothing is bought: {answer['safe_mode']}. Compare bookhunt status with your "
            "orders at the sellers; then: bookhunt resume --reconciled"
        )
    else:
        terminal.notice("purchases are allowed again")
