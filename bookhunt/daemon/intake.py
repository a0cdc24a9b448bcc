"""From a body to what the hunt takes: names become values; the configuration says the rest."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uuid_utils

from bookhunt.daemon.bodies import Amount
from bookhunt.home.cards import refuse_card_numbers
from bookhunt.hunt.ports import Ask
from bookhunt.model.book import Book, isbn13_of
from bookhunt.model.errors import BadBook, InputError, NotFound
from bookhunt.model.money import Money, exponent_of
from bookhunt.model.request import Request
from bookhunt.telemetry.trace_ids import may_name_a_request, request_id_of

if TYPE_CHECKING:
    from bookhunt.daemon.bodies import PurchaseBody, QuoteBody
    from bookhunt.home.pins import Pins
    from bookhunt.home.settings import Settings
    from bookhunt.hunt.ports import Buyers, Clock, Sellers
    from bookhunt.telemetry.trace_ids import Caller

LONGEST_KEY = 255
# What "any price" is to a seller that is told a maximum: more than any book costs, in whole units
# of the currency, and few enough digits for every seller's interface.
_ANY_PRICE = 99_999


def customer_of(named: str | None) -> str:
    """Who asks: the customer that a trusted client names, else the user the daemon belongs to."""
    return named if named is not None else f"uid:{os.geteuid()}"


def key_of(header: str | None) -> str:
    """The idempotency key of a submission, quoted or bare.

    Raises:
        InputError: there is none, or it is no key.
    """
    key = (header or "").strip()
    if len(key) > 1 and key[0] == key[-1] == '"':  # a String of RFC 8941, as the draft writes it
        key = key[1:-1]
    if not key:
        raise InputError(
            "a purchase needs an Idempotency-Key header",
            hint="make a random one, keep it, and send the same one again if no answer comes",
        )
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise InputError(f"an idempotency key has 1 to {LONGEST_KEY} printable characters")
    return key


def fingerprint_of(body: PurchaseBody, *, profile: str) -> str:
    """What makes two bodies the same: SHA-256 over the members that were said, in one order.

    For an address and tokens that the body brought along stands the name they are kept by: it is
    made with a key of this home, and a plain hash in the ledger would let a token be guessed.
    """
    said = body.model_dump(mode="json", exclude_unset=True)
    if body.customer_info is not None and body.customer_info.shipping is not None:
        said["customer_info"] = {"kept_as": profile}
    canonical = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def book_of(book_name: str | None, isbn: str | None) -> Book:
    """The book a body names.

    Raises:
        BadBook: it cannot be read.
    """
    if isbn is None:
        return Book.named(book_name or "")
    book = Book.named(isbn)
    if book.isbn13 is None or isbn13_of(isbn) is None:
        raise BadBook(f"{isbn!r} is not an ISBN", hint="say a title as `book_name`")
    return book


def price_of(given: Amount | str, currency: str) -> Money:
    """An amount with its currency, or a decimal string in the one of the configuration."""
    if isinstance(given, Amount):
        return Money.of(given.amount, given.currency)
    return Money.of(given, currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteCall:
    """What a quote asks: `max_price` None shows offers of any price."""

    ask: Ask
    max_price: Money | None
    sellers: frozenset[str] | None
    within_s: float


@dataclass(slots=True, kw_only=True)
class Intake:
    """Reads bodies by the settings in force at that moment."""

    settings: Settings
    buyers: Buyers
    sellers: Sellers
    clock: Clock
    pins: Pins

    def request(
        self, body: PurchaseBody, *, key: str, profile: str, caller: Caller | None = None
    ) -> Request:
        """The request that a body submits for a profile that exists.

        It is called as its caller's trace is, where that is an id of ours.

        Raises:
            InputError, ProfileMissing, NotFound: what is wrong with it.
        """
        defaults = self.settings.defaults
        if body.note is not None:
            refuse_card_numbers(body.note, what="the note")
        return Request(
            id=self._id(caller),
            customer=customer_of(body.customer),
            idempotency_key=key,
            book=self.pins.named(book_of(body.book_name, body.isbn)),
            max_price=price_of(body.max_price, defaults.currency),
            profile=profile,
            country=self._destination(body.country, profile),
            strategy=body.strategy or defaults.strategy,
            condition=body.condition or defaults.condition,
            format=body.format or defaults.format,
            sellers=self.chosen(body.sellers),
            search_deadline_s=self._deadline_s(body.deadline_ms),
            priority=body.priority or 0,
            dry_run=body.dry_run,
            note=body.note,
            watch_id=None,
            submitted_at=self.clock.now(),
        )

    def quote(self, body: QuoteBody) -> QuoteCall:
        """What a body asks of the sellers.

        Raises:
            InputError, ProfileMissing, NotFound: what is wrong with it.
        """
        defaults = self.settings.defaults
        currency = body.currency or defaults.currency
        max_price = None if body.max_price is None else price_of(body.max_price, currency)
        if max_price is not None and body.currency not in {None, max_price.currency}:
            raise InputError(f"`max_price` is in {max_price.currency}, `currency` is {currency}")
        any_price = Money(_ANY_PRICE * 10 ** exponent_of(currency), currency)
        country = body.country
        if country is None:
            country = defaults.country
            if body.profile is not None:
                country = self.buyers.buyer(body.profile).ship.country
        ask = Ask(
            book=self.pins.named(book_of(body.book_name, body.isbn)),
            max_price=max_price or any_price,
            country=country,
            condition=body.condition or defaults.condition,
            format=body.format or defaults.format,
        )
        return QuoteCall(
            ask=ask,
            max_price=max_price,
            sellers=self.chosen(body.sellers),
            within_s=self._deadline_s(body.deadline_ms),
        )

    def _id(self, caller: Caller | None) -> str:
        now_ms = self.clock.now().timestamp() * 1000
        if caller is not None and may_name_a_request(caller.trace_id, now_ms=now_ms):
            return request_id_of(caller.trace_id)
        return str(uuid_utils.uuid7())

    def _destination(self, named: str | None, profile: str) -> str:
        """Where the book goes: the profile's country; a quote for another would mislead."""
        country = self.buyers.buyer(profile).ship.country
        if named is not None and named != country:
            raise InputError(
                f"the profile {profile} is in {country}, and the country asked for is {named}",
                hint="name a profile there: bookhunt profile list",
            )
        return country

    def chosen(self, named: list[str] | None) -> frozenset[str] | None:
        """The sellers that are named; None: all.

        Raises:
            NotFound: no definition describes one of them.
        """
        if named is None:
            return None
        unknown = sorted({seller for seller in named if self.sellers.get(seller) is None})
        if unknown:
            raise NotFound(f"no seller {', '.join(unknown)}", hint="bookhunt sellers list")
        return frozenset(named)

    def _deadline_s(self, deadline_ms: int | None) -> float:
        return self.settings.search.deadline_s if deadline_ms is None else deadline_ms / 1000
