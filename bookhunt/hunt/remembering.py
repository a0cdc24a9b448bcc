"""Beliefs over restarts: loaded at the start, kept in batches of what changed, pruned.

A row that cannot be read (an older version wrote it, or the file was damaged) is passed over: what
is believed of that seller or book is learned anew.
"""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import orjson

from bookhunt.hunt.learned import BookBelief, Hint, Listing, SellerBelief
from bookhunt.hunt.ports import BeliefRows

if TYPE_CHECKING:
    from bookhunt.hunt.beliefs import Beliefs
    from bookhunt.hunt.ports import BeliefShelf, Clock, Sellers

_log = logging.getLogger(__name__)
_EVERY_S = 5.0
_MOST_BOOKS_A_TURN = 2000
_BOOKS_AT_ONCE = 50  # some milliseconds of work; whoever else has something to do comes between
# Variances and the parameters of distributions: nought or less is a damaged row.
_POSITIVE = frozenset(
    {"noise_shape", "noise_rate", "answers", "failures", "taken", "spoilt", "var"}
)
_PRUNE_EVERY = 720  # turns: about once an hour


class Remembering:
    """Keeps the beliefs of one daemon on their shelf."""

    def __init__(
        self, beliefs: Beliefs, shelf: BeliefShelf, clock: Clock, sellers: Sellers
    ) -> None:
        self._beliefs = beliefs
        self._shelf = shelf
        self._clock = clock
        self._sellers = sellers
        self._turns = 0

    async def load(self) -> None:
        """Take over what an earlier life believed."""
        rows = await self._shelf.load()
        unread = 0
        for seller_id, text in rows.sellers.items():
            seller = _read(SellerBelief, text)
            if isinstance(seller, SellerBelief):
                self._beliefs.sellers[seller_id] = seller
            else:
                unread += 1
        for subject, text in rows.books.items():
            book = _read_book(text)
            if book is not None:
                self._beliefs.books[subject] = book
            else:
                unread += 1
        hint = _read(Hint, rows.hint) if rows.hint else None
        if isinstance(hint, Hint):
            self._beliefs.hint = hint
        if unread:
            _log.warning("beliefs could not be read and are learned anew", extra={"count": unread})

    async def keep_on(self) -> None:
        """Keep what changed every few seconds, until cancelled."""
        while True:
            await self._clock.sleep(_EVERY_S)
            for _ in range(_MOST_BOOKS_A_TURN // _BOOKS_AT_ONCE):
                self.keep(most_books=_BOOKS_AT_ONCE)
                if not self._beliefs.changed_books:
                    break
                await asyncio.sleep(0)
            self._turns += 1
            if self._turns % _PRUNE_EVERY == 0:
                self._prune()

    def keep(self, *, most_books: int = _MOST_BOOKS_A_TURN) -> None:
        """Put what changed since the last time on the shelf; further books the next time."""
        beliefs = self._beliefs
        if not (beliefs.changed_sellers or beliefs.changed_books):
            return
        count = min(len(beliefs.changed_books), most_books)
        books = [beliefs.changed_books.pop() for _ in range(count)]
        self._shelf.keep(
            BeliefRows(
                sellers={
                    each: _written(beliefs.sellers[each])
                    for each in beliefs.changed_sellers
                    if each in beliefs.sellers
                },
                books={
                    each: _written(beliefs.books[each]) for each in books if each in beliefs.books
                },
                hint=_written(beliefs.hint),
            )
        )
        beliefs.changed_sellers.clear()

    def _prune(self) -> None:
        sellers, books = set(self._beliefs.sellers), set(self._beliefs.books)
        known = [seller.id for seller in self._sellers.all()]
        self._beliefs.prune(self._clock.now().timestamp(), sellers=known)
        gone_sellers = sellers - self._beliefs.sellers.keys()
        gone_books = books - self._beliefs.books.keys()
        if gone_sellers or gone_books:
            self._shelf.forget(sellers=gone_sellers, books=gone_books)


def _written(belief: SellerBelief | BookBelief | Hint) -> str:
    return orjson.dumps(belief).decode()


def _read(kind: type[SellerBelief | Hint], text: str) -> SellerBelief | Hint | None:
    """The belief a row holds; fields it lacks have their first value, others are passed over."""
    values = _values(text)
    if values is None:
        return None
    known = {field.name for field in fields(kind)}
    kept = {name: value for name, value in values.items() if name in known}
    if kept.get("level_at", 0.0) is None:
        del kept["level_at"]
    sound = all(_is_number(value) for value in kept.values())
    sound = sound and all(kept[name] > 0 for name in kept.keys() & _POSITIVE)
    return kind(**kept) if sound else None


def _read_book(text: str) -> BookBelief | None:
    values = _values(text)
    if values is None:
        return None
    listings = values.pop("listings", {})
    known = {field.name for field in fields(BookBelief)}
    kept = {name: value for name, value in values.items() if name in known}
    if not {"level", "var", "at"} <= kept.keys() or not all(map(_is_number, kept.values())):
        return None
    book = BookBelief(**kept)
    for seller_id, row in listings.items() if isinstance(listings, dict) else ():
        if isinstance(row, dict) and _is_number(row.get("at")):
            difference = row.get("difference")
            book.listings[str(seller_id)] = Listing(
                difference=difference if _is_number(difference) else None,
                in_stock=bool(row.get("in_stock")),
                at=row["at"],
            )
    return book


def _values(text: str) -> dict[str, Any] | None:
    try:
        values = orjson.loads(text)
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
