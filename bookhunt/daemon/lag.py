"""How late the event loop is, measured while there is something to be late for.

A timer that fires late tells that the loop had too much to do: callers wait, answers of sellers lie
unread, time-outs strike that nobody deserved. The hunt hears of it and asks fewer sellers at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from bookhunt.hunt.easing import Signs

if TYPE_CHECKING:
    from bookhunt.daemon.daemon import Daemon

_log = logging.getLogger(__name__)

_EVERY_S = 0.1
_IDLE_EVERY_S = 1.0  # an idle daemon is woken seldom
_LATE_S = 0.5  # worth a line in the log


async def watch_lag(daemon: Daemon) -> None:
    """Measure until cancelled."""
    loop = asyncio.get_running_loop()
    share = daemon.service.fan_out.share
    since, cpu_s = loop.time(), time.thread_time()
    while True:
        load = daemon.service.load()
        is_idle = not load.hunting and share == 1.0
        due = loop.time() + (_IDLE_EVERY_S if is_idle else _EVERY_S)
        await asyncio.sleep(due - loop.time())
        lag_s = max(loop.time() - due, 0.0)
        daemon.lags.observe(lag_s)
        fan_out = daemon.service.fan_out
        before_s, cpu_s, until = cpu_s, time.thread_time(), loop.time()
        load = daemon.service.load()
        signs = Signs(
            busy=(cpu_s - before_s) / max(until - since, 1e-3),
            hunt_s=load.hunt_s,
            full=daemon.service.calls_are_full,
            narrow=load.narrow,
        )
        since = until
        fan_out.note(lag_s, until, signs)
        before, share = share, fan_out.share
        if share != before or lag_s > _LATE_S:
            _log.info("the event loop was late", extra={"after_s": round(lag_s, 3)})
