"""What may be looked up beside offers: the ISBNs of a title, and what currencies cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from fractions import Fraction

    from bookhunt.model.book import Book
    from bookhunt.model.reasons import Reason
    from bookhunt.model.seller import Seller


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What one resolver says of a title; `reason` is None exactly when there are ISBNs."""

    resolver: str
    isbns: tuple[str, ...] = ()  # ISBN-13s, in the order of its answer
    reason: Reason | None = None
    detail: str | None = None
    retry_after_s: float | None = None


class Resolvers(Protocol):
    """Those of `sellers.d` that know which ISBNs a title has."""

    def resolvers(self) -> Sequence[Seller]:
        """Every one that is set up, in the order of their ids; cheap."""
        ...

    async def resolve(self, resolver_id: str, book: Book, *, within_s: float) -> Resolved:
        """Ask one. Ends within `within_s`; never an exception but the caller's cancellation."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNames:
    """What was once resolved of a title; without ISBNs: nobody knew it."""

    title: str  # as it was asked for
    isbns: tuple[str, ...]
    resolver: str | None
    at: datetime
    until: datetime  # from then on it is asked for again


class NameShelf(Protocol):
    """Names of titles over restarts; may lose any of them, which costs a call and nothing else."""

    async def of(self, title: str) -> KeptNames | None:
        """What is kept of a title, however old, case and punctuation aside; None: nothing."""
        ...

    def keep(self, names: KeptNames) -> None:
        """Remember, soon and in the background, in the place of what was there of this title."""
        ...

    async def latest(self, *, limit: int) -> list[KeptNames]:
        """What is kept, the newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTable:
    """What one source says one unit of `base` is worth, by currency."""

    source: str
    base: str
    units: Mapping[str, Fraction]  # of the base itself it says nothing
    as_of: datetime  # what it says it is of; where it does not say, when it was asked


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRates:
    """Why a source gave no rates."""

    detail: str


class RateSources(Protocol):
    """Those of `sellers.d` that know exchange rates."""

    async def rates(self, source_id: str, *, within_s: float) -> RateTable | NoRates:
        """Ask one. Ends within `within_s`; never an exception but the caller's cancellation."""
        ...


class RateShelf(Protocol):
    """The newest table of each source over restarts; may lose it, which costs a call."""

    async def of(self, source_id: str) -> RateTable | None:
        """The table kept of this source."""
        ...

    def keep(self, table: RateTable) -> None:
        """Remember, soon and in the background, in the place of an older one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Who knows what is no offer, and where it is remembered; None: nobody, and nowhere."""

    resolvers: Resolvers | None = None
    names: NameShelf | None = None
    rate_sources: RateSources | None = None
    rates: RateShelf | None = None
