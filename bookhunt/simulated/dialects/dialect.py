"""What every dialect has: a way to understand a request, a way to answer it, and a locked door."""

import base64
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from bookhunt.simulated.messages import Answer, Call, Operation, Request
from bookhunt.simulated.orders import Order, Ruling, Wish
from bookhunt.simulated.roster import Auth, secrets
from bookhunt.simulated.shop import Shop

_DELIVERY = timedelta(days=4)


class Dialect(ABC):
    """One seller's way of speaking; one object per seller."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.profile = shop.profile
        self._keys = secrets(shop.profile)
        self._authorization = _authorization(shop.profile.auth, self._keys)

    @abstractmethod
    def recognise(self, request: Request) -> Call:
        """What a request is about, its idempotency key and the customer's reference."""

    @abstractmethod
    def respond(self, call: Call) -> Answer:
        """Act on a request of a customer who was let in."""

    @abstractmethod
    def say(self, ruling: Ruling) -> Answer:
        """A verdict on a commit in this seller's words."""

    def answer(self, call: Call) -> Answer:
        """Act on a request and answer it; 401 for whoever is not let in."""
        if call.operation is not Operation.TOKEN and not self.admits(call.request):
            return Answer(401, b'{"error":"unauthorised"}')
        return self.respond(call)

    def admits(self, request: Request) -> bool:
        """Whether the request carries this seller's credentials."""
        auth = self.profile.auth
        if auth is Auth.NONE:
            return True
        if auth is Auth.HEADER:
            return request.headers.get("x-api-key") == self._keys["api_key"]
        if auth is Auth.QUERY:
            return request.query.get("key") == self._keys["api_key"]
        given = request.headers.get("authorization", "")
        if auth is Auth.OAUTH2:
            return given.removeprefix("Bearer ") in self.shop.access_tokens
        return given == self._authorization

    def place(self, call: Call, wish: Wish) -> Answer:
        """Execute a commit; a key whose answer is an error for ever gets that error."""
        ruling = self.shop.place(call, wish)
        if ruling.order is not None and ruling.order.status is not None:
            return Answer(ruling.order.status, b'{"error":"internal"}')
        return self.say(ruling)

    def confirmed(self, order: Order) -> bool:
        """Whether an order that was only accepted at first is confirmed by now."""
        waits_s = self.profile.placed_s or 0.0
        return datetime.now(UTC).timestamp() >= order.placed_at + waits_s


def _authorization(auth: Auth, keys: dict[str, str]) -> str:
    if auth is Auth.BEARER:
        return f"Bearer {keys['token']}"
    if auth is Auth.BASIC:
        pair = f"{keys['user']}:{keys['password']}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return ""


def asked(request: Request, isbn: str = "isbn", title: str = "title") -> tuple[str, str]:
    """By what a quote asks and for which value, from two parameters of its query."""
    query = request.query
    if query.get(isbn):
        return "isbn", query[isbn]
    return "title", query.get(title, "")


def json_body(request: Request) -> dict[str, Any]:
    """The body as a JSON object; empty for anything else, which then lacks all that is needed."""
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def json_answer(status: int, value: object, *headers: tuple[str, str]) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, orjson.dumps(value), headers=headers)


def whole(value: object) -> int:
    """A count that may come as a number or as text; 0 for anything else."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def text_of(value: object) -> str:
    """A JSON value as text, nothing for null."""
    return "" if value is None else str(value)


def major(minor: int) -> str:
    """Minor units as an amount with a point: 1234 is "12.34"."""
    return f"{Decimal(minor) / 100:.2f}"


def minor(amount: object) -> int | None:
    """An amount with a point as minor units; None for what is no amount."""
    text = str(amount)
    whole_part, _, cents = text.partition(".")
    if not whole_part.isdecimal() or not ((cents.isdecimal() and len(cents) == 2) or not cents):
        return None
    return int(whole_part) * 100 + int(cents or 0)


def delivery(order: Order) -> str:
    """The day an order should arrive, as an ISO date."""
    placed = datetime.fromtimestamp(order.placed_at, UTC)
    return (placed + _DELIVERY).date().isoformat()
