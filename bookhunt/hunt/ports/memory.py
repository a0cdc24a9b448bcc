"""What helps and may be lost: offers, beliefs, explanations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from bookhunt.hunt.ports.selling import Quoted
    from bookhunt.model.money import Money
    from bookhunt.model.outcome import SellerNote


OfferKey = tuple[str, str, str]
"""What an answer is kept under: seller, definition, and all that was asked but the maximum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer on the shelf, with the maximum it was asked with."""

    quoted: Quoted
    max_price: Money
    until: datetime


class OfferShelf(Protocol):
    """Answers of sellers for as long as they are fresh. May lose any of them at any time."""

    def get(self, key: OfferKey, *, now: datetime) -> Kept | None:
        """The answer kept under this key, None where there is none that still holds."""
        ...

    def put(self, key: OfferKey, kept: Kept, *, now: datetime) -> None:
        """Keep an answer in the place of an older one.

        What holds no longer may go then, and the oldest do when there are too many.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefRows:
    """Beliefs as JSON texts by seller and by book, and the hint; what is None is not there."""

    sellers: Mapping[str, str]
    books: Mapping[str, str]
    hint: str | None = None


class BeliefShelf(Protocol):
    """Beliefs over restarts; may lose any of them, which costs calls and nothing else."""

    async def load(self) -> BeliefRows:
        """All that is kept; empty where nothing is, or nothing can be read."""
        ...

    def keep(self, rows: BeliefRows) -> None:
        """Remember, soon and in the background, in the place of what was there under each name."""
        ...

    def forget(self, *, sellers: Collection[str], books: Collection[str]) -> None:
        """Drop what is kept of these, soon and in the background."""
        ...

    async def note_feedback(self, request_id: str, word: str) -> bool:
        """Remember that this was said of a request; whether it is said for the first time.

        It is kept beside what it taught: where both are lost, it may be said, and teach, again.
        """
        ...


class Explanations(Protocol):
    """Why each seller was asked or not and what it said; may be lost, never needed for money."""

    def keep(self, request_id: str, notes: Sequence[SellerNote]) -> None:
        """Remember, soon and in the background; drops the oldest rather than wait."""
        ...

    async def of(self, request_id: str) -> list[SellerNote]:
        """What is remembered of a request, in the order sellers were ranked."""
        ...
