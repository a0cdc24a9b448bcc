"""What lies in a basket before it is paid for: one copy of the book that was asked for, or nothing.

A price alone does not show that the seller put another edition in, a second copy, or something of
its own. The line is compared as an offer's row is: by ISBN where both sides have one. Where the
line names the item that was ordered, nothing else has to: shops write an edition's title as they
like, and the quote has told which book the item is. Without an item and an ISBN the title decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.model.book import Book
from bookhunt.sellers.reading.errors import Unreadable, shown
from bookhunt.sellers.reading.identity import names_of, same_book
from bookhunt.sellers.reading.rows import Row, Rows
from bookhunt.sellers.reading.texts import is_blank, json_text, text_of
from bookhunt.sellers.reading.values import ValueReader, one_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.sellers.language import AnswerFormat, Basket
    from bookhunt.sellers.reading.received import Received
    from bookhunt.sellers.template import Scope

_ONE = frozenset({"1", "1.0", "1.00", "1.0000"})  # some systems count in decimals


class BasketReader:
    """The compiled `basket` of a step; immutable and shared."""

    def __init__(
        self, model: Basket, written: AnswerFormat, namespaces: Mapping[str, str] | None = None
    ) -> None:
        self.written = written
        self._rows = Rows(model.rows, None, written, namespaces)
        fields = {
            name: ValueReader(value, written, namespaces)
            for name in ("item", "isbn", "title", "copies")
            if (value := getattr(model, name)) is not None
        }
        self._item, self._isbn = fields.get("item"), fields.get("isbn")
        self._title, self._copies = fields.get("title"), fields["copies"]

    def fault(self, received: Received, scope: Scope) -> tuple[str, str] | None:
        """The word and detail of what is wrong with the basket; None: it holds the one copy.

        Raises:
            Unreadable: what lies in it cannot be told.
        """
        try:
            lines = self._rows.of(received.tree(self.written))
        except RecursionError:
            raise Unreadable("the answer is nested too deep") from None
        if len(lines) != 1:
            return "refused", f"the basket holds {len(lines)} lines, not one"
        [line] = lines
        copies = one_text(self._copies, line, scope)
        if not copies:
            raise Unreadable("copies: it is not there")
        if copies not in _ONE:
            return "refused", f"the basket holds {copies} copies, not one"
        return self._other_book(line, scope)

    def _other_book(self, line: Row, scope: Scope) -> tuple[str, str] | None:
        book = Book(isbn13=scope["book"]["isbn13"], title=scope["book"]["title"])
        names = names_of(
            [] if self._isbn is None else self._isbn.every(line, scope),
            None if self._title is None else self._title.read(line, scope),
        )
        said = [*names.isbns, *names.strange][:3] or names.title
        isbns_compare = book.isbn13 is not None and bool(names.isbns or names.strange)
        if self._item is not None:
            item, ordered = self._item.read(line, scope), scope["offer"]["item"]
            if not _same(item, ordered):
                detail = f"in the basket lies {shown(item)}, ordered was {shown(ordered)}"
                return "wrong_book", detail
            if not isbns_compare:
                return None
        if same_book(names, book):
            return None
        return "wrong_book", f"in the basket lies {shown(said)}"


def _same(one: Any, other: Any) -> bool:
    """Whether two values name the same item: the same text, whatever kind of value it is."""
    if is_blank(one) or is_blank(other):
        return False
    if isinstance(one, (dict, list)) or isinstance(other, (dict, list)):
        return json_text(one) == json_text(other)
    return text_of(one).strip() == text_of(other).strip()
