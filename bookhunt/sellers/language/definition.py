"""The whole of a definition: one file, one seller."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bookhunt.documents.closed import Closed
from bookhunt.sellers.language.auth import Auth
from bookhunt.sellers.language.blocks import Quote, Rates, Resolve
from bookhunt.sellers.language.examples import Example
from bookhunt.sellers.language.purchase import Purchase
from bookhunt.sellers.language.scalars import (
    CountryCode,
    CurrencyCode,
    Identifier,
    Milliseconds,
    Name,
    TemplateText,
    Text,
)

ConditionWord = Literal["new", "like_new", "very_good", "good", "acceptable", "used", "unknown"]
FormatWord = Literal["paper", "ebook", "audio"]
PurchaseModeWord = Literal["auto", "link", "none"]


class Setting(Closed):
    """A value that the user may set in the configuration."""

    type: Literal["string", "integer", "number", "boolean", "url"] = Field(
        default="string", description="What it may be."
    )
    default: str | None = Field(
        default=None, description="Its value until it is set; absent: the seller stays off."
    )
    help: Text | None = Field(default=None, description="What it is, in a few words.")


class Secret(Closed):
    """A name in the secret store, `<seller>/<name>`."""

    prompt: Text = Field(description="What `sellers login` asks for.")
    help: Text | None = Field(default=None, description="Where it is got.")


class Limits(Closed):
    """How much the seller takes."""

    per_second: Annotated[float, Field(gt=0, le=100_000)] = Field(
        default=500.0, description="Requests a second."
    )
    concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=50, description="Requests at one time."
    )
    timeout_ms: Milliseconds = Field(default=2500, description="Of one request.")
    quote_ttl_s: Annotated[float, Field(ge=0, le=86400)] = Field(
        default=60.0, description="How long an answer is fresh; 0: never."
    )
    body_kb: Annotated[int, Field(ge=1, le=16 * 1024)] = Field(
        default=512, description="The largest answer that is read, unpacked."
    )
    batch: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="How many books one call may ask for; over 1: books.*, not book.*."
    )
    retries: Annotated[int, Field(ge=0, le=3)] = Field(
        default=1, description="How often a quote's request is tried again."
    )


class Definition(Closed):
    """How one seller is asked for a price, and how it is ordered from."""

    schema_version: Literal["1"] = Field(alias="schema", description="The language's version: 1.")
    id: Identifier = Field(description="Equals the file's name.")
    name: Text = Field(description="What people call the seller.")
    homepage: Text | None = Field(default=None, description="For people.")
    base_url: TemplateText = Field(
        description="Where path: begins; may hold settings, then the seller is off until set."
    )
    like: Identifier | None = Field(
        default=None, description="Keys of this level not written here are that definition's."
    )
    hosts: tuple[TemplateText, ...] = Field(
        default=(), description="Other hosts it may talk to; nothing else is ever contacted."
    )
    region: Text = Field(default="world", description="A free name; limits can be set per region.")
    currency: CurrencyCode | None = Field(
        default=None, description="Of prices that name none; ISO 4217."
    )
    ships_to: tuple[CountryCode, ...] | None = Field(
        default=None, description='Countries; ["*"]: everywhere. Required with purchase_mode auto.'
    )
    conditions: tuple[ConditionWord, ...] = Field(
        default=(), description="What it sells; absent: any."
    )
    formats: tuple[FormatWord, ...] = Field(
        default=("paper",), description="What it sells, where rows do not say."
    )
    stock: Literal["exact", "eventual"] = Field(
        default="exact", description="eventual: counts may be old, one order at a time."
    )
    purchase_mode_: PurchaseModeWord | None = Field(
        default=None,
        alias="purchase_mode",
        description="auto: bookhunt orders; link: the customer gets the URL; none: quotes only. "
        "Default: auto where there is purchase:, else none.",
    )
    tier: Literal["auto", "1", "2", "3"] = Field(default="auto", description="A manual override.")
    trust: Literal["normal", "shadow", "blocked"] = Field(
        default="normal", description="shadow: asked, never bought from; blocked: not asked."
    )
    settings: dict[Name, Setting] = Field(
        default_factory=dict, description="Values the user may set in the configuration."
    )
    secrets: dict[Name, Secret] = Field(
        default_factory=dict, description="Names in the secret store."
    )
    maps: dict[Name, dict[Text, str]] = Field(
        default_factory=dict,
        description='Tables for the filter map; "*": all else; {*}: the value itself.',
    )
    limits: Limits = Field(default_factory=Limits, description="How much the seller takes.")
    auth: tuple[Auth, ...] = Field(default=(), description="How it knows its customer.")
    quote: Quote | None = Field(default=None, description="How to ask for a price.")
    resolve: Resolve | None = Field(default=None, description="How to learn a title's ISBNs.")
    rates: Rates | None = Field(default=None, description="How to learn exchange rates.")
    purchase: Purchase | None = Field(default=None, description="How to order.")
    examples: tuple[Example, ...] = Field(
        default=(), description="Recorded exchanges; `sellers test` replays them."
    )

    @property
    def purchase_mode(self) -> PurchaseModeWord:
        """What can be done with its offers: as it says, else auto where it says how to order."""
        return self.purchase_mode_ or ("auto" if self.purchase is not None else "none")

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.quote is None and self.resolve is None and self.rates is None:
            raise ValueError("needs quote, resolve or rates: it asks nothing")
        if self.purchase is not None and self.quote is None:
            raise ValueError("has purchase and no quote: without a price nothing is ordered")
        return self
