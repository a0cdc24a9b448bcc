"""From the first line to the last: lock, recovery, hunts, socket; and back in the other order.

Start: nobody else has this home, the ledger is opened and recovered, what was under way is taken
up again, and only then does the socket listen: whoever can connect finds a daemon that works.

Stop: take no new work, cut searches off, let orders that are being sent end (they are shielded),
finish the answers under way, write everything to its place, let go of the lock. A second SIGTERM
kills: what it interrupts, the next start recovers.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import platform
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any

import uvloop

import bookhunt
from bookhunt.daemon.app import app_of
from bookhunt.daemon.keeping_up import keep_up
from bookhunt.daemon.lag import watch_lag
from bookhunt.daemon.lock import PATIENCE_S, held
from bookhunt.daemon.server import HttpServer
from bookhunt.daemon.suspensions import watch_suspensions
from bookhunt.daemon.unix_socket import is_passed_by_systemd, listen
from bookhunt.home.config import ConfigFile
from bookhunt.model.errors import BookhuntError
from bookhunt.telemetry.logs import set_up_logs

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from bookhunt.daemon.daemon import Daemon
    from bookhunt.daemon.guard import Guard
    from bookhunt.daemon.lock import Lock
    from bookhunt.daemon.unix_socket import Listening
    from bookhunt.home.paths import Home
    from bookhunt.telemetry.logs import Logs

    Assemble = Callable[[Home, ConfigFile], AbstractAsyncContextManager[Daemon]]

_log = logging.getLogger(__name__)

SENDS_END_WITHIN_S = 60.0  # an order under way has its own time-out of 20 s and more
_PREDECESSOR_ENDS_WITHIN_S = SENDS_END_WITHIN_S + 10.0
_OPEN_FILES = 8192
_LOOKS_PER_IDLE_TIME = 10
_SWITCH_S = 0.0005
_ALLOCATIONS_A_COLLECTION = 10_000  # of the youngest generation; 700 is the interpreter's own
_LOOK_FOR_HOME_EVERY_S = 2.0
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(home: Home, *, foreground: bool = False, assemble: Assemble) -> None:
    """Be the daemon of this home until told to stop. `foreground`: the log is shown, too.

    Raises:
        DaemonAlreadyRunning: another process is.
        UnsafePath, BadDocument, LedgerUnusable: what cannot be used, and why.
    """
    os.umask(0o077)
    _set_limits()
    home.prepare()
    # Where systemd passed a socket on, a daemon of before has lost its name, sees it, and ends.
    patience_s = _PREDECESSOR_ENDS_WITHIN_S if is_passed_by_systemd() else PATIENCE_S
    with held(home.daemon_lock, patience_s=patience_s) as lock:
        config_file = ConfigFile(home)
        level = config_file.config.telemetry.log_level
        logs = set_up_logs(home.log_file, level=level, terminal=sys.stderr if foreground else None)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_live(home, lock, config_file, logs, assemble))
        except BaseException:
            _log.exception("the daemon ended")
            raise
        finally:
            logs.close()


def _set_limits() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold every secret in memory
    # Hundreds of connections to sellers, and as many callers: the usual 256 or 1024 is too few.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def spare_the_collector() -> None:
    """Keep the cyclic collector from looking again and again at what stays.

    Modules, definitions and what was recovered are some 100,000 objects, and nearly all that is
    made for a request dies with its last reference. Measured (`nox -s bench -- fanout`): a tenth of
    the CPU of a seller call.
    """
    gc.collect()
    gc.freeze()
    # The ledger's thread needs the interpreter at every statement, and where the loop always has
    # work it waits so long each time: half of the wait at the limit (`nox -s bench -- load`).
    sys.setswitchinterval(_SWITCH_S)
    # Five times as many would save a twentieth of a request's CPU, and hold 140 MB more of what is
    # dead already where twice as much is asked for as can be done (`nox -s bench -- load`).
    gc.set_threshold(_ALLOCATIONS_A_COLLECTION, 10, 10)


async def _live(
    home: Home, lock: Lock, config_file: ConfigFile, logs: Logs, assemble: Assemble
) -> None:
    asyncio.get_running_loop().set_exception_handler(_unhandled)
    async with assemble(home, config_file) as daemon:
        # Before the socket is there: whoever finds it may tell the daemon to stop at once.
        with _signals_close(daemon):
            await _start_and_serve(daemon, lock, logs)
    _log.info("stopped")


async def _start_and_serve(daemon: Daemon, lock: Lock, logs: Logs) -> None:
    try:
        await daemon.service.start()
        await _start_watches(daemon)
        spare_the_collector()
        await _serve(daemon, lock, logs)
    finally:
        daemon.closing.set()
        await _stop_work(daemon)


async def _start_watches(daemon: Daemon) -> None:
    """Take watches up; where they cannot be read, what people ask for is hunted all the same."""
    if daemon.schedule is None:
        return
    try:
        await daemon.schedule.start()
    except BookhuntError as error:
        _log.exception("watches cannot be read: none is run")
        daemon.trouble["watches"] = error.message


async def _stop_work(daemon: Daemon) -> None:
    if daemon.schedule is not None:
        await daemon.schedule.stop()
    await daemon.service.stop(within_s=SENDS_END_WITHIN_S)


async def _serve(daemon: Daemon, lock: Lock, logs: Logs) -> None:
    """Listen, last of all; return when the daemon is to stop and no order is being sent."""
    guard = app_of(daemon)
    server = HttpServer(guard)
    listening = listen(daemon.home)
    serving = asyncio.create_task(server.serve_on(listening.sock))
    others = [
        asyncio.create_task(keep_up(daemon, logs)),
        asyncio.create_task(watch_lag(daemon)),
        asyncio.create_task(watch_suspensions(daemon)),
        asyncio.create_task(_serve_metrics(daemon)),
        asyncio.create_task(_close_when_idle(daemon, guard)),
        asyncio.create_task(_close_when_lost(daemon, lock, listening)),
    ]
    if daemon.schedule is not None:
        others.append(asyncio.create_task(daemon.schedule.keep_on()))
    _log.info(
        "listening",
        extra={
            "pid": os.getpid(),
            "version": bookhunt.__version__,
            "epoch": daemon.recovered.epoch,
            "interrupted": daemon.recovered.interrupted,
            "requeued": daemon.recovered.requeued,
            "sellers": len(daemon.sellers.all()),
            "python": platform.python_version(),
        },
    )
    closing = asyncio.create_task(daemon.closing.wait())
    try:
        await asyncio.wait({serving, closing}, return_when=asyncio.FIRST_COMPLETED)
        daemon.closing.set()
        _log.info("stopping")
        # While orders end, whoever asks is still told how they do, and that no more is taken.
        await _stop_work(daemon)
    finally:
        for task in (closing, *others):
            task.cancel()
        server.tell_to_end()
        await asyncio.gather(closing, *others, return_exceptions=True)
        try:
            await serving
        finally:
            listening.close()


async def _serve_metrics(daemon: Daemon) -> None:
    """The port for scrapers; what it needs is imported where there is one."""
    if daemon.config_file.config.telemetry.metrics_port is not None:
        from bookhunt.daemon.metrics_port import serve_metrics

        await serve_metrics(daemon)


@contextlib.contextmanager
def _signals_close(daemon: Daemon) -> Any:
    """The first signal closes the daemon; from then on the next one kills it."""
    loop = asyncio.get_running_loop()

    def forget() -> None:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    def close(number: int) -> None:
        forget()
        _log.info("told to stop", extra={"signal": number})
        daemon.closing.set()

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, close, number)
    try:
        yield
    finally:
        forget()


async def _close_when_idle(daemon: Daemon, guard: Guard) -> None:
    """End a daemon that nobody has called and that has had nothing to do for so long."""
    minutes = daemon.config_file.config.daemon.idle_exit_min
    if minutes is None:
        return
    idle_s = minutes * 60
    while True:
        await daemon.clock.sleep(idle_s / _LOOKS_PER_IDLE_TIME)
        if daemon.schedule is not None and len(daemon.schedule):
            continue  # nobody would run the watches
        if guard.idle_s() < idle_s or await daemon.unfinished(most=1):
            continue
        _log.info("idle for long", extra={"after_s": idle_s})
        daemon.closing.set()
        return


async def _close_when_lost(daemon: Daemon, lock: Lock, listening: Listening) -> None:
    """End a daemon that nobody finds: its home was removed, or its socket removed or replaced."""
    while lock.is_in_place() and listening.is_in_place():
        await daemon.clock.sleep(_LOOK_FOR_HOME_EVERY_S)
    if not lock.is_in_place():
        _log.error("the home was removed")
    else:
        _log.error("the socket is another's by now")
    daemon.closing.set()


def _unhandled(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What no task waited for; the library's own sentence may quote a value."""
    _log.error("something failed that nobody waited for", exc_info=context.get("exception"))
