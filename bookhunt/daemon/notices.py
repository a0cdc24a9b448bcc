"""Who is told of what, as the configuration says it now: its targets, and the courier to them."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson
import uuid_utils

from bookhunt.home.settings import Command, Mail, Webhook
from bookhunt.model.errors import BookhuntError, NotFound, SetupMissing
from bookhunt.model.notice import Event, News, Notice
from bookhunt.notify import command, webhook
from bookhunt.notify.announcer import Announcer
from bookhunt.notify.courier import Courier
from bookhunt.notify.target import Message, NotTold

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bookhunt.home.config import Config
    from bookhunt.home.secrets import Secrets
    from bookhunt.hunt.ports import Clock, Outbox
    from bookhunt.hunt.tracing import Tracer
    from bookhunt.model.notice import Delivery
    from bookhunt.notify.posting import Network
    from bookhunt.notify.target import Target

_HINT = 'notify: [{command: ["notify-send", "{title}"]}] in config.yaml (bookhunt config path)'
_SECRET = "secret:"  # noqa: S105 - how a reference to a secret begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How telling one target went, when it was tested."""

    number: int  # in the configuration, from 1
    target: str
    error: str | None  # None: it was told
    took_s: float


@dataclass(slots=True, kw_only=True)
class Notices:
    """The outbox, and who stands behind it. `start` it, `take_up` each configuration, `stop` it."""

    outbox: Outbox
    clock: Clock
    secrets: Secrets
    network: Network
    tracer: Tracer | None = None  # has what became of each notice in its request's trace
    courier: Courier = field(init=False)
    _numbered: list[Target] = field(default_factory=list)  # as the configuration lists them
    _titles: dict[str, str] = field(default_factory=dict)
    _configured: tuple[Mail | Webhook | Command, ...] | None = None
    _running: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.courier = Courier(self.outbox, self.clock)
        self.courier.when_over = self._when_over

    def start(self) -> None:
        """Begin to tell."""
        self._running = asyncio.create_task(self.courier.run())

    async def stop(self) -> None:
        """Let what is being told end, for a moment; the rest is told in the next life."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def take_up(self, config: Config) -> None:
        """Tell whom this configuration names, of what it says, from now on.

        Raises:
            LedgerUnusable: that could not be written down; the targets stay as they were.
        """
        if config.notify == self._configured:
            return
        numbered = [(name_of(each), each, self._target(each)) for each in config.notify]
        events: dict[str, set[Event]] = {}
        for name, each, _ in numbered:
            events.setdefault(name, set()).update(each.on)
        await self.outbox.listen(events)
        self._configured = config.notify
        self._numbered = [target for _, _, target in numbered]
        self._titles = {name: target.title for name, _, target in numbered}
        self.courier.targets = {name: target for name, _, target in numbered}
        self.courier.stir()

    def is_heard(self, event: Event) -> bool:
        """Whether anybody is told of this."""
        return any(event in each.on for each in self._configured or ())

    async def post(self, news: News) -> bool:
        """Have something told that is no outcome; as `Outbox.post`, and at once."""
        posted = await self.outbox.post(news)
        self.courier.stir()
        return posted

    async def test(self, number: int | None) -> list[Tried]:
        """Tell every target, or that of this number, once and now, beside the outbox.

        Raises:
            SetupMissing: no target is configured.
            NotFound: none has that number.
        """
        if not self._numbered:
            raise SetupMissing("nobody is told anything: `notify` names no target", hint=_HINT)
        if number is not None and not 1 <= number <= len(self._numbered):
            raise NotFound(
                f"there is no target {number}", hint=f"they have numbers 1 to {len(self._numbered)}"
            )
        numbers = range(1, len(self._numbered) + 1) if number is None else (number,)
        message = Message.of(self._test_notice())
        return list(await asyncio.gather(*(self._try(each, message) for each in numbers)))

    def title_of(self, name: str) -> str:
        """What the target of that name in the outbox is called; one that is gone, by its name."""
        return self._titles.get(name, name)

    def _when_over(self, delivery: Delivery, began_s: float) -> None:
        if self.tracer is not None:
            self.tracer.noticed(delivery, target=kind_of(delivery.target), began_s=began_s)

    async def _try(self, number: int, message: Message) -> Tried:
        target = self._numbered[number - 1]
        began, error = time.monotonic(), None
        try:
            await target.tell(message)
        except NotTold as why:
            error = why.detail
        took_s = time.monotonic() - began
        return Tried(number=number, target=target.title, error=error, took_s=took_s)

    def _test_notice(self) -> Notice:
        news = News(
            event=Event.TEST,
            title="bookhunt: a test",
            message="If you read this, bookhunt can tell you what becomes of your requests.",
        )
        return Notice(id=str(uuid_utils.uuid7()), event=Event.TEST, at=self.clock.now(), news=news)

    def _target(self, configured: Mail | Webhook | Command) -> Target:
        match configured:
            case Mail():
                return Announcer(title=configured.to, address=self._text(configured.to))
            case Webhook():
                secret = None if configured.secret is None else self._text(configured.secret)
                return webhook.Webhook(
                    title=_title_of(configured.webhook),
                    address=self._text(configured.webhook),
                    secret=secret,
                    network=self.network,
                    clock=self.clock,
                )
            case Command():
                title = f"command {configured.command[0].rpartition('/')[2]}"
                return command.Command(title=title, argv=configured.command)

    def _text(self, said: str) -> Callable[[], Awaitable[str]]:
        """A text of the configuration, or the secret that it names."""
        return partial(self._reveal, said)

    async def _reveal(self, said: str) -> str:
        if not said.startswith(_SECRET):
            return said
        try:
            return await asyncio.to_thread(self.secrets.get, said.removeprefix(_SECRET))
        except BookhuntError as error:
            hint = "" if error.hint is None else f" ({error.hint})"
            raise NotTold(f"{error.message}{hint}") from None


def name_of(configured: Mail | Webhook | Command) -> str:
    """The name a target goes by in the outbox: the same as long as it is told in the same way."""
    said = configured.model_dump(mode="json", exclude={"on"})
    digest = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"{type(configured).__name__.lower()}-{digest[:12]}"


def kind_of(name: str) -> str:
    """What kind of target a name of the outbox stands for: mail, webhook or command."""
    return name.partition("-")[0]


def _title_of(address: str) -> str:
    """A webhook by its host: the rest of an address is often a secret in itself."""
    if address.startswith(_SECRET):
        return f"webhook {address}"
    parts = urlsplit(address)
    return f"webhook {parts.scheme}://{parts.netloc}"
