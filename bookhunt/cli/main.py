"""The console entry. `status` has a way of its own: it is typed often and must feel immediate."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` is half the cost of `status`
if TYPE_CHECKING:
    from typing import NoReturn

_INTERRUPTED = 130  # as `exit_codes`


def run() -> NoReturn:
    """Run the command of this process and leave with its exit code."""
    try:
        sys.exit(_code_of(sys.argv[1:]))
    except KeyboardInterrupt:  # while the command was still being imported
        sys.exit(_INTERRUPTED)


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
