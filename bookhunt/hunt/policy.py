"""What a strategy is to the search: it sees how things stand and says what to do next.

A policy decides synchronously and performs nothing; times are monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bookhunt.hunt.candidates import Candidate
    from bookhunt.model.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How a search stands."""

    now: float
    started_at: float
    ends_at: float  # the search's deadline
    max_price: Money
    best: Money | None  # what the best fitting offer costs at the least
    unasked: Collection[Candidate]
    in_flight: Mapping[str, float] = field(default_factory=dict)  # seller to the call's age in s
    failed: Collection[Candidate] = ()  # passing failures that were not asked a second time yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now, and when to look again if no answer comes before."""

    ask: tuple[Candidate, ...] = ()
    ask_again: tuple[Candidate, ...] = ()
    stop: bool = False
    why: str | None = None  # why the search stops
    look_again_at: float | None = None
    window: int | None = None  # how many calls at once it wants; None: it does not count them


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a policy sees one seller when it is asked; totals in minor units."""

    rank: int  # in the order of worth at the start, from 1
    reservation_minor: int | None  # with a total below this in hand it would not be asked
    expected_minor: int


class Policy(Protocol):
    """One request's course through the sellers."""

    def decide(self, sight: Sight) -> Decision:
        """Ask, wait or stop."""
        ...

    def view(self, seller_id: str) -> View | None:
        """How the seller is seen now; None for a policy that does not look at prices."""
        ...

    def resume(self) -> None:
        """The offer the search stopped for fell through: search on."""
        ...
