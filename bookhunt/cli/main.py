"""The console entry. `status` has a way of its own: it is typed often and must feel immediate."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # `typing` is half the cost of `status`
if TYPE_CHECKING:
    from typing import NoReturn

_INTERRUPTED = 130  # as `exit_codes`


def run() -> NoReturn:
    """Run the command of this process and leave with its exit code."""
    if None in {sys.stdin, sys.stdout, sys.stderr}:
        _open_what_is_closed()
    try:
        sys.exit(_code_of(sys.argv[1:]))
    except KeyboardInterrupt:  # while the command was still being imported
        sys.exit(_INTERRUPTED)


def _open_what_is_closed() -> None:
    """Have something stand at the three standard descriptors that a caller closed (`<&-`).

    A socket or a database would take their numbers, and be read as input or written over.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            if opened != number:
                os.dup2(opened, number)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - for good


def _code_of(arguments: list[str]) -> int:
    if arguments[:1] == ["status"]:
        from bookhunt.cli.fast_status import fast_status

        code = fast_status(arguments[1:])
        if code is not None:
            return code
    if arguments[:1] == ["__complete"]:
        from bookhunt.cli.fast_complete import fast_complete

        return fast_complete(arguments[1:])
    from bookhunt.cli.running import main

    return main(arguments)
