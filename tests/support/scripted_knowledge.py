"""Resolvers and sources of rates that do as they are told: doubles of the ports of knowledge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import NoRates, RateTable, Resolved
from bookhunt.model.reasons import Reason
from tests.support.scripted_sellers import a_seller

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Clock
    from bookhunt.model.book import Book
    from bookhunt.model.seller import Seller


@dataclass(slots=True)
class ScriptedResolvers:
    """Implements `Resolvers`: each says the same of every title, after `delay_s`."""

    clock: Clock
    says: dict[str, Resolved] = field(default_factory=dict)
    delay_s: float = 0.0
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # resolver and title

    def know(self, *isbns: str, resolver: str = "library") -> None:
        """From now on this resolver gives these ISBNs."""
        self.says[resolver] = Resolved(resolver=resolver, isbns=isbns)

    def fail(self, reason: Reason, *, resolver: str = "library", **fields: object) -> None:
        """From now on it gives this reason."""
        self.says[resolver] = Resolved(resolver=resolver, reason=reason, **fields)  # type: ignore[arg-type]

    def resolvers(self) -> list[Seller]:
        return [a_seller(name, asks_by=(), per_second=100.0) for name in sorted(self.says)]

    async def resolve(self, resolver_id: str, book: Book, *, within_s: float) -> Resolved:
        self.asked.append((resolver_id, book.title))
        await self.clock.sleep(min(self.delay_s, within_s))
        if self.delay_s > within_s:
            return Resolved(resolver=resolver_id, reason=Reason.TIMED_OUT)
        return self.says[resolver_id]


@dataclass(slots=True)
class ScriptedRates:
    """Implements `RateSources`: one answer for every source, after `delay_s`."""

    clock: Clock
    says: RateTable | NoRates = field(default_factory=lambda: NoRates(detail="nothing is known"))
    delay_s: float = 0.0
    asked: list[str] = field(default_factory=list)

    async def rates(self, source_id: str, *, within_s: float) -> RateTable | NoRates:
        self.asked.append(source_id)
        await self.clock.sleep(min(self.delay_s, within_s))
        return self.says
