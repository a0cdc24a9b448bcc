"""How to order, how to learn what became of an order, how to cancel one."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bookhunt.documents.closed import Closed
from bookhunt.sellers.language.blocks import Rowed
from bookhunt.sellers.language.fields import FoundOrderFields
from bookhunt.sellers.language.scalars import HeaderName, Text
from bookhunt.sellers.language.steps import Block, Step

ProfileField = Literal[
    "name",
    "first_name",
    "last_name",
    "street",
    "street2",
    "city",
    "region",
    "postcode",
    "country",
    "phone",
    "email",
]
_NATURAL_RETAINED_H = 24 * 365.0  # a session that committed stays committed
_WEEKS_S = 30 * 86400


class Payment(Closed):
    """How the seller is paid; a card number never is."""

    kind: Literal["token", "account"] = Field(
        description="token: the secret pay/<profile>/<seller> is sent; account: nothing is."
    )
    prompt: Text | None = Field(default=None, description="What `sellers login` asks for.")


class Idempotency(Closed):
    """What keeps the same order from being taken twice."""

    send: Literal["header", "body", "natural", "none"] = Field(
        description="Where order.key goes; natural: a session that commits once; none: nowhere."
    )
    name: HeaderName | None = Field(default=None, description="header: which.")
    at: Text | None = Field(
        default=None, description="body: the member or form field, with dots into objects."
    )
    retained_h: Annotated[float, Field(gt=0, le=24 * 366)] | None = Field(
        default=None, description="header, body: how long the seller remembers a key."
    )
    resend_after_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=0.0,
        description="The first send may be worked on so long: the same bytes never go sooner.",
    )
    replay: Literal["same_answer", "already_exists"] = Field(
        default="already_exists",
        description="What a key sent again gets: its first answer, or word that it was used.",
    )

    @property
    def has_key(self) -> bool:
        """Whether the same bytes may be sent again without a second order."""
        return self.send != "none"

    @property
    def retained_s(self) -> float:
        """How long a key is remembered, in seconds; 0 where there is none."""
        if not self.has_key:
            return 0.0
        natural = _NATURAL_RETAINED_H if self.send == "natural" else 0.0
        return 3600 * (self.retained_h or natural)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.name is None) == (self.send == "header"):
            raise ValueError("name: is needed with send: header, and only there")
        if (self.at is None) == (self.send == "body"):
            raise ValueError("at: is needed with send: body, and only there")
        if self.send in {"header", "body"} and self.retained_h is None:
            raise ValueError("needs retained_h: a key may be sent again only so long")
        return self


class FindOrder(Rowed):
    """How to learn the outcome after a lost answer."""

    by: Literal["reference", "captured"] = Field(
        default="reference",
        description="By our reference, or by what an earlier step captured.",
    )
    settle_s: Annotated[float, Field(ge=0, le=_WEEKS_S)] = Field(
        description="An order can still appear so long after it was sent."
    )
    fields: FoundOrderFields = Field(description="The fields of an order.")


class Cancel(Block):
    """How to take an order or a session back; tried once."""


class Purchase(Block):
    """How to order."""

    profile_needs: tuple[ProfileField, ...] = Field(
        default=(), description="What a shipping profile must hold."
    )
    payment: Payment = Field(
        default=Payment(kind="account"), description="How the seller is paid; default account."
    )
    idempotency: Idempotency = Field(
        default=Idempotency(send="none"), description="Default: nothing is sent."
    )
    find_order: FindOrder | None = Field(default=None, description="How an order is looked up.")
    cancel: Cancel | None = Field(default=None, description="How an order is taken back.")

    @property
    def commit_index(self) -> int | None:
        """The place of the first step that spends, None where none does."""
        return next((n for n, step in enumerate(self.steps) if step.commit), None)

    @property
    def commit_step(self) -> Step | None:
        """The step that spends, None where none does."""
        index = self.commit_index
        return None if index is None else self.steps[index]

    @property
    def checks_total(self) -> bool:
        """Whether a step before the commit names the landed total."""
        index = self.commit_index
        return any(step.total is not None for step in self.steps[:index])
