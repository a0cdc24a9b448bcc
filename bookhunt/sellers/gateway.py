"""The sellers of `sellers.d` as the hunt sees them: `hunt.ports.Sellers` over HTTP.

The gateway holds what outlives one call: connections, access tokens, logins, secrets for a while,
and the attempts that are under way. What is asked and ordered, and how an answer is read, is the
definitions' business; they come from outside and may be reloaded at any time. An attempt goes on
with the definition it was made with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import (
    NoRates,
    Order,
    Prepared,
    Quoted,
    RateTable,
    Resolved,
    Sent,
    Stopped,
)
from bookhunt.model.errors import SetupMissing
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import Reason
from bookhunt.model.seller import PurchaseMode, Seller, SellerState, Trust
from bookhunt.sellers.auth_secrets import SecretCache
from bookhunt.sellers.auth_tokens import Tokens
from bookhunt.sellers.gateway_orders import OrderDesk
from bookhunt.sellers.network import tls_context
from bookhunt.sellers.network_addresses import Addresses
from bookhunt.sellers.order_transport import OrderTransport
from bookhunt.sellers.plan_exchange import Tools
from bookhunt.sellers.plan_kept import KeptCaptures
from bookhunt.sellers.plan_knowledge import KnowledgeDesk
from bookhunt.sellers.plan_login import Door
from bookhunt.sellers.plan_quote import QuoteDesk
from bookhunt.sellers.scope import asked_by, asked_by_names, payment_secret
from bookhunt.sellers.transport_quotes import QuoteTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bookhunt.hunt.ports import Ask, Clock
    from bookhunt.model.book import Book
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.network import NetworkRules
    from bookhunt.sellers.scope import Asked
    from bookhunt.sellers.transport import Transport

_LISTED_S = 1.0  # the list of sellers is asked for with each request, and rarely another
_KNOWN_S = 10.0  # how long it is believed that a profile has, or lacks, its payment token
_MOST_PROFILES = 10_000


@dataclass(frozen=True, slots=True)
class _Setup:
    """Whether a profile may order at a seller, as it was found a moment ago."""

    missing: str | None
    until_s: float


class Gateway:
    """Implements `hunt.ports.Sellers`, `Resolvers` and `RateSources`.

    Make it inside a running loop, and close it.
    """

    def __init__(
        self,
        sellers: Callable[[], Mapping[str, CompiledSeller]],
        *,
        secret: Callable[[str], str],
        rules: NetworkRules,
        clock: Clock,
        addresses: Addresses | None = None,
        quotes: Transport | None = None,
        orders: Transport | None = None,
        confirms: Callable[[], bool] = lambda: True,
    ) -> None:
        """Build it.

        Args:
            sellers: the definitions in force, by id; called often, so it has to be cheap.
            secret: a secret by its name; may block, and raises `SetupMissing` where there is none.
            rules: what the configuration's section `network` allows.
            clock: both kinds of time.
            addresses: resolves and checks names; the system's resolver where None.
            quotes: the transport of what cannot spend; kept connections where None.
            orders: the transport of what can; httpx where None.
            confirms: whether it is looked up what an order cost whose answer does not say it.
        """
        self._confirms = confirms
        self._sellers = sellers
        self._clock = clock
        self._addresses = addresses or Addresses(rules)
        tls = tls_context(rules) if quotes is None or orders is None else None
        self._quotes = quotes or QuoteTransport(self._addresses, tls=tls)
        self._orders = orders or OrderTransport(self._addresses, tls=tls)
        self._secrets = SecretCache(secret, clock)
        tokens = Tokens(self._quotes, clock)
        self._tools = Tools(
            quotes=self._quotes,
            orders=self._orders,
            secrets=self._secrets,
            tokens=tokens,
            rules=rules,
            clock=clock,
        )
        self._door = Door(self._tools)
        self._asking = QuoteDesk(self._door, KeptCaptures(clock))
        self._ordering = OrderDesk(self._door)
        self._knowing = KnowledgeDesk(self._door)
        self._setups: dict[tuple[str, str, str], _Setup] = {}
        self._list: Mapping[str, Seller] = {}
        self._list_of: Mapping[str, CompiledSeller] | None = None
        self._list_until_s = 0.0

    async def close(self) -> None:
        """Close connections, and give up what nobody waits for."""
        await self._secrets.close()
        await self._tools.tokens.close()
        await self._door.logins.close()
        await self._quotes.close()
        await self._orders.close()
        await self._addresses.close()

    def forget_secrets(self) -> None:
        """Secrets were changed (`sellers login`): look all of them up again."""
        self._secrets.forget()
        self._setups.clear()
        self._list_of = None

    # ------------------------------------------------------------------------- who there is
    def all(self) -> Sequence[Seller]:
        """See `Sellers.all`."""
        return tuple(self._listed().values())

    def get(self, seller_id: str) -> Seller | None:
        """See `Sellers.get`."""
        return self._listed().get(seller_id)

    def _listed(self) -> Mapping[str, Seller]:
        sellers, now_s = self._sellers(), self._clock.monotonic()
        if self._list_of is not sellers or self._list_until_s <= now_s:
            self._list = {each: self._current(compiled) for each, compiled in sellers.items()}
            self._list_of, self._list_until_s = sellers, now_s + _LISTED_S
        return self._list

    def _current(self, compiled: CompiledSeller) -> Seller:
        """The seller's state now: a secret may have gone since the definition was loaded."""
        seller = compiled.seller
        if seller.state is not SellerState.READY:
            return seller
        for name, stored in compiled.secrets.items():
            if self._secrets.known_missing(stored):
                cause = f"missing: {name} (bookhunt sellers login {seller.id})"
                return replace(seller, state=SellerState.NEEDS_SETUP, cause=cause)
        return seller

    def cannot_ask(self, seller_id: str, ask: Ask) -> Reason | None:
        """See `Sellers.cannot_ask`."""
        found = self._askable(seller_id, ask)
        return found if isinstance(found, Reason) else None

    def _askable(self, seller_id: str, ask: Ask) -> tuple[CompiledSeller, Asked | None] | Reason:
        """A seller and what it is asked by; None: by the names a resolver gave."""
        compiled, seller = self._sellers().get(seller_id), self._listed().get(seller_id)
        if compiled is None or seller is None:
            return Reason.CANNOT_ASK
        if seller.trust is Trust.BLOCKED or seller.state is SellerState.BLOCKED:
            return Reason.SKIPPED_BLOCKED
        if seller.state is SellerState.SUSPENDED:
            return Reason.SKIPPED_OPEN_BREAKER
        if seller.state is not SellerState.READY or compiled.hosts is None:
            return Reason.NEEDS_SETUP
        asked = asked_by(compiled, ask.book)
        if compiled.quote is None or not (asked or asked_by_names(compiled, ask.names)):
            return Reason.CANNOT_ASK
        return (compiled, asked) if seller.ships(ask.country) else Reason.DOES_NOT_SHIP

    # -------------------------------------------------------------------------------- quotes
    async def quote(self, seller_id: str, ask: Ask, *, within_s: float) -> Quoted:
        """See `Sellers.quote`."""
        found = self._askable(seller_id, ask)
        if isinstance(found, Reason):
            return Quoted(seller=seller_id, reason=found)
        compiled, asked = found
        if asked is not None:
            return await self._asking.quote(compiled, ask, asked, within_s=within_s)
        return await self._asking.quote_by_names(compiled, ask, within_s=within_s)

    async def quote_batch(
        self, seller_id: str, asks: Sequence[Ask], *, within_s: float
    ) -> Sequence[Quoted]:
        """See `Sellers.quote_batch`."""
        found = self._askable(seller_id, asks[0])
        if isinstance(found, Reason):
            return [Quoted(seller=seller_id, reason=found) for _ in asks]
        seller, asked = found
        if asked is None or asked.by == "title" or len(asks) > seller.seller.batch:
            changed = Quoted(
                seller=seller_id, reason=Reason.CANNOT_ASK, detail="its definition was changed"
            )
            return [changed for _ in asks]
        return await self._asking.quote_batch(seller, asks, asked.by, within_s=within_s)

    # ------------------------------------------------------------------------ what is known
    def resolvers(self) -> Sequence[Seller]:
        """See `Resolvers.resolvers`."""
        sellers, ready = self._sellers(), []
        for seller_id, seller in sorted(self._listed().items()):
            compiled = sellers.get(seller_id)
            if compiled is None or compiled.resolve is None or compiled.hosts is None:
                continue
            if _may_be_asked(seller):
                ready.append(seller)
        return ready

    async def resolve(self, resolver_id: str, book: Book, *, within_s: float) -> Resolved:
        """See `Resolvers.resolve`."""
        compiled = self._sellers().get(resolver_id)
        if compiled is None or compiled.hosts is None:
            return Resolved(resolver=resolver_id, reason=Reason.NEEDS_SETUP)
        return await self._knowing.resolve(compiled, book, within_s=within_s)

    async def rates(self, source_id: str, *, within_s: float) -> RateTable | NoRates:
        """See `RateSources.rates`."""
        compiled, seller = self._sellers().get(source_id), self.get(source_id)
        if compiled is None or seller is None:
            return NoRates(detail=f"no definition is called {source_id}")
        if compiled.hosts is None or not _may_be_asked(seller):
            return NoRates(detail=seller.cause or f"{source_id} is {seller.state.value}")
        return await self._knowing.rates(compiled, within_s=within_s)

    # -------------------------------------------------------------------------------- orders
    async def needs_setup(self, seller_id: str, profile: str) -> str | None:
        """See `Sellers.needs_setup`; cheap, what was found holds for ten seconds."""
        compiled, seller = self._sellers().get(seller_id), self.get(seller_id)
        if compiled is None or seller is None:
            return "there is no definition of this seller"
        if seller.state is SellerState.NEEDS_SETUP:
            return seller.cause
        key = (seller_id, compiled.hash, profile)
        known = self._setups.get(key)
        now_s = self._clock.monotonic()
        if known is None or known.until_s <= now_s:
            missing = await self._missing(compiled, profile)
            if len(self._setups) >= _MOST_PROFILES:
                self._setups.clear()
            known = self._setups[key] = _Setup(missing, now_s + _KNOWN_S)
        return known.missing

    async def _missing(self, compiled: CompiledSeller, profile: str) -> str | None:
        """What the secret store lacks for an order of this profile."""
        purchase = compiled.definition.purchase
        wanted = list(compiled.secrets.values())
        is_auto = compiled.seller.purchase_mode is PurchaseMode.AUTO
        if is_auto and purchase is not None and purchase.payment.kind == "token":
            wanted.append(payment_secret(profile, compiled.id))
        try:
            await self._secrets.load(wanted)
        except SetupMissing as missing:
            return f"{missing.message} ({missing.hint})" if missing.hint else missing.message
        return None

    async def prepare(self, order: Order) -> Prepared | Stopped:
        """See `Sellers.prepare`."""
        compiled = self._sellers().get(order.attempt.seller)
        if compiled is None:
            return Stopped(answer=Answer.NEEDS_SETUP, detail="its definition is gone")
        return await self._ordering.prepare(compiled, order)

    async def send(self, order: Order) -> Sent:
        """See `Sellers.send`."""
        sent = await self._ordering.send(order)
        if self._confirms():
            sent = await self._ordering.confirmed(order, sent)
        return self._ended_if_bought(order, sent)

    async def look_up(self, order: Order) -> Sent:
        """See `Sellers.look_up`."""
        return self._ended_if_bought(order, await self._ordering.look_up(order))

    def _ended_if_bought(self, order: Order, sent: Sent) -> Sent:
        if sent.answer is Answer.BOUGHT:
            self._ordering.ended(order)
        return sent

    async def cancel(self, order: Order) -> bool:
        """See `Sellers.cancel`."""
        return await self._ordering.cancel(order)


def _may_be_asked(seller: Seller) -> bool:
    return seller.state is SellerState.READY and seller.trust is not Trust.BLOCKED
