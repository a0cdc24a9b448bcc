"""Prices seen, for `history`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bookhunt.model.book import Book
    from bookhunt.model.price import PriceLine, PricePoint, Sighting


class PriceShelf(Protocol):
    """Every price seen, kept compactly; may lose any of them, which costs history and no more."""

    def saw(self, sightings: Sequence[Sighting]) -> None:
        """Remember, soon and in the background, what changed, or was last kept a day ago."""
        ...

    async def of(self, book: Book) -> Mapping[PriceLine, Sequence[PricePoint]]:
        """All that is kept of a book, however it was asked for, each line's oldest first.

        A title is what it was asked by; an ISBN also what a seller said a title's offer is.
        """
        ...
