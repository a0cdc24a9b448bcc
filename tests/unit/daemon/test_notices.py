"""Who is told follows the configuration; what waits can be seen, and each target be tested."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bookhunt.daemon.keeping_up import look
from bookhunt.daemon.notices import name_of
from bookhunt.home.config import load_config
from bookhunt.home.settings import Command, Webhook
from bookhunt.model import errors
from bookhunt.model.notice import DeliveryState, Event
from bookhunt.telemetry.logs import set_up_logs
from bookhunt.wire.contract import DELIVERY_FIELDS, NOTIFY_TEST_FIELDS
from tests.support.loopback import loopback, say
from tests.support.memory_outbox import MemoryOutbox
from tests.support.notices import some_news
from tests.support.running_daemon import CONFIGURATION, Running, call, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bookhunt.home.paths import Home

HOOK = "notify: [{{webhook: '{address}/T0PSECRET', secret: 'secret:notify/hook', on: [{on}]}}]\n"


async def configure(running: Running, text: str) -> None:
    home = running.home
    await asyncio.to_thread(home.config_file.write_text, CONFIGURATION + text, "utf-8")
    await running.daemon.notices.take_up(await asyncio.to_thread(load_config, home))


@asynccontextmanager
async def telling(running: Running) -> AsyncIterator[MemoryOutbox]:
    notices = running.daemon.notices
    notices.start()
    try:
        assert isinstance(notices.outbox, MemoryOutbox)
        yield notices.outbox
    finally:
        await notices.stop()


async def test_news_go_to_who_asked_for_them(running: Running) -> None:
    """Signed with the secret that the configuration names."""
    running.daemon.secrets.put("notify/hook", "s")
    async with loopback(otherwise=say(status=204)) as server, telling(running):
        await configure(running, HOOK.format(address=server.address, on="price"))
        assert await running.daemon.notices.post(some_news(Event.PRICE))
        assert not await running.daemon.notices.post(some_news(Event.FAILED))
        await server.until(lambda: len(server.arrived) == 1)
    assert "webhook-signature" in server.arrived[0].headers


async def test_another_configuration_holds_without_a_restart(running: Running) -> None:
    logs = set_up_logs(None)
    async with loopback(otherwise=say(status=204)) as server, telling(running):
        address = server.address
        text = f"network: {{allow_loopback: true}}\nnotify: [{{webhook: '{address}', on: [price]}}]"
        await asyncio.to_thread(running.home.config_file.write_text, CONFIGURATION + text, "utf-8")
        await look(running.daemon, logs)
        assert await running.daemon.notices.post(some_news())
        await server.until(lambda: len(server.arrived) == 1)
    logs.close()


async def test_a_target_that_is_gone_is_given_up_and_shown(running: Running) -> None:
    async with loopback(otherwise=say(status=500)) as server, telling(running) as outbox:
        await configure(running, HOOK.format(address=server.address, on="price"))
        running.daemon.secrets.put("notify/hook", "s")
        await running.daemon.notices.post(some_news())
        await until(lambda: any(each.tries for each in outbox.deliveries.values()))
        [waiting] = await call(running.client.undelivered)
        await configure(running, "")
        [gone] = await call(running.client.undelivered)
    assert list(waiting) == DELIVERY_FIELDS
    assert waiting["target"] == f"webhook {server.address}"
    assert (waiting["state"], waiting["error"]) == ("waiting", "it answered with status 500")
    assert gone["state"] == DeliveryState.GIVEN_UP
    assert "T0PSECRET" not in str([waiting, gone])


async def test_each_target_can_be_tested(running: Running) -> None:
    """Once and now; one that fails is told with its reason, and nothing is left waiting."""
    running.daemon.secrets.put("notify/hook", "s")
    async with loopback(otherwise=say(status=204)) as server:
        program = f'["{sys.executable}", "-c", "import sys; sys.exit(7)"]'
        hook = HOOK.format(address=server.address, on="bought").rstrip("]\n")
        await configure(running, f"{hook}, {{command: {program}}}]\n")
        told, failed = await call(running.client.test_notify)
        [again] = await call(running.client.test_notify, 2)
    assert list(told) == NOTIFY_TEST_FIELDS
    assert (told["number"], told["told"], told["error"]) == (1, True, None)
    assert (failed["number"], failed["told"]) == (2, False)
    assert again["error"] == "the program ended with code 7"
    assert [each.json()["type"] for each in server.arrived] == ["test"]
    assert await call(running.client.undelivered) == []


async def test_a_secret_that_is_missing_is_said(running: Running) -> None:
    async with loopback() as server:
        await configure(running, HOOK.format(address=server.address, on="bought"))
        [tried] = await call(running.client.test_notify)
    assert "notify/hook is stored nowhere" in tried["error"]
    assert server.arrived == []


async def test_without_a_target_the_way_to_one_is_said(running: Running) -> None:
    with pytest.raises(errors.SetupMissing) as refused:
        await call(running.client.test_notify)
    assert refused.value.hint is not None
    assert "notify:" in refused.value.hint
    await configure(running, "notify: [{command: [cat]}]\n")
    with pytest.raises(errors.NotFound, match="no target 2"):
        await call(running.client.test_notify, 2)


async def test_a_secret_of_a_target_can_be_stored_and_forgotten(running: Running) -> None:
    """It is used from then on, and its value is told to nobody."""
    async with loopback(otherwise=say(status=204)) as server:
        await configure(running, HOOK.format(address=server.address, on="bought"))
        stored = await call(running.client.notify_login, "hook", "T0PSECRET")
        [tried] = await call(running.client.test_notify)
    assert (stored["secret"], stored["stored"]) == ("secret:notify/hook", "file")
    assert "T0PSECRET" not in str(stored)
    assert tried["told"]
    forgotten = await call(running.client.notify_login, "notify/hook", None)
    assert forgotten["stored"] is None
    assert not running.daemon.secrets.has("notify/hook")
    with pytest.raises(errors.InputError):
        await call(running.client.notify_login, "a/b", "x")


def test_a_target_keeps_its_name_while_it_is_told_the_same_way() -> None:
    """What waits for it is not given up for another list of events."""
    hook = Webhook(webhook="https://a.example/x")
    assert name_of(hook) == name_of(Webhook(webhook="https://a.example/x", on=(Event.FAILED,)))
    others = [
        Webhook(webhook="https://b.example/x"),
        Webhook(webhook="https://a.example/x", secret="secret:notify/a"),
        Command(command=("https://a.example/x",)),
    ]
    assert len({name_of(each) for each in (hook, *others)}) == 4
    assert "a.example" not in name_of(hook)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("notify: [{command: [x], on: [test]}]", "every target can be tested"),
        ("notify: [{command: [x, '{heading}']}]", "no part {heading}"),
        ("notify: [{webhook: 'https://a:b@c.example'}]", "holds a user or a password"),
        ("notify: [{to: 'mailto://a:b@c.example'}]", "names no secret"),
    ],
)
def test_mistakes_are_found_where_they_stand(home: Home, text: str, why: str) -> None:
    home.config_file.write_text(CONFIGURATION + text + "\n", "utf-8")
    with pytest.raises(errors.BadDocument, match=why):
        load_config(home)
