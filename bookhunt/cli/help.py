"""`bookhunt help`: topics that no single command owns, and the help of every command."""

from typing import Annotated

import typer

from bookhunt.cli import exit_codes
from bookhunt.cli.help_topics import TOPICS
from bookhunt.cli.output import Terminal
from bookhunt.model.errors import InputError


def show_help(
    terminal: Terminal,
    topic: Annotated[
        list[str] | None, typer.Argument(metavar="[TOPIC]", help="A topic or a command.")
    ] = None,
) -> None:
    """Explain a topic or a command; without one, list the commands and the topics."""
    from bookhunt.cli.tree import help_of

    words = topic or []
    if len(words) == 1 and words[0] in TOPICS:
        terminal.line(topic_text(words[0]))
        return
    told = help_of(words)
    if told is None:
        raise InputError(
            f"there is no topic and no command {' '.join(words)!r}",
            hint=f"bookhunt help {' | '.join(TOPICS)}",
        )
    terminal.line(told)


def topic_text(topic: str) -> str:
    """A topic in full; the table of exit codes is the one that commands use."""
    text = TOPICS[topic]
    if topic == "exit-codes":
        table = "\n".join(f"  {code:3}  {what}" for code, what in exit_codes.MEANINGS.items())
        text = text.replace("{table}", table)
    return text.strip("\n")
