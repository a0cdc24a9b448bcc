"""An offer: one copy at one seller, with what it costs to have it at home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.model.errors import BadMoney, InputError

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.model.money import Money
    from bookhunt.model.seller import BookFormat, Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A copy a seller offers, read from its answer; parts the seller did not say are None.

    `shipping` and `tax` of None are unknown, never free: such an offer has no `total` and may be
    bought only where a step of the purchase checks the landed total first.
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

    @property
    def total(self) -> Money | None:
        """The landed total: copy, shipping and tax; None while a part is unknown."""
        if self.shipping is None or self.tax is None:
            return None
        return self.price + self.shipping + self.tax

    @property
    def at_least(self) -> Money:
        """What it costs at the very least: the known parts."""
        total = self.price
        for part in (self.shipping, self.tax):
            total = total + part if part is not None else total
        return total
