"""The fields of an offer, compiled: each gives one fact of a row, or says what stood there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from bookhunt.model.reasons import Reason
from bookhunt.model.seller import BookFormat, Condition
from bookhunt.sellers.reading.amounts import AmountReader, ShippingReader, TaxReader
from bookhunt.sellers.reading.copies import condition_of, count_of, format_of
from bookhunt.sellers.reading.currencies import currency_of
from bookhunt.sellers.reading.errors import Unreadable, shown
from bookhunt.sellers.reading.identity import Names, names_of
from bookhunt.sellers.reading.links import link_of
from bookhunt.sellers.reading.texts import json_text, text_of
from bookhunt.sellers.reading.times import moment
from bookhunt.sellers.reading.values import ValueReader, truth_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bookhunt.model.money import Money
    from bookhunt.sellers.language import AnswerFormat, Definition, QuoteFields, Value
    from bookhunt.sellers.reading.rows import Row
    from bookhunt.sellers.template import Scope

T = TypeVar("T")
_HUGE_MINOR = 10**14
# Words that `available` may be mapped to besides true, false and unknown.
_ROW_REASONS = {word.value: word for word in (Reason.DOES_NOT_SHIP, Reason.SOLD_OUT)}


class Field(Generic[T]):
    """One field: its name, how it is found, and what makes a fact of what is found."""

    __slots__ = ("_parse", "name", "value")

    def __init__(self, name: str, value: ValueReader, parse: Callable[[Any], T]) -> None:
        self.name = name
        self.value = value
        self._parse = parse

    def of(self, row: Row, scope: Scope) -> T:
        """The fact.

        Raises:
            Unreadable: its text names the field and shows what stood there.
        """
        try:
            return self._parse(self.value.read(row, scope))
        except Unreadable as bad:
            raise named(bad, self.name) from None

    def shown(self, row: Row, scope: Scope) -> str:
        """What stands there before pattern and table, shortened."""
        return shown(self.value.raw(row, scope))


def named(bad: Unreadable, name: str) -> Unreadable:
    """The same failure, with the name of the field before it."""
    return Unreadable(f"{name}: {bad}", raw=bad.raw)


class Cost(NamedTuple):
    """What a copy costs; None: that part is not known."""

    price: Money
    shipping: Money | None
    tax: Money | None

    @property
    def is_huge(self) -> bool:
        """Whether the sum may be larger than any amount."""
        parts = (self.price, self.shipping, self.tax)
        return any(part is not None and part.minor > _HUGE_MINOR for part in parts)


class OfferFields:
    """The compiled fields of a quote; immutable and shared."""

    def __init__(
        self,
        fields: QuoteFields,
        definition: Definition,
        written: AnswerFormat,
        namespaces: Mapping[str, str],
    ) -> None:
        def field(name: str, model: Value | None, parse: Callable[[Any], T]) -> Field[T] | None:
            if model is None:
                return None
            return Field(name, ValueReader(model, written, namespaces), parse)

        self._isbn = None if fields.isbn is None else ValueReader(fields.isbn, written, namespaces)
        self._title = field("title", fields.title, _as_it_is)
        self._item = field("item", fields.item, _as_it_is)
        self._price = AmountReader(fields.price, written, namespaces)
        self._currency = field("currency", fields.currency, currency_of)
        self._of_prices_that_name_none = definition.currency
        self._shipping = ShippingReader(fields.shipping, written, namespaces)
        self._tax = TaxReader(fields.tax, written, namespaces)
        self._condition = field("condition", fields.condition, condition_of)
        self._only_condition = Condition(_only(definition.conditions) or Condition.UNKNOWN)
        self._format = field("format", fields.format, format_of)
        only_format = _only(definition.formats)
        self._only_format = None if only_format is None else BookFormat(only_format)
        self._available = field("available", fields.available, _availability)
        self._inventory = field("inventory", fields.inventory, count_of)
        self._expires = field("expires", fields.expires, _as_it_is)
        self._time = "iso8601" if fields.expires is None else fields.expires.time
        self._url = field("url", fields.url, _as_it_is)

    def names(self, row: Row, scope: Scope) -> Names:
        """What the row says of its own identity.

        Raises:
            Unreadable: its ISBN or title is an object, or longer than any.
        """
        title = None if self._title is None else self._title.of(row, scope)
        try:
            isbns = [] if self._isbn is None else self._isbn.every(row, scope)
            return names_of(isbns, title)
        except Unreadable as bad:
            raise named(bad, "isbn") from None

    def format(self, row: Row, scope: Scope) -> BookFormat | None:
        """What is delivered; None: something that is no format of a book to keep.

        Raises:
            Unreadable: the row does not say, and the seller has several.
        """
        if self._format is not None:
            return self._format.of(row, scope)
        if self._only_format is None:
            raise Unreadable("format: the seller has several, and no field says which")
        return self._only_format

    def condition(self, row: Row, scope: Scope) -> Condition:
        """The state of the copy; UNKNOWN where neither the row nor the definition says.

        Raises:
            Unreadable: a list or an object stands there.
        """
        if self._condition is not None:
            return self._condition.of(row, scope)
        return self._only_condition

    def absence(self, row: Row, scope: Scope) -> tuple[Reason, str] | None:
        """Why the copy cannot be had, and what says so; None: it can.

        Raises:
            Unreadable: the field `available` says nothing that is known, or the count is none.
        """
        available, inventory = self._available, self._inventory
        if available is not None:
            said = available.of(row, scope)
            if said is None:
                raise Unreadable(f"available: {available.shown(row, scope)} is not known to be yes")
            if said is not True:
                reason = said if isinstance(said, Reason) else Reason.SOLD_OUT
                return reason, f"available: {available.shown(row, scope)}"
        if inventory is not None:
            count = inventory.of(row, scope)
            if count is not None and count <= 0:
                return Reason.SOLD_OUT, f"inventory: {inventory.shown(row, scope)}"
        return None

    def inventory(self, row: Row, scope: Scope) -> int | None:
        """How many copies there are; None: not said, or none."""
        count = None if self._inventory is None else self._inventory.of(row, scope)
        return count if count is not None and count > 0 else None

    def cost(self, row: Row, scope: Scope) -> Cost:
        """What the copy costs.

        Raises:
            Unreadable: price or currency is missing, an amount is none, or the price is zero.
        """
        if self._currency is not None:
            currency = self._currency.of(row, scope)
        elif self._of_prices_that_name_none is not None:
            currency = self._of_prices_that_name_none
        else:
            raise Unreadable("currency: neither the row nor the definition names one")
        price = self._amount("price", self._price.read, row, scope, currency)
        if price is None:
            raise Unreadable("price: it is not there")
        if price.minor <= 0:
            raise Unreadable("price: nothing costs nothing", raw=price.amount)
        return Cost(
            price=price,
            shipping=self._amount("shipping", self._shipping.read, row, scope, price),
            tax=self._amount("tax", self._tax.read, row, scope, currency),
        )

    @staticmethod
    def _amount(
        name: str, read: Callable[[Row, Scope, Any], Money | None], row: Row, scope: Scope, by: Any
    ) -> Money | None:
        try:
            return read(row, scope, by)
        except Unreadable as bad:
            raise named(bad, name) from None

    def expiry(self, row: Row, scope: Scope, now: datetime) -> datetime | None:
        """Until when the offer stands; None: the row does not say.

        Raises:
            Unreadable: what stands there is no moment.
        """
        raw = None if self._expires is None else self._expires.of(row, scope)
        if raw is None:
            return None
        try:
            return moment(raw, self._time, now=now)
        except Unreadable as bad:
            raise named(bad, "expires") from None

    def url(self, row: Row, scope: Scope, base: str) -> str | None:
        """The offer's page, whole; None: the row has none, or what stands there is no address."""
        raw = None if self._url is None else self._url.of(row, scope)
        return None if raw is None else link_of(text_of(raw), base)

    def item(self, row: Row, scope: Scope, otherwise: tuple[str | None, ...]) -> str:
        """The seller's own name of the copy, JSON text.

        Where the definition has no such field (its seller is not ordered from), what is known of
        the row stands for it, so that a copy is recognised when it is asked for again.

        Raises:
            Unreadable: it is declared and not there, or longer than any.
        """
        if self._item is None:
            return json_text(otherwise)
        raw = self._item.of(row, scope)
        if raw is None:
            raise Unreadable("item: it is not there")
        try:
            return json_text(raw)
        except Unreadable as bad:
            raise named(bad, "item") from None


def _as_it_is(value: Any) -> Any:
    return value


def _availability(raw: Any) -> bool | Reason | None:
    reason = _ROW_REASONS.get(raw.strip()) if isinstance(raw, str) else None
    return reason if reason is not None else truth_of(raw)


def _only(words: tuple[T, ...]) -> T | None:
    return words[0] if len(words) == 1 else None
