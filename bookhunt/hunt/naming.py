"""Which ISBNs a title has: further names, for sellers that take no titles.

Half of all sellers know books by ISBN only, and a customer who names a title would never reach
them. So the resolvers of `sellers.d` (Open Library is one) are asked for the ISBNs of the title,
once for all requests that need them, while the sellers that take titles are asked already.

What a resolver says is never believed of a book, it only says what a seller may be asked by. A
wrong answer then costs a call: the offer it leads to is another book's by its own title, or names
no title at all, and is not bought. That a number is a title's is proven by the seller's own row or
by the customer (`bookhunt books pin`), and by nobody else.

- Hits are kept long, since a printed number stays a book's; misses shortly, since the next book is
  just being printed; failures not at all. An old hit is used where nobody answers anew.
- A resolver that fails, or is slow, costs nothing but the sellers that needed an ISBN.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bookhunt.hunt.gate import Refused
from bookhunt.hunt.ports import KeptNames, Resolved
from bookhunt.model.book import Book, fold_title
from bookhunt.model.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.hunt.gate import Gate
    from bookhunt.hunt.ports import Clock, NameShelf, Resolvers
    from bookhunt.model.seller import Seller

_HIT_FOR = timedelta(days=30)
_MISS_FOR = timedelta(hours=1)
_MOST_NAMES = 20  # of one title; its editions are many, and a seller is asked by few of them
_DENIALS = frozenset({Reason.NOT_STOCKED, Reason.WRONG_BOOK})  # it knows no such title
_NOBODY = "it is asked by ISBN, and no resolver is set up to find the title's"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The ISBN-13s of a title, the likeliest first; or why there are none."""

    isbns: tuple[str, ...] = ()
    why: str | None = None
    unsure: bool = False  # nobody said that there are none


def needs_name(seller: Seller, book: Book) -> bool:
    """Whether this seller can only be asked for the book by an ISBN that it does not have."""
    return book.isbn13 is None and bool(seller.asks_by) and "title" not in seller.asks_by


class Naming:
    """The names of titles, for all requests of this daemon."""

    def __init__(
        self, *, resolvers: Resolvers | None, shelf: NameShelf | None, gate: Gate, clock: Clock
    ) -> None:
        self._resolvers = resolvers
        self._shelf = shelf
        self._gate = gate
        self._clock = clock
        self._flights: dict[str, asyncio.Task[Names]] = {}

    def why_not(self) -> str | None:
        """Why no title can be resolved; None: it can be tried."""
        if self._resolvers is None or not self._resolvers.resolvers():
            return _NOBODY
        return None

    async def names_of(self, title: str, *, within_s: float) -> Names:
        """The ISBNs of a title, waited for so long; the question itself goes on to its end."""
        key = fold_title(title)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._find_out(title))
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(flight)
        except TimeoutError:
            return Names(why=f"no resolver answered within {within_s:.1f} s", unsure=True)

    async def stop(self) -> None:
        """Cut every question off."""
        tasks = list(self._flights.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _find_out(self, title: str) -> Names:
        kept = None if self._shelf is None else await self._shelf.of(title)
        if kept is not None and self._clock.now() < kept.until:
            return _told(kept)
        resolvers = () if self._resolvers is None else self._resolvers.resolvers()
        if not resolvers:
            return Names(why=_NOBODY)
        answers = await asyncio.gather(*(self._ask(each, title) for each in resolvers))
        learned = self._learned(title, answers)
        if learned is not None:
            if self._shelf is not None:
                self._shelf.keep(learned)
            return _told(learned)
        if kept is not None and kept.isbns:
            return _told(kept)
        said = "; ".join(f"{each.resolver}: {_word(each)}" for each in answers)
        return Names(why=f"no resolver told the title's ISBN ({said})", unsure=True)

    async def _ask(self, resolver: Seller, title: str) -> Resolved:
        assert self._resolvers is not None  # there is one to ask
        # What it says is kept for weeks: worth a call also to one that fails by turns.
        entered = self._gate.enter(resolver, self._clock.monotonic(), anyway=True)
        if isinstance(entered, Refused):
            return Resolved(resolver=resolver.id, reason=entered.reason)
        try:
            if entered.wait_s > 0.0:
                await self._clock.sleep(entered.wait_s)
            resolved = await self._resolvers.resolve(
                resolver.id, Book(title=title), within_s=resolver.timeout_s
            )
        except BaseException:
            self._gate.drop(entered)
            raise
        self._gate.leave(
            entered,
            resolved.reason,
            self._clock.monotonic(),
            retry_after_s=resolved.retry_after_s,
        )
        return resolved

    def _learned(self, title: str, answers: Sequence[Resolved]) -> KeptNames | None:
        """What is worth keeping: ISBNs, or that everybody says there is no such title."""
        now = self._clock.now()
        found = dict.fromkeys(isbn for answer in answers for isbn in answer.isbns)
        if not found and any(answer.reason not in _DENIALS for answer in answers):
            return None
        first = next((answer.resolver for answer in answers if answer.isbns), None)
        return KeptNames(
            title=title,
            isbns=tuple(found)[:_MOST_NAMES],
            resolver=first or answers[0].resolver,
            at=now,
            until=now + (_HIT_FOR if found else _MISS_FOR),
        )


def _told(kept: KeptNames) -> Names:
    if kept.isbns:
        return Names(isbns=kept.isbns)
    return Names(why=f"{kept.resolver} knows no ISBN of this title")


def _word(resolved: Resolved) -> str:
    word = "silent" if resolved.reason is None else resolved.reason.value
    return f"{word}, {resolved.detail}" if resolved.detail else word
