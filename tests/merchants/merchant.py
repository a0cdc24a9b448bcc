"""What every merchant of the suite has: books, faults, and orders that it writes down.

A merchant is a class of its own for each shop system: it tells the operation of a request, and
answers it as the system would. Everything else is here. A fault is put in force from outside and
is one of two kinds:

- of the wire, the same for all: the answer is lost, or another one is sent instead (`WIRE`);
- a twist: the merchant itself behaves so (`declined`, `price_raised`, ...). Each class names those
  that it can play, and asks with `twist` where it would.
"""

from __future__ import annotations

import hashlib
import json
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.simulated.ledger import Ledger

ANY = "any"
# What can go wrong between a merchant and whoever asks it; `_after`: the request was carried out.
WIRE = frozenset(
    {
        "lost_before",  # the connection ends, nothing was done
        "lost_after",
        "late",  # the connection ends, and it is carried out `ms` later
        "hang_after",  # no answer, and no end
        "status_before",  # `status`
        "status_after",
        "garbage_after",
        "empty_after",
        "html_after",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A book on the shelf. Prices are minor units of the merchant's currency."""

    isbn: str
    title: str = "The Lantern Keeper"
    price_minor: int = 1250
    stock: int = 10


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came; names of headers in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def read(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
        """A request of what stands on the wire."""
        parts = urlsplit(target)
        return cls(method, parts.path, dict(parse_qsl(parts.query)), headers, body)

    @property
    def json(self) -> Any:
        """The body as JSON, an empty object where there is none."""
        return json.loads(self.body) if self.body else {}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: JSON, or the bytes of `body` where they are given."""

    json: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    lost: bool = False  # the connection is reset instead
    hangs: bool = False  # nothing is ever sent

    @property
    def data(self) -> bytes:
        return json.dumps(self.json).encode() if self.body is None else self.body


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault in force: at this operation, so many times, or until all are cleared."""

    name: str
    operation: str = ANY
    count: int | None = None
    status: int = 500
    ms: int = 0
    minor: int = 500  # so much the price is raised


class Merchant(ABC):
    """One shop.

    `system` is the id of the definition that buys at it; `settings` what a user would set for it,
    `{address}` standing for where it serves.

    The crash harness plays: faults of the wire at `steps`, the operations before the commit that
    every order takes; the twists of `played`, each at an operation, so many times (None: always);
    and after a lost answer those of `played_when_lost`. In the names of `only_a_person` the system
    itself cannot say what became of an order.
    """

    system: ClassVar[str]
    settings: ClassVar[Mapping[str, str]] = MappingProxyType({"shop": "{address}"})
    currency: ClassVar[str] = "USD"
    twists: ClassVar[frozenset[str]] = frozenset()
    steps: ClassVar[tuple[str, ...]] = ()
    played: ClassVar[tuple[tuple[str, str, int | None], ...]] = ()
    played_when_lost: ClassVar[tuple[tuple[str, str, int | None], ...]] = ()
    only_a_person: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._faults: list[Fault] = []
        self._arrival = 0
        self._lock = threading.RLock()
        self.books: dict[str, Book] = {}
        self.numbers = 0  # of carts, orders and the like: `number()`

    @abstractmethod
    def operation(self, request: Request) -> str:
        """What is asked for: quote, commit, find, cancel, or a step by a name of its own."""

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """What the system answers, the faults in force included."""

    # ------------------------------------------------------------------ for the classes below
    def key_of(self, request: Request) -> str:
        """The idempotency key of a request that carries one."""
        return request.headers.get("idempotency-key", "")

    def number(self) -> int:
        """The next number: nothing else of this merchant has it."""
        self.numbers += 1
        return self.numbers

    def twist(self, name: str, operation: str = ANY) -> Fault | None:
        """The fault of this name if it is in force here; counted down."""
        assert name in self.twists, name
        return self._met({name}, operation)

    def in_stock(self, isbn: str, copies: int = 1) -> bool:
        """Whether so many can be ordered."""
        return isbn in self.books and self.books[isbn].stock >= copies

    def execute(
        self,
        *,
        order_id: str,
        isbn: str,
        copies: int,
        total_minor: int,
        key: str = "",
        reference: str = "",
        **more: Any,
    ) -> None:
        """Sell: the order is on disk when this returns, and the copies are off the shelf."""
        told = {"order_id": order_id, "isbn": isbn, "item": isbn, "quantity": copies}
        told |= {"total_minor": total_minor, "key": key, "reference": reference, **more}
        self._ledger.keep("order", {"seller": self.system, "arrival": self._arrival, **told})
        if isbn in self.books:
            book = self.books[isbn]
            self.books[isbn] = replace(book, stock=max(book.stock - copies, 0))

    def take_back(self, order_id: str) -> None:
        """Cancel an order that stands."""
        self._ledger.keep("cancel", {"seller": self.system, "order_id": order_id})

    # ------------------------------------------------------------------------ from the outside
    def put(self, book: Book) -> None:
        """Have a book on the shelf, in place of the one of its ISBN."""
        with self._lock:
            self.books[book.isbn] = book

    def fault(self, fault: Fault) -> None:
        """Put a fault in force.

        Raises:
            ValueError: for one that this merchant cannot play.
        """
        if fault.name not in WIRE | self.twists:
            raise ValueError(f"{self.system} cannot play {fault.name!r}")
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """End all faults, and empty the shelf."""
        with self._lock:
            self._faults.clear()
            self.books.clear()

    def handle(self, request: Request) -> Answer:
        """Write the request down, answer it, and do to the answer what faults of the wire do."""
        with self._lock:
            operation = self.operation(request)
            arrival = self._ledger.keep(
                "arrival",
                {
                    "seller": self.system,
                    "operation": operation,
                    "method": request.method,
                    "path": request.path,
                    "key": self.key_of(request),
                    "body_hash": hashlib.sha256(request.body).hexdigest() if request.body else "",
                },
            )
            fault = self._met(WIRE, operation)
            if fault is None:
                return self._carried_out(arrival, request)
            if fault.name == "late":
                threading.Timer(fault.ms / 1000, self._carried_out, (arrival, request)).start()
            elif fault.name.endswith("_after"):
                self._carried_out(arrival, request)
            return _instead(fault)

    def _carried_out(self, arrival: int, request: Request) -> Answer:
        with self._lock:
            self._arrival = arrival
            return self.answer(request)

    def _met(self, names: frozenset[str] | set[str], operation: str) -> Fault | None:
        for fault in self._faults:
            if fault.name not in names or fault.operation not in {ANY, operation}:
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count <= 0:
                    self._faults.remove(fault)
            return fault
        return None


def _instead(fault: Fault) -> Answer:
    """What is sent in place of the answer."""
    match fault.name:
        case "hang_after":
            return Answer(hangs=True)
        case "status_before" | "status_after":
            return Answer({"message": "Something went wrong"}, fault.status)
        case "garbage_after":
            return Answer(body=b'\x00{"oops')
        case "empty_after":
            return Answer(body=b"")
        case "html_after":
            return Answer(
                body=b"<html><h1>Something went wrong</h1></html>",
                headers={"Content-Type": "text/html"},
            )
        case _:
            return Answer(lost=True)
