"""Money: integer minor units and an ISO 4217 currency.

Amounts are never floats and never converted silently; arithmetic between two currencies is an
error. The number of digits after the point is ISO 4217's, and a currency that is not in the table
is refused: guessing an exponent is guessing a price a hundred times too low.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bookhunt.model.errors import BadMoney, CurrencyMismatch

# ISO 4217 (list one, 2026), active circulating currencies that do not have two digits.
_OTHER_EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_TWO_DIGITS = frozenset(
    (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
        "CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
        "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL "
        "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN "
        "PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
        "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
    ).split()
)
# SQLite stores 64-bit integers; no book costs a ten-thousandth of that.
LARGEST_MINOR = 10**15 - 1
_DECIMAL = re.compile(r"(?P<whole>[0-9]{1,15})(?:\.(?P<fraction>[0-9]{1,4}))?", re.ASCII)


def exponent_of(currency: str) -> int:
    """The number of digits after the point of an ISO 4217 currency.

    Raises:
        BadMoney: the code is not an active ISO 4217 currency in upper case.
    """
    if currency in _TWO_DIGITS:
        return 2
    try:
        return _OTHER_EXPONENTS[currency]
    except KeyError:
        raise BadMoney(
            f"{currency!r} is not a currency that ISO 4217 lists",
            hint="use a three-letter code in upper case, for example USD",
        ) from None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency, in its minor units (cents for USD, whole yen for JPY)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent_of(self.currency)
        if type(self.minor) is not int:
            raise BadMoney(f"an amount is a whole number of minor units, not {self.minor!r}")
        if abs(self.minor) > LARGEST_MINOR:
            raise BadMoney(f"{self.minor} minor units is more than any book costs")

    @classmethod
    def of(cls, amount: str, currency: str) -> Money:
        """Read a plain decimal string, `24.99`: digits, and a point before the minor units.

        Raises:
            BadMoney: anything else, more digits than the currency has, or an unknown currency.
        """
        exponent = exponent_of(currency)
        match = _DECIMAL.fullmatch(amount.strip())
        if match is None:
            raise BadMoney(
                f"{amount!r} is not an amount of money", hint="write it as 24.99, without a sign"
            )
        fraction = (match["fraction"] or "").rstrip("0")
        if len(fraction) > exponent:
            raise BadMoney(f"{amount!r} has more digits after the point than {currency} has")
        return cls(int(match["whole"] + fraction.ljust(exponent, "0")), currency)

    @property
    def amount(self) -> str:
        """The amount as a plain decimal string, `24.99`, as the JSON contract writes it."""
        exponent = exponent_of(self.currency)
        sign, digits = ("-" if self.minor < 0 else ""), str(abs(self.minor))
        if exponent == 0:
            return sign + digits
        digits = digits.rjust(exponent + 1, "0")
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    # Each comparison is written out: searches compare a lot, and derived ones cost thrice as much.
    def __lt__(self, other: Money) -> bool:
        self._same_currency(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same_currency(other)
        return self.minor <= other.minor

    def __gt__(self, other: Money) -> bool:
        self._same_currency(other)
        return self.minor > other.minor

    def __ge__(self, other: Money) -> bool:
        self._same_currency(other)
        return self.minor >= other.minor

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self} and {other} are not in the same currency")
