"""Routes of books: the ISBNs that titles were resolved to, and those the customer vouches for."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from bookhunt.daemon.bodies import ClosedBody, Text
from bookhunt.daemon.daemon import Daemon
from bookhunt.daemon.table import add
from bookhunt.hunt.ports import KeptNames
from bookhunt.model.book import Book, fold_title
from bookhunt.model.errors import InputError
from bookhunt.wire.contract import SCHEMA_VERSION
from bookhunt.wire.shapes import time_text

_MOST = 500
_RESOLVED_WITHIN_S = 8.0


class BookPinBody(ClosedBody):
    """`POST /books/pin`: a title and its ISBN, or null for what resolvers say."""

    title: Text
    isbn: Text | None


@dataclass(frozen=True, slots=True)
class BookRoutes:
    """What is known of titles."""

    daemon: Daemon

    def router(self) -> APIRouter:
        """The routes, by the names of the contract."""
        router = APIRouter(tags=["books"])
        add(router, "books.list", self.list)
        add(router, "books.show", self.show)
        add(router, "books.pin", self.pin)
        return router

    async def list(self, limit: Annotated[int, Query(ge=1, le=_MOST)] = 100) -> JSONResponse:
        """What is pinned, the last first; then what was resolved, the newest first."""
        pinned = await asyncio.to_thread(self.daemon.pins.all)
        kept = [] if self.daemon.names is None else await self.daemon.names.latest(limit=limit)
        by_title = {fold_title(names.title): names for names in kept}
        told = []
        for book in pinned:
            title = book.title or ""
            told.append(_object(title, book.isbn13, by_title.pop(fold_title(title), None)))
        told += [_object(names.title, None, names) for names in by_title.values()]
        return JSONResponse(told[:limit])

    async def show(
        self, title: Annotated[str, Query(min_length=1, max_length=500)]
    ) -> JSONResponse:
        """One title; resolvers are asked where nothing is known of it."""
        book = Book.named(title)
        if book.title is None:
            raise InputError(f"{title} is an ISBN, not a title", hint=f"bookhunt quote {title}")
        pinned = await asyncio.to_thread(self.daemon.pins.of, book.title)
        told = await self.daemon.service.names_of(book.title, within_s=_RESOLVED_WITHIN_S)
        kept = None if self.daemon.names is None else await self.daemon.names.of(book.title)
        known = _object(book.title, pinned, kept)
        return JSONResponse(known | {"isbns": list(told.isbns), "why": told.why})

    async def pin(self, body: BookPinBody) -> JSONResponse:
        """Let a title mean an ISBN; durable when it is answered, in force for the next request."""
        isbn13 = await asyncio.to_thread(self.daemon.pins.pin, body.title, body.isbn)
        kept = None if self.daemon.names is None else await self.daemon.names.of(body.title)
        return JSONResponse(_object(body.title, isbn13, kept))


def _object(title: str, pinned: str | None, names: KeptNames | None) -> dict[str, Any]:
    return {
        "title": title,
        "isbns": [] if names is None else list(names.isbns),
        "pinned": pinned,
        "resolver": None if names is None else names.resolver,
        "resolved_at": None if names is None else time_text(names.at),
        "expires_at": None if names is None else time_text(names.until),
        "why": None,
        "schema_version": SCHEMA_VERSION,
    }
