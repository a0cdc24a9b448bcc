"""A shelf that keeps nothing: every request asks for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.hunt.ports import Kept, OfferKey


class NoShelf:
    """Implements `hunt.ports.OfferShelf`, which may lose any answer at any time."""

    def get(self, key: OfferKey, *, now: datetime) -> Kept | None:
        return None

    def put(self, key: OfferKey, kept: Kept, *, now: datetime) -> None:
        return
