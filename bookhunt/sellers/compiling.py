"""A definition that passed its checks becomes a `CompiledSeller`.

The checks have compiled every text once already and told mistakes at their place; an exception from
here is a bug or a definition that was not checked.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.compiled import CompiledAuth, CompiledBlock, CompiledSeller
from bookhunt.sellers.compiling_setup import Configured, seller_of, set_up, told_in_quotes
from bookhunt.sellers.compiling_steps import compile_step, merged_headers
from bookhunt.sellers.language import (
    BasicAuth,
    BearerAuth,
    FindOrder,
    OAuth2Auth,
    SessionAuth,
)
from bookhunt.sellers.reading.orders import FoundReader
from bookhunt.sellers.reading.quotes import QuoteReader
from bookhunt.sellers.reading.rates import RateReader
from bookhunt.sellers.reading.titles import ResolveReader
from bookhunt.sellers.template import Context, compile_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bookhunt.sellers.language import Auth, Block, Definition
    from bookhunt.sellers.loading import Loaded
    from bookhunt.sellers.template import Template


def compile_block(key: str, block: Block, reader: Any = None) -> CompiledBlock:
    """A block; `reader` reads its last answer."""
    return CompiledBlock(
        key=key,
        steps=tuple(compile_step(block, step, n) for n, step in enumerate(block.steps)),
        reader=reader,
        model=block,
    )


def compile_auth(auth: Auth, settings: Mapping[str, Any]) -> CompiledAuth:
    """An entry of auth; its host is rendered here, since only settings stand in it."""
    host = None
    if auth.host is not None:
        host = compile_template(auth.host, Context.URL).render({"settings": settings})

    def template(text: str | None, context: Context = Context.VALUE) -> Template | None:
        return None if text is None else compile_template(text, context)

    if isinstance(auth, SessionAuth):
        return CompiledAuth(
            kind=auth.kind,
            host=host,
            session=compile_block("session", auth),
            headers=merged_headers(auth.headers),
        )
    if isinstance(auth, BasicAuth):
        return CompiledAuth(
            kind=auth.kind, host=host, user=template(auth.user), password=template(auth.password)
        )
    if isinstance(auth, OAuth2Auth):
        return CompiledAuth(
            kind=auth.kind,
            host=host,
            token_url=template(auth.token_url, Context.URL),
            client_id=template(auth.id),
            client_secret=template(auth.secret),
            scope=template(auth.scope),
            in_body=auth.send == "body",
        )
    context = Context.QUERY if auth.kind == "query" else Context.HEADER
    name = "" if isinstance(auth, BearerAuth) else auth.name
    return CompiledAuth(kind=auth.kind, host=host, name=name, value=template(auth.value, context))


# ------------------------------------------------------------------------------- a whole seller
@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """The compiled blocks of one definition: they depend on no setting."""

    quote: CompiledBlock | None
    resolve: CompiledBlock | None
    rates: CompiledBlock | None
    purchase: CompiledBlock | None
    find_order: CompiledBlock | None
    cancel: CompiledBlock | None
    told: frozenset[str]  # what a quote carries of the request


def compile_blocks(definition: Definition) -> Blocks:
    """Compile every block of a definition that passed its checks.

    What definitions have in common (`like:`) is compiled once and shared, but for their quotes.
    """
    quote, resolve, rates = definition.quote, definition.resolve, definition.rates
    purchase = definition.purchase
    found = purchase.find_order if purchase is not None else None
    cancel = purchase.cancel if purchase is not None else None
    return Blocks(
        quote=None
        if quote is None
        else compile_block("quote", quote, QuoteReader(quote, definition)),
        resolve=None
        if resolve is None
        else compile_block("resolve", resolve, ResolveReader(resolve)),
        rates=None if rates is None else compile_block("rates", rates, RateReader(rates)),
        purchase=None if purchase is None else _shared("purchase", purchase),
        find_order=None if found is None else _shared("find_order", found),
        cancel=None if cancel is None else _shared("cancel", cancel),
        told=told_in_quotes(definition),
    )


_MOST_SHARED = 512
_compiled: OrderedDict[tuple[str, str], CompiledBlock] = OrderedDict()


def _shared(key: str, block: Block) -> CompiledBlock:
    """A block that depends on nothing but itself, compiled before or now."""
    content = (key, block.model_dump_json(by_alias=True))
    known = _compiled.get(content)
    if known is None:
        reader = FoundReader(block) if isinstance(block, FindOrder) else None
        known = _compiled[content] = compile_block(key, block, reader)
        if len(_compiled) > _MOST_SHARED:
            _compiled.popitem(last=False)
    return known


def compile_seller(
    loaded: Loaded,
    *,
    configured: Configured | None = None,
    has_secret: Callable[[str], bool] = lambda _: True,
    blocks: Blocks | None = None,
) -> CompiledSeller:
    """A definition with what the user adds to it.

    `has_secret` tells whether the secret store holds a name (`booktopia/api_key`); `blocks`: those
    compiled before, where only settings or secrets changed.
    """
    configured = configured or Configured()
    definition = loaded.definition
    setup = set_up(definition, configured, has_secret)
    blocks = blocks or compile_blocks(definition)
    return CompiledSeller(
        seller=seller_of(loaded, setup, blocks.told, enabled=configured.enabled),
        definition=definition,
        hash=loaded.hash,
        base_url=setup.base_url,
        hosts=setup.hosts,
        settings=setup.settings,
        secrets=setup.secrets,
        maps=definition.maps,
        limits=definition.limits,
        auth=tuple(compile_auth(each, setup.settings) for each in definition.auth),
        quote=blocks.quote,
        resolve=blocks.resolve,
        rates=blocks.rates,
        purchase=blocks.purchase,
        find_order=blocks.find_order,
        cancel=blocks.cancel,
    )
