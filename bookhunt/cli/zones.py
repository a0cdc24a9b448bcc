"""The time zone of this machine by its name, as `watch add` takes it where none is said."""

from __future__ import annotations

import os
from pathlib import Path

_LINK = Path("/etc/localtime")
_NAMED = Path("/etc/timezone")  # Debian's; the link is everybody's
_FOLDER = "zoneinfo/"


def zone_of_machine(*, link: Path = _LINK, named: Path = _NAMED) -> str | None:
    """A name of the IANA database, as in Europe/Berlin; None: the machine does not say one."""
    said = os.environ.get("TZ", "").lstrip(":")
    if said:
        # An absolute path names a zone by its end; anything like EST5EDT is a name as well.
        return said.partition(_FOLDER)[2] or said
    try:
        target = str(link.readlink())
    except OSError:
        target = ""
    if _FOLDER in target:
        return target.partition(_FOLDER)[2].removeprefix("posix/").removeprefix("right/")
    try:
        return named.read_text("ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
