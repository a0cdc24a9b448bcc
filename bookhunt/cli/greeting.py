"""What `bookhunt` alone says to somebody who has not used it yet: three commands that work now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.home.paths import Home

if TYPE_CHECKING:
    from bookhunt.cli.output import Terminal

FIRST = (
    ("bookhunt demo", "buys a book, on a street of simulated sellers"),
    ("bookhunt sellers list", "who can be asked now, and who needs a key first"),
    ("bookhunt profile add home", "where your books are sent"),
)
_GREETING = """\
bookhunt buys the cheapest copy of a book that costs no more than you say.

These work right away:

{first}

And then, once one of them takes orders:

  bookhunt buy 9781449373320 --max-price 30

bookhunt --help lists every command; bookhunt help safety tells what it does about money.\
"""


def is_new_here() -> bool:
    """Whether nothing was ever asked for in this home: its ledger is not there."""
    return not Home.find().ledger_file.exists()


def greet(terminal: Terminal) -> None:
    """Print the greeting."""
    width = max(len(command) for command, _ in FIRST)
    first = "\n".join(f"  {command.ljust(width)}   {what}" for command, what in FIRST)
    for line in _GREETING.format(first=first).splitlines():
        terminal.line(line)
