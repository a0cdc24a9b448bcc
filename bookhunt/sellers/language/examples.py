"""Recorded exchanges beside the definition, and what reading them must give."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from bookhunt.documents.closed import Closed, Truth
from bookhunt.sellers.language.conditions import OutcomeWord, ReasonWord
from bookhunt.sellers.language.scalars import (
    CountryCode,
    CurrencyCode,
    HeaderName,
    Json,
    Name,
    OneOrSeveral,
    Text,
)


class GivenOffer(Closed):
    """The offer that is ordered."""

    item: Json = Field(default=None, description="The seller's name of the copy.")
    price: Text | None = Field(default=None, description="Major units.")
    total: Text | None = Field(
        default=None, description="The landed total, major units; absent: unknown."
    )
    currency: CurrencyCode | None = Field(default=None, description="Default: currency:.")
    url: Text | None = Field(default=None, description="Its page.")


class Given(Closed):
    """What the example asks."""

    isbn13: Text | None = Field(default=None, description="The ISBN-13 that is asked for.")
    isbn10: Text | None = Field(default=None, description="The ISBN-10 that is asked for.")
    title: Text | None = Field(default=None, description="The title that is asked for.")
    authors: tuple[Text, ...] = Field(default=(), description="The authors.")
    max_price: Text | None = Field(default=None, description="Major units, without a currency.")
    currency: CurrencyCode | None = Field(
        default=None, description="The currency of max_price; default currency:."
    )
    country: CountryCode | None = Field(
        default=None, description="Where the book goes; default US."
    )
    condition: Literal["new", "used", "any"] | None = Field(
        default=None, description="Which copies are taken; default any."
    )
    format: Literal["paper", "ebook", "audio", "any"] | None = Field(
        default=None, description="Which formats are taken; default any."
    )
    offer: GivenOffer | None = Field(default=None, description="buy: what is ordered.")
    settings: dict[Name, Text] = Field(
        default_factory=dict, description="Settings of the definition in this example."
    )


class Expect(Closed):
    """What the request must be; only what is named is compared. "*": anything, absent: nothing."""

    method: Text | None = Field(default=None, description="The method.")
    host: Text | None = Field(default=None, description="With the port, where there is one.")
    path: Text | None = Field(default=None, description="The whole path.")
    query: dict[Text, OneOrSeveral] | None = Field(default=None, description="Parameters.")
    headers: dict[HeaderName, Text] | None = Field(
        default=None, description="Headers; the case of a name does not matter."
    )
    json_body: Json = Field(
        default=None,
        alias="json",
        description="Members of a JSON body, as deep as they are written.",
    )
    form: dict[Text, OneOrSeveral] | None = Field(default=None, description="Fields of a form.")
    variables: dict[Text, Json] | None = Field(default=None, description="Of a GraphQL request.")
    xml: dict[Text, Text] | None = Field(
        default=None, description="XPath expressions of the body and what they give."
    )
    cookies: dict[Text, Text] | None = Field(default=None, description="Cookies that are sent.")


class Reply(Closed):
    """What the seller answers."""

    status: Annotated[int, Field(ge=100, le=599)] = Field(default=200, description="The status.")
    headers: dict[HeaderName, OneOrSeveral] = Field(
        default_factory=dict, description="Headers; several of one name as a list."
    )
    body: str | None = Field(default=None, description="The body's text.")
    body_file: Text | None = Field(default=None, description="A file beside the definition.")
    json_body: Json = Field(default=None, alias="json", description="A JSON body.")
    lost: Truth = Field(default=False, description="The request arrived and no answer came.")

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        named = self.model_fields_set & {"body", "body_file", "json_body"}
        if len(named) > 1:
            raise ValueError("has several bodies: body, body_file or json")
        if self.lost and (named or self.headers or "status" in self.model_fields_set):
            raise ValueError("a lost answer has no status, headers or body")
        return self


class Exchange(Closed):
    """One request and its answer."""

    expect: Expect = Field(default_factory=Expect, description="What the request must be.")
    answer: Reply | Literal["lost"] | None = Field(
        default=None, description="The answer, or `lost`: the request arrived, no answer came."
    )
    lost: Truth = Field(default=False, description="The same as answer: lost.")

    @property
    def reply(self) -> Reply:
        """The answer; `lost` of it says that none came."""
        return self.answer if isinstance(self.answer, Reply) else Reply(lost=True)

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if (self.answer is None) == (not self.lost):
            raise ValueError("needs answer:, or lost: true")
        return self


_SCALAR = {"type": ["string", "number", "boolean", "null"]}


def _told(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError('should be a text; "*": anything, absent: nothing')  # noqa: TRY004
    return str(value)


Told = Annotated[str, BeforeValidator(_told), WithJsonSchema(_SCALAR)]


class ThenOffer(Closed):
    """An offer that must be read; what is not named is not compared."""

    item: Json = Field(default=None, description="The seller's name of the copy.")
    isbn13: Told | None = Field(default=None, description="The ISBN-13 of the row.")
    isbn: Told | None = Field(default=None, description="The ISBN of the row, 10 or 13 digits.")
    title: Told | None = Field(default=None, description="The title of the row.")
    price: Told | None = Field(default=None, description="Major units.")
    shipping: Told | None = Field(default=None, description="Major units; absent: unknown.")
    tax: Told | None = Field(default=None, description="Major units; absent: unknown.")
    total: Told | None = Field(
        default=None, description="The landed total, major units; absent: unknown."
    )
    currency: Told | None = Field(default=None, description="The currency.")
    condition: Told | None = Field(default=None, description="The condition.")
    format: Told | None = Field(default=None, description="The format.")
    available: Told | None = Field(default=None, description="true: an offer is available.")
    inventory: Told | None = Field(default=None, description="How many; absent: unknown.")
    expires: Told | None = Field(default=None, description="ISO 8601.")
    url: Told | None = Field(default=None, description="The whole address.")


class ThenRate(Closed):
    """A rate that must be read."""

    currency: Told = Field(description="The currency.")
    rate: Told = Field(description="Its rate, as a decimal number.")


class Then(Closed):
    """What must come of it; only what is named is compared."""

    offers: tuple[ThenOffer, ...] | None = Field(
        default=None, description="quote: all offers, cheapest first."
    )
    reason: ReasonWord | None = Field(default=None, description="quote: why there is none.")
    refused: tuple[ReasonWord, ...] | None = Field(
        default=None, description="quote: the reasons of the rows left out."
    )
    isbns: tuple[Text, ...] | None = Field(default=None, description="resolve: the ISBN-13s.")
    rates: tuple[ThenRate, ...] | None = Field(default=None, description="rates.")
    outcome: OutcomeWord | Literal["not_found", "not_sent"] | None = Field(
        default=None, description="buy: what became of the order."
    )
    order_id: Told | None = Field(default=None, description="buy.")
    total: Told | None = Field(default=None, description="buy: what was charged, major units.")
    delivery: Told | None = Field(default=None, description="buy.")


class Example(Closed):
    """One case."""

    name: Text = Field(description="What it shows.")
    operation: Literal["quote", "resolve", "buy", "rates"]
    given: Given | tuple[Given, ...] = Field(
        default_factory=Given, description="What is asked; a list: a batch, asked in one call."
    )
    exchanges: tuple[Exchange, ...] = Field(
        default=(), description="Every request in order, but those of auth."
    )
    then: Then | tuple[Then, ...] = Field(description="What comes of it; a list: a batch.")

    @property
    def givens(self) -> tuple[Given, ...]:
        """What is asked, as a list."""
        return self.given if isinstance(self.given, tuple) else (self.given,)

    @property
    def thens(self) -> tuple[Then, ...]:
        """What comes of each, as a list."""
        return self.then if isinstance(self.then, tuple) else (self.then,)

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if len(self.givens) != len(self.thens):
            raise ValueError("given and then are lists of one length")
        return self
