"""Beliefs in dictionaries: the double of `hunt.ports.BeliefShelf`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import BeliefRows

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(slots=True)
class MemoryBeliefShelf:
    """Rows in dictionaries; `kept` counts how often something was put there."""

    sellers: dict[str, str] = field(default_factory=dict)
    books: dict[str, str] = field(default_factory=dict)
    hint: str | None = None
    kept: int = 0
    said: set[tuple[str, str]] = field(default_factory=set)

    async def load(self) -> BeliefRows:
        await asyncio.sleep(0)
        return BeliefRows(sellers=dict(self.sellers), books=dict(self.books), hint=self.hint)

    def keep(self, rows: BeliefRows) -> None:
        self.kept += 1
        self.sellers.update(rows.sellers)
        self.books.update(rows.books)
        self.hint = rows.hint if rows.hint is not None else self.hint

    def forget(self, *, sellers: Collection[str], books: Collection[str]) -> None:
        for each in sellers:
            self.sellers.pop(each, None)
        for each in books:
            self.books.pop(each, None)

    async def note_feedback(self, request_id: str, word: str) -> bool:
        await asyncio.sleep(0)
        is_new = (request_id, word) not in self.said
        self.said.add((request_id, word))
        return is_new
