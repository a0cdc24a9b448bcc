"""`bookhunt sellers test --live`: real questions to a real seller, each shown and timed.

What the seller still lacks before it can be ordered from is told part by part. Nothing is ordered
from here: without `--checkout` the transport of orders is replaced by one that refuses, and with it
the steps before the commit are all that is ever sent.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bookhunt.cli.output import one_line
from bookhunt.cli.render import OFFER_HEADERS, offer_row
from bookhunt.cli.sellers_ready import (
    UNDERSTOOD,
    Part,
    of_buyer,
    of_checkout,
    of_quote,
    of_setup,
)
from bookhunt.cli.table import print_table
from bookhunt.daemon.clock import SystemClock
from bookhunt.home.config import load_config
from bookhunt.home.names import payment_secret
from bookhunt.home.profiles import Profiles
from bookhunt.home.secrets import Secrets
from bookhunt.hunt.ports import Ask
from bookhunt.model.book import Book
from bookhunt.model.money import Money, exponent_of
from bookhunt.model.seller import PurchaseMode
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured, set_up
from bookhunt.sellers.doctor_checkout import walk_checkout
from bookhunt.sellers.gateway import Gateway
from bookhunt.sellers.loading import load_file
from bookhunt.sellers.network import NetworkRules
from bookhunt.sellers.network_addresses import Addresses
from bookhunt.sellers.order_transport import OrderTransport
from bookhunt.sellers.transport import FailureKind, WireAnswer, WireFailed, WireRequest
from bookhunt.sellers.transport_quotes import QuoteTransport
from bookhunt.wire.shapes import offer_object

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.cli.output import Terminal
    from bookhunt.home.config import Config
    from bookhunt.home.paths import Home
    from bookhunt.hunt.ports import Prepared, Quoted, Stopped
    from bookhunt.model.buyer import Buyer
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.transport import Transport

_WITHIN_S = 30.0
_VERDICTS = {True: ("ok     ", "green"), False: ("MISSING", "red"), None: ("-      ", "yellow")}
_ANY_PRICE = 99_999  # in whole units: more than any book costs


@dataclass(slots=True)
class _Shown:
    """Passes requests on and keeps what may be shown of them: never a header, query or body."""

    inner: Transport
    lines: list[str]

    async def send(self, request: WireRequest, *, within_s: float, body_limit: int) -> WireAnswer:
        """See `Transport.send`."""
        parts = urlsplit(request.url)
        what = f"{request.method} {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        began = time.perf_counter()
        try:
            answer = await self.inner.send(request, within_s=within_s, body_limit=body_limit)
        except WireFailed as failed:
            self._note(what, str(failed), began)
            raise
        self._note(what, f"status {answer.status}, {len(answer.body)} bytes", began)
        return answer

    async def close(self) -> None:
        """See `Transport.close`."""
        await self.inner.close()

    def _note(self, what: str, came: str, began: float) -> None:
        self.lines.append(f"{what}  {came}, {(time.perf_counter() - began) * 1000:.0f} ms")


class _NoOrders:
    """The transport of orders, where there are none."""

    async def send(self, request: WireRequest, *, within_s: float, body_limit: int) -> WireAnswer:  # noqa: ARG002 - the protocol's
        """Refuse."""
        raise WireFailed(FailureKind.NOT_SENT, "a test orders nothing")

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Came:
    """Whether the answer could be read, and whether nothing is known to be missing."""

    read: bool
    ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One seller, what it is asked, and on whose behalf."""

    seller: CompiledSeller
    ask: Ask
    buyer: Buyer | None
    secrets: Secrets
    checkout: bool

    @property
    def may_check_out(self) -> bool:
        """Whether the checkout is to be walked, and there is somebody to walk it for."""
        purchase = self.seller.definition.purchase
        if not self.checkout or self.buyer is None or purchase is None:
            return False
        secret = payment_secret(self.buyer.profile, self.seller.id)
        paid = purchase.payment.kind != "token" or self.secrets.has(secret)
        return paid and self.seller.seller.purchase_mode is PurchaseMode.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """What came of it; `quoted` is None where the seller could not be asked."""

    quoted: Quoted | None = None
    checkout: Prepared | Stopped | None = None
    calls: list[str] = field(default_factory=list)


def ask_live(
    terminal: Terminal,
    home: Home,
    path: Path,
    book: str,
    *,
    checkout: bool = False,
    profile: str | None = None,
) -> Came:
    """Ask the seller of a definition for a book; show what came, and what it still lacks.

    `checkout`: the steps before the order are walked too, for that profile (the default one's).
    """
    config = load_config(home)
    secrets = Secrets(home, config.secrets)
    loaded = load_file(path, user_folder=home.sellers_dir)
    own = config.sellers.get(loaded.id)
    configured = Configured() if own is None else Configured(settings=own.settings)
    seller = compile_seller(loaded, configured=configured, has_secret=secrets.has)
    profiles = Profiles(home)
    profile = profile or profiles.default(config.defaults.profile)
    buyer = profiles.buyer(profile) if profile in profiles.names() else None
    question = _Question(
        seller=seller,
        ask=_ask(config, book, buyer),
        buyer=buyer,
        secrets=secrets,
        checkout=checkout,
    )
    parts = of_setup(set_up(loaded.definition, configured, secrets.has))
    answered = _Answered()
    if seller.seller.cause is None:
        answered = asyncio.run(_asked(question, config))
    if answered.quoted is not None:
        parts.append(of_quote(seller.id, book, answered.quoted))
    parts += of_buyer(seller, profile, buyer, secrets.has)
    if seller.seller.purchase_mode is PurchaseMode.AUTO:
        parts.append(of_checkout(seller.id, answered.checkout, wanted=checkout))
    quoted = answered.quoted
    read = quoted is not None and (quoted.reason is None or quoted.reason in UNDERSTOOD)
    _tell(terminal, str(path), book, answered, parts, read=read)
    return Came(read=read, ready=all(part.ok is not False for part in parts))


def _ask(config: Config, book: str, buyer: Buyer | None) -> Ask:
    currency = config.defaults.currency
    return Ask(
        book=Book.named(book),
        max_price=Money(_ANY_PRICE * 10 ** exponent_of(currency), currency),
        country=config.defaults.country if buyer is None else buyer.ship.country,
        condition=config.defaults.condition,
        format=config.defaults.format,
    )


async def _asked(question: _Question, config: Config) -> _Answered:
    network = config.network
    rules = NetworkRules(
        allow_loopback=network.allow_loopback,
        allow_private=network.allow_private,
        proxy=network.proxy,
        ca_file=network.ca_file,
    )
    addresses = Addresses(rules)
    seller, lines = question.seller, list[str]()
    orders = _Shown(OrderTransport(addresses), lines) if question.may_check_out else _NoOrders()
    gateway = Gateway(
        lambda: {seller.id: seller},
        secret=question.secrets.get,
        rules=rules,
        clock=SystemClock(),
        addresses=addresses,
        quotes=_Shown(QuoteTransport(addresses), lines),
        orders=orders,
    )
    try:
        quoted = await gateway.quote(seller.id, question.ask, within_s=_WITHIN_S)
        ended = None
        if question.may_check_out and question.buyer is not None and quoted.offers:
            ended = await walk_checkout(
                gateway, seller, question.ask, quoted.offers[0], question.buyer
            )
        return _Answered(quoted=quoted, checkout=ended, calls=lines)
    finally:
        await gateway.close()


def _tell(
    terminal: Terminal, file: str, book: str, answered: _Answered, parts: list[Part], *, read: bool
) -> None:
    quoted = answered.quoted
    if terminal.wants_objects:
        from bookhunt.cli.sellers_doctor import TEST_FIELDS

        told: dict[str, Any] = {
            "file": file,
            "operation": "live",
            "example": book,
            "ok": read,
            "error": None if read else _cause(quoted, parts),
            "line": None,
            "column": None,
            "warning": None,
            "calls": answered.calls,
            "offers": [] if quoted is None else _offers(quoted),
            "latency_ms": None if quoted is None else round(quoted.latency_ms, 1),
            "parts": [part.json_fields() for part in parts],
        }
        terminal.thing(told, TEST_FIELDS)
        return
    for call in answered.calls:
        terminal.line(f"live  {call}")
    for part in parts:
        terminal.line(f"live  {_verdict(terminal, part)}  {part.name}: {one_line(part.told)}")
        if part.hint:
            terminal.line(f"               {one_line(part.hint)}")
    if quoted is not None and (offers := _offers(quoted)):
        print_table(terminal, OFFER_HEADERS, [offer_row(each) for each in offers], flexible=7)


def _verdict(terminal: Terminal, part: Part) -> str:
    word, style = _VERDICTS[part.ok]
    return terminal.styled(word, style)


def _cause(quoted: Quoted | None, parts: list[Part]) -> str:
    """Why the answer could not be read, or was not asked for."""
    if quoted is None or quoted.reason is None:
        return "; ".join(part.told for part in parts if part.ok is False)
    reason = quoted.reason.value
    return reason if quoted.detail is None else f"{reason}: {quoted.detail}"


def _offers(quoted: Quoted) -> list[dict[str, Any]]:
    offers = [offer_object(offer, rank=n) for n, offer in enumerate(quoted.offers, 1)]
    return offers + [
        offer_object(refusal.offer, reason=refusal.reason.value)
        for refusal in quoted.refused
        if refusal.offer is not None
    ]
