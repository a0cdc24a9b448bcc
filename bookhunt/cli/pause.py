"""`bookhunt pause` and `bookhunt resume`: the kill switch."""

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


def resume(terminal: Terminal) -> None:
    """Allow purchases again."""
    answer = connect(terminal).resume()
    if terminal.wants_objects:
        print_thing(terminal, answer)
    else:
        terminal.notice("purchases are allowed again")
