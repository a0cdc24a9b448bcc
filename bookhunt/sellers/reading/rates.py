"""Exchange rates, as exact decimal numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.reading.currencies import currency_of
from bookhunt.sellers.reading.errors import Unreadable, shown
from bookhunt.sellers.reading.rows import Rows
from bookhunt.sellers.reading.texts import text_of
from bookhunt.sellers.reading.times import moment
from bookhunt.sellers.reading.values import ValueReader

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.sellers.language import Rates
    from bookhunt.sellers.reading.received import Received
    from bookhunt.sellers.reading.rows import Row
    from bookhunt.sellers.template import Scope

_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_SMALLEST, _LARGEST = Decimal("1e-9"), Decimal("1e9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One unit of the base currency is worth `rate` units of `currency`."""

    currency: str
    rate: Decimal
    as_of: datetime | None = None


class RateReader:
    """The compiled rows and fields of `rates`; immutable and shared."""

    def __init__(self, model: Rates) -> None:
        last = model.steps[-1]
        namespaces = model.namespaces_of(last)
        self.written = model.format_of(last)
        self._rows = Rows(model.rows, model.where, self.written, namespaces)
        fields = model.fields
        self._currency = ValueReader(fields.currency, self.written, namespaces)
        self._rate = ValueReader(fields.rate, self.written, namespaces)
        self._decimal = fields.rate.decimal or "."
        self._as_of = (
            None if fields.as_of is None else ValueReader(fields.as_of, self.written, namespaces)
        )
        self._time = "iso8601" if fields.as_of is None else fields.as_of.time

    def read(self, received: Received, scope: Scope, *, now: datetime) -> tuple[Rate, ...]:
        """The rates that can be read; a row of an unknown currency or without a rate is none.

        Raises:
            Unreadable: there is no rate that can be read.
        """
        found: dict[str, Rate] = {}
        problem = "the answer holds no rate"
        try:
            for row in self._rows.of(received.tree(self.written)):
                try:
                    rate = self._one(row, scope, now)
                except Unreadable as bad:
                    problem = str(bad)
                    continue
                found.setdefault(rate.currency, rate)
        except RecursionError:
            problem = "the answer is nested too deep"
        if not found:
            raise Unreadable(problem)
        return tuple(found.values())

    def _one(self, row: Row, scope: Scope, now: datetime) -> Rate:
        currency = currency_of(self._currency.read(row, scope))
        rate = self._number(self._rate.read(row, scope))
        as_of = None
        if self._as_of is not None:
            stated = self._as_of.read(row, scope)
            as_of = None if stated is None else moment(stated, self._time, now=now)
        return Rate(currency=currency, rate=rate, as_of=as_of)

    def _number(self, raw: Any) -> Decimal:
        if raw is None or isinstance(raw, bool):
            raise Unreadable("rate: it is not there")
        text = text_of(raw).strip()
        if isinstance(raw, str) and self._decimal != ".":
            text = text.replace(".", "\0").replace(self._decimal, ".")
        if not _NUMBER.fullmatch(text) or not _SMALLEST <= Decimal(text) <= _LARGEST:
            raise Unreadable(f"rate: {shown(raw)} is no rate", raw=raw)
        return Decimal(text)
