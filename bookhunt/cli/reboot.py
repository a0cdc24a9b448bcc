"""Whether anything starts the daemon of a home after a reboot: watches run only while it does."""

from __future__ import annotations

from bookhunt.cli.units import launchd_agent, systemd_units
from bookhunt.home.paths import Home


def is_started_by_itself(home: Home | None = None) -> bool:
    """Whether a service of systemd that is enabled, or an agent of launchd, starts it.

    Without a home that of this process is meant.
    """
    home = home or Home.find()
    # A socket alone does not do: it waits for somebody to call.
    service = systemd_units(home)[1].file
    enabled = service.parent.glob(f"*.wants/{service.name}")
    return launchd_agent(home).file.exists() or any(enabled)
