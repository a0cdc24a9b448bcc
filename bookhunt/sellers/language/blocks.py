"""What is asked: prices, names of a title, exchange rates."""

from typing import Literal

from pydantic import Field

from bookhunt.sellers.language.fields import QuoteFields, RateFields, ResolveFields
from bookhunt.sellers.language.scalars import CurrencyCode, Expression, Rows
from bookhunt.sellers.language.steps import Block

AsksBy = Literal["isbn13", "isbn10", "title"]


class Rowed(Block):
    """A block whose last answer holds rows."""

    rows: Rows | None = Field(default=None, description="Absent: the whole answer is the one row.")
    where: Expression | None = Field(default=None, description="Keep only such rows.")


class Quote(Rowed):
    """How to ask for a price."""

    asks_by: tuple[AsksBy, ...] = Field(
        default=("isbn13", "isbn10", "title"),
        min_length=1,
        description="The first of these that the book has is asked by.",
    )
    fields: QuoteFields = Field(description="The fields of an offer.")


class Resolve(Rowed):
    """How to learn the ISBNs of a title."""

    asks_by: tuple[AsksBy, ...] = Field(
        default=("title",), min_length=1, description="As in quote."
    )
    fields: ResolveFields = Field(description="The fields of a book.")


class Rates(Rowed):
    """How to learn exchange rates."""

    base: CurrencyCode = Field(description="The currency whose one unit the rates are for.")
    fields: RateFields = Field(description="The fields of a rate.")
