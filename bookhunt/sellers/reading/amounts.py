"""The fields that are amounts: price, shipping, tax, totals, what a pick is lowest by."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bookhunt.model.errors import BadMoney
from bookhunt.model.money import Money
from bookhunt.sellers.language import Value
from bookhunt.sellers.reading.currencies import currency_of
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.money import AmountFormat, minor_digits
from bookhunt.sellers.reading.rows import Place
from bookhunt.sellers.reading.values import ValueReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.sellers.language import (
        AnswerFormat,
        MoneyPart,
        MoneyValue,
        Pick,
        PricedValue,
        Separators,
        ShippingValue,
        TaxValue,
    )
    from bookhunt.sellers.reading.rows import Row
    from bookhunt.sellers.template import Scope


class AmountReader:
    """A compiled field of money; immutable and shared."""

    __slots__ = ("_exponent", "_format", "_parts", "value")

    def __init__(
        self,
        model: MoneyValue | MoneyPart,
        written: AnswerFormat,
        namespaces: Mapping[str, str] | None = None,
    ) -> None:
        parts = getattr(model, "sum", None) or ()
        self._parts = tuple(AmountReader(part, written, namespaces) for part in parts)
        self.value = ValueReader(model, written, namespaces)
        self._format = amount_format(model)
        self._exponent = (
            None if model.exponent is None else Place(model.exponent, written, namespaces)
        )

    def read(self, row: Row, scope: Scope, currency: str) -> Money | None:
        """The amount, of zero or more; None: it, or a part of its sum, is missing.

        Raises:
            Unreadable: what stands there is no amount of this currency as it is declared.
        """
        if self._parts:
            amounts = [part.read(row, scope, currency) for part in self._parts]
            return _added([amount for amount in amounts if amount is not None], len(amounts))
        raw = self.value.read(row, scope)
        if raw is None:
            return None
        exponent = None
        if self._exponent is not None:
            stated = self._exponent.one(row)
            if stated is None:
                raise Unreadable(f"{self._exponent.expression}: the minor digits are not there")
            exponent = minor_digits(stated)
        return self._format.money(raw, currency, exponent=exponent)


@lru_cache(maxsize=256)
def _nothing(currency: str) -> Money:
    return Money(0, currency)


def _added(amounts: list[Money], wanted: int) -> Money | None:
    """The sum of amounts in one currency; None where one of them is missing."""
    if len(amounts) < wanted:
        return None
    try:
        return sum(amounts[1:], start=amounts[0])
    except BadMoney as bad:
        raise Unreadable(bad.message) from None


def amount_format(model: Separators) -> AmountFormat:
    """How the amounts of a field are written."""
    return AmountFormat(
        model.unit or "major",
        model.decimal or ".",
        model.group,
        round_up=model.rounding == "up",
    )


class ShippingReader:
    """What shipping costs: said per row, free above a price, or not said at all."""

    __slots__ = ("_amount", "_free_above", "_is_unknown")

    def __init__(
        self,
        model: ShippingValue | None,
        written: AnswerFormat,
        namespaces: Mapping[str, str] | None = None,
    ) -> None:
        self._is_unknown = model is None or bool(model.unknown)
        self._free_above = None if model is None else model.free_above
        self._amount = None if model is None else AmountReader(model, written, namespaces)

    def read(self, row: Row, scope: Scope, price: Money) -> Money | None:
        """The cost, of zero or more; None: unknown, which is never free.

        Raises:
            Unreadable: what stands there is no amount.
        """
        if self._is_unknown or self._amount is None:
            return None
        if self._free_above is not None and price >= _stated(self._free_above, price.currency):
            return _nothing(price.currency)
        return self._amount.read(row, scope, price.currency)


def _stated(amount: str, currency: str) -> Money:
    try:
        return Money.of(amount, currency)
    except BadMoney as bad:
        raise Unreadable(f"free_above: {bad.message}") from None


class TaxReader:
    """What tax is added: nothing where the price holds it or the seller names none."""

    __slots__ = ("_amount", "_is_unknown")

    def __init__(
        self,
        model: TaxValue | None,
        written: AnswerFormat,
        namespaces: Mapping[str, str] | None = None,
    ) -> None:
        self._is_unknown = model is not None and bool(model.unknown)
        no_amount = model is None or model.unknown or model.included
        self._amount = (
            None if no_amount or model is None else AmountReader(model, written, namespaces)
        )

    def read(self, row: Row, scope: Scope, currency: str) -> Money | None:
        """The tax, of zero or more; None: unknown.

        Raises:
            Unreadable: what stands there is no amount.
        """
        if self._is_unknown:
            return None
        if self._amount is None:
            return _nothing(currency)
        return self._amount.read(row, scope, currency)


class PricedReader:
    """An amount with a currency of its own: a landed total, a price that was charged."""

    __slots__ = ("_amount", "_currency")

    def __init__(
        self,
        model: PricedValue,
        written: AnswerFormat,
        namespaces: Mapping[str, str] | None = None,
    ) -> None:
        self._amount = AmountReader(model, written, namespaces)
        self._currency = (
            None if model.currency is None else ValueReader(model.currency, written, namespaces)
        )

    def read(self, row: Row, scope: Scope, currency: str) -> Money | None:
        """The amount, of zero or more, in its own currency, else in `currency`; None: missing.

        It is the caller who compares the currency: another than expected is not unreadable.

        Raises:
            Unreadable: it is no amount, or its currency is declared and not there.
        """
        if self._currency is not None:
            currency = currency_of(self._currency.read(row, scope))
        return self._amount.read(row, scope, currency)


class LowestReader:
    """What the rows of a pick are compared by."""

    __slots__ = ("_format", "_value")

    def __init__(
        self, model: Pick, written: AnswerFormat, namespaces: Mapping[str, str] | None = None
    ) -> None:
        assert model.min_by is not None  # a pick without it takes the first row
        fields = {"at": model.min_by}
        if model.pattern is not None:
            fields["pattern"] = model.pattern
        self._value = ValueReader(Value(**fields), written, namespaces)
        self._format = amount_format(model)

    def read(self, row: Row, scope: Scope, currency: str) -> Money | None:
        """The amount; None: the row has none."""
        raw = self._value.read(row, scope)
        return None if raw is None else self._format.money(raw, currency)
