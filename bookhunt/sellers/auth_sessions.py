"""Logins by steps: one per seller, renewed on 401 once, lent to one attempt at a time.

Behind one login stands one account with one basket, so two purchases through it would share that
basket. A purchase therefore borrows the login from its first step until its commit step is
answered; the next one waits. Quotes fill no basket and only look at it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.plan_cookies import CookieJar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bookhunt.hunt.ports import Clock
    from bookhunt.sellers.auth import Credential

_LENT_AT_MOST_S = 900.0  # longer than any checkout; a borrower that vanished does not lock it
_MOST_SESSIONS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a login left: never changed, copied by whoever uses it."""

    captured: Mapping[str, Any] = field(default_factory=dict)
    cookies: CookieJar = field(default_factory=CookieJar)
    credentials: tuple[Credential, ...] = ()


class Logins:
    """The logins of every seller, in memory only."""

    def __init__(self) -> None:
        self._logins: dict[str, Login] = {}
        self._running: dict[str, asyncio.Task[Login]] = {}

    async def of(self, key: str, log_in: Callable[[], Awaitable[Login]]) -> Login:
        """The login of a seller, made now where there is none; many who wait share one.

        Raises:
            AuthFailed: what `log_in` raises.
        """
        known = self._logins.get(key)
        if known is not None:
            return known
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(_awaited(log_in))
            self._running[key] = task
            task.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(task)

    def _made(self, key: str, task: asyncio.Task[Login]) -> None:
        self._running.pop(key, None)
        if not task.cancelled() and task.exception() is None:
            if len(self._logins) >= _MOST_SESSIONS:
                self._logins.pop(next(iter(self._logins)))
            self._logins[key] = task.result()

    def refused(self, key: str, login: Login) -> None:
        """The seller answered 401 to this login: the next call makes another."""
        if self._logins.get(key) is login:
            del self._logins[key]

    def forget(self, key: str) -> None:
        """The next call makes another, whoever used this one."""
        self._logins.pop(key, None)

    async def close(self) -> None:
        """Give up what is being made."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _awaited(log_in: Callable[[], Awaitable[Login]]) -> Login:
    return await log_in()


@dataclass(slots=True)
class _Loan:
    attempt_id: str
    since_s: float


class Lending:
    """Who has a seller's login now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loans: dict[str, _Loan] = {}
        self._returned: dict[str, asyncio.Event] = {}

    async def borrow(self, seller_id: str, attempt_id: str, *, within_s: float) -> bool:
        """Wait for the login; whether this attempt has it now."""
        ends_at_s = self._clock.monotonic() + within_s
        while not self._take(seller_id, attempt_id):
            left_s = ends_at_s - self._clock.monotonic()
            if left_s <= 0:
                return False
            event = self._returned.setdefault(seller_id, asyncio.Event())
            event.clear()
            try:
                async with asyncio.timeout(left_s):
                    await event.wait()
            except TimeoutError:
                return self._take(seller_id, attempt_id)
        return True

    def _take(self, seller_id: str, attempt_id: str) -> bool:
        now_s = self._clock.monotonic()
        loan = self._loans.get(seller_id)
        lent = loan is not None and now_s - loan.since_s < _LENT_AT_MOST_S
        if loan is not None and lent and loan.attempt_id != attempt_id:
            return False
        self._loans[seller_id] = _Loan(attempt_id, now_s)
        return True

    def give_back(self, seller_id: str, attempt_id: str) -> None:
        """The attempt needs it no longer; nothing happens where it does not have it."""
        loan = self._loans.get(seller_id)
        if loan is None or loan.attempt_id != attempt_id:
            return
        del self._loans[seller_id]
        if (event := self._returned.get(seller_id)) is not None:
            event.set()
