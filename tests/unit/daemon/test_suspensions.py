"""A seller that is left alone for minutes is worth a word a day; one that stumbles is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bookhunt.daemon.suspensions import WORTH_A_WORD_S, look
from bookhunt.home.config import load_config
from bookhunt.hunt.gate import Suspension
from bookhunt.model.notice import Event, News
from bookhunt.model.reasons import Reason
from tests.support.memory_outbox import MemoryOutbox
from tests.support.running_daemon import CONFIGURATION, a_daemon
from tests.support.scripted_sellers import QuoteScript, a_seller

if TYPE_CHECKING:
    from bookhunt.daemon.daemon import Daemon
    from bookhunt.home.paths import Home


@dataclass
class ScriptedService:
    """Leaves sellers alone as it is told."""

    suspended: dict[str, Suspension] = field(default_factory=dict)

    def suspension(self, seller_id: str) -> Suspension | None:
        return self.suspended.get(seller_id)


@pytest.fixture
async def daemon(home: Home) -> Daemon:
    heard = "notify: [{command: [cat], on: [seller_suspended]}]\n"
    home.config_file.write_text(CONFIGURATION + heard, "utf-8")
    daemon = a_daemon(home)
    for name in ("alpha", "beta"):
        daemon.sellers.add(a_seller(name), QuoteScript())  # type: ignore[attr-defined]
    await daemon.notices.take_up(load_config(home))
    return daemon


async def told(daemon: Daemon, *looks: dict[str, Suspension]) -> list[News]:
    for suspended in looks:
        daemon.service = ScriptedService(suspended)  # type: ignore[assignment]
        await look(daemon)
    outbox = daemon.notices.outbox
    assert isinstance(outbox, MemoryOutbox)
    return [each.notice.news for each in outbox.deliveries.values() if each.notice.news]


async def test_who_is_left_alone_for_minutes_is_told_once_a_day(daemon: Daemon) -> None:
    blocked = {"alpha": Suspension(Reason.BLOCKED, 10.0, 290.0)}
    [news] = await told(daemon, blocked, {}, blocked)
    assert news.event is Event.SELLER_SUSPENDED
    assert news.message == (
        "Alpha is left alone for 5 minutes: it blocks bookhunt. bookhunt sellers show alpha"
    )
    assert news.data == {"seller": "alpha", "reason": "blocked", "for_s": 290}


async def test_two_sellers_are_two_words(daemon: Daemon) -> None:
    suspended = {
        "alpha": Suspension(Reason.UNREACHABLE, 10.0, 600.0),
        "beta": Suspension(Reason.UNAUTHORISED, 10.0, 480.0),
    }
    assert len(await told(daemon, suspended)) == 2


@pytest.mark.parametrize(
    "suspension",
    [
        Suspension(Reason.TIMED_OUT, 10.0, WORTH_A_WORD_S - 1),
        Suspension(Reason.RATE_LIMITED, 10.0, 3600.0),
    ],
)
async def test_a_stumble_and_a_wish_for_patience_are_not(
    daemon: Daemon, suspension: Suspension
) -> None:
    assert await told(daemon, {"alpha": suspension}) == []


async def test_nothing_is_looked_at_where_nobody_listens(daemon: Daemon, home: Home) -> None:
    home.config_file.write_text(CONFIGURATION, "utf-8")
    await daemon.notices.take_up(load_config(home))
    assert await told(daemon, {"alpha": Suspension(Reason.BLOCKED, 10.0, 290.0)}) == []
