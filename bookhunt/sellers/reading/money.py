"""Money, read exactly: by the separators that are declared, into whole minor units, or not at all.

Libraries that guess read `1.299` and `1,299` alike, `$10 - $20` as 10 and `2 for $5` as 2. A guess
that is too low is a real purchase, so whatever is left over is an error of that row. For the same
reason text with three digits behind its separator is refused where the currency has two: it is far
more often a thousand than a tenth of a cent.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bookhunt.model.errors import BadMoney
from bookhunt.model.money import Money, exponent_of
from bookhunt.sellers.reading.errors import BadExpression, Unreadable, shown
from bookhunt.sellers.reading.exact_json import JsonNumber

if TYPE_CHECKING:
    from bookhunt.sellers.language import Unit

_LONGEST_TEXT = 40
_LARGEST_BITS = 80
# Decimal keeps 28 digits; beyond these nothing is an amount, and scaling stays exact.
_MOST_DIGITS = 25
_LARGEST_POWER = 30
_MOST_MINOR_DIGITS = 6
_MICROS = 6
_NOISE = Decimal("1e-6")  # of a minor unit: below it nothing was meant
_LIKE_THOUSANDS = 3


class AmountFormat:
    """How amounts are written in one place: unit and separators, compiled."""

    __slots__ = ("_group", "_round_up", "_text", "unit")

    def __init__(
        self,
        unit: Unit = "major",
        decimal: str = ".",
        group: str | None = None,
        *,
        round_up: bool = False,
    ) -> None:
        for separator in (decimal, group):
            if separator is not None and (
                len(separator) != 1 or separator.isalnum() or separator in "+-"
            ):
                raise BadExpression(f"{separator!r} cannot separate the digits of an amount")
        if decimal == group:
            raise BadExpression(f"{decimal!r} cannot stand before the cents and between thousands")
        self.unit = unit
        self._group = group
        self._round_up = round_up
        whole = r"[0-9]+"
        if group is not None:
            # Every space is a space here: shops use four kinds of them between thousands.
            between = r"\s" if group.isspace() else re.escape(group)
            whole = rf"[0-9]{{1,3}}(?:{between}[0-9]{{3}})+|[0-9]+"
            if group == ",":  # and in South Asia thousands, then hundreds: 12,34,567
                whole += r"|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"
        self._text = re.compile(rf"(?P<whole>{whole})(?:{re.escape(decimal)}(?P<part>[0-9]+))?")

    def money(self, raw: Any, currency: str, *, exponent: int | None = None) -> Money:
        """The amount that stands there, of zero or more.

        Args:
            raw: text, or a number of JSON or XPath.
            currency: ISO 4217, in upper case.
            exponent: how many minor digits a `minor` amount has here; None: ISO 4217's.

        Raises:
            Unreadable: it is no amount, less than zero, or not a whole number of minor units and
                not to be rounded up to one.
        """
        try:
            digits = exponent_of(currency)
        except BadMoney as bad:
            raise Unreadable(bad.message, raw=currency) from None
        if self.unit == "micros":
            power = digits - _MICROS
        elif self.unit == "major":
            power = digits
        else:
            power = 0 if exponent is None else digits - exponent
        minor = self._minor(raw, power, digits)
        if minor < 0:
            raise Unreadable(f"{shown(raw)} is less than nothing", raw=raw)
        try:
            return Money(minor, currency)
        except BadMoney as bad:
            raise Unreadable(bad.message, raw=raw) from None

    def _minor(self, raw: Any, power: int, digits: int) -> int:
        """The amount times ten to a power, where that is a whole number."""
        if isinstance(raw, str):
            whole, part = self._written(raw, digits)
            # Most amounts are of this kind, and whole numbers are a third of the cost.
            if 0 <= len(part) <= power:
                return int(whole + part + "0" * (power - len(part)))
            amount = Decimal(f"{whole}.{part or '0'}")
        else:
            if type(raw) is int and power >= 0 and raw.bit_length() <= _LARGEST_BITS:
                return int(f"{raw}{'0' * power}")
            amount = self._amount(raw)
        minor = amount.scaleb(power)
        if self._round_up and minor > 0 and minor.adjusted() < _MOST_DIGITS - _MICROS:
            # First to what can be meant: 17.810000000000002 is 17.81 in a binary fraction.
            minor = minor.quantize(_NOISE, ROUND_HALF_EVEN).to_integral_value(ROUND_CEILING)
        if minor != minor.to_integral_value():
            raise Unreadable(f"{shown(raw)} has more digits than it may have here", raw=raw)
        return int(minor)

    @staticmethod
    def _amount(raw: Any) -> Decimal:
        if isinstance(raw, JsonNumber):
            return _number(raw.text, raw)
        if isinstance(raw, bool) or not isinstance(raw, (int, float, Decimal)):
            raise Unreadable(f"{shown(raw)} is not an amount", raw=raw)
        if isinstance(raw, int) and raw.bit_length() > _LARGEST_BITS:
            raise Unreadable("the amount is larger than any", raw=str(raw)[:_LONGEST_TEXT])
        return _number(str(raw), raw)

    def _written(self, raw: str, digits: int) -> tuple[str, str]:
        """The digits before and behind the separator."""
        text = raw.strip()
        match = self._text.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
        if match is None:
            raise Unreadable(f"{shown(raw)} is not an amount as it is declared here", raw=raw)
        whole, part = match["whole"], match["part"] or ""
        if len(part) == _LIKE_THOUSANDS != digits:
            raise Unreadable(f"{shown(raw)} may be thousands", raw=raw)
        if self._group is not None:
            whole = "".join(c for c in whole if c.isdigit())
        if len(whole) + len(part) > _MOST_DIGITS:
            raise Unreadable(f"{shown(raw)} has more digits than any amount", raw=raw)
        return whole, part


def _number(text: str, raw: Any) -> Decimal:
    """A finite number of a size that amounts have."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_POWER:
        raise Unreadable(f"{shown(raw)} is not an amount", raw=raw)
    if len(number.as_tuple().digits) > _MOST_DIGITS:
        raise Unreadable(f"{shown(raw)} has more digits than any amount", raw=raw)
    return number


def minor_digits(raw: Any) -> int:
    """The number of minor digits that an answer states for its amounts: 0 to 6.

    Raises:
        Unreadable: it is not such a number.
    """
    if isinstance(raw, str) and raw.strip().isdecimal() and raw.isascii():
        raw = int(raw) if len(raw.strip()) == 1 else None
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= _MOST_MINOR_DIGITS:
        raise Unreadable(f"{shown(raw)} is not a number of minor digits", raw=raw)
    return raw
