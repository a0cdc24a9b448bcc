"""A definition with nothing left to compile: what steps, readers and the gateway work with.

Every template, expression and pattern is compiled here once, when the definition is loaded. The
values are immutable and shared by all calls. What a key means is the language's business
(`sellers.language`); the models stay reachable as `definition` and as `model` of each block.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from bookhunt.sellers.template_sealed import SecretRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.model.seller import Seller
    from bookhunt.sellers.language import (
        AnswerFormat,
        Block,
        BodyKind,
        Definition,
        Limits,
        Step,
    )
    from bookhunt.sellers.network import DeclaredHosts
    from bookhunt.sellers.reading.amounts import LowestReader, PricedReader
    from bookhunt.sellers.reading.baskets import BasketReader
    from bookhunt.sellers.reading.finders import Finder
    from bookhunt.sellers.reading.orders import OrderReader
    from bookhunt.sellers.template import Template


class Regex(Protocol):
    """A compiled pattern of google-re2."""

    def search(self, text: str) -> Any:
        """The first match, None where there is none."""
        ...


# JSON in which every text is a template: dicts, lists, templates, numbers, truths and None.
Tree: TypeAlias = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledBody:
    """What is sent as a body; of the four kinds one is set."""

    kind: BodyKind
    json: Tree = None
    form: tuple[tuple[str, Template | tuple[Template, ...]], ...] = ()  # without the "*"
    whole_form: Template | None = None  # `"*"`: a captured form, whose inputs are all sent
    xml: Template | None = None
    query: str = ""  # of GraphQL
    variables: Tree = None
    operation_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRequest:
    """One request. `address` is a path behind base_url, or, with `is_url`, an address."""

    method: str
    address: Template
    is_url: bool
    query: tuple[tuple[str, Template | tuple[Template, ...]], ...]
    headers: tuple[tuple[str, Template], ...]  # the block's, the step's and its own, later wins
    body: CompiledBody | None
    follows: bool  # up to three redirects are followed
    # All that is sent, where no value is in it and no body says what it is.
    constant_headers: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledWhen:
    """A condition: every part that is not None must hold."""

    statuses: frozenset[int] | None = None
    json: Finder | None = None
    xml: Finder | None = None
    html: Finder | None = None
    text: Regex | None = None
    location: Regex | None = None
    headers: tuple[tuple[str, Regex], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledOutcome:
    """What an answer means when the condition holds."""

    when: CompiledWhen
    means: str  # a word of language.OUTCOME_WORDS
    message: Finder | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledMust:
    """What has to hold, and what it means where it does not."""

    that: CompiledWhen
    otherwise: str  # a word of language.OUTCOME_WORDS
    message: Finder | None
    told: str  # the condition as it is written, for people


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCapture:
    """One value kept. Of the sources one is set; `required`: a block's own are not."""

    name: str
    at: Finder | None = None
    header: str | None = None
    cookie: str | None = None
    location: Regex | None = None
    form: Finder | None = None  # its rows: the form element; an expression of HTML
    form_expression: str | None = None
    pattern: Regex | None = None
    otherwise: str | None = None  # the word that ends the block; "none": go on; None: unreadable
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPick:
    """One row of a list."""

    name: str
    rows: tuple[Finder, ...]  # the list; further ones are lists in its rows
    where: Finder | None
    equals: tuple[tuple[Finder, Template], ...]
    min_by: LowestReader | None  # None: the first row that passes
    at: Finder | None  # None: all of the row
    otherwise: str | None  # as of a capture


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPages:
    """Where the next page is."""

    at: Finder | None
    header: str | None
    pattern: Regex | None
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledStep:
    """One step."""

    index: int
    name: str  # its own, else step 1, step 2, ...
    request: CompiledRequest
    only_if: Template | None
    keep_s: float | None
    pages: CompiledPages | None
    format: AnswerFormat
    outcomes: tuple[CompiledOutcome, ...]  # in the order they are read, the block's after its own
    musts: tuple[CompiledMust, ...]  # its own, then the block's; none of the commit step
    captures: tuple[CompiledCapture, ...]  # its own, then the block's
    picks: tuple[CompiledPick, ...]
    basket: BasketReader | None
    total: PricedReader | None
    fields: OrderReader | None  # None but for the commit step
    repeatable: bool
    commit: bool
    timeout_s: float | None
    model: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledBlock:
    """Steps; `reader` reads the last answer where the block has rows and fields.

    It is reading's `QuoteReader`, `ResolveReader`, `RateReader` or `FoundReader`, by `key`.
    """

    key: str  # quote, resolve, rates, purchase, find_order, cancel, session
    steps: tuple[CompiledStep, ...]
    reader: Any
    model: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledAuth:
    """One entry of auth; `host` is the origin it goes to, None: base_url's."""

    kind: str
    host: str | None
    name: str = ""
    value: Template | None = None
    user: Template | None = None
    password: Template | None = None
    token_url: Template | None = None
    client_id: Template | None = None
    client_secret: Template | None = None
    scope: Template | None = None
    in_body: bool = False  # oauth2: id and secret go into the form, not into HTTP Basic
    session: CompiledBlock | None = None
    headers: tuple[tuple[str, Template], ...] = ()  # session: of every later request


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSeller:
    """One seller, ready to be asked as far as its settings allow.

    `base_url` and `hosts` are None while a setting they need is missing: then `seller.state` is
    needs_setup and nothing is contacted.
    """

    seller: Seller
    definition: Definition
    hash: str
    base_url: str | None
    hosts: DeclaredHosts | None
    settings: Mapping[str, Any] = field(default_factory=dict)  # typed; the scope's `settings`
    secrets: Mapping[str, str] = field(default_factory=dict)  # name to its name in the store
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    limits: Limits
    auth: tuple[CompiledAuth, ...] = ()
    quote: CompiledBlock | None = None
    resolve: CompiledBlock | None = None
    rates: CompiledBlock | None = None
    purchase: CompiledBlock | None = None
    find_order: CompiledBlock | None = None
    cancel: CompiledBlock | None = None
    secret_refs: Mapping[str, SecretRef] = field(init=False)  # the scope's `secrets`

    def __post_init__(self) -> None:
        refs = {name: SecretRef(name=stored) for name, stored in self.secrets.items()}
        object.__setattr__(self, "secret_refs", refs)

    @property
    def id(self) -> str:
        """The seller's id."""
        return self.seller.id

    @property
    def commit_index(self) -> int | None:
        """The place of the commit step among the purchase's steps."""
        model = self.definition.purchase
        return model.commit_index if model is not None else None

    @property
    def tells_charge_later(self) -> bool:
        """Whether what was charged stands in a look-up and not in the answer to the order."""
        model = self.definition.purchase
        if model is None or model.find_order is None or model.commit_step is None:
            return False
        fields = model.commit_step.fields
        said = fields is not None and fields.final_price is not None
        return not said and model.find_order.fields.final_price is not None
