"""Webhooks: a POST of the notice, named, dated and signed.

Told is what is answered with 2xx, whatever the answer holds; nothing of it is read. Redirects are
failures: a receiver that moved is told of in the configuration. 410 is the receiver's word that it
wants no more of this.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.notify.posting import pause_of, post
from bookhunt.notify.signing import key_of, signed_headers
from bookhunt.notify.target import NotTold

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bookhunt.hunt.ports import Clock
    from bookhunt.notify.posting import Network
    from bookhunt.notify.target import Message

WITHIN_S = 15.0  # the specification's advice: 15 to 30 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One receiver. `address` and `secret` give what is configured now, and may be slow."""

    title: str
    address: Callable[[], Awaitable[str]]
    secret: Callable[[], Awaitable[str]] | None
    network: Network
    clock: Clock
    within_s: float = WITHIN_S

    async def tell(self, message: Message) -> None:
        """As `Target.tell`."""
        try:
            async with asyncio.timeout(self.within_s):
                await self._post(message)
        except TimeoutError:
            raise NotTold(f"no answer within {self.within_s:.0f} s") from None

    async def _post(self, message: Message) -> None:
        url = await self.address()
        key = None if self.secret is None else key_of(await self.secret())
        way = await self.network.way_to(url)
        headers = signed_headers(
            key,
            notice_id=message.id,
            at_s=int(self.clock.now().timestamp()),
            body=message.document,
        )
        answer = await post(url, way, headers, message.document)
        _require_success(answer.status, pause_of(answer.retry_after, self.clock.now()))


def _require_success(status: int, after_s: float | None) -> None:
    if 200 <= status < 300:
        return
    raise NotTold(f"it answered with status {status}", for_good=status == 410, after_s=after_s)
