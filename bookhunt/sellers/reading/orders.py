"""What an answer says of an order: to the commit step, and to a look-up afterwards.

An order that stands must not be lost to a field that reads badly: a number, a price or a date that
cannot be read is None with a word about it, and the caller decides what the answer proves. A
look-up is the other way round: where it cannot be told whether an order of ours is there, nothing
was learned, because "not found" is what allows a second order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.language import ORDER_WORDS
from bookhunt.sellers.reading.amounts import PricedReader
from bookhunt.sellers.reading.errors import Unreadable, shown
from bookhunt.sellers.reading.outcomes import printable
from bookhunt.sellers.reading.rows import Row, Rows
from bookhunt.sellers.reading.texts import text_of
from bookhunt.sellers.reading.values import ValueReader, one_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.model.money import Money
    from bookhunt.sellers.language import AnswerFormat, FindOrder, OrderFields
    from bookhunt.sellers.reading.received import Received
    from bookhunt.sellers.template import Scope

NONE = "none"
"""The word of a look-up's `state` for what is there and was not ordered."""

_LONGEST_ID = 200
_STATES = ORDER_WORDS | {NONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRead:
    """What an answer says of an order; None: not said, or not readable (then `detail` tells)."""

    order_id: str | None = None
    charged: Money | None = None
    delivery: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOrder(OrderRead):
    """An order of ours that a look-up shows; `state` is a word of an order, or `NONE`."""

    state: str


class OrderReader:
    """The compiled fields of an order; immutable and shared."""

    def __init__(
        self,
        model: OrderFields,
        written: AnswerFormat,
        namespaces: Mapping[str, str] | None = None,
    ) -> None:
        self.written = written
        self._order_id = (
            None if model.order_id is None else ValueReader(model.order_id, written, namespaces)
        )
        self._charged = (
            None
            if model.final_price is None
            else PricedReader(model.final_price, written, namespaces)
        )
        self._delivery = (
            None if model.delivery is None else ValueReader(model.delivery, written, namespaces)
        )

    def read(self, received: Received, scope: Scope, currency: str) -> OrderRead:
        """What an answer says; amounts that name no currency are in `currency`. No exception."""
        try:
            return self.of(Row(received.tree(self.written)), scope, currency)
        except Unreadable as bad:
            return OrderRead(detail=str(bad))

    def of(self, row: Row, scope: Scope, currency: str) -> OrderRead:
        """What a row says of its order. Never an exception."""
        problems: list[str] = []
        order_id = self._text("order_id", self._order_id, row, scope, problems)
        if order_id is not None and len(order_id) > _LONGEST_ID:
            problems.append(f"order_id: {shown(order_id)} is longer than any")
            order_id = None
        charged = None
        try:
            if self._charged is not None:
                charged = self._charged.read(row, scope, currency)
        except (Unreadable, RecursionError) as bad:
            problems.append(f"final_price: {bad}")
        if charged is not None and charged.minor <= 0:
            problems.append(f"final_price: {charged.amount} is no price")
            charged = None
        delivery = self._text("delivery", self._delivery, row, scope, problems)
        return OrderRead(
            order_id=order_id,
            charged=charged,
            delivery=delivery,
            detail="; ".join(problems) or None,
        )

    @staticmethod
    def _text(
        name: str, value: ValueReader | None, row: Row, scope: Scope, problems: list[str]
    ) -> str | None:
        try:
            text = None if value is None else one_text(value, row, scope)
            return None if text is None else printable(text) or None
        except (Unreadable, RecursionError) as bad:
            problems.append(f"{name}: {bad}")
            return None


class FoundReader:
    """The compiled rows and fields of a look-up; immutable and shared."""

    def __init__(self, model: FindOrder) -> None:
        last = model.steps[-1]
        namespaces = model.namespaces_of(last)
        self.written = model.format_of(last)
        self._by_reference = model.by == "reference"
        self._rows = Rows(model.rows, model.where, self.written, namespaces)
        self._order = OrderReader(model.fields, self.written, namespaces)
        fields = model.fields
        self._reference = (
            None
            if fields.reference is None
            else ValueReader(fields.reference, self.written, namespaces)
        )
        self._state = (
            None if fields.state is None else ValueReader(fields.state, self.written, namespaces)
        )

    def read(
        self, received: Received, scope: Scope, currency: str, *, reference: str
    ) -> tuple[FoundOrder, ...]:
        """The orders of ours that the answer shows; none: it says that there is none.

        Raises:
            Unreadable: it cannot be told whether an order of ours is there.
        """
        try:
            rows = self._rows.of(received.tree(self.written))
            if self._by_reference:
                rows = self._ours(rows, scope, reference)
            return tuple(self._found(row, scope, currency) for row in rows)
        except RecursionError:
            raise Unreadable("the answer is nested too deep") from None

    def _ours(self, rows: list[Row], scope: Scope, reference: str) -> list[Row]:
        if self._reference is None:
            raise Unreadable("reference: the definition has no such field")
        said = [one_text(self._reference, row, scope) for row in rows]
        # Orders that a person made carry no reference of ours; but where no row carries any, the
        # place may be wrong, and "not found" would be a second order.
        if rows and not any(said):
            raise Unreadable("reference: it is in none of the rows")
        return [row for row, each in zip(rows, said, strict=True) if each == reference]

    def _found(self, row: Row, scope: Scope, currency: str) -> FoundOrder:
        order = self._order.of(row, scope, currency)
        if self._state is not None:
            state = self._word(row, scope)
        elif self._by_reference or order.order_id is not None:
            state = "bought"
        else:
            raise Unreadable("neither a state nor an order's number is there")
        return FoundOrder(
            state=state,
            order_id=order.order_id,
            charged=order.charged,
            delivery=order.delivery,
            detail=order.detail,
        )

    def _word(self, row: Row, scope: Scope) -> str:
        assert self._state is not None  # the caller looked
        try:
            word: Any = self._state.read(row, scope)
            text = "" if word is None else text_of(word).strip()
        except Unreadable:
            text = ""
        return text if text in _STATES else "unknown"
