"""What changes on disk is taken up where that is safe; a mistake changes nothing and is told."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from bookhunt.daemon.clock import SystemClock
from bookhunt.daemon.keeping_up import keep_up, look
from bookhunt.telemetry.logs import Logs, set_up_logs
from tests.support.running_daemon import CONFIGURATION, MemoryCatalogue, a_daemon, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.home.paths import Home


@pytest.fixture
def logs() -> Iterator[Logs]:
    kept = set_up_logs(None)
    yield kept
    kept.close()


async def test_a_changed_setting_holds_for_the_next_request(home: Home, logs: Logs) -> None:
    """The deadline, the policy and the level of the log."""
    daemon = a_daemon(home)
    home.config_file.write_text(
        CONFIGURATION
        + "search: {deadline_s: 9}\ntiers: {grace_ms: 400}\ntelemetry: {log_level: error}\n"
    )
    await look(daemon, logs)
    assert daemon.intake.settings.search.deadline_s == 9
    assert daemon.service._world.settings.tiers.grace_s == 0.4
    assert logging.getLogger().level == logging.ERROR
    assert daemon.trouble == {}


async def test_a_mistake_leaves_what_was_in_force_and_is_told_until_it_is_mended(
    home: Home, logs: Logs
) -> None:
    daemon = a_daemon(home)
    home.config_file.write_text(CONFIGURATION + "search: {deadlines: 9}\n")
    await look(daemon, logs)
    assert "config.yaml:2" in daemon.trouble["configuration"]
    assert daemon.intake.settings.search.deadline_s == 5
    await look(daemon, logs)
    assert "configuration" in daemon.trouble
    home.config_file.write_text(CONFIGURATION)
    await look(daemon, logs)
    assert daemon.trouble == {}


async def test_what_needs_a_restart_is_said(home: Home, logs: Logs) -> None:
    daemon = a_daemon(home)
    home.config_file.write_text(CONFIGURATION + "throttle: {queue: 3}\n")
    await look(daemon, logs)
    assert daemon.trouble["needs_restart"] == "throttle.queue"


async def test_definitions_are_looked_at_each_time(home: Home, logs: Logs) -> None:
    catalogue = MemoryCatalogue(changed=True)
    daemon = a_daemon(home, catalogue=catalogue)
    await look(daemon, logs)
    assert not catalogue.changed


async def test_a_failure_while_looking_is_not_the_end_of_looking(home: Home, logs: Logs) -> None:
    """A bug in one look is logged; the next one takes the change up."""
    looks = 0

    class Failing(MemoryCatalogue):
        async def take_up(self, config: object) -> bool:
            nonlocal looks
            looks += 1
            if looks == 1:
                raise RuntimeError("a bug")
            return True

    daemon = a_daemon(home, catalogue=Failing(), clock=FastClock())
    keeping = asyncio.create_task(keep_up(daemon, logs))
    await until(lambda: looks >= 3)
    keeping.cancel()


class FastClock(SystemClock):
    """Waiting takes no time."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
