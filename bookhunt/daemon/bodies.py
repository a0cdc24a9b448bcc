"""The bodies that calls bring, as closed models: an unknown member is an error, nothing is coerced.

What an amount, a book or an address *means* is the model's business and checked there; here it is
only said which members there are and of which JSON type.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bookhunt.hunt.feedback import Feedback
from bookhunt.model.request import ConditionWish, FormatWish, Strategy

_TEXT = 1000  # characters; the model knows the closer limits
_SELLERS = 500

Text = Annotated[str, Field(min_length=1, max_length=_TEXT)]
Secret = Annotated[str, Field(min_length=1, max_length=32_000)]  # a private key is long
# Words of a closed list come as JSON strings, which a strict model would not take for an enum.
StrategyWord = Annotated[Strategy, Field(strict=False)]
ConditionWord = Annotated[ConditionWish, Field(strict=False)]
FeedbackWord = Annotated[Feedback, Field(strict=False)]
FormatWord = Annotated[FormatWish, Field(strict=False)]
SellerIds = Annotated[list[Text], Field(min_length=1, max_length=_SELLERS)]
DeadlineMs = Annotated[int, Field(gt=0, le=3_600_000)]
Priority = Annotated[int, Field(ge=-100, le=100)]


class ClosedBody(BaseModel):
    """A JSON object with known members only."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )


class Amount(ClosedBody):
    """`{"amount": "24.99", "currency": "USD"}`."""

    amount: Text
    currency: Text


class AddressBody(ClosedBody):
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    name: Text
    street: Text
    city: Text
    postcode: Text
    country: Text
    street2: Text | None = None
    region: Text | None = None
    phone: Text | None = None
    email: Text | None = None


class ProfileBody(AddressBody):
    """A shipping profile; `bill` where the bill goes elsewhere."""

    bill: AddressBody | None = None


class CustomerInfo(ClosedBody):
    """Who buys: a stored profile by its name, or an address and payment tokens given here."""

    profile: Text | None = None
    shipping: ProfileBody | None = None
    payment: dict[Text, Text] | None = None  # seller's id to its payment token

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "CustomerInfo":
        if (self.profile is None) == (self.shipping is None):
            raise ValueError("say either `profile` or `shipping`")
        if self.payment is not None and self.shipping is None:
            raise ValueError("`payment` goes with `shipping`; a profile has its own tokens")
        return self


class _Wishes(ClosedBody):
    """What purchases and quotes have in common; what is absent the configuration decides."""

    book_name: Text | None = None  # a title, or an ISBN where it has the shape of one
    isbn: Text | None = None
    condition: ConditionWord | None = None
    format: FormatWord | None = None
    country: Text | None = None
    sellers: SellerIds | None = None
    deadline_ms: DeadlineMs | None = None

    @model_validator(mode="after")
    def _a_book(self) -> Any:
        if (self.book_name is None) == (self.isbn is None):
            raise ValueError("say either `book_name` or `isbn`")
        return self


class PurchaseBody(_Wishes):
    """`POST /purchase-request`."""

    max_price: Amount | Text  # a decimal string is in the currency of the configuration
    customer_info: CustomerInfo | None = None
    customer: Text | None = None
    strategy: StrategyWord | None = None
    priority: Priority | None = None
    dry_run: bool = False
    note: Text | None = None
    again: bool = False


class QuoteBody(_Wishes):
    """`POST /quote`; without `max_price` offers of any price are asked for."""

    max_price: Amount | Text | None = None
    currency: Text | None = None
    profile: Text | None = None


class SettleBody(ClosedBody):
    """`POST /requests/{id}/settle`: what a person found out at the seller."""

    bought: Text | None = None  # the seller's order number
    not_bought: bool = False
    retry: bool = False

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "SettleBody":
        if (self.bought is None) == (not self.not_bought):
            raise ValueError("say either `bought` or `not_bought`")
        if self.retry and not self.not_bought:
            raise ValueError("`retry` goes with `not_bought`")
        return self


class PinBody(ClosedBody):
    """`POST /sellers/{id}/pin`: a tier, or null for the one that its figures earn."""

    tier: Annotated[int, Field(ge=1, le=3)] | None


class FeedbackBody(ClosedBody):
    """`POST /requests/{id}/feedback`: one word about a purchase."""

    feedback: FeedbackWord


class LoginBody(ClosedBody):
    """`POST /sellers/{id}/login`: secrets by the names of the definition, a payment token."""

    secrets: Annotated[dict[Text, Secret], Field(max_length=50)] = {}
    payment: Secret | None = None  # the token of `profile` at this seller
    profile: Text | None = None


class LimitsBody(ClosedBody):
    """`PUT /limits/{currency}`: what is absent stays, null is no limit."""

    purchase: Text | None = None
    day: Text | None = None
    month: Text | None = None
