"""The answer to "which ISBNs has this title": further names of the book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.model.reasons import Reason
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.identity import names_of, same_title
from bookhunt.sellers.reading.rows import Rows
from bookhunt.sellers.reading.values import ValueReader

if TYPE_CHECKING:
    from bookhunt.sellers.language import Resolve
    from bookhunt.sellers.reading.received import Received
    from bookhunt.sellers.template import Scope

_MOST_ISBNS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveRead:
    """ISBN-13s in the order of the answer; `reason` is None exactly when there are some."""

    isbns: tuple[str, ...] = ()
    reason: Reason | None = None
    detail: str | None = None


class ResolveReader:
    """The compiled rows and fields of `resolve`; immutable and shared."""

    def __init__(self, model: Resolve) -> None:
        last = model.steps[-1]
        namespaces = model.namespaces_of(last)
        self.written = model.format_of(last)
        self._rows = Rows(model.rows, model.where, self.written, namespaces)
        self._title = ValueReader(model.fields.title, self.written, namespaces)
        self._isbn = ValueReader(model.fields.isbn, self.written, namespaces)

    def read(self, received: Received, title: str, scope: Scope) -> ResolveRead:
        """The ISBNs of the rows with this title. Never an exception.

        Rows of another title and texts that are no ISBN are passed over; at most 100 are kept.
        """
        found: dict[str, None] = {}
        unreadable: str | None = None
        others = 0
        try:
            for row in self._rows.of(received.tree(self.written)):
                try:
                    isbns = self._isbn.every(row, scope)
                    names = names_of(isbns, self._title.read(row, scope))
                except Unreadable as bad:
                    unreadable = unreadable or str(bad)
                    continue
                if names.title is None or not same_title(names.title, title):
                    others += 1
                    continue
                found.update(dict.fromkeys(names.isbns))
        except Unreadable as bad:
            unreadable = str(bad)
        except RecursionError:
            unreadable = "the answer is nested too deep"
        if found:
            return ResolveRead(isbns=tuple(found)[:_MOST_ISBNS])
        if unreadable is not None:
            return ResolveRead(reason=Reason.UNREADABLE, detail=unreadable)
        reason = Reason.WRONG_BOOK if others else Reason.NOT_STOCKED
        return ResolveRead(reason=reason, detail="no row has this title" if others else None)
