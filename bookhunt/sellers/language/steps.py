"""The steps of a block, and what is kept of their answers."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bookhunt.documents.closed import Closed, Truth
from bookhunt.sellers.language.conditions import Must, Outcome, OutcomeWord
from bookhunt.sellers.language.fields import OrderFields, PricedValue, Separators, Value
from bookhunt.sellers.language.requests import Request
from bookhunt.sellers.language.scalars import (
    AnswerFormat,
    Expression,
    HeaderName,
    Milliseconds,
    Name,
    Pattern,
    Rows,
    TemplateText,
    Text,
)

_SOURCES = ("at", "header", "cookie", "location", "form")


class Capture(Closed):
    """One value kept from an answer, later `{captured.NAME}`."""

    at: Expression | None = Field(default=None, description="Where it stands in the body.")
    header: HeaderName | None = Field(default=None, description="The header that holds it.")
    cookie: Text | None = Field(default=None, description="The cookie that holds it.")
    location: Pattern | None = Field(
        default=None, description="Group 1 of this pattern in the header Location."
    )
    form: Expression | None = Field(
        default=None, description="A form: its action and its hidden inputs."
    )
    pattern: Pattern | None = Field(default=None, description="Its group 1 is the value.")
    otherwise: OutcomeWord | None = Field(
        default=None,
        alias="else",
        description="What the block ends with where nothing is found; none: go on. "
        "Default unreadable.",
    )

    @property
    def source(self) -> str:
        """Which of at, header, cookie, location and form is written."""
        return next(each for each in _SOURCES if each in self.model_fields_set)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = [each for each in _SOURCES if each in self.model_fields_set]
        if len(named) != 1:
            raise ValueError(f"needs one of {', '.join(_SOURCES)}")
        if "form" in named and self.pattern is not None:
            raise ValueError("a form has no pattern: it is an action and its inputs")
        return self


class Pick(Separators):
    """One row of a list: of those that pass, the lowest."""

    rows: Rows = Field(alias="from", description="Where the list is.")
    where: Expression | None = Field(default=None, description="Keep only such rows.")
    equals: dict[Expression, TemplateText] | None = Field(
        default=None, description="Keep only rows where this equals that, compared like identity."
    )
    min_by: Expression | None = Field(default=None, description="Take the row where it is lowest.")
    pattern: Pattern | None = Field(default=None, description="Group 1 of min_by's text.")
    at: Expression | None = Field(
        default=None, description="What is kept of the row; absent: all of it."
    )
    otherwise: OutcomeWord | None = Field(
        default=None,
        alias="else",
        description="What the block ends with where nothing is found; none: go on. "
        "Default unreadable.",
    )


class Basket(Closed):
    """What lies in the basket: exactly one copy of the book, else nothing is bought."""

    rows: Rows = Field(description="Its lines; exactly one must be there.")
    item: Value | None = Field(default=None, description="Must be {offer.item}.")
    isbn: Value | None = Field(
        default=None, description="Must be the book's, where both sides have one."
    )
    title: Value | None = Field(
        default=None, description="Must be the book's, where neither item nor isbn can tell."
    )
    copies: Value = Field(description="How many of it; must be 1.")

    @model_validator(mode="after")
    def _tells_the_book(self) -> Self:
        if self.item is None and self.isbn is None and self.title is None:
            raise ValueError("needs item, isbn or title: which book lies in it?")
        return self


class NextPage(Closed):
    """Where the address of the next page stands."""

    at: Expression | None = Field(default=None, description="In the body.")
    header: HeaderName | None = Field(default=None, description="In a header.")
    pattern: Pattern | None = Field(default=None, description="Its group 1 is the address.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.at is None) == (self.header is None):
            raise ValueError("needs at or header, one of the two")
        return self


class Pages(Closed):
    """More pages of the same answer; only on a quote's last step."""

    next: NextPage = Field(description="Where the next page's address is; nothing there: the end.")
    most: Annotated[int, Field(ge=1, le=20)] = Field(
        default=3, description="How many pages are read at most, the first counted."
    )


class Step(Closed):
    """One request, and what its answer gives to the later ones."""

    name: Name | None = Field(default=None, description="What messages and traces call it.")
    request: Request = Field(description="What is sent.")
    only_if: TemplateText | None = Field(
        default=None, alias="if", description="Only where this text has a value."
    )
    keep_s: Annotated[float, Field(gt=0, le=7 * 86400)] | None = Field(
        default=None, description="Its captures are kept per book so long, and it is not sent."
    )
    pages: Pages | None = Field(default=None, description="More pages of the answer.")
    headers: dict[HeaderName, TemplateText] = Field(
        default_factory=dict, description="Headers; one without a value is left out."
    )
    format: AnswerFormat | None = Field(default=None, description="Default: the block's.")
    namespaces: dict[Text, Text] | None = Field(default=None, description="Prefixes of XPath.")
    outcomes: tuple[Outcome, ...] = Field(
        default=(), description="Read before anything is extracted; the first that matches wins."
    )
    must: tuple[Must, ...] = Field(
        default=(), description="What has to hold before anything is kept of the answer."
    )
    capture: dict[Name, Capture] = Field(
        default_factory=dict, description="Values kept, later {captured.NAME}."
    )
    pick: dict[Name, Pick] = Field(
        default_factory=dict, description="Rows chosen of lists, later {captured.NAME}."
    )
    basket: Basket | None = Field(
        default=None, description="What lies in the basket; more than the one copy is refused."
    )
    total: PricedValue | None = Field(
        default=None, description="The landed total; over the maximum it is refused."
    )
    again: Literal["safe", "never"] | None = Field(
        default=None, description="May it be repeated? Default: a GET safe, all else never."
    )
    commit: Truth = Field(default=False, description="This step spends; exactly one does.")
    timeout_ms: Milliseconds | None = Field(
        default=None, description="Its own time limit; default limits.timeout_ms."
    )
    fields: OrderFields | None = Field(
        default=None, description="The commit step: what its answer says of the order."
    )

    @property
    def repeatable(self) -> bool:
        """Whether the step may be sent again: as it says, else where it is a GET."""
        if self.again is not None:
            return self.again == "safe"
        return self.request.method == "GET" and not self.commit


class Block(Closed):
    """Steps, and what holds for each of them."""

    steps: tuple[Step, ...] = Field(min_length=1, description="Sent in order.")
    headers: dict[HeaderName, TemplateText] = Field(
        default_factory=dict, description="Headers of each step."
    )
    format: AnswerFormat = Field(default="json", description="How answers are written.")
    namespaces: dict[Text, Text] = Field(default_factory=dict, description="Prefixes of XPath.")
    outcomes: tuple[Outcome, ...] = Field(
        default=(), description="Read after the step's own; the first that matches wins."
    )
    must: tuple[Must, ...] = Field(
        default=(), description="Held against every answer but the commit step's."
    )
    capture: dict[Name, Capture] = Field(
        default_factory=dict, description="Taken wherever it appears, the latest wins."
    )

    def format_of(self, step: Step) -> AnswerFormat:
        """How the answer of a step is written."""
        return step.format or self.format

    def namespaces_of(self, step: Step) -> dict[str, str]:
        """The prefixes that a step's XPath may use."""
        return self.namespaces | (step.namespaces or {})
