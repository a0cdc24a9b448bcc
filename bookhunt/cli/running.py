"""Finds the command, runs it, and turns what happens into an exit code.

A command's module is imported when it is used; Typer with it, and nothing else.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bookhunt.cli import exit_codes
from bookhunt.cli.output import ReaderGone, Terminal, let_nobody_hear
from bookhunt.model.errors import BookhuntError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


class UsageMistake(InputError):
    """The command line itself cannot be read."""

    code = "usage"


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. A bug alone is raised, for its traceback."""
    terminal = _error_terminal(arguments)
    if list(arguments) == ["--version"]:
        arguments = ["version"]
    try:
        _require_unix()
        return _dispatch(arguments) if arguments else _alone(terminal)
    except BookhuntError as error:
        terminal.error(error)
        from bookhunt.wire.problems import exit_code_of

        return exit_codes.USAGE if isinstance(error, UsageMistake) else exit_code_of(error)
    except (ReaderGone, BrokenPipeError):
        let_nobody_hear()
        return exit_codes.READER_GONE
    except KeyboardInterrupt:
        terminal.notice("interrupted")
        return exit_codes.INTERRUPTED


def _require_unix() -> None:
    if os.name == "nt":
        raise BookhuntError(
            "bookhunt needs Linux, macOS or WSL2", hint="run it inside WSL2: wsl --install"
        )


def _alone(terminal: Terminal) -> int:
    """Greet who is new here; show anybody else the commands."""
    from bookhunt.cli.greeting import greet, is_new_here

    if not is_new_here():
        return _dispatch(["--help"])
    greet(terminal)
    return exit_codes.DONE


def _dispatch(arguments: Sequence[str]) -> int:
    import typer

    from bookhunt.cli.tree import root

    try:
        with root().make_context("bookhunt", list(arguments)) as context:
            return int(context.command.invoke(context) or 0)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.TyperException as mistake:
        where = getattr(mistake, "ctx", None)
        path = "bookhunt" if where is None else where.command_path
        message = mistake.format_message().replace("\n", " ").strip()
        raise UsageMistake(message, hint=f"{path} --help") from None


def _error_terminal(arguments: Sequence[str]) -> Terminal:
    """How errors are told: by the shared options, wherever they stand, before they are parsed."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    color = "auto"
    for place, word in enumerate(own):
        if word.startswith("--color="):
            color = word.removeprefix("--color=")
        elif word == "--color" and place + 1 < len(own):
            color = own[place + 1]
    return Terminal(json="--json" in own, color=color)
