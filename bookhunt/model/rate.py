"""What one currency costs in another, and the arithmetic between them: exact, and against us.

A converted amount is compared with what a customer pays at most, and reserved from a budget. So an
amount the seller asks is rounded up with the margin added, and a maximum of the customer is
rounded down with the margin taken off. Both ways fit: whatever costs no more in the seller's
currency than `buys(maximum)` costs no more than the maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from bookhunt.model.errors import BadMoney, CurrencyMismatch
from bookhunt.model.money import LARGEST_MINOR, Money, exponent_of

if TYPE_CHECKING:
    from datetime import datetime

_LARGEST = Fraction(10**9)  # no two currencies are further apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one unit of `of`, the seller's currency, costs in `into`, the customer's."""

    of: str
    into: str
    mid: Fraction  # as its source says it
    margin: Fraction  # a share of it, added against us
    as_of: datetime | None = None  # None: set by hand
    until: datetime | None = None  # from then on nothing is bought by it; None: set by hand

    def __post_init__(self) -> None:
        exponent_of(self.of)
        exponent_of(self.into)
        if self.of == self.into:
            raise BadMoney(f"{self.of} needs no rate into itself")
        if not 1 / _LARGEST <= self.mid <= _LARGEST:
            raise BadMoney(f"one {self.of} is no {float(self.mid):g} {self.into}")
        if not 0 <= self.margin <= 1:
            raise BadMoney("the margin of a rate is a share between 0 and 1")
        if any(at is not None and at.tzinfo is None for at in (self.as_of, self.until)):
            raise BadMoney("times are aware, in UTC")

    @property
    def factor(self) -> Fraction:
        """What one minor unit of `of` costs in minor units of `into`, the margin included."""
        digits = exponent_of(self.into) - exponent_of(self.of)
        return self.mid * (1 + self.margin) * Fraction(10) ** digits

    def costs(self, money: Money) -> Money:
        """What an amount the seller asks costs the customer, at the most.

        Raises:
            CurrencyMismatch: it is in another currency.
            BadMoney: it is more than any book costs.
        """
        if money.currency != self.of:
            raise CurrencyMismatch(f"{money} is not in {self.of}")
        return Money(ceil(money.minor * self.factor), self.into)

    def buys(self, money: Money) -> Money:
        """The largest amount the seller may ask for what the customer pays at the most.

        It is no larger than any amount can be: a maximum without bounds has one all the same.

        Raises:
            CurrencyMismatch: it is in another currency.
        """
        if money.currency != self.into:
            raise CurrencyMismatch(f"{money} is not in {self.into}")
        return Money(min(floor(money.minor / self.factor), LARGEST_MINOR), self.of)

    def stands(self, at: datetime) -> bool:
        """Whether it may be bought by at that moment."""
        return self.until is None or at < self.until

    def __str__(self) -> str:
        day = "" if self.as_of is None else f" of {self.as_of.date().isoformat()}"
        return f"{float(self.mid):.6g} {self.into}{day}"
