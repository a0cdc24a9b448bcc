"""When an answer means something by itself, before anything is extracted from it."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from bookhunt.documents.closed import Closed
from bookhunt.sellers.language.scalars import Expression, HeaderName, Pattern, Statuses

ReasonWord = Literal[
    "not_stocked",
    "sold_out",
    "over_max",
    "wrong_book",
    "wrong_format",
    "wrong_condition",
    "wrong_currency",
    "does_not_ship",
    "too_cheap",
    "unreadable",
    "blocked",
    "rate_limited",
    "timed_out",
    "unreachable",
    "server_error",
    "unauthorised",
    "needs_setup",
    "cannot_ask",
    "only_by_link",
    "skipped_blocked",
    "skipped_open_breaker",
    "skipped_limit",
    "skipped_tier",
    "skipped_early_exit",
    "skipped_shadow",
]
OrderWord = Literal[
    "bought",
    "placed",
    "in_flight",
    "already_done",
    "sold_out",
    "declined",
    "price_changed",
    "refused",
    "unauthorised",
    "rate_limited",
    "needs_person",
    "unknown",
]
OutcomeWord = ReasonWord | OrderWord | Literal["retry_later", "none"]

REASON_WORDS: frozenset[str] = frozenset(get_args(ReasonWord))
ORDER_WORDS: frozenset[str] = frozenset(get_args(OrderWord))
OUTCOME_WORDS: frozenset[str] = REASON_WORDS | ORDER_WORDS | {"retry_later", "none"}


class When(Closed):
    """A condition on an answer: all that are named must hold. False, empty and 0 are no."""

    status: Statuses | None = Field(default=None, description="404, [401, 403] or 5xx.")
    json_expr: Expression | None = Field(
        default=None, alias="json", description="A JMESPath expression that holds."
    )
    xml: Expression | None = Field(default=None, description="An XPath expression that holds.")
    html: Expression | None = Field(
        default=None, description="An XPath expression or css:... that holds."
    )
    text: Pattern | None = Field(default=None, description="A pattern found in the body's text.")
    location: Pattern | None = Field(
        default=None, description="A pattern found in the header Location."
    )
    header: dict[HeaderName, Pattern] | None = Field(
        default=None, description="Patterns found in headers, by name."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set or self.header == {}:
            raise ValueError("should name at least one condition")
        return self


class Outcome(Closed):
    """What an answer means when the condition holds."""

    when: When = Field(description="The condition; all that it names must hold.")
    means: OutcomeWord = Field(
        alias="is", description="What it means: a reason, retry_later, or a word of an order."
    )
    message: Expression | None = Field(
        default=None, description="Where the answer says it for people."
    )


class Must(Closed):
    """What has to hold of an answer that goes on; what cannot be read does not hold."""

    that: When = Field(description="The condition; all that it names must hold.")
    otherwise: OutcomeWord = Field(alias="else", description="What the block ends with, if not.")
    message: Expression | None = Field(
        default=None, description="Where the answer says why, for people."
    )
