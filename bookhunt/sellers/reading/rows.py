"""Which parts of an answer are rows, and what a row can see.

An empty JSON list is a miss that was said. A place that is not there, and no node in XML, HTML or
JSON-LD, says nothing: the answer may be another than we know, and is unreadable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bookhunt.sellers.reading.errors import BadExpression, Unreadable
from bookhunt.sellers.reading.finders import json_finder
from bookhunt.sellers.reading.markup_finders import html_finder, xml_finder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bookhunt.sellers.language import AnswerFormat
    from bookhunt.sellers.reading.finders import Finder

_OUTSIDE = "^."
# More than a person would look through; reading them all would hold everything else up.
MOST_ROWS = 2_000


class Row(NamedTuple):
    """One row: the part of the answer it is, and the row it lies in."""

    node: Any
    outer: Row | None = None


def compile_finder(
    expression: str, written: AnswerFormat, namespaces: Mapping[str, str] | None = None
) -> Finder:
    """Compile an expression for answers written so.

    Raises:
        BadExpression: it is none of that format.
    """
    if written == "xml":
        return xml_finder(expression, namespaces)
    if written == "html":
        return html_finder(expression)
    return json_finder(expression)


class Place:
    """Where a value of a row stands: an expression, `^.` before it once for each row outside."""

    __slots__ = ("_find", "_finder", "_outside", "expression", "find_in_node")

    def __init__(
        self, expression: str, written: AnswerFormat, namespaces: Mapping[str, str] | None = None
    ) -> None:
        self.expression = expression
        self._outside = 0
        while expression.startswith(_OUTSIDE):
            expression = expression.removeprefix(_OUTSIDE)
            self._outside += 1
        if not expression:
            raise BadExpression("nothing stands behind ^.")
        self._finder = compile_finder(expression, written, namespaces)
        self._find = self._finder.one
        # Where the place is in the row itself: what finds it in the row's node.
        self.find_in_node = None if self._outside else self._find

    def _node(self, row: Row) -> Any:
        for _ in range(self._outside):
            if row.outer is None:
                raise Unreadable(f"{self.expression}: there is no row outside")
            row = row.outer
        return row.node

    def one(self, row: Row) -> Any:
        """The value, None where nothing is there."""
        return self._find(self._node(row) if self._outside else row.node)

    def all(self, row: Row) -> list[Any]:
        """Every value there."""
        return self._finder.all(self._node(row))

    def holds(self, row: Row) -> bool:
        """Whether it means yes there."""
        return self._finder.holds(self._node(row))


class Rows:
    """The rows of an answer: one expression, or several for rows in rows, and a condition."""

    __slots__ = ("_levels", "_must_be_there", "_where")

    def __init__(
        self,
        expressions: Sequence[str] | None,
        where: str | None,
        written: AnswerFormat,
        namespaces: Mapping[str, str] | None = None,
    ) -> None:
        self._levels = [compile_finder(each, written, namespaces) for each in expressions or ()]
        self._where = None if where is None else Place(where, written, namespaces)
        # JMESPath gives an empty list where no object of a page passes; no JSON said so.
        self._must_be_there = written == "jsonld"

    def of(self, tree: Any) -> list[Row]:
        """The rows that pass; empty: the answer says that there is none.

        Raises:
            Unreadable: the rows are not where they should be, or there are too many.
        """
        rows = [Row(tree)]
        for finder in self._levels:
            rows = self._inner(finder, rows)
        if self._where is None:
            return rows
        return [row for row in rows if self._where.holds(row)]

    def _inner(self, finder: Finder, outer: list[Row]) -> list[Row]:
        found: list[Row] = []
        missing = 0
        for row in outer:
            nodes = finder.rows(row.node)
            if nodes is None or (self._must_be_there and not nodes):
                missing += 1
                continue
            found.extend(Row(node, row) for node in nodes)
            if len(found) > MOST_ROWS:
                raise Unreadable(f"the answer has more than {MOST_ROWS} rows")
        if missing and not found:
            raise Unreadable("the rows are not where the definition says they are")
        return found
