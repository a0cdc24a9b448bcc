"""A market whose prices change with the hours: sellers that quote what it says at that moment.

The price of a book at a seller is fixed for a slot of some hours, and drawn from the seed, the
book, the seller and the slot; now and then a seller fails for a whole slot. So what could be had at
any time is known to the test as well, which is the oracle of "no price was missed".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import Ask, Quoted
from bookhunt.model.money import Money
from bookhunt.model.reasons import Reason
from tests.support.builders import an_offer
from tests.support.scripted_sellers import Call, ScriptedSellers, a_seller

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bookhunt.hunt.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What each seller asks for each book, at any time."""

    seed: int
    began: datetime
    sellers: tuple[str, ...]
    slot: timedelta = timedelta(hours=6)
    low_minor: int = 1000
    high_minor: int = 4000
    fails: float = 0.05  # of the slots of a seller

    def slot_of(self, at: datetime) -> int:
        return (at - self.began) // self.slot

    def price_minor(self, seller: str, book: str, slot: int) -> int | None:
        """What it costs there in that slot; None: the seller fails, or has none."""
        if self._draw("fails", seller, str(slot)) < self.fails:
            return None
        if self._draw("stocks", seller, book) < 0.3:
            return None
        # A level of its own for each book at each seller, and a swing of a quarter around it.
        level = self._draw("level", seller, book)
        swing = self._draw("price", seller, book, str(slot)) - 0.5
        wide = self.high_minor - self.low_minor
        return max(round(self.low_minor + wide * (level + swing / 2)), 100)

    def lowest_minor(self, book: str, slot: int) -> int | None:
        found = [self.price_minor(seller, book, slot) for seller in self.sellers]
        return min((price for price in found if price is not None), default=None)

    def _draw(self, *parts: str) -> float:
        text = "/".join((str(self.seed), *parts)).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest(), "big") / 2**48


class MarketSellers(ScriptedSellers):
    """Sellers of a market; orders go as scripted, and else as sellers behave."""

    def __init__(self, clock: Clock, market: Market, *, batch: int = 1) -> None:
        super().__init__(clock)
        self.market = market
        for name in market.sellers:
            self.add(a_seller(name, batch=batch))

    async def quote(self, seller_id: str, ask: Ask, *, within_s: float) -> Quoted:
        self.calls.append(
            Call(what="quote", seller=seller_id, at_s=self.clock.monotonic(), ask=ask)
        )
        await self.clock.sleep(0.2)
        return self._answer(seller_id, ask)

    async def quote_batch(
        self, seller_id: str, asks: Sequence[Ask], *, within_s: float
    ) -> Sequence[Quoted]:
        first, *others = asks
        quoted = [await self.quote(seller_id, first, within_s=within_s)]
        return [*quoted, *(replace(self._answer(seller_id, ask), calls=0) for ask in others)]

    def _answer(self, seller_id: str, ask: Ask) -> Quoted:
        slot = self.market.slot_of(self.clock.now())
        identity = ask.book.identity
        if self.market._draw("fails", seller_id, str(slot)) < self.market.fails:
            return Quoted(seller=seller_id, reason=Reason.SERVER_ERROR, calls=1, latency_ms=200.0)
        minor = self.market.price_minor(seller_id, identity, slot)
        if minor is None:
            return Quoted(seller=seller_id, reason=Reason.NOT_STOCKED, calls=1, latency_ms=200.0)
        offer = an_offer(
            seller_id,
            item=f'"{identity}"',
            isbn13=ask.book.isbn13,
            title=ask.book.title,
            price=Money(minor, "USD"),
            shipping=Money(0, "USD"),
            inventory=1000,
        )
        return Quoted(
            seller=seller_id, offers=(self._read_now(offer, 200.0),), calls=1, latency_ms=200.0
        )
