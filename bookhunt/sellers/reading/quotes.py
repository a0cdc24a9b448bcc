"""A quote's last answer, read into offers or refusals, each with its numbered reason.

A row is judged in this order: is it the book, in a wished format, left, in a wished condition;
then what it costs is read, then its currency compared. So a row that is sold out may lack a price,
and a row of another book may be as strange as it likes. What is not readable exactly as it is
declared is a refusal that shows what stood there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bookhunt.hunt.ports import Refusal
from bookhunt.model.errors import BookhuntError
from bookhunt.model.offer import Offer
from bookhunt.model.reasons import Reason
from bookhunt.sellers.reading.copies import condition_fits, format_fits
from bookhunt.sellers.reading.errors import Unreadable, shown
from bookhunt.sellers.reading.fields import OfferFields
from bookhunt.sellers.reading.identity import Names, same_book
from bookhunt.sellers.reading.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bookhunt.hunt.ports import Ask
    from bookhunt.model.seller import BookFormat, Condition
    from bookhunt.sellers.language import Definition, Quote
    from bookhunt.sellers.reading.received import Received
    from bookhunt.sellers.reading.rows import Row
    from bookhunt.sellers.template import Scope

# Which of several refusals is the seller's reason: what leaves the question open first, then what
# came nearest to an offer.
_TELLING = (
    Reason.UNREADABLE,
    Reason.SOLD_OUT,
    Reason.WRONG_CURRENCY,
    Reason.DOES_NOT_SHIP,
    Reason.WRONG_CONDITION,
    Reason.WRONG_FORMAT,
    Reason.WRONG_BOOK,
)
_MOST_REFUSED = 100


class QuoteRead(NamedTuple):
    """What one answer gives for one question; `reason` is None exactly when there are offers."""

    offers: tuple[Offer, ...] = ()
    refused: tuple[Refusal, ...] = ()
    reason: Reason | None = None
    detail: str | None = None

    def joined(self, more: QuoteRead) -> QuoteRead:
        """This page and a further one: its offers too, and of two reasons the more telling."""
        offers = self.offers + more.offers
        refused = (self.refused + more.refused)[:_MOST_REFUSED]
        if offers:
            return QuoteRead(offers=offers, refused=refused)
        first = more if _weight(more.reason) < _weight(self.reason) else self
        return QuoteRead(refused=refused, reason=first.reason, detail=first.detail)


class Circumstances(NamedTuple):
    """What is known of an answer besides its content."""

    at: datetime  # when it came, aware, in UTC
    response_ms: float


class QuoteReader:
    """The compiled `rows`, `where` and `fields` of a quote; immutable and shared."""

    def __init__(self, model: Quote, definition: Definition) -> None:
        last = model.steps[-1]
        namespaces = model.namespaces_of(last)
        self.seller = definition.id
        self.written = model.format_of(last)
        self.rows = Rows(model.rows, model.where, self.written, namespaces)
        self.fields = OfferFields(model.fields, definition, self.written, namespaces)

    def read(
        self, received: Received, ask: Ask, scope: Scope, circumstances: Circumstances
    ) -> QuoteRead:
        """What an answer that no outcome explained gives for one book. Never an exception."""
        try:
            rows = self.rows.of(received.tree(self.written))
        except (Unreadable, RecursionError) as bad:
            return _unreadable(bad)
        reading = _Reading(self, ask, scope, circumstances, received.wire.url)
        for row in rows:
            reading.add(row)
        return reading.result()

    def read_batch(
        self,
        received: Received,
        asks: Sequence[Ask],
        scope: Scope,
        circumstances: Circumstances,
    ) -> list[QuoteRead]:
        """What one answer gives for each of several books; a row finds its book by its ISBN.

        A row whose names cannot be read may be any of the books, so without an offer each of them
        is unreadable rather than not stocked. One that is none of the books, or names none, is a
        wrong book to each, as it would be to one that is asked for alone. Never an exception.
        """
        try:
            rows = self.rows.of(received.tree(self.written))
        except (Unreadable, RecursionError) as bad:
            return [_unreadable(bad) for _ in asks]
        readings = [_Reading(self, ask, scope, circumstances, received.wire.url) for ask in asks]
        for row in rows:
            try:
                names = self.fields.names(row, scope)
            except (Unreadable, RecursionError) as bad:
                for reading in readings:
                    reading.leave_unreadable(bad, row)
                continue
            meant = [reading for reading in readings if same_book(names, reading.ask.book)]
            for reading in meant or readings:
                reading.add(row)
        return [reading.result() for reading in readings]


def _weight(reason: Reason | None) -> int:
    return _TELLING.index(reason) if reason in _TELLING else len(_TELLING)


def _unreadable(bad: Unreadable | RecursionError) -> QuoteRead:
    return QuoteRead(reason=Reason.UNREADABLE, detail=_text(bad))


def _text(bad: Unreadable | RecursionError) -> str:
    return "the answer is nested too deep" if isinstance(bad, RecursionError) else str(bad)


class _Left(Exception):
    """A row is left out, and why."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class _Reading:
    """The rows of one answer as they are for one question."""

    def __init__(
        self, reader: QuoteReader, ask: Ask, scope: Scope, circumstances: Circumstances, url: str
    ) -> None:
        self.reader = reader
        self.ask = ask
        self.scope = scope
        self.circumstances = circumstances
        self.url = url
        self.offers: list[Offer] = []
        self.refused: list[Refusal] = []
        self.left_out: dict[Reason, tuple[int, str]] = {}

    def add(self, row: Row) -> None:
        """Judge a row: it is an offer, or left out with a reason."""
        try:
            self.offers.append(self._judged(row))
        except _Left as left:
            self._leave(left.reason, left.detail, row)
        except (Unreadable, RecursionError) as bad:
            self.leave_unreadable(bad, row)

    def leave_unreadable(self, bad: Unreadable | RecursionError, row: Row) -> None:
        """Leave a row out that cannot be read."""
        self._leave(Reason.UNREADABLE, _text(bad), row)

    def result(self) -> QuoteRead:
        """What came of all rows."""
        refused = tuple(self.refused)
        if self.offers:
            return QuoteRead(offers=tuple(self.offers), refused=refused)
        for reason in _TELLING:
            if reason in self.left_out:
                count, detail = self.left_out[reason]
                more = f" (and {count - 1} more)" if count > 1 else ""
                return QuoteRead(refused=refused, reason=reason, detail=detail + more)
        return QuoteRead(refused=refused, reason=Reason.NOT_STOCKED)

    def _judged(self, row: Row) -> Offer:
        fields, ask, scope = self.reader.fields, self.ask, self.scope
        names = fields.names(row, scope)
        if not same_book(names, ask.book):
            said = [*names.isbns, *names.strange][:3] or names.title
            raise _Left(Reason.WRONG_BOOK, f"the row is {shown(said)}")
        format_ = fields.format(row, scope)
        if format_ is None or not format_fits(format_, ask.format):
            raise _Left(Reason.WRONG_FORMAT, f"the format is {format_ or 'no book to keep'}")
        absent = fields.absence(row, scope)
        if absent is not None:
            raise _Left(*absent)
        condition = fields.condition(row, scope)
        if not condition_fits(condition, ask.condition):
            raise _Left(Reason.WRONG_CONDITION, f"the condition is {condition}")
        offer = self._offer(row, names, format_, condition)
        if offer.price.currency != ask.max_price.currency:
            raise _Left(Reason.WRONG_CURRENCY, f"the price is in {offer.price.currency}")
        if offer.expires_at is not None and offer.expires_at <= self.circumstances.at:
            raise _Left(Reason.SOLD_OUT, f"the offer ended at {offer.expires_at.isoformat()}")
        return offer

    def _offer(self, row: Row, names: Names, format_: BookFormat, condition: Condition) -> Offer:
        fields, scope, at = self.reader.fields, self.scope, self.circumstances.at
        cost = fields.cost(row, scope)
        url = fields.url(row, scope, self.url)
        isbn13 = names.isbns[0] if len(names.isbns) == 1 and not names.strange else None
        known = (isbn13, names.title, condition, format_, url)
        try:
            offer = Offer(
                seller=self.reader.seller,
                item=fields.item(row, scope, known),
                isbn13=isbn13,
                title=names.title,
                price=cost.price,
                shipping=cost.shipping,
                tax=cost.tax,
                condition=condition,
                format=format_,
                inventory=fields.inventory(row, scope),
                expires_at=fields.expiry(row, scope, at),
                url=url,
                checked_at=at,
                response_ms=self.circumstances.response_ms,
            )
            if cost.is_huge:
                _ = offer.total, offer.at_least  # both must be amounts that there are
        except BookhuntError as bad:
            raise Unreadable(bad.message) from None
        return offer

    def _leave(self, reason: Reason, detail: str, row: Row) -> None:
        count, first = self.left_out.get(reason, (0, detail))
        self.left_out[reason] = (count + 1, first)
        if len(self.refused) < _MOST_REFUSED:
            offer = None if reason in _WITHOUT_OFFER else self._anyway(row)
            self.refused.append(Refusal(reason=reason, offer=offer, detail=detail))

    def _anyway(self, row: Row) -> Offer | None:
        """The offer of a row that is left out, where it has a price: it is shown, not bought."""
        try:
            fields, scope = self.reader.fields, self.scope
            format_ = fields.format(row, scope)
            if format_ is None:
                return None
            names = fields.names(row, scope)
            return self._offer(row, names, format_, fields.condition(row, scope))
        except (Unreadable, RecursionError):
            return None


# Of another book nothing is shown, and what cannot be read has no price to show.
_WITHOUT_OFFER = frozenset({Reason.WRONG_BOOK, Reason.UNREADABLE})
