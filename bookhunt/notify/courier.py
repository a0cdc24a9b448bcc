"""The courier takes what is due out of the outbox, tells each target, and writes down how it went.

Told first, written down afterwards: whoever ends in between tells again, under the same id. So a
target is told at least once, and can see a repetition.

Each target has a round of its own, so that one that hangs holds nobody else up; within a round some
notices are told at once. What cannot be written down (a full disk) would be told every second:
that target then rests for a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bookhunt.model.errors import BookhuntError
from bookhunt.model.notice import DeliveryState
from bookhunt.notify.backoff import pause_s
from bookhunt.notify.target import Message, NotTold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bookhunt.hunt.ports import Clock, Outbox
    from bookhunt.model.notice import Delivery
    from bookhunt.notify.target import Target

_log = logging.getLogger(__name__)
LOOK_EVERY_S = 1.0
_AT_ONCE = 8  # notices that one target is told at the same time
_RESTS_S = 60.0
_PRUNE_EVERY_S = 600.0
_PRUNES_A_TURN = 100
_KEPT_FOR = timedelta(days=7)  # told and given up ones, to be looked at
MOST_WAITING = 10_000  # for one target; the oldest are given up
_ENDS_WITHIN_S = 2.0


class Courier:
    """Drains an outbox; `targets` by the names they go by there.

    `when_over` is called, once it is written down, with each delivery that was told or given up
    here, and with the moment when its last try began.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        *,
        rng: random.Random | None = None,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self.targets: Mapping[str, Target] = {}
        self.when_over: Callable[[Delivery, float], None] = lambda _delivery, _began_s: None
        self._outbox = outbox
        self._clock = clock
        self._rng = rng or random.Random()  # noqa: S311 - it only spreads tries
        self._look_every_s = look_every_s
        self._rounds: dict[str, asyncio.Task[None]] = {}
        self._resting: dict[str, float] = {}  # until when, monotonic
        self._stirred = asyncio.Event()
        self._prune_at = clock.monotonic()

    def stir(self) -> None:
        """Look at once: something was posted, or the targets are others."""
        self._stirred.set()

    async def run(self) -> None:
        """Tell what is due until cancelled; what is being told then has a moment to end."""
        try:
            while True:
                self._stirred.clear()
                try:
                    await self.look()
                except BookhuntError as error:
                    _log.warning("the outbox could not be read: %s", error)
                    await self._clock.sleep(_RESTS_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._look_every_s):
                        await self._stirred.wait()
        finally:
            await self._finish()

    async def look(self) -> None:
        """Begin a round for each target that has something due and is not just being told."""
        now_s = self._clock.monotonic()
        idle = [
            name
            for name in self.targets
            if name not in self._rounds and self._resting.get(name, now_s) <= now_s
        ]
        if idle:
            due = await self._outbox.due(idle, at=self._clock.now(), limit=_AT_ONCE)
            for name, deliveries in due.items():
                round_ = asyncio.create_task(self._round(name, deliveries))
                self._rounds[name] = round_
        if now_s >= self._prune_at:
            self._prune_at = now_s + _PRUNE_EVERY_S
            await self._prune()

    async def at_rest(self) -> None:
        """Wait until every round that was begun has ended."""
        while self._rounds:
            await asyncio.wait(list(self._rounds.values()))

    async def _round(self, name: str, deliveries: list[Delivery]) -> None:
        target = self.targets.get(name)
        try:
            if target is not None:
                telling = [self._deliver(target, each) for each in deliveries]
                # All of them end before the next round: nobody is told twice at a time.
                for ended in await asyncio.gather(*telling, return_exceptions=True):
                    if isinstance(ended, BaseException):
                        raise ended
        except BookhuntError as error:
            _log.warning("a notice was told and that could not be written down: %s", error)
            self._resting[name] = self._clock.monotonic() + _RESTS_S
        finally:
            del self._rounds[name]
            self.stir()  # more may be due for it

    async def _deliver(self, target: Target, delivery: Delivery) -> None:
        began_s = self._clock.monotonic()
        try:
            await target.tell(Message.of(delivery.notice))
        except NotTold as why:
            await self._failed(delivery, why, began_s)
        except Exception:  # noqa: BLE001 - a bug in one target is a failure of that target
            _log.exception("a target failed")
            await self._failed(delivery, NotTold("bookhunt failed; its log says how"), began_s)
        else:
            await self._outbox.told(delivery)
            self.when_over(replace(delivery, state=DeliveryState.TOLD), began_s)

    async def _failed(self, delivery: Delivery, why: NotTold, began_s: float) -> None:
        failures = delivery.tries + 1
        pause = None if why.for_good else pause_s(failures, asked_s=why.after_s, rng=self._rng)
        again_at = None if pause is None else self._clock.now() + timedelta(seconds=pause)
        await self._outbox.failed(delivery, error=why.detail, again_at=again_at)
        if again_at is None:
            _log.warning("a notice is given up", extra={"count": failures})
            ended = replace(delivery, state=DeliveryState.GIVEN_UP, tries=failures)
            self.when_over(ended, began_s)

    async def _prune(self) -> None:
        before = self._clock.now() - _KEPT_FOR
        for _ in range(_PRUNES_A_TURN):
            if not await self._outbox.prune(before=before, most_waiting=MOST_WAITING):
                return

    async def _finish(self) -> None:
        rounds = list(self._rounds.values())
        if rounds:
            _, late = await asyncio.wait(rounds, timeout=_ENDS_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
