"""Whether anything starts the daemon after a reboot: watches run only while it does."""

from __future__ import annotations

import os
from pathlib import Path

_AGENTS = Path("Library") / "LaunchAgents"
_UNITS = Path("systemd") / "user"


def is_started_by_itself() -> bool:
    """Whether a unit of systemd that is enabled, or an agent of launchd, starts a daemon."""
    user = Path.home()
    config = os.environ.get("XDG_CONFIG_HOME", "")
    units = (Path(config) if config else user / ".config") / _UNITS
    # A socket alone does not do: it waits for somebody to call.
    enabled = units.glob("*.wants/*bookhunt*.service")
    agents = (user / _AGENTS).glob("*bookhunt*.plist")
    return any(enabled) or any(agents)
