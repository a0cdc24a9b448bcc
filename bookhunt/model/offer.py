"""An offer: one copy at one seller, with what it costs to have it at home."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bookhunt.model.errors import BadMoney, InputError
from bookhunt.model.money import Money

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.model.rate import Rate
    from bookhunt.model.seller import BookFormat, Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What the seller itself asks, where that is in another currency than the customer's."""

    price: Money
    shipping: Money | None
    tax: Money | None
    rate: Rate

    def costs(self) -> tuple[Money, Money | None, Money | None]:
        """Price, shipping and tax as they cost the customer."""
        shipping = None if self.shipping is None else self.rate.costs(self.shipping)
        tax = None if self.tax is None else self.rate.costs(self.tax)
        return self.rate.costs(self.price), shipping, tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A copy a seller offers, read from its answer; parts the seller did not say are None.

    `shipping` and `tax` of None are unknown, never free: such an offer has no `total` and may be
    bought only where a step of the purchase checks the landed total first.

    An offer in another currency than the customer's is compared in the customer's: then every
    amount here is the converted one, and `original` is what the seller asks and is ordered at.
    """

    seller: str
    item: str  # the seller's own name of the copy, JSON text, opaque
    isbn13: str | None
    title: str | None
    price: Money  # of the copy alone
    shipping: Money | None
    tax: Money | None  # zero where the price includes it or the seller names none
    condition: Condition
    format: BookFormat
    inventory: int | None
    expires_at: datetime | None  # the seller's own word on how long this stands
    url: str | None
    checked_at: datetime
    response_ms: float
    cached: bool = False
    original: Original | None = None

    def __post_init__(self) -> None:
        if self.price.minor <= 0:
            raise BadMoney(f"a price of {self.price} is not an offer")
        for part in (self.shipping, self.tax):
            if part is not None and (part.minor < 0 or part.currency != self.price.currency):
                raise BadMoney(f"{part} cannot be added to a price of {self.price}")
        if self.inventory is not None and self.inventory < 1:
            raise InputError("an offer without a copy left is no offer: it is sold out")
        if not self.item:
            raise InputError("an offer needs the seller's own name of the copy")
        if self.original is not None and self.original.costs() != (
            self.price,
            self.shipping,
            self.tax,
        ):
            raise BadMoney(f"{self.original.price} at {self.original.rate} is not {self.price}")

    @property
    def total(self) -> Money | None:
        """The landed total: copy, shipping and tax; None while a part is unknown."""
        if self.shipping is None or self.tax is None:
            return None
        return self.at_least

    @property
    def at_least(self) -> Money:
        """What it costs at the very least: the known parts."""
        return Money(self.least_minor, self.price.currency)

    @property
    def least_minor(self) -> int:
        """What it costs at the very least, in minor units: what offers are ordered by."""
        # All parts are of one currency: an offer of two cannot be built.
        shipping = 0 if self.shipping is None else self.shipping.minor
        tax = 0 if self.tax is None else self.tax.minor
        return self.price.minor + shipping + tax

    def converted(self, rate: Rate) -> Offer:
        """The same offer as it costs a customer of another currency.

        Raises:
            CurrencyMismatch, BadMoney: the rate is of another currency, or the amount is huge.
        """
        original = Original(price=self.price, shipping=self.shipping, tax=self.tax, rate=rate)
        price, shipping, tax = original.costs()
        return replace(self, price=price, shipping=shipping, tax=tax, original=original)

    @property
    def as_sold(self) -> Offer:
        """The same offer in the seller's own currency: what an order is about."""
        own = self.original
        if own is None:
            return self
        return replace(self, price=own.price, shipping=own.shipping, tax=own.tax, original=None)
