"""Examples that ask: quotes, batches, titles and rates, by the code that asks real sellers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.hunt.ports import Ask, Quoted
from bookhunt.model.book import Book, isbn13_of
from bookhunt.model.money import Money
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.sellers.auth_secrets import SecretCache
from bookhunt.sellers.auth_tokens import Tokens
from bookhunt.sellers.doctor_results import quote_differences, rate_differences
from bookhunt.sellers.network import NetworkRules
from bookhunt.sellers.plan import Ended, Patience, walk
from bookhunt.sellers.plan_exchange import Tools
from bookhunt.sellers.plan_kept import KeptCaptures
from bookhunt.sellers.plan_login import Door
from bookhunt.sellers.plan_quote import QuoteDesk
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.scope import Asked, asked_by, login_scope, quote_scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.sellers.compiled import CompiledBlock, CompiledSeller
    from bookhunt.sellers.doctor_script import ExampleClock, Script
    from bookhunt.sellers.language import Definition, Example, Given

ANYWHERE = NetworkRules(allow_loopback=True, allow_private=True)
_WITHIN_S = 60.0
_PLENTY = "100000"  # no maximum was given


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One example, set up: the seller, the wire that is played, and a clock."""

    seller: CompiledSeller
    example: Example
    script: Script
    clock: ExampleClock

    def door(self) -> Door:
        """The way to the wire, with secrets that are no secrets."""
        return Door(
            Tools(
                quotes=self.script,
                orders=self.script,
                secrets=SecretCache(example_secret, self.clock),
                tokens=Tokens(self.script, self.clock),
                rules=ANYWHERE,
                clock=self.clock,
            )
        )


def example_secret(name: str) -> str:
    """A secret of an example by its name in the store."""
    return "example-token" if name.startswith("pay/") else f"example-{name.rpartition('/')[2]}"


# -------------------------------------------------------------------------------- what is given
def book_of(given: Given) -> Book:
    """The book that is asked for."""
    text = given.isbn13 or given.isbn10
    isbn13 = isbn13_of(text) if text is not None else None
    return Book(title=given.title, isbn13=isbn13, authors=given.authors)


def currency_for(definition: Definition, example: Example) -> str:
    """The currency of the example's maximum: given, the definition's, or the first expected."""
    given = example.givens[0]
    if given.currency is not None:
        return given.currency
    if definition.currency is not None:
        return definition.currency
    for then in example.thens:
        for offer in then.offers or ():
            if offer.currency is not None:
                return offer.currency
    return "USD"


def ask_of(definition: Definition, example: Example, given: Given) -> Ask:
    """What a seller is asked in an example; what is not given fits the seller."""
    country = given.country
    if country is None:
        ships = definition.ships_to or ("*",)
        country = "US" if {"US", "*"} & set(ships) else ships[0]
    formats = definition.formats
    wish = given.format or ("paper" if "paper" in formats or not formats else formats[0])
    return Ask(
        book=book_of(given),
        max_price=Money.of(given.max_price or _PLENTY, currency_for(definition, example)),
        country=country,
        condition=ConditionWish(given.condition or "any"),
        format=FormatWish(wish),
    )


# --------------------------------------------------------------------------------------- quotes
async def quote(stage: Stage) -> list[str]:
    """Ask for a price; what is not as the example says."""
    seller, example = stage.seller, stage.example
    asks = [ask_of(seller.definition, example, given) for given in example.givens]
    asked = asked_by(seller, asks[0].book)
    if asked is None:
        return [f"cannot_ask: the book has none of {', '.join(seller.seller.asks_by)}"]
    desk = QuoteDesk(stage.door(), KeptCaptures(stage.clock))
    quoted: Sequence[Quoted]
    if len(asks) > 1:
        quoted = await desk.quote_batch(seller, asks, asked.by, within_s=_WITHIN_S)
    else:
        quoted = [await desk.quote(seller, asks[0], asked, within_s=_WITHIN_S)]
    several = len(quoted) > 1
    return [
        f"book {n}: {line}" if several else line
        for n, (then, each) in enumerate(zip(example.thens, quoted, strict=True), 1)
        for line in quote_differences(then, each)
    ]


# ----------------------------------------------------------------------------- titles and rates
@dataclass(frozen=True, slots=True)
class _Nothing:
    word: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class _Read:
    received: Any
    scope: Any


async def _walked(stage: Stage, block: CompiledBlock, scope: dict[str, Any]) -> _Read | _Nothing:
    """Run a block's steps; its last answer, or what ended it."""
    limits = stage.seller.limits
    patience = Patience(
        timeout_s=limits.timeout_ms / 1000, lost=limits.retries, later=1, every_step=True
    )
    opened = await stage.door().run(stage.seller, scope, patience, block=block.key, orders=False)
    if isinstance(opened, Ended):
        return _Nothing(opened.word, opened.detail)
    last = await walk(opened.run, block.steps)
    if isinstance(last, Ended):
        return _Nothing(last.word, last.detail)
    if last is None:
        return _Nothing("not_stocked", "no step had to be sent")
    return _Read(last.read.received, opened.run.scope_now())


async def resolve(stage: Stage) -> list[str]:
    """Ask for the ISBNs of a title."""
    seller, example, block = stage.seller, stage.example, stage.seller.resolve
    assert block is not None and seller.definition.resolve is not None  # noqa: PT018 - the checks have looked
    ask = ask_of(seller.definition, example, example.givens[0])
    asked = _asked_for(seller.definition.resolve.asks_by, ask.book)
    if asked is None:
        return ["cannot_ask: the book has no name that resolve takes"]
    read = await _walked(stage, block, quote_scope(seller, ask, asked))
    then = example.thens[0]
    isbns: tuple[str, ...] = ()
    reason: str | None
    if isinstance(read, _Nothing):
        reason, detail = read.word, read.detail
    else:
        result = block.reader.read(read.received, ask.book.title or "", read.scope)
        isbns, detail = result.isbns, result.detail
        reason = result.reason.value if result.reason is not None else None
    found: list[str] = []
    if then.isbns is not None:
        wanted = [isbn13_of(each) or each for each in then.isbns]
        if sorted(wanted) != sorted(isbns):
            said = f" ({reason}: {detail})" if reason else ""
            found.append(f"isbns: expected {wanted}, got {list(isbns)}{said}")
    if then.reason is not None and then.reason != reason:
        found.append(f"reason: expected {then.reason}, got {reason or 'isbns'}")
    return found


def _asked_for(asks_by: tuple[str, ...], book: Book) -> Asked | None:
    for by in asks_by:
        value = getattr(book, by)
        if value:
            return Asked(by=by, value=value)
    return None


async def rates(stage: Stage) -> list[str]:
    """Ask for exchange rates."""
    seller, block = stage.seller, stage.seller.rates
    assert block is not None  # the checks have looked
    given = stage.example.givens[0]
    currency = given.currency or seller.definition.currency
    scope = {**login_scope(seller), "request": {"currency": currency}}
    read = await _walked(stage, block, scope)
    then = stage.example.thens[0]
    word, detail, got = None, None, ()
    if isinstance(read, _Nothing):
        word, detail = read.word, read.detail
    else:
        try:
            got = block.reader.read(read.received, read.scope, now=stage.clock.now())
        except Unreadable as bad:
            word, detail = "unreadable", str(bad)
    if then.reason is not None:
        return [] if then.reason == word else [f"reason: expected {then.reason}, got {word}"]
    if word is not None:
        return [f"rates: expected, got {word} ({detail})"]
    return rate_differences(then, got)
