"""Notices, and targets that do as they are told."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from bookhunt.model.notice import Event, News, Notice
from bookhunt.model.request import RequestState
from bookhunt.notify.posting import Way
from bookhunt.notify.target import Message, NotTold
from bookhunt.sellers.network import NetworkRules, tls_context
from tests.support.builders import NOON, a_bought, a_record, a_result, an_id


def some_news(event: Event = Event.PRICE, **fields: Any) -> News:
    return News(**{"event": event, "title": "Less", "message": "It costs less."} | fields)


def a_notice(**fields: Any) -> Notice:
    """A purchase, told."""
    bought = a_record(
        state=RequestState.SUCCESS, result=a_result(bought=a_bought()), finished_at=NOON
    )
    standard = {"id": an_id(), "event": Event.BOUGHT, "at": NOON, "request": bought}
    return Notice(**standard | fields)


def a_message(**fields: Any) -> Message:
    return Message.of(a_notice(**fields))


@dataclass(slots=True)
class ScriptedTarget:
    """Does what stands in `script`, in order, then what is `otherwise`; None: it is told."""

    title: str = "scripted"
    script: deque[NotTold | None] = field(default_factory=deque)
    otherwise: NotTold | None = None
    hangs: bool = False
    takes_s: float = 0.0
    told: list[Message] = field(default_factory=list)  # every try
    most_at_once: int = 0
    _at_once: int = 0

    async def tell(self, message: Message) -> None:
        self.told.append(message)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(self.takes_s)
            if self.hangs:
                await asyncio.Event().wait()
            outcome = self.script.popleft() if self.script else self.otherwise
            if outcome is not None:
                raise outcome
        finally:
            self._at_once -= 1

    @property
    def ids(self) -> list[str]:
        return [message.id for message in self.told]


class OpenNetwork:
    """Reaches 127.0.0.1, whatever the address says."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._tls = tls_context(NetworkRules())

    async def way_to(self, url: str) -> Way:
        self.asked.append(url)
        return Way(hosts=("127.0.0.1",), proxy=None, tls=self._tls)


def says(text: str) -> Any:
    """A text of the configuration."""

    async def said() -> str:
        await asyncio.sleep(0)
        return text

    return said
