"""What the table of commands is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command: its function in its module, its line in the list, its examples.

    `prints` is the kind of its objects with --json, of `cli.objects`; `codes` are the exit codes it
    has beside 0, 1, 2, 5 and 130; what is `local` needs no daemon, and so never ends with 5.
    """

    module: str
    function: str
    does: str
    examples: tuple[str, ...]
    prints: str = "object"
    codes: tuple[int, ...] = ()
    local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Commands under one word."""

    does: str
    commands: dict[str, Entry]


OUTCOMES = (3, 4, 6, 7, 8, 9, 10, 11, 75)  # what a purchase can end with, as `exit_codes` says
