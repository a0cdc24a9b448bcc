"""Two worlds of sellers behind the port: the gateway before a real street, and its double."""

from __future__ import annotations

import asyncio
import os
import secrets as chance
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from bookhunt.hunt.ports import Ask, Order, Prepared, Quoted, Sellers
from bookhunt.model.book import Book
from bookhunt.model.errors import SecretMissing
from bookhunt.model.money import Money
from bookhunt.model.purchase import Answer, Attempt, Frozen, Stage
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.model.seller import Capability, Seller
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.gateway import Gateway
from bookhunt.sellers.loading import load_file
from bookhunt.sellers.network import NetworkRules
from bookhunt.simulated import Street, credentials, payment_tokens, running, start
from bookhunt.simulated.roster import HAND_MADE
from tests.support.builders import a_book, a_buyer, an_attempt, an_offer, usd
from tests.support.scripted_sellers import QuoteScript, ScriptedSellers, SendScript, a_seller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from bookhunt.model.offer import Offer
    from bookhunt.sellers.compiled import CompiledSeller


@contextmanager
def a_street(directory: Path, **options: Any) -> Iterator[Street]:
    """The hand-made sellers, answering at once; a test empties it before it begins."""
    opened = start(directory, parent_pid=os.getpid(), **{"latency_scale": 0} | options)
    try:
        yield opened
    finally:
        opened.stop()


DEMO = Path(__file__).parents[2] / "sellers.d" / "demo"
PROFILE = "home"


class WallClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something outside the loop is so."""
    while not condition():  # noqa: ASYNC110 - nobody there could set an event
        await asyncio.sleep(0.005)


def an_ask(book: Book, **fields: Any) -> Ask:
    standard = {
        "book": book,
        "max_price": usd("500"),
        "country": "US",
        "condition": ConditionWish.ANY,
        "format": FormatWish.PAPER,
    }
    return Ask(**standard | fields)


def an_order(seller: Seller, offer: Offer, book: Book, **fields: Any) -> Order:
    """An order for this offer, as the hunt makes it; the attempt is PREPARED."""
    attempt = an_attempt(
        seller=seller.id,
        offer=offer,
        key=str(uuid4()),
        reference=chance.token_hex(9),
        definition_hash=seller.definition_hash,
        profile=PROFILE,
        max_price=usd("500"),
        agreed=None,
    )
    ceiling = offer.total or attempt.max_price
    standard = {"attempt": attempt, "buyer": a_buyer(), "book": book, "ceiling": ceiling}
    return Order(**standard | fields)


def frozen_by(order: Order, frozen: Frozen, **fields: Any) -> Order:
    """The order after its bytes were written to disk: its attempt is SENDING for the first time."""
    now = datetime.now(UTC)
    sending = {
        "stage": Stage.SENDING,
        "frozen": frozen,
        "agreed": frozen.total,
        "sends": 1,
        "first_sent_at": now,
        "last_sent_at": now,
    }
    attempt: Attempt = replace(order.attempt, **sending | fields)
    return replace(order, attempt=attempt)


def again(order: Order) -> Order:
    """The same order, about to be sent once more."""
    return replace(order, attempt=replace(order.attempt, sends=order.attempt.sends + 1))


class SellerWorld(Protocol):
    """Three sellers: `keyed` has a key and a look-up, `found` a look-up, `bare` neither."""

    sellers: Sellers
    keyed: str
    found: str
    bare: str
    unknown_book: Book

    async def quote(
        self, seller_id: str, *, book: Book | None = None, within_s: float = 20
    ) -> Quoted: ...
    async def order(self, seller_id: str) -> Order: ...
    async def until_asked(self, seller_id: str) -> None: ...
    def silence(self, seller_id: str) -> None: ...
    def lose_answer(self, seller_id: str) -> None: ...
    def refuse(self, seller_id: str, answer: Answer) -> None: ...
    def take_away_payment(self, seller_id: str) -> None: ...
    def standing(self, seller_id: str) -> int: ...


async def ready_to_send(world: SellerWorld, seller_id: str) -> Order:
    """An order whose steps before the commit are done and whose bytes are frozen."""
    order = await world.order(seller_id)
    prepared = await world.sellers.prepare(order)
    assert isinstance(prepared, Prepared), prepared
    return frozen_by(order, prepared.frozen)


# ---------------------------------------------------------------------------------- the double
class ScriptedWorld:
    """`ScriptedSellers` with three of them."""

    keyed, found, bare = "alpha", "beta", "gamma"
    unknown_book = Book(isbn13="9780140449136")

    def __init__(self) -> None:
        self.scripted = ScriptedSellers(WallClock())
        self.sellers: Sellers = self.scripted
        self.book = a_book()
        capabilities = (Capability.KEY_AND_LOOKUP, Capability.LOOKUP, Capability.NONE)
        for seller_id, capability in zip(
            (self.keyed, self.found, self.bare), capabilities, strict=True
        ):
            seller = a_seller(seller_id, capability=capability)
            self.scripted.add(seller, QuoteScript(offers=(an_offer(seller_id),)))

    async def quote(
        self, seller_id: str, *, book: Book | None = None, within_s: float = 20
    ) -> Quoted:
        if book is not None and book != self.book:
            self.scripted.quotes(seller_id)
        return await self.sellers.quote(seller_id, an_ask(book or self.book), within_s=within_s)

    async def order(self, seller_id: str) -> Order:
        seller = self.sellers.get(seller_id)
        assert seller is not None
        return an_order(seller, an_offer(seller_id), self.book)

    async def until_asked(self, seller_id: str) -> None:
        await until(lambda: self.scripted.count("quote", seller_id) > 0)

    def silence(self, seller_id: str) -> None:
        self.scripted.quotes(seller_id, QuoteScript(delay_s=3600))

    def lose_answer(self, seller_id: str) -> None:
        self.scripted.sends(seller_id, SendScript(answer=Answer.UNKNOWN, executes=True))

    def refuse(self, seller_id: str, answer: Answer) -> None:
        self.scripted.sends(seller_id, SendScript(answer=answer))

    def take_away_payment(self, seller_id: str) -> None:
        self.scripted.lacks(seller_id, "a payment token")

    def standing(self, seller_id: str) -> int:
        return len(self.scripted.orders_of(seller_id))


# --------------------------------------------------------------------------------- the gateway
def street_sellers(street: Street, *ids: str) -> dict[str, CompiledSeller]:
    """The definitions of sellers.d/demo, pointed at a street; all of them where none is named."""
    wanted = ids or tuple(street.sellers)
    return {
        seller_id: compile_seller(
            load_file(DEMO / f"{street.sellers[seller_id].like}.yaml"),
            configured=Configured(settings={"address": street.addresses[seller_id]}),
        )
        for seller_id in wanted
    }


@lru_cache(maxsize=4)
def _all_sellers(directory: Path, control_address: str) -> dict[str, CompiledSeller]:
    """Compiled once for each street: a definition never changes while it is open."""
    opened = running(directory)
    assert opened is not None
    assert opened.control_address == control_address
    return street_sellers(opened)


def street_secrets(street: Street, *profiles: str) -> dict[str, str]:
    """Every secret that the street accepts, by its name in the store."""
    found = {
        f"{seller}/{name}": value
        for seller, values in credentials(street).items()
        for name, value in values.items()
    }
    for profile in profiles or (PROFILE,):
        for seller, token in payment_tokens(street, profile).items():
            found[f"pay/{profile}/{seller}"] = token
    return found


class SecretStore:
    """Secrets in a dict; counts what is asked."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.asked: list[str] = []

    def __call__(self, name: str) -> str:
        self.asked.append(name)
        try:
            return self.values[name]
        except KeyError:
            raise SecretMissing(
                f"the secret {name} is stored nowhere", hint="bookhunt sellers login"
            ) from None


class GatewayWorld:
    """The gateway, before a street that was emptied."""

    keyed, found, bare = "amberside", "kestrelbooks", "ivyhouse"
    unknown_book = Book(isbn13="9780140449136")

    def __init__(
        self, gateway: Gateway, street: Street, secrets: SecretStore, clock: WallClock
    ) -> None:
        self.gateway, self.street, self.secrets, self.clock = gateway, street, secrets, clock
        self.sellers: Sellers = gateway
        self._books: dict[str, Book] = {}

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        street: Street,
        sellers: Mapping[str, CompiledSeller] | None = None,
        rules: NetworkRules | None = None,
    ) -> AsyncIterator[GatewayWorld]:
        street.reset()
        secrets = SecretStore(street_secrets(street))
        defined = _all_sellers(street.state_dir, street.control_address)
        defined = defined if sellers is None else dict(sellers)
        gateway = cls.gateway_of(defined, secrets, rules)
        try:
            yield cls(gateway, street, secrets, WallClock())
        finally:
            await gateway.close()

    @staticmethod
    def gateway_of(
        sellers: Mapping[str, CompiledSeller],
        secrets: SecretStore,
        rules: NetworkRules | None = None,
    ) -> Gateway:
        """A gateway that knows nothing of any other; it has to be closed."""
        return Gateway(
            lambda: sellers,
            secret=secrets,
            rules=rules or NetworkRules(allow_loopback=True),
            clock=WallClock(),
        )

    def offer_book(self, seller_id: str, **changes: Any) -> Book:
        """A book that this seller has one well-stocked new offer of, and nothing else."""
        for offer in self.street.offers(seller=seller_id):
            if offer["isbn"] == _ISBN:
                self.street.set_offer(seller_id, offer["item"], inventory=0)
        self.street.set_offer(
            seller_id,
            f"{seller_id}-TEST",
            **{
                "isbn": _ISBN,
                "price_minor": 1234,
                "fee_minor": _FLAT_MINOR[self.street.sellers[seller_id].like] or 350,
                "inventory": 9,
                "condition": "used" if seller_id == "elmcourt" else "new",
            }
            | changes,
        )
        return Book(isbn13=_ISBN)

    def book_of(self, seller_id: str) -> Book:
        if seller_id not in self._books:
            self._books[seller_id] = self.offer_book(seller_id)
        return self._books[seller_id]

    def landed(self, seller_id: str) -> Money:
        """What the offer really costs, by the street's own word."""
        [offer] = [
            each
            for each in self.street.offers(seller=seller_id)
            if each["item"] == f"{seller_id}-TEST"
        ]
        return Money(offer["total_minor"], offer["currency"])

    async def quote(
        self, seller_id: str, *, book: Book | None = None, within_s: float = 20
    ) -> Quoted:
        ask = an_ask(book or self.book_of(seller_id))
        return await self.sellers.quote(seller_id, ask, within_s=within_s)

    async def order(self, seller_id: str) -> Order:
        quoted = await self.quote(seller_id)
        assert len(quoted.offers) == 1, quoted
        seller = self.sellers.get(seller_id)
        assert seller is not None
        return an_order(seller, quoted.offers[0], self.book_of(seller_id))

    async def until_asked(self, seller_id: str) -> None:
        await until(lambda: self.street.counts()[seller_id].get("quote", 0) > 0)

    def silence(self, seller_id: str) -> None:
        self.book_of(seller_id)
        self.street.fault(seller_id, "quote", "hang", count=None)

    def lose_answer(self, seller_id: str) -> None:
        self.street.fault(seller_id, "commit", "reset_after")

    def refuse(self, seller_id: str, answer: Answer) -> None:
        self.street.fault(seller_id, "commit", answer.value)

    def take_away_payment(self, seller_id: str) -> None:
        del self.secrets.values[f"pay/{PROFILE}/{seller_id}"]
        self.gateway.forget_secrets()

    def standing(self, seller_id: str) -> int:
        return sum(not order["cancelled"] for order in self.street.orders(seller_id))


_ISBN = "9780141439518"
_FLAT_MINOR = {profile.id: profile.postage.flat_minor for profile in HAND_MADE}
