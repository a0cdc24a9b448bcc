"""Every text of a definition that is compiled, with where it stands and what it stands in.

One walk over the models, in the order of the document, gives placeholders, expressions and patterns
alike. The checks compile each of them and look at the names in it; so a mistake in a text has a
line and a column, and what compiles here compiles when the seller is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from bookhunt.sellers.language import (
    Block,
    Capture,
    MoneyValue,
    Pick,
    PricedValue,
    SessionAuth,
    Value,
)
from bookhunt.sellers.template import Context
from bookhunt.sellers.template_names import Operation

if TYPE_CHECKING:
    from bookhunt.documents import DocumentPath
    from bookhunt.sellers.language import (
        AnswerFormat,
        Basket,
        Definition,
        Must,
        Outcome,
        Request,
        Rowed,
        Step,
        When,
    )


class Kind(StrEnum):
    """What a text is."""

    TEMPLATE = "template"
    EXPRESSION = "expression"
    PATTERN = "pattern"  # found or not
    GROUP = "group"  # a pattern whose group 1 is the value


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """Where the walk is: the block, the step, and how the answer read here is written."""

    path: DocumentPath = ()
    operation: Operation = Operation.SETUP
    block: str = ""  # quote, resolve, rates, purchase, find_order, cancel, auth[0]
    step: int | None = None  # None: the block as a whole; its fields are read after the last step
    format: AnswerFormat = "json"
    namespaces: Mapping[str, str] = field(default_factory=dict)

    def at(self, *steps: str | int, **changes: Any) -> Here:
        """Further down."""
        known = {
            "operation": self.operation,
            "block": self.block,
            "step": self.step,
            "format": self.format,
            "namespaces": self.namespaces,
        }
        return Here(path=(*self.path, *steps), **{**known, **changes})


@dataclass(frozen=True, slots=True, kw_only=True)
class TextUse:
    """One text."""

    here: Here
    kind: Kind
    text: str
    context: Context | None = None  # of a template
    left_out: bool = False  # where it has no value yet, nothing is sent: headers of a block
    in_row: bool = False  # an expression that may begin with ^.: it is read in a row

    @property
    def path(self) -> DocumentPath:
        """Where it stands."""
        return self.here.path


Texts: TypeAlias = Iterator[TextUse]


def texts_of(definition: Definition) -> Texts:
    """Every text that is compiled."""
    top = Here()
    yield _template(top.at("base_url"), definition.base_url, Context.URL)
    for n, host in enumerate(definition.hosts):
        yield _template(top.at("hosts", n), host, Context.URL)
    yield from _auth(definition, top)
    for key, operation in (
        ("quote", Operation.QUOTE),
        ("resolve", Operation.RESOLVE),
        ("rates", Operation.RATES),
    ):
        rowed: Rowed | None = getattr(definition, key)
        if rowed is not None:
            yield from _rowed(rowed, Here(path=(key,), block=key, operation=operation))
    purchase = definition.purchase
    if purchase is None:
        return
    here = Here(path=("purchase",), block="purchase", operation=Operation.PURCHASE)
    yield from _block(purchase, here)
    if purchase.find_order is not None:
        below = here.at("find_order", block="find_order", operation=Operation.FIND_ORDER)
        yield from _rowed(purchase.find_order, below)
    if purchase.cancel is not None:
        below = here.at("cancel", block="cancel", operation=Operation.CANCEL)
        yield from _block(purchase.cancel, below)


def _auth(definition: Definition, top: Here) -> Texts:
    contexts = {
        "value": Context.HEADER,
        "user": Context.VALUE,
        "password": Context.VALUE,
        "token_url": Context.URL,
        "id": Context.VALUE,
        "secret": Context.VALUE,
        "scope": Context.VALUE,
        "host": Context.URL,
    }
    for n, auth in enumerate(definition.auth):
        here = top.at("auth", n, operation=Operation.LOGIN, block=f"auth[{n}]")
        for key, context in contexts.items():
            text = getattr(auth, key, None)
            if text is None:
                continue
            below = here.at(key, operation=Operation.SETUP) if key == "host" else here.at(key)
            if key == "value" and auth.kind == "query":
                context = Context.QUERY  # noqa: PLW2901 - a value stands where its kind puts it
            yield _template(below, text, context)
        if isinstance(auth, SessionAuth):
            yield from _block(auth, here)


# ----------------------------------------------------------------------------------- blocks
def _rowed(block: Rowed, here: Here) -> Texts:
    yield from _block(block, here)
    last = block.steps[-1]
    here = here.at(format=block.format_of(last), namespaces=block.namespaces_of(last))
    for n, rows in enumerate(block.rows or ()):
        below = here.at("rows", n) if len(block.rows or ()) > 1 else here.at("rows")
        yield _expression(below, rows, in_row=n > 0)
    if block.where is not None:
        yield _expression(here.at("where"), block.where, in_row=True)
    yield from _fields(block.fields, here.at("fields"))  # type: ignore[attr-defined]  # each has its own


def _block(block: Block, here: Here) -> Texts:
    here = here.at(format=block.format, namespaces=block.namespaces)
    for name, text in block.headers.items():
        yield _template(here.at("headers", name), text, Context.HEADER, left_out=True)
    yield from _outcomes(block.outcomes, here)
    yield from _musts(block.must, here)
    for name, capture in block.capture.items():
        yield from _capture(capture, here.at("capture", name))
    for n, step in enumerate(block.steps):
        below = here.at(
            "steps",
            n,
            step=n,
            format=block.format_of(step),
            namespaces=block.namespaces_of(step),
        )
        yield from _step(step, below)


def _step(step: Step, here: Here) -> Texts:
    if step.only_if is not None:
        yield _template(here.at("if"), step.only_if, Context.VALUE)
    for name, text in step.headers.items():
        yield _template(here.at("headers", name), text, Context.HEADER)
    yield from _request(step.request, here.at("request"))
    yield from _outcomes(step.outcomes, here)
    yield from _musts(step.must, here)
    for name, capture in step.capture.items():
        yield from _capture(capture, here.at("capture", name))
    for name, pick in step.pick.items():
        yield from _pick(pick, here.at("pick", name))
    if step.pages is not None:
        below = here.at("pages", "next")
        if step.pages.next.at is not None:
            yield _expression(below.at("at"), step.pages.next.at)
        if step.pages.next.pattern is not None:
            yield _pattern(below.at("pattern"), step.pages.next.pattern, group=True)
    if step.basket is not None:
        yield from _basket(step.basket, here.at("basket"))
    if step.total is not None:
        yield from _value(step.total, here.at("total"), in_row=False)
    if step.fields is not None:
        yield from _fields(step.fields, here.at("fields"))


def _request(request: Request, here: Here) -> Texts:
    if request.path is not None:
        yield _template(here.at("path"), request.path, Context.PATH)
    if request.url is not None:
        yield _template(here.at("url"), request.url, Context.URL)
    for name, value in request.query.items():
        yield from _one_or_several(value, here.at("query", name), Context.QUERY)
    for name, text in request.headers.items():
        yield _template(here.at("headers", name), text, Context.HEADER)
    for name, value in (request.form or {}).items():
        context = Context.VALUE if name == "*" else Context.FORM
        yield from _one_or_several(value, here.at("form", name), context)
    if request.xml is not None:
        yield _template(here.at("xml"), request.xml, Context.XML)
    yield from json_texts(request.json_body, here.at("json"))
    if request.graphql is not None:
        yield from json_texts(request.graphql.variables, here.at("graphql", "variables"))


def _one_or_several(value: str | tuple[str, ...], here: Here, context: Context) -> Texts:
    if isinstance(value, str):
        yield _template(here, value, context)
        return
    for n, text in enumerate(value):
        yield _template(here.at(n), text, context)


def json_texts(value: Any, here: Here) -> Texts:
    """The texts in a JSON value."""
    if isinstance(value, str):
        yield _template(here, value, Context.JSON)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from json_texts(item, here.at(key))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from json_texts(item, here.at(n))


# ----------------------------------------------------------------------------------- answers
def _outcomes(outcomes: tuple[Outcome, ...], here: Here) -> Texts:
    for n, outcome in enumerate(outcomes):
        below = here.at("outcomes", n)
        yield from _when(outcome.when, below.at("when"))
        if outcome.message is not None:
            yield _expression(below.at("message"), outcome.message)


def _musts(musts: tuple[Must, ...], here: Here) -> Texts:
    for n, must in enumerate(musts):
        below = here.at("must", n)
        yield from _when(must.that, below.at("that"))
        if must.message is not None:
            yield _expression(below.at("message"), must.message)


def _when(when: When, here: Here) -> Texts:
    if when.json_expr is not None:
        yield _expression(here.at("json", format=_json_like(here.format)), when.json_expr)
    if when.xml is not None:
        yield _expression(here.at("xml", format="xml"), when.xml)
    if when.html is not None:
        yield _expression(here.at("html", format="html"), when.html)
    for key in ("text", "location"):
        if (pattern := getattr(when, key)) is not None:
            yield _pattern(here.at(key), pattern)
    for name, pattern in (when.header or {}).items():
        yield _pattern(here.at("header", name), pattern)


def _json_like(written: AnswerFormat) -> AnswerFormat:
    return written if written in {"json", "jsonp", "jsonld"} else "json"


def _capture(capture: Capture, here: Here) -> Texts:
    if capture.at is not None:
        yield _expression(here.at("at"), capture.at)
    if capture.form is not None:
        yield _expression(here.at("form", format="html"), capture.form)
    if capture.location is not None:
        yield _pattern(here.at("location"), capture.location, group=True)
    if capture.pattern is not None:
        yield _pattern(here.at("pattern"), capture.pattern, group=True)


def _pick(pick: Pick, here: Here) -> Texts:
    for n, rows in enumerate(pick.rows):
        below = here.at("from", n) if len(pick.rows) > 1 else here.at("from")
        yield _expression(below, rows, in_row=n > 0)
    for key in ("where", "min_by", "at"):
        if (text := getattr(pick, key)) is not None:
            yield _expression(here.at(key), text, in_row=True)
    if pick.exponent is not None and not pick.exponent.isdigit():
        yield _expression(here.at("exponent"), pick.exponent, in_row=True)
    if pick.pattern is not None:
        yield _pattern(here.at("pattern"), pick.pattern, group=True)
    for expression, text in (pick.equals or {}).items():
        yield _expression(here.at("equals", expression), expression, in_row=True)
        yield _template(here.at("equals", expression), text, Context.VALUE)


def _basket(basket: Basket, here: Here) -> Texts:
    for n, rows in enumerate(basket.rows):
        below = here.at("rows", n) if len(basket.rows) > 1 else here.at("rows")
        yield _expression(below, rows, in_row=n > 0)
    yield from _fields(basket, here)


def _fields(fields: Any, here: Here) -> Texts:
    for name in type(fields).model_fields:
        value = getattr(fields, name)
        if isinstance(value, Value):
            yield from _value(value, here.at(name))


def _value(value: Value, here: Here, *, in_row: bool = True) -> Texts:
    if value.at is not None:
        yield _expression(here.at("at"), value.at, in_row=in_row)
    if value.const is not None:
        yield _template(here.at("const"), value.const, Context.VALUE)
    if value.pattern is not None:
        yield _pattern(here.at("pattern"), value.pattern, group=True)
    if value.otherwise is not None:
        yield _template(here.at("else"), value.otherwise, Context.VALUE)
    exponent = getattr(value, "exponent", None)
    if exponent is not None and not exponent.isdigit():
        yield _expression(here.at("exponent"), exponent, in_row=in_row)
    if isinstance(value, MoneyValue):
        for n, part in enumerate(value.sum or ()):
            yield from _value(part, here.at("sum", n), in_row=in_row)
    if isinstance(value, PricedValue) and value.currency is not None:
        yield from _value(value.currency, here.at("currency"), in_row=in_row)


def _template(here: Here, text: str, context: Context, *, left_out: bool = False) -> TextUse:
    return TextUse(here=here, kind=Kind.TEMPLATE, text=text, context=context, left_out=left_out)


def _expression(here: Here, text: str, *, in_row: bool = False) -> TextUse:
    return TextUse(here=here, kind=Kind.EXPRESSION, text=text, in_row=in_row)


def _pattern(here: Here, text: str, *, group: bool = False) -> TextUse:
    return TextUse(here=here, kind=Kind.GROUP if group else Kind.PATTERN, text=text)
