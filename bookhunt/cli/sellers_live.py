"""`bookhunt sellers test --live`: real questions to a real seller, each shown and timed.

Orders cannot be sent from here: the transport that sends them is replaced by one that refuses.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bookhunt.cli.render import OFFER_HEADERS, offer_row
from bookhunt.cli.table import print_table
from bookhunt.daemon.clock import SystemClock
from bookhunt.home.config import load_config
from bookhunt.home.secrets import Secrets
from bookhunt.hunt.ports import Ask
from bookhunt.model.book import Book
from bookhunt.model.errors import BookhuntError
from bookhunt.model.money import Money, exponent_of
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.gateway import Gateway
from bookhunt.sellers.loading import load_file
from bookhunt.sellers.network import NetworkRules
from bookhunt.sellers.network_addresses import Addresses
from bookhunt.sellers.transport import FailureKind, WireAnswer, WireFailed, WireRequest
from bookhunt.sellers.transport_quotes import QuoteTransport
from bookhunt.wire.shapes import offer_object

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.cli.output import Terminal
    from bookhunt.home.config import Config
    from bookhunt.home.paths import Home
    from bookhunt.hunt.ports import Quoted
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.transport import Transport

_WITHIN_S = 30.0
_ANY_PRICE = 99_999  # in whole units: more than any book costs


@dataclass(slots=True)
class _Shown:
    """Passes requests on and keeps what may be shown of them: never a header, query or body."""

    inner: Transport
    lines: list[str] = field(default_factory=list)

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


def ask_live(terminal: Terminal, home: Home, path: Path, book: str) -> bool:
    """Ask the seller of a definition for a book and show what came; whether it could be read."""
    config = load_config(home)
    secrets = Secrets(home, config.secrets)
    loaded = load_file(path, user_folder=home.sellers_dir)
    own = config.sellers.get(loaded.id)
    configured = Configured() if own is None else Configured(settings=own.settings)
    seller = compile_seller(loaded, configured=configured, has_secret=secrets.has)
    currency = config.defaults.currency
    ask = Ask(
        book=Book.named(book),
        max_price=Money(_ANY_PRICE * 10 ** exponent_of(currency), currency),
        country=config.defaults.country,
        condition=config.defaults.condition,
        format=config.defaults.format,
    )
    quoted, requests = asyncio.run(_quote(seller, ask, config, secrets))
    _tell(terminal, str(path), book, quoted, requests)
    # That a book is not there is an answer that was understood.
    return quoted.reason is None or quoted.reason.value in {"not_stocked", "sold_out"}


async def _quote(
    seller: CompiledSeller, ask: Ask, config: Config, secrets: Secrets
) -> tuple[Quoted, list[str]]:
    network = config.network
    rules = NetworkRules(
        allow_loopback=network.allow_loopback,
        allow_private=network.allow_private,
        proxy=network.proxy,
        ca_file=network.ca_file,
    )
    addresses = Addresses(rules)
    shown = _Shown(QuoteTransport(addresses))
    gateway = Gateway(
        lambda: {seller.id: seller},
        secret=secrets.get,
        rules=rules,
        clock=SystemClock(),
        addresses=addresses,
        quotes=shown,
        orders=_NoOrders(),
    )
    try:
        if seller.seller.cause is not None:
            raise BookhuntError(
                f"{seller.id} cannot be asked yet: {seller.seller.cause}",
                hint=f"bookhunt sellers login {seller.id}",
            )
        return await gateway.quote(seller.id, ask, within_s=_WITHIN_S), shown.lines
    finally:
        await gateway.close()


def _tell(terminal: Terminal, file: str, book: str, quoted: Quoted, requests: list[str]) -> None:
    offers = [offer_object(offer, rank=n) for n, offer in enumerate(quoted.offers, 1)]
    offers += [
        offer_object(refusal.offer, reason=refusal.reason.value)
        for refusal in quoted.refused
        if refusal.offer is not None
    ]
    reason = None if quoted.reason is None else quoted.reason.value
    if terminal.wants_objects:
        from bookhunt.cli.sellers_doctor import TEST_FIELDS

        told: dict[str, Any] = {
            "file": file,
            "operation": "live",
            "example": book,
            "ok": reason in {None, "not_stocked", "sold_out"},
            "error": reason if quoted.detail is None else f"{reason}: {quoted.detail}",
            "line": None,
            "column": None,
            "warning": None,
            "calls": requests,
            "offers": offers,
            "latency_ms": round(quoted.latency_ms, 1),
        }
        terminal.thing(told, TEST_FIELDS)
        return
    for request in requests:
        terminal.line(f"live  {request}")
    if reason is not None:
        detail = f": {quoted.detail}" if quoted.detail else ""
        terminal.line(f"live  {reason}{detail}")
    if offers:
        print_table(terminal, OFFER_HEADERS, [offer_row(each) for each in offers], flexible=7)
