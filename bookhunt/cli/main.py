"""The console entry. `status` has a way of its own: it is typed often and must feel immediate."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` is half the cost of `status`
if TYPE_CHECKING:
    from typing import NoReturn


def run() -> NoReturn:
    """Run the command of this process and leave with its exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["status"]:
        from bookhunt.cli.fast_status import fast_status

        code = fast_status(arguments[1:])
        if code is not None:
            sys.exit(code)
    from bookhunt.cli.running import main

    sys.exit(main(arguments))
