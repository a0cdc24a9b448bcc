"""The seller language, schema 1, as closed models.

One module per part of the page that describes it: `definition` is the whole, `blocks` what is
asked, `steps` and `requests` what is sent, `conditions` and `fields` what is read, `purchase` the
order. Here texts are texts: placeholders, expressions and patterns are compiled in
`sellers.compiling`, and what needs the whole to be judged is judged in `sellers.checks`.

A key that is a word of Python, or a name of pydantic, has another name as an attribute: `is` is
`means`, `else` is `otherwise`, `if` is `only_if`, `from` is `rows`, `schema` is `schema_version`,
`json` is `json_body` (what is sent) or `json_expr` (what is asked of an answer).
"""

from bookhunt.sellers.language.auth import (
    Auth,
    BasicAuth,
    BearerAuth,
    HeaderAuth,
    OAuth2Auth,
    QueryAuth,
    SessionAuth,
)
from bookhunt.sellers.language.blocks import Quote, Rates, Resolve, Rowed
from bookhunt.sellers.language.conditions import (
    ORDER_WORDS,
    OUTCOME_WORDS,
    REASON_WORDS,
    Must,
    Outcome,
    OutcomeWord,
    When,
)
from bookhunt.sellers.language.definition import Definition, Limits, Secret, Setting
from bookhunt.sellers.language.examples import (
    Example,
    Exchange,
    Expect,
    Given,
    GivenOffer,
    Reply,
    Then,
    ThenOffer,
    ThenRate,
)
from bookhunt.sellers.language.fields import (
    FoundOrderFields,
    MoneyPart,
    MoneyValue,
    OrderFields,
    PricedValue,
    QuoteFields,
    RateFields,
    RateValue,
    ResolveFields,
    Separators,
    ShippingValue,
    TaxValue,
    TimeValue,
    Value,
)
from bookhunt.sellers.language.purchase import (
    Cancel,
    FindOrder,
    Idempotency,
    Payment,
    Purchase,
)
from bookhunt.sellers.language.requests import BodyKind, GraphQL, Request
from bookhunt.sellers.language.scalars import AnswerFormat, Unit, status_matches
from bookhunt.sellers.language.steps import Basket, Block, Capture, NextPage, Pages, Pick, Step

__all__ = [
    "ORDER_WORDS",
    "OUTCOME_WORDS",
    "REASON_WORDS",
    "AnswerFormat",
    "Auth",
    "BasicAuth",
    "Basket",
    "BearerAuth",
    "Block",
    "BodyKind",
    "Cancel",
    "Capture",
    "Definition",
    "Example",
    "Exchange",
    "Expect",
    "FindOrder",
    "FoundOrderFields",
    "Given",
    "GivenOffer",
    "GraphQL",
    "HeaderAuth",
    "Idempotency",
    "Limits",
    "MoneyPart",
    "MoneyValue",
    "Must",
    "NextPage",
    "OAuth2Auth",
    "OrderFields",
    "Outcome",
    "OutcomeWord",
    "Pages",
    "Payment",
    "Pick",
    "PricedValue",
    "Purchase",
    "QueryAuth",
    "Quote",
    "QuoteFields",
    "RateFields",
    "RateValue",
    "Rates",
    "Reply",
    "Request",
    "Resolve",
    "ResolveFields",
    "Rowed",
    "Secret",
    "Separators",
    "SessionAuth",
    "Setting",
    "ShippingValue",
    "Step",
    "TaxValue",
    "Then",
    "ThenOffer",
    "ThenRate",
    "TimeValue",
    "Unit",
    "Value",
    "When",
    "status_matches",
]
