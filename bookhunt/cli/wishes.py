"""What is to be bought, as it is given: arguments, or lines of stdin.

A line is a book; a book, a tab and its own maximum price; or a JSON object. Titles are data: a line
that begins with `#` is a title, only an empty line is nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bookhunt.cli.durations import seconds
from bookhunt.model.errors import BadMoney, BookhuntError, InputError
from bookhunt.wire.contract import PurchaseRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STDIN = "-"
_LONGEST_LINE_BYTES = 16 * 1024
_PRICE = re.compile(r"(?P<amount>[0-9]+(?:\.[0-9]+)?)(?:\s+(?P<currency>[A-Za-z]{3}))?", re.ASCII)
_TEXTS = frozenset(
    ("profile", "strategy", "condition", "format", "country", "customer", "note", "currency")
)
_KEYS = _TEXTS | {
    "book",
    "isbn",
    "max_price",
    "sellers",
    "deadline",
    "priority",
    "again",
    "dry_run",
    "idempotency_key",
}  # fmt: skip - a list of words


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is said once for all books, and may be said again for one in a JSON line."""

    max_price: str | None = None
    currency: str | None = None
    profile: str | None = None
    strategy: str | None = None
    condition: str | None = None
    format: str | None = None
    country: str | None = None
    sellers: str | None = None  # ids with commas between
    customer: str | None = None
    deadline: str | None = None
    priority: int | None = None
    note: str | None = None
    dry_run: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One copy to buy, in the order it was given; `key` where the customer chose one."""

    label: str  # the book as it was typed
    request: PurchaseRequest
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A line that is no wish, and why."""

    label: str
    error: BookhuntError


@dataclass(slots=True)
class Wishes:
    """Reads wishes one by one, in order; a mistake in one does not stop the next."""

    terms: Terms
    key: str | None = None  # of the only book, or what the keys of several are made from
    several: bool = False
    _times: dict[str, int] = field(default_factory=dict)

    def of(self, books: Iterable[str], stdin: Iterable[bytes]) -> Iterator[Wish | Unreadable]:
        """The wishes of arguments; `-` stands for the lines of stdin."""
        for book in books:
            if book != STDIN:
                yield self._read(book, lambda book=book: self._wish({"book": book}))
                continue
            for number, line in enumerate(stdin, 1):
                if line.strip():
                    where = f"line {number}"
                    yield self._read(where, lambda line=line: self._wish(_said(line)))

    @staticmethod
    def _read(where: str, read: Any) -> Wish | Unreadable:
        try:
            wish: Wish = read()
        except BookhuntError as error:
            return Unreadable(label=where, error=error)
        return wish

    def _wish(self, said: dict[str, Any]) -> Wish:
        request = _request(self.terms, said)
        label = str(said.get("book") or said.get("isbn") or "")
        own = said.get("idempotency_key")
        return Wish(label=label, request=request, key=own or self._key_for(request))

    def _key_for(self, request: PurchaseRequest) -> str | None:
        """The key of one of several: the same for the same wish in the same list, run again."""
        if self.key is None or not self.several:
            return self.key
        import hashlib

        body = json.dumps(request.body(), sort_keys=True)
        name = hashlib.sha256(body.encode()).hexdigest()[:16]
        self._times[name] = self._times.get(name, 0) + 1
        return f"{self.key}:{name}:{self._times[name]}"


def price_of(text: str, currency: str | None) -> dict[str, str] | str:
    """A maximum price as the contract wants it: `30`, or `30 EUR`; the latter wins.

    Raises:
        BadMoney: anything else: no sign, no symbol, a point before the cents.
    """
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        raise BadMoney(
            f"{text!r} is not a price", hint="write it as 24.99, or with a currency: 24.99 EUR"
        )
    named = found["currency"] or currency
    if named is None:
        return found["amount"]
    return {"amount": found["amount"], "currency": named.upper()}


def _said(line: bytes) -> dict[str, Any]:
    if len(line) > _LONGEST_LINE_BYTES:
        raise InputError(f"a line has at most {_LONGEST_LINE_BYTES} bytes")
    try:
        text = line.decode("utf-8").strip("\r\n\ufeff")
    except UnicodeDecodeError as error:
        raise InputError("the line is not UTF-8", hint="iconv -t utf-8 < FILE") from error
    if text.lstrip().startswith("{"):
        return _json(text)
    book, *more = text.split("\t")
    if len(more) > 1:
        raise InputError(
            "a line is a book, or a book, a tab and its maximum price",
            hint="bookhunt help pipelines",
        )
    return {"book": book.strip(), "max_price": more[0]} if more else {"book": book.strip()}


def _json(text: str) -> dict[str, Any]:
    try:
        # A price keeps the digits that were written: 24.90 is not a float.
        said = json.loads(text, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {error}") from error
    unknown = sorted(said.keys() - _KEYS)
    if unknown:
        raise InputError(
            f"a wish has no {', '.join(unknown)}", hint=f"it has: {', '.join(sorted(_KEYS))}"
        )
    for name in _TEXTS | {"book", "isbn", "deadline", "idempotency_key"}:
        if not isinstance(said.get(name), str | None):
            raise InputError(f"{name} is a text")
    for name in ("again", "dry_run"):
        if not isinstance(said.get(name), bool | None):
            raise InputError(f"{name} is true or false")
    return {name: value for name, value in said.items() if value is not None}


def _request(terms: Terms, said: dict[str, Any]) -> PurchaseRequest:
    def term(name: str) -> Any:
        return said.get(name, getattr(terms, name))

    if not said.get("book") and not said.get("isbn"):
        raise InputError("a wish names a book", hint='bookhunt buy "The Hobbit" --max-price 12.50')
    profile = term("profile")
    deadline = term("deadline")
    return PurchaseRequest(
        # An ISBN says more than a title, and the daemon takes one name.
        book_name=None if said.get("isbn") else said.get("book"),
        isbn=said.get("isbn"),
        max_price=_max_price(term("max_price"), term("currency")),
        customer_info=None if profile is None else {"profile": profile},
        customer=term("customer"),
        strategy=term("strategy"),
        condition=term("condition"),
        format=term("format"),
        country=term("country"),
        sellers=sellers_of(term("sellers")),
        deadline_ms=None if deadline is None else round(seconds(deadline) * 1000),
        priority=_whole("priority", term("priority")),
        dry_run=term("dry_run"),
        note=term("note"),
        again=term("again"),
    )


def _max_price(given: Any, currency: str | None) -> dict[str, str] | str:
    if given is None:
        raise InputError("a wish needs a maximum price", hint="add --max-price 30")
    if isinstance(given, dict):
        if given.keys() != {"amount", "currency"}:
            raise InputError('max_price is "24.99", or {"amount": "24.99", "currency": "USD"}')
        return price_of(f"{given['amount']} {given['currency']}", None)
    if not isinstance(given, str):
        raise InputError('max_price is "24.99", or {"amount": "24.99", "currency": "USD"}')
    return price_of(given, currency)


def sellers_of(given: Any) -> tuple[str, ...] | None:
    """The ids of sellers: with commas between, or a list; None: all.

    Raises:
        InputError: it is neither, or names none.
    """
    if given is None:
        return None
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise InputError("sellers are ids with commas between, or a list of them")
    named = tuple(part.strip() for part in parts if part.strip())
    if not named:
        raise InputError("no seller is named", hint="bookhunt sellers list")
    return named


def _whole(name: str, given: Any) -> int | None:
    if given is None or isinstance(given, int):
        return given
    if isinstance(given, str) and given.removeprefix("-").isdecimal():
        return int(given)
    raise InputError(f"{name} is a whole number")
