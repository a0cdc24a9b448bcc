"""Taking up what changed on disk, without a restart where that is safe.

A file that is wrong changes nothing: what was in force stays, and `health` tells what is wrong.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bookhunt.daemon.daemon import hunt_settings_of
from bookhunt.daemon.exporting import endpoint_of
from bookhunt.home.config import load_config
from bookhunt.model.errors import BookhuntError

if TYPE_CHECKING:
    from bookhunt.daemon.daemon import Daemon
    from bookhunt.home.effective import Change
    from bookhunt.telemetry.logs import Logs

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
CONFIGURATION = "configuration"
NEEDS_RESTART = "needs_restart"


async def keep_up(daemon: Daemon, logs: Logs) -> None:
    """Look for changes until cancelled."""
    while True:
        await daemon.clock.sleep(LOOK_EVERY_S)
        try:
            await look(daemon, logs)
        except Exception:  # noqa: BLE001 - what is in force stays in force, and the next look comes
            _log.exception("what changed on disk could not be taken up")


async def look(daemon: Daemon, logs: Logs) -> None:
    """Take up what changed since the last look."""
    changes = await _configuration(daemon)
    config = daemon.config_file.config
    if changes:
        logs.level(config.telemetry.log_level)
        daemon.service.take_up(hunt_settings_of(config))
        _log.info("the configuration changed", extra={"changed": len(changes)})
    later = [change.name for change in changes if change.after_restart]
    if later:
        daemon.trouble[NEEDS_RESTART] = ", ".join(later)
    await daemon.notices.take_up(config)
    if daemon.export is not None:
        daemon.export.take_up(endpoint_of(config))
    if await daemon.catalogue.take_up(config):
        _log.info("definitions were read again", extra={"sellers": len(daemon.sellers.all())})


async def _configuration(daemon: Daemon) -> tuple[Change, ...]:
    try:
        changes = await asyncio.to_thread(daemon.config_file.refresh)
        if CONFIGURATION in daemon.trouble:
            # `refresh` tells a mistake once: whether it was mended without a change, this says.
            await asyncio.to_thread(load_config, daemon.home)
    except BookhuntError as error:
        if CONFIGURATION not in daemon.trouble:
            _log.warning("the configuration has mistakes; the older one stays in force")
        daemon.trouble[CONFIGURATION] = error.message
        return ()
    daemon.trouble.pop(CONFIGURATION, None)
    return changes
