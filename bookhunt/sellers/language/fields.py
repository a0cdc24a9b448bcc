"""How one value of a row is found and read.

What every field may say stands in `Value`; money, shipping, tax and times say more.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from bookhunt.documents.closed import Closed, Truth
from bookhunt.sellers.language.scalars import (
    Expression,
    Pattern,
    Separator,
    TemplateText,
    Text,
    Unit,
)

TimeKind = Literal["iso8601", "unix", "unix_ms", "rfc2822", "seconds_from_now"]


class Value(Closed):
    """A value of a row: found at a place or given, then a pattern, then a table."""

    at: Expression | None = Field(
        default=None, description="Where it stands; ^. begins at the row outside."
    )
    const: TemplateText | None = Field(
        default=None, description="The value itself; placeholders allowed."
    )
    pattern: Pattern | None = Field(default=None, description="Its group 1 is the value.")
    map: dict[Text, str] | None = Field(
        default=None, description='A table from what stands there, case folded; "*": all else.'
    )
    otherwise: TemplateText | None = Field(
        default=None, alias="else", description="The value where nothing is there."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = ("at", "const", *self._sources())
        named = [each for each in sources if each in self.model_fields_set]
        if len(named) > 1:
            raise ValueError(f"has {' and '.join(named)}: one of them says where the value is")
        if not named:
            raise ValueError(f"needs one of {', '.join(sources)}")
        return self

    @classmethod
    def _sources(cls) -> tuple[str, ...]:
        """What else may say where the value is."""
        return ()


class Separators(Closed):
    """How an amount is written: nothing about it is guessed."""

    unit: Unit | None = Field(
        default=None, description="minor (cents), major (dollars) or micros (millionths)."
    )
    decimal: Separator | None = Field(
        default=None, description='What stands before the cents: "." (default) or ",".'
    )
    group: Separator | None = Field(
        default=None, description="What stands between thousands, where anything does."
    )
    exponent: Expression | None = Field(
        default=None, description="Where the number of minor digits stands; default ISO 4217's."
    )
    rounding: Literal["up"] | None = Field(
        default=None,
        alias="round",
        description="up: parts of a cent are the next cent; absent: they are an error.",
    )


class MoneyPart(Value, Separators):
    """One amount of a sum."""


class MoneyValue(Value, Separators):
    """An amount of money."""

    sum: tuple[MoneyPart, ...] | None = Field(default=None, description="Amounts that are added.")

    @classmethod
    def _sources(cls) -> tuple[str, ...]:
        return ("sum",)


class ShippingValue(MoneyValue):
    """What shipping costs."""

    free_above: Text | None = Field(
        default=None, description="Free from this price on (major units); below it `else`."
    )
    unknown: Truth | None = Field(default=None, description="The seller does not say.")

    @classmethod
    def _sources(cls) -> tuple[str, ...]:
        return ("sum", "free_above", "unknown")

    @model_validator(mode="after")
    def _free_above_what(self) -> Self:
        if self.free_above is not None and self.otherwise is None:
            raise ValueError("free_above needs else: what shipping costs below it")
        if self.unknown is False:
            raise ValueError("unknown can only be true")
        return self


class TaxValue(MoneyValue):
    """What tax is added."""

    included: Truth | None = Field(default=None, description="The price holds it.")
    unknown: Truth | None = Field(default=None, description="The seller does not say.")

    @classmethod
    def _sources(cls) -> tuple[str, ...]:
        return ("sum", "included", "unknown")

    @model_validator(mode="after")
    def _true_or_absent(self) -> Self:
        if False in {self.included, self.unknown}:
            raise ValueError("included and unknown can only be true")
        return self


class TimeValue(Value):
    """A moment."""

    time: TimeKind = Field(default="iso8601", description="How the moment is written.")


class PricedValue(MoneyValue):
    """An amount with a currency of its own; without one it is in the offer's."""

    currency: Value | None = Field(
        default=None, description="Its currency, compared with the offer's."
    )


class QuoteFields(Closed):
    """The fields of an offer."""

    item: Value | None = Field(default=None, description="What the order needs; may be an object.")
    isbn: Value | None = Field(default=None, description="The copy's ISBN; several must all be it.")
    title: Value | None = Field(default=None, description="The copy's title, where it has no ISBN.")
    price: MoneyValue = Field(description="The price of the copy alone.")
    currency: Value | None = Field(default=None, description="The currency; default currency:.")
    shipping: ShippingValue | None = Field(default=None, description="Absent: unknown.")
    tax: TaxValue | None = Field(
        default=None, description="Absent: the price is what is paid, the seller names no tax."
    )
    condition: Value | None = Field(
        default=None, description="Absent: the only one of conditions:."
    )
    available: Value | None = Field(default=None, description="true, false or unknown.")
    inventory: Value | None = Field(
        default=None, description="How many there are; absent: unknown."
    )
    expires: TimeValue | None = Field(default=None, description="How long the offer stands.")
    url: Value | None = Field(default=None, description="The offer's page.")
    format: Value | None = Field(
        default=None, description="paper, ebook, audio; rental is refused."
    )


class ResolveFields(Closed):
    """The fields of a book found by its title."""

    title: Value = Field(description="The row's title; rows of another title are passed over.")
    isbn: Value = Field(description="Its ISBN, or several in one text or list.")


class RateValue(Value):
    """A rate: a decimal number."""

    decimal: Separator | None = Field(default=None, description='"." (default) or ",".')


class RateFields(Closed):
    """The fields of an exchange rate."""

    currency: Value = Field(description="The currency that one unit of base: is worth so much of.")
    rate: RateValue = Field(description="Units of that currency for one of base:.")
    as_of: TimeValue | None = Field(default=None, description="When the rate was fixed.")


class OrderFields(Closed):
    """What the answer to the commit step says of the order."""

    order_id: Value | None = Field(default=None, description="The seller's number of the order.")
    final_price: PricedValue | None = Field(default=None, description="What was charged.")
    delivery: Value | None = Field(default=None, description="When it should arrive, as text.")


class FoundOrderFields(OrderFields):
    """What a look-up says of an order."""

    reference: Value | None = Field(default=None, description="Ours, as the seller kept it.")
    state: Value | None = Field(default=None, description="A word of an order, or none.")
