"""The daemon of this process's home, as a command calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.client import DaemonClient
from bookhunt.home.paths import Home

if TYPE_CHECKING:
    from bookhunt.cli.output import Terminal


def connect(terminal: Terminal, home: Home | None = None) -> DaemonClient:
    """A client of the daemon; one per thread."""
    return DaemonClient(
        home or Home.find(), autostart=not terminal.no_autostart, notice=terminal.notice
    )
