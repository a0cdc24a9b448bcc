"""`bookhunt version`."""

import platform

from bookhunt import __version__
from bookhunt.cli.output import Terminal
from bookhunt.wire.contract import API_VERSION, SCHEMA_VERSION

VERSION_FIELDS = ("version", "api_version", "schema_version", "python", "system")


def version(terminal: Terminal) -> None:
    """Print the version of the program, and with --json those of the API and of its objects."""
    if not terminal.wants_objects:
        terminal.line(f"bookhunt {__version__}")
        return
    about = {
        "version": __version__,
        "api_version": API_VERSION,
        "schema_version": SCHEMA_VERSION,
        "python": platform.python_version(),
        "system": platform.system(),
    }
    terminal.thing(about, VERSION_FIELDS)
