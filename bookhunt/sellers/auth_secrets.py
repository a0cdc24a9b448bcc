"""Secrets while they are needed: looked up off the loop, held in memory for a short while.

A keyring may take a second or ask the user to unlock it, so the loop never waits for it; and the
function that writes a request needs the values at once, so they are fetched just before.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bookhunt.model.errors import SecretMissing, SetupMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bookhunt.hunt.ports import Clock

_KEPT_S = 60.0
_MISSED_S = 10.0  # `sellers login` is followed by a try at once: a miss is soon asked again
_MOST = 10_000
_TELLING = 6  # characters; a shorter value stands in texts by chance, and is no secret


class SecretCache:
    """Values by name; its repr shows none."""

    def __init__(self, look_up: Callable[[str], str], clock: Clock) -> None:
        """`look_up` may block and raises `SetupMissing` where there is no such secret."""
        self._look_up = look_up
        self._clock = clock
        self._values: dict[str, tuple[float, str]] = {}
        self._missing: dict[str, tuple[float, SetupMissing]] = {}
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._telling: tuple[str, ...] = ()  # the values at hand that are long enough to tell

    def at_hand(self, names: Iterable[str]) -> bool:
        """Whether `load` has nothing to do."""
        now = self._clock.monotonic()
        return all(self._has(name, now) for name in names)

    async def load(self, names: Iterable[str]) -> None:
        """Fetch what is not at hand.

        Raises:
            SetupMissing: one of them is stored nowhere, or the store cannot be opened.
        """
        now = self._clock.monotonic()
        wanted = [name for name in dict.fromkeys(names) if not self._has(name, now)]
        for name in wanted:
            until_s, error = self._missing.get(name, (0.0, None))
            if error is not None and until_s > now:
                raise type(error)(error.message, hint=error.hint)
        for name in wanted:
            await asyncio.shield(self._task(name))

    def _task(self, name: str) -> asyncio.Task[None]:
        """The look-up of a name: one for all who need it, also when a minute is over."""
        task = self._loading.get(name)
        if task is None:
            task = asyncio.create_task(self._fetch(name))
            self._loading[name] = task
            task.add_done_callback(lambda done: self._loaded(name, done))
        return task

    def _loaded(self, name: str, task: asyncio.Task[None]) -> None:
        self._loading.pop(name, None)
        if not task.cancelled():
            task.exception()  # whoever waited was told; nobody may be left to ask

    def of(self, name: str) -> str:
        """A secret that was loaded.

        Raises:
            SecretMissing: it was not, or was forgotten meanwhile.
        """
        try:
            return self._values[name][1]
        except KeyError:
            raise SecretMissing(f"the secret {name} is not at hand") from None

    def known_missing(self, name: str) -> bool:
        """Whether it was looked for a moment ago and is stored nowhere; no look-up is made."""
        until_s, _ = self._missing.get(name, (0.0, None))
        return until_s > self._clock.monotonic()

    def forget(self, name: str | None = None) -> None:
        """Forget one, or all: it was changed."""
        if name is None:
            self._values.clear()
            self._missing.clear()
        else:
            self._values.pop(name, None)
            self._missing.pop(name, None)
        self._note_values()

    def _has(self, name: str, now: float) -> bool:
        until_s, _ = self._values.get(name, (0.0, ""))
        return until_s > now

    async def _fetch(self, name: str) -> None:
        now = self._clock.monotonic()
        try:
            value = await asyncio.to_thread(self._look_up, name)
        except SetupMissing as error:
            self._missing[name] = (now + _MISSED_S, error)
            self._values.pop(name, None)
            self._note_values()
            raise
        if len(self._values) >= _MOST:
            self._values.clear()
        self._missing.pop(name, None)
        self._values[name] = (now + _KEPT_S, value)
        self._note_values()

    def _note_values(self) -> None:
        values = {value for _, value in self._values.values() if len(value) >= _TELLING}
        # One may be the beginning of another: the longer one is taken out first.
        self._telling = tuple(sorted(values, key=len, reverse=True))

    # ------------------------------------------------------------------- what others may not see
    def redacted(self, text: str | None) -> str | None:
        """A seller's words without the secrets that it repeats in them."""
        if text is None:
            return None
        for value in [each for each in self._telling if each in text]:
            text = text.replace(value, "[secret]")
        return text

    def stand_in(self, text: str, names: Iterable[str]) -> bool:
        """Whether one of these secrets stands in a text that is to be stored."""
        values = (self._values.get(name, (0.0, ""))[1] for name in names)
        return any(len(value) >= _TELLING and value in text for value in values)

    async def close(self) -> None:
        """Give up what is being looked up."""
        tasks = list(self._loading.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
