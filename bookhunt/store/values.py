"""Values of the model as JSON text and back: exact, closed, and readable for ever.

Times are whole microseconds since 1970 in UTC, money is minor units beside its currency. A member
that a later version adds has a default there, so that rows of earlier versions load (the frozen
ledgers in tests/data see to it); a member that this version does not know is an error, since a
newer ledger is refused as a whole.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum
from fractions import Fraction
from typing import Any, TypeVar

import orjson

from bookhunt.model.book import Book
from bookhunt.model.errors import BookhuntError, LedgerUnusable
from bookhunt.model.money import Money
from bookhunt.model.offer import Offer, Original
from bookhunt.model.outcome import Bought, Findings, ProofOfAbsence, Result, SellerNote
from bookhunt.model.rate import Rate
from bookhunt.model.reasons import Reason
from bookhunt.model.seller import BookFormat, Condition

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_E = TypeVar("_E", bound=Enum)


# ---------------------------------------------------------------------------------------- parts
def micros(at: datetime) -> int:
    """An aware time as whole microseconds since 1970, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def moment(us: int) -> datetime:
    """The time that so many microseconds stand for, in UTC."""
    return _EPOCH + us * _MICROSECOND


def maybe_micros(at: datetime | None) -> int | None:
    """As `micros`; None stays None."""
    return None if at is None else micros(at)


def maybe_moment(us: int | None) -> datetime | None:
    """As `moment`; None stays None."""
    return None if us is None else moment(us)


def text_of(document: Any) -> str:
    """JSON text, compact, members in the order they were given."""
    return orjson.dumps(document).decode()


class Members:
    """The members of a JSON object, taken one by one; what nobody took is an error."""

    def __init__(self, text: str | dict[str, Any], what: str) -> None:
        self._what = what
        self._left: dict[str, Any] = orjson.loads(text) if isinstance(text, str) else dict(text)

    def take(self, name: str, *otherwise: Any) -> Any:
        """A member; `otherwise` is what its absence meant before there was such a member."""
        try:
            return self._left.pop(name, *otherwise)
        except KeyError:
            raise LedgerUnusable(f"{self._what} in the ledger has no {name!r}") from None

    def money(self, name: str, *otherwise: None) -> Money | None:
        """A member that is an amount of money or null."""
        value = self.take(name, *otherwise)
        return None if value is None else money_of(value)

    def some_money(self, name: str) -> Money:
        """A member that is an amount of money."""
        return money_of(self.take(name))

    def one_of(self, kind: type[_E], name: str) -> _E:
        """A member that is a word of a closed list."""
        word = self.take(name)
        try:
            return kind(word)
        except ValueError:
            raise LedgerUnusable(f"{self._what} in the ledger has {name} {word!r}") from None

    def end(self) -> None:
        """Nothing may be left."""
        if self._left:
            names = ", ".join(sorted(self._left))
            raise LedgerUnusable(
                f"{self._what} in the ledger has members this version does not know: {names}",
                hint="start the newer bookhunt that wrote them",
            )


def money_json(money: Money | None) -> dict[str, Any] | None:
    """Money as `{"minor": 1250, "currency": "USD"}`."""
    return None if money is None else {"minor": money.minor, "currency": money.currency}


def money_of(document: dict[str, Any]) -> Money:
    """The money such an object stands for."""
    members = Members(document, "an amount")
    money = Money(members.take("minor"), members.take("currency"))
    members.end()
    return money


# ----------------------------------------------------------------------------------------- book
def book_json(book: Book) -> dict[str, Any]:
    """A book, as it was named."""
    return {"title": book.title, "isbn13": book.isbn13, "authors": list(book.authors)}


def book_of(document: dict[str, Any]) -> Book:
    """The book such an object stands for."""
    members = Members(document, "a book")
    book = Book(
        title=members.take("title"),
        isbn13=members.take("isbn13"),
        authors=tuple(members.take("authors")),
    )
    members.end()
    return book


# ---------------------------------------------------------------------------------------- offer
def offer_text(offer: Offer) -> str:
    """An offer, every field of it, as JSON text."""
    return text_of(
        {
            "seller": offer.seller,
            "item": offer.item,
            "isbn13": offer.isbn13,
            "title": offer.title,
            "price": money_json(offer.price),
            "shipping": money_json(offer.shipping),
            "tax": money_json(offer.tax),
            "condition": offer.condition.value,
            "format": offer.format.value,
            "inventory": offer.inventory,
            "expires_us": maybe_micros(offer.expires_at),
            "url": offer.url,
            "checked_us": micros(offer.checked_at),
            "response_ms": offer.response_ms,
            "cached": offer.cached,
            "original": None if offer.original is None else _original_json(offer.original),
        }
    )


def offer_of(text: str) -> Offer:
    """The offer such a text stands for.

    Raises:
        LedgerUnusable: it stands for none.
    """
    members = Members(text, "an offer")
    original = members.take("original", None)
    try:
        offer = Offer(
            seller=members.take("seller"),
            item=members.take("item"),
            isbn13=members.take("isbn13"),
            title=members.take("title"),
            price=members.some_money("price"),
            shipping=members.money("shipping"),
            tax=members.money("tax"),
            condition=members.one_of(Condition, "condition"),
            format=members.one_of(BookFormat, "format"),
            inventory=members.take("inventory"),
            expires_at=maybe_moment(members.take("expires_us")),
            url=members.take("url"),
            checked_at=moment(members.take("checked_us")),
            response_ms=members.take("response_ms"),
            cached=members.take("cached"),
            original=None if original is None else _original_of(original),
        )
    except LedgerUnusable:
        raise
    except BookhuntError as error:
        raise LedgerUnusable(f"an offer in the ledger cannot be read: {error.message}") from error
    members.end()
    return offer


def _original_json(original: Original) -> dict[str, Any]:
    rate = original.rate
    return {
        "price": money_json(original.price),
        "shipping": money_json(original.shipping),
        "tax": money_json(original.tax),
        "rate": {
            "of": rate.of,
            "into": rate.into,
            "mid": str(rate.mid),  # exact: "27/25"
            "margin": str(rate.margin),
            "as_of_us": maybe_micros(rate.as_of),
            "until_us": maybe_micros(rate.until),
        },
    }


def _original_of(document: dict[str, Any]) -> Original:
    members = Members(document, "an offer in another currency")
    rate = Members(members.take("rate"), "a rate")
    original = Original(
        price=members.some_money("price"),
        shipping=members.money("shipping"),
        tax=members.money("tax"),
        rate=Rate(
            of=rate.take("of"),
            into=rate.take("into"),
            mid=Fraction(rate.take("mid")),
            margin=Fraction(rate.take("margin")),
            as_of=maybe_moment(rate.take("as_of_us")),
            until=maybe_moment(rate.take("until_us")),
        ),
    )
    rate.end()
    members.end()
    return original


# --------------------------------------------------------------------------------------- result
def result_text(result: Result) -> str:
    """What became of a request, as JSON text."""
    return text_of(
        {
            "findings": _findings_json(result.findings),
            "bought": None if result.bought is None else _bought_json(result.bought),
            "reason": result.reason,
            "message": result.message,
        }
    )


def result_of(text: str) -> Result:
    """The result such a text stands for.

    Raises:
        LedgerUnusable: it stands for none.
    """
    members = Members(text, "a result")
    bought = members.take("bought")
    result = Result(
        findings=_findings_of(members.take("findings")),
        bought=None if bought is None else _bought_of(bought),
        reason=members.take("reason"),
        message=members.take("message"),
    )
    members.end()
    return result


def _findings_json(findings: Findings) -> dict[str, Any]:
    return {
        "sellers_asked": findings.sellers_asked,
        "sellers_total": findings.sellers_total,
        "calls": findings.calls,
        "cached": findings.cached,
        "coalesced": findings.coalesced,
        "early_exit": findings.early_exit,
        "stopped_because": findings.stopped_because,
        "proof": None if findings.proof is None else findings.proof.value,
        "lowest": money_json(findings.lowest),
        "lowest_seller": findings.lowest_seller,
        "cheaper_by_link": findings.cheaper_by_link,
        "url": findings.url,
    }


def _findings_of(document: dict[str, Any]) -> Findings:
    members = Members(document, "a result's findings")
    proven = document.get("proof") is not None
    findings = Findings(
        sellers_asked=members.take("sellers_asked"),
        sellers_total=members.take("sellers_total"),
        calls=members.take("calls"),
        cached=members.take("cached"),
        coalesced=members.take("coalesced"),
        early_exit=members.take("early_exit"),
        stopped_because=members.take("stopped_because"),
        proof=members.one_of(ProofOfAbsence, "proof") if proven else members.take("proof"),
        lowest=members.money("lowest"),
        lowest_seller=members.take("lowest_seller"),
        cheaper_by_link=members.take("cheaper_by_link"),
        url=members.take("url"),
    )
    members.end()
    return findings


def _bought_json(bought: Bought) -> dict[str, Any]:
    return {
        "seller": bought.seller,
        "item_price": money_json(bought.item_price),
        "shipping": money_json(bought.shipping),
        "tax": money_json(bought.tax),
        "total": money_json(bought.total),
        "order_id": bought.order_id,
        "reference": bought.reference,
        "delivery": bought.delivery,
        "at_us": micros(bought.at),
        "overcharged": bought.overcharged,
        "charge_confirmed": bought.charge_confirmed,
        "url": bought.url,
        "original": money_json(bought.original),
    }


def _bought_of(document: dict[str, Any]) -> Bought:
    members = Members(document, "a purchase")
    bought = Bought(
        seller=members.take("seller"),
        item_price=members.some_money("item_price"),
        shipping=members.money("shipping"),
        tax=members.money("tax"),
        total=members.some_money("total"),
        order_id=members.take("order_id"),
        reference=members.take("reference"),
        delivery=members.take("delivery"),
        at=moment(members.take("at_us")),
        overcharged=members.take("overcharged"),
        charge_confirmed=members.take("charge_confirmed"),
        url=members.take("url"),
        original=members.money("original", None),
    )
    members.end()
    return bought


# ---------------------------------------------------------------------------------------- notes
def note_json(note: SellerNote) -> dict[str, Any]:
    """What one seller contributed."""
    return {
        "seller": note.seller,
        "reason": None if note.reason is None else note.reason.value,
        "total": money_json(note.total),
        "detail": note.detail,
        "tier": note.tier,
        "rank": note.rank,
        "reservation": money_json(note.reservation),
        "expected": money_json(note.expected),
        "cached": note.cached,
        "shared": note.shared,
        "asked_ms": note.asked_ms,
        "answered_ms": note.answered_ms,
        "calls": note.calls,
    }


def note_of(document: dict[str, Any]) -> SellerNote:
    """The note such an object stands for."""
    members = Members(document, "a note")
    said = document.get("reason") is not None
    note = SellerNote(
        seller=members.take("seller"),
        reason=members.one_of(Reason, "reason") if said else members.take("reason"),
        total=members.money("total"),
        detail=members.take("detail"),
        tier=members.take("tier"),
        rank=members.take("rank"),
        reservation=members.money("reservation"),
        expected=members.money("expected"),
        cached=members.take("cached"),
        shared=members.take("shared"),
        asked_ms=members.take("asked_ms"),
        answered_ms=members.take("answered_ms"),
        calls=members.take("calls"),
    )
    members.end()
    return note
