"""`python -m bookhunt.daemon`: the daemon of this user's home, as the first command starts it.

It ends with 0 when it was told to stop, 75 where another daemon has the home already, else with
the exit code of the error, and then says on stderr what is wrong: its log may not be open yet.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from bookhunt.daemon.assembly import assembled
from bookhunt.daemon.lifecycle import run
from bookhunt.home.paths import Home
from bookhunt.model.errors import BookhuntError
from bookhunt.wire.problems import exit_code_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bookhunt.daemon", description=__doc__)
    parser.add_argument("--foreground", action="store_true", help="show the log on stderr, too")
    given = parser.parse_args(arguments)
    try:
        run(Home.find(), foreground=given.foreground, assemble=assembled)
    except BookhuntError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        if error.hint:
            sys.stderr.write(f"  {error.hint}\n")
        return exit_code_of(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
