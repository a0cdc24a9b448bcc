"""What an offer in another currency costs the customer; never silently, never by a stale rate.

Offers are compared in the customer's currency. One in another is converted at a rate the customer
configured: set by hand, or read from a source (a definition with `rates`, as the European Central
Bank's), with a margin against us. It keeps what the seller asks beside it, and that is what is
ordered, confirmed and compared with what the seller charges; the customer's own currency is what
maxima, limits and budgets are in. Without a rate, or with one that is too old, an offer is shown in
its own currency with `wrong_currency`, and never bought.

The rate stands in the offer from the moment it is read, and so in the ledger: what an order costs
is worked out by the same rate before it is sent and after it was charged, whatever rates do.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import NoRates, Quoted, Refusal
from bookhunt.model.errors import BadMoney
from bookhunt.model.money import exponent_of
from bookhunt.model.rate import Rate
from bookhunt.model.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from bookhunt.hunt.ports import Clock, RateShelf, RateSources, RateTable
    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer
    from bookhunt.model.seller import Seller

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 10.0
_WITHIN_S = 30.0
_AGAIN_AFTER_S = 6 * 3600.0  # banks publish once a day
_FAILED_AFTER_S = 60.0  # doubled each time
_FAILED_AT_MOST_S = 3600.0
_ONE = Fraction(1)
# A source may name its rates by the hour they are published at, a little before it comes.
_AHEAD_AT_MOST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSettings:
    """How amounts in other currencies are held against the customer's."""

    base: str = "USD"  # the currency that fixed rates are in
    fixed: Mapping[str, Fraction] = field(default_factory=dict)  # what one unit costs in it
    source: str | None = None  # the definition that is asked for rates
    margin: Fraction = Fraction(2, 100)
    max_age_s: float = 72 * 3600.0


class Exchange:
    """The rates of this daemon."""

    def __init__(
        self,
        *,
        settings: Callable[[], ExchangeSettings],
        sources: RateSources | None,
        shelf: RateShelf | None,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._sources = sources
        self._shelf = shelf
        self._clock = clock
        self._table: RateTable | None = None
        self._trouble: str | None = None  # why the source gave no rates the last time
        self._source: str | None = None  # the one that was asked
        self._due_s = 0.0
        self._failures = 0
        self._asked = asyncio.Event()
        self._keeps_on: asyncio.Task[None] | None = None

    # --------------------------------------------------------------------------- where from
    def start(self) -> None:
        """Keep the rates of the configured source fresh from now on."""
        if self._sources is not None:
            self._keeps_on = asyncio.create_task(self._keep_on())

    async def stop(self) -> None:
        """Ask no more."""
        if self._keeps_on is not None:
            self._keeps_on.cancel()
            await asyncio.gather(self._keeps_on, return_exceptions=True)

    async def _keep_on(self) -> None:
        while True:
            await self.refresh()
            await self._clock.sleep(_LOOK_EVERY_S)

    async def refresh(self) -> None:
        """Ask the source, if there is one and it is time."""
        source = self._settings().source
        if source != self._source:
            self._source, self._table, self._trouble = source, None, None
            self._due_s, self._failures = 0.0, 0
            self._asked.clear()
            if source is not None and self._shelf is not None:
                self._table = await self._shelf.of(source)
        if source is not None and self._clock.monotonic() >= self._due_s:
            await self._ask(source)
        self._asked.set()

    async def ready(self, *, within_s: float) -> None:
        """Wait for the first answer of a source that was just configured, so long at the most."""
        source = self._settings().source
        if source is None or self._sources is None or self._table is not None:
            return
        try:
            async with asyncio.timeout(within_s):
                await self._asked.wait()
        except TimeoutError:
            return

    async def _ask(self, source: str) -> None:
        if self._sources is None:
            self._trouble = "nobody can be asked for rates here"
            return
        answer = await self._sources.rates(source, within_s=_WITHIN_S)
        if isinstance(answer, NoRates):
            self._trouble = answer.detail
            self._failures += 1
            wait_s = _FAILED_AFTER_S * 2.0 ** min(self._failures - 1, 10)
            self._due_s = self._clock.monotonic() + min(wait_s, _FAILED_AT_MOST_S)
            _log.warning("no exchange rates: %s", answer.detail, extra={"seller": source})
            return
        self._table, self._trouble, self._failures = answer, None, 0
        self._due_s = self._clock.monotonic() + _AGAIN_AFTER_S
        if self._shelf is not None:
            self._shelf.keep(answer)

    # ------------------------------------------------------------------------------- the rate
    def rate(self, of: str, into: str) -> Rate | str:
        """What one currency costs in another; or why nothing is bought across them."""
        settings, table = self._settings(), self._table
        if table is not None and table.source != settings.source:
            table = None
        fixed = {**settings.fixed, settings.base: _ONE}
        if of in fixed and into in fixed:
            return _rate(of, into, fixed[of] / fixed[into], settings.margin)
        if table is None:
            hint = "set fx.rates or fx.source in the configuration"
            return f"no rate of {of} in {into} is known ({self._trouble or hint})"
        worth = _worth(table, settings.base, fixed)
        if of not in worth or into not in worth:
            return f"no rate of {of} in {into} is known ({table.source} names none)"
        until = table.as_of + timedelta(seconds=settings.max_age_s)
        now = self._clock.now()
        if now >= until or table.as_of > now + _AHEAD_AT_MOST:
            return f"the rate of {of} is of {table.as_of.date().isoformat()}: too old to buy by"
        rated = _rate(of, into, worth[of] / worth[into], settings.margin)
        return rated if isinstance(rated, str) else replace(rated, as_of=table.as_of, until=until)

    def worth_of(self, price: Money) -> float:
        """An amount in units of the base currency, to rank by and never to pay by.

        Without a rate it is taken at its face value.
        """
        amount = price.minor / 10.0 ** exponent_of(price.currency)
        base = self._settings().base
        rate = None if price.currency == base else self.rate(price.currency, base)
        return amount * float(rate.mid) if isinstance(rate, Rate) else amount

    def maximum_for(self, seller: Seller, maximum: Money) -> Money:
        """The maximum as a seller is told it: in its own currency, where it is told a bare number.

        Without a rate it stays what it is, and what comes back cannot be bought.
        """
        if seller.priced_in is None or seller.priced_in == maximum.currency:
            return maximum
        rate = self.rate(seller.priced_in, maximum.currency)
        return maximum if isinstance(rate, str) else rate.buys(maximum)

    # ----------------------------------------------------------------------------- the offers
    def converted(self, quoted: Quoted, into: str) -> Quoted:
        """An answer with every offer as it costs a customer of this currency.

        What has no rate is among those left out, with `wrong_currency` and its own price.
        """
        if not _has_foreign(quoted, into):
            return quoted
        priced = _all(quoted)
        native = [offer for offer in priced if not _is_foreign(offer, into)]
        foreign = [offer for offer in priced if _is_foreign(offer, into)]
        doubtful = _priced_in_several(priced)
        bought: list[Offer] = list(native)
        left = [each for each in quoted.refused if each.reason is not Reason.WRONG_CURRENCY]
        left += [r for r in quoted.refused if r.reason is Reason.WRONG_CURRENCY and not r.offer]
        why: str | None = None
        for offer in foreign:
            verdict = self._converted(offer, into, doubtful=offer.item in doubtful)
            if isinstance(verdict, Refusal):
                left.append(verdict)
                why = why or verdict.detail
            else:
                bought.append(verdict)
        if bought:
            return replace(
                quoted, offers=tuple(bought), refused=tuple(left), reason=None, detail=None
            )
        reason = quoted.reason or Reason.WRONG_CURRENCY
        detail = why if reason is Reason.WRONG_CURRENCY else quoted.detail
        return replace(quoted, offers=(), refused=tuple(left), reason=reason, detail=detail)

    def _converted(self, offer: Offer, into: str, *, doubtful: bool) -> Offer | Refusal:
        rate = self.rate(offer.price.currency, into)
        if doubtful:
            # Which of its prices an order of this item would be charged at, nobody could tell.
            rate = "the seller prices one item in several currencies"
        if isinstance(rate, str):
            return Refusal(reason=Reason.WRONG_CURRENCY, offer=offer, detail=rate)
        if offer.expires_at is not None and offer.expires_at <= self._clock.now():
            return Refusal(reason=Reason.SOLD_OUT, offer=offer, detail="the offer ended")
        try:
            converted = offer.converted(rate)
            _ = converted.at_least  # must be an amount that there is
        except BadMoney as bad:
            return Refusal(reason=Reason.WRONG_CURRENCY, offer=offer, detail=bad.message)
        return converted


def is_too_old(offer: Offer, at: datetime) -> bool:
    """Whether an offer was converted at a rate that nothing may be bought by any more."""
    return offer.original is not None and not offer.original.rate.stands(at)


def _rate(of: str, into: str, mid: Fraction, margin: Fraction) -> Rate | str:
    try:
        return Rate(of=of, into=into, mid=mid, margin=margin)
    except BadMoney as bad:
        return bad.message


def _worth(table: RateTable, base: str, fixed: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """What one unit of each currency is worth, all in one currency; what is fixed comes first."""
    worth = {table.base: _ONE} | {code: 1 / units for code, units in table.units.items()}
    if base in worth:
        worth |= {code: rate * worth[base] for code, rate in fixed.items()}
    return worth


def _all(quoted: Quoted) -> list[Offer]:
    """The offers, and those left out for nothing but their currency."""
    refused = (r.offer for r in quoted.refused if r.reason is Reason.WRONG_CURRENCY)
    return [*quoted.offers, *(offer for offer in refused if offer is not None)]


def _has_foreign(quoted: Quoted, into: str) -> bool:
    """Whether anything is to be converted: for most answers nothing is, and each is looked at."""
    for offer in quoted.offers:
        if offer.price.currency != into:
            return True
    for each in quoted.refused:
        if each.reason is Reason.WRONG_CURRENCY and each.offer is not None:
            return True
    return False


def _is_foreign(offer: Offer, into: str) -> bool:
    return offer.price.currency != into


def _priced_in_several(offers: Iterable[Offer]) -> set[str]:
    """The items that have prices in more than one currency."""
    currencies: dict[str, set[str]] = {}
    for offer in offers:
        currencies.setdefault(offer.item, set()).add(offer.price.currency)
    return {item for item, priced_in in currencies.items() if len(priced_in) > 1}
