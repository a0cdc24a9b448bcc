"""The watches: what is looked for again and again, and which copy may be asked for now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bookhunt.model.watch import NextCopy, Watch, WatchRecord, WatchRun, WatchState


class Watches(Protocol):
    """Every watch that ever was, beside the ledger of what it bought; durable when a call returns.

    A change is compare-and-set on the version. What a watch bought and whether a purchase of it is
    open are read from the requests themselves, which alone say so.
    """

    async def add(self, watch: Watch, *, first_run: bool) -> WatchRecord:
        """Keep a new watch, active; `first_run`: due at once, else at its next time.

        Raises:
            StateConflict: there is one of that id.
        """
        ...

    async def get(self, watch_id: str) -> WatchRecord | None:
        """The watch of that id, removed or not."""
        ...

    async def named(self, beginning: str, *, most: int) -> list[WatchRecord]:
        """Watches that are not removed and whose id begins so."""
        ...

    async def all(self, *, states: frozenset[WatchState]) -> list[WatchRecord]:
        """Every watch in one of these states, in the order of their ids."""
        ...

    async def page(
        self, *, states: frozenset[WatchState], after: str, limit: int
    ) -> list[WatchRecord]:
        """At most `limit` (up to 500) of them, those whose id is greater than `after`."""
        ...

    async def change(self, record: WatchRecord, watch: Watch, state: WatchState) -> WatchRecord:
        """Put another value or state in the place of what `record` saw.

        Raises:
            IllegalTransition: somebody changed it first; read it again.
            StateConflict: it was removed, or fewer copies are wanted than are bought or open.
        """
        ...

    async def next_copy(self, watch_id: str) -> NextCopy | None:
        """The copy that may be asked for now; None: none is left, or one is not settled.

        The same copy and round until the request made with its key has ended; a copy's next round
        only after its last one ended without an order, the next copy only after this one is bought.
        """
        ...

    async def ran(self, watch_id: str, run: WatchRun) -> WatchRecord:
        """Write down the newest run; its lowest total counts for the best ever seen.

        Raises:
            NotFound: no such watch.
        """
        ...
