"""A plain customer of the street: speaks every dialect over real HTTP, one connection a request."""

import http.client
import json
import re
import socket
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from lxml import etree

from bookhunt.simulated import Place, Street, credentials, payment_tokens

_ANSWERS_WITHIN_S = 20.0
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def wait_until(holds: Callable[[], object], *, within_s: float = 20.0) -> None:
    """Wait for a condition, never for a time."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    address: str,
    method: str,
    target: str,
    *,
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> Reply:
    """One request, one connection, one answer; errors of the connection are the caller's."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_ANSWERS_WITHIN_S)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read())
    finally:
        connection.close()


def speak(
    address: str,
    method: str,
    target: str,
    *,
    headers: dict[str, str] | None = None,
    body: str = "",
) -> socket.socket:
    """Send a request and keep the line open, without waiting for an answer."""
    parts = urlsplit(address)
    line = socket.create_connection((parts.hostname, parts.port), timeout=_ANSWERS_WITHIN_S)
    lines = [f"{method} {target} HTTP/1.1", "Host: street", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    line.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
    return line


def hears_nothing(line: socket.socket) -> bool:
    """Whether the line is open and silent at this moment."""
    line.setblocking(False)
    try:
        line.recv(1)
    except BlockingIOError:
        return True
    return False


@dataclass(slots=True)
class Shopper:
    """Quotes and orders at any seller; `order` returns the reply of the commit step."""

    street: Street
    tokens: dict[str, str] = field(default_factory=dict)
    keys: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tokens = payment_tokens(self.street, "home")
        self.keys = credentials(self.street)

    def offer(self, seller: str) -> dict:
        """The first offer there that is in stock and in dollars, as the street itself knows it."""
        offers = self.street.offers(seller=seller)
        return next(o for o in offers if o["inventory"] and o["currency"] == "USD")

    def headers(self, seller: str) -> dict[str, str]:
        keys = self.keys[seller]
        if "client_id" in keys:
            form = {"grant_type": "client_credentials", **keys}
            address = self.street.addresses[seller]
            token = ask(address, "POST", "/oauth/token", headers=FORM, body=urlencode(form))
            return {"Authorization": f"Bearer {token.json['access_token']}"}
        if "token" in keys:
            return {"Authorization": f"Bearer {keys['token']}"}
        if "user" in keys:
            pair = b64encode(f"{keys['user']}:{keys['password']}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {"X-Api-Key": keys["api_key"]} if "api_key" in keys else {}

    def quote(self, seller: str, isbn: str) -> Reply:
        place = self.street.sellers[seller]
        if place.dialect == "graphql":
            document = "query($isbn: String) { book(isbn: $isbn) { title } }"
            body = json.dumps({"query": document, "variables": {"isbn": isbn}})
            headers = self.headers(seller) | JSON
            return ask(place.address, "POST", "/graphql", headers=headers, body=body)
        key = f"&key={self.keys[seller].get('api_key', '')}"
        target = {
            "minor": f"/v1/offers?isbn={isbn}",
            "decimal": f"/api/search?ean={isbn}{key}",
            "xml": f"/ws/search.xml?isbn={isbn}{key}",
            "html": f"/search?isbn={isbn}",
            "cart": f"/products?ean={isbn}",
            "oauth": f"/api/listings?isbn={isbn}",
            "jsonld": f"/isbn/{isbn}",
        }[place.dialect]
        return ask(place.address, "GET", target, headers=self.headers(seller))

    def order(self, seller: str, item: str, *, reference: str = "r1", key: str = "k1") -> Reply:
        place = self.street.sellers[seller]
        buy = {
            "minor": self._minor,
            "decimal": self._decimal,
            "xml": self._xml,
            "html": self._html,
            "graphql": self._graphql,
            "cart": self._cart,
            "oauth": self._oauth,
        }[place.dialect]
        return buy(place, item, reference, key)

    def minor_commit(
        self, seller: str, item: str, *, reference: str = "r1", key: str = "k1"
    ) -> dict[str, object]:
        """The commit of a REST seller as arguments of `ask` and `speak`."""
        body = {
            "sku": item,
            "quantity": 1,
            "payment_token": self.tokens[seller],
            "client_reference_id": reference,
        }
        headers = self.headers(seller) | JSON | {"Idempotency-Key": key}
        return {
            "address": self.street.addresses[seller],
            "method": "POST",
            "target": "/v1/orders",
            "headers": headers,
            "body": json.dumps(body),
        }

    def _minor(self, place: Place, item: str, reference: str, key: str) -> Reply:
        return ask(**self.minor_commit(place.id, item, reference=reference, key=key))

    def _decimal(self, place: Place, item: str, reference: str, key: str) -> Reply:
        form = {"id": item, "qty": 1, "pay": self.tokens[place.id], "ref": reference}
        target = f"/api/order?key={self.keys[place.id].get('api_key', '')}"
        return ask(place.address, "POST", target, headers=FORM, body=urlencode(form))

    def _xml(self, place: Place, item: str, reference: str, key: str) -> Reply:
        order = (
            '<o:order xmlns:o="urn:street:order">'
            f"<o:sku>{item}</o:sku><o:quantity>1</o:quantity>"
            f"<o:token>{self.tokens[place.id]}</o:token>"
            f"<o:reference>{reference}</o:reference></o:order>"
        )
        target = f"/ws/order.xml?key={self.keys[place.id].get('api_key', '')}"
        headers = self.headers(place.id) | {"X-Request-Id": key}
        return ask(place.address, "POST", target, headers=headers, body=order)

    def _html(self, place: Place, item: str, reference: str, key: str) -> Reply:
        headers = self.headers(place.id)
        page = ask(place.address, "GET", f"/book/{quote(item)}", headers=headers)
        headers |= FORM | {"Cookie": page.headers["set-cookie"].partition(";")[0]}
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        pay = {"card_token": self.tokens[place.id], "reference": reference}
        if 'action="/buy"' in page.text:
            form = hidden | pay | {"quantity": 1}
            return ask(place.address, "POST", "/buy", headers=headers, body=urlencode(form))
        form = urlencode(hidden | {"quantity": 1})
        basket = ask(place.address, "POST", "/basket", headers=headers, body=form)
        [token] = re.findall(r'name="checkout_token" value="([^"]*)"', basket.text)
        form = urlencode({"checkout_token": token} | pay)
        return ask(place.address, "POST", "/checkout", headers=headers, body=form)

    def _graphql(self, place: Place, item: str, reference: str, key: str) -> Reply:
        document = "mutation($input: OrderInput!) { placeOrder(input: $input) { number } }"
        wanted = {
            "offer": item,
            "quantity": 1,
            "paymentToken": self.tokens[place.id],
            "reference": reference,
        }
        body = json.dumps({"query": document, "variables": {"input": wanted}})
        headers = self.headers(place.id) | JSON | {"Idempotency-Key": key}
        return ask(place.address, "POST", "/graphql", headers=headers, body=body)

    def _cart(self, place: Place, item: str, reference: str, key: str) -> Reply:
        headers = self.headers(place.id) | JSON
        body = json.dumps({"id": item, "quantity": 1})
        cart = ask(place.address, "POST", "/cart/items", headers=headers, body=body)
        headers |= {"Cookie": cart.headers["set-cookie"].partition(";")[0], "Idempotency-Key": key}
        body = json.dumps({"payment_token": self.tokens[place.id], "reference": reference})
        return ask(place.address, "POST", "/checkout", headers=headers, body=body)

    def _oauth(self, place: Place, item: str, reference: str, key: str) -> Reply:
        headers = self.headers(place.id) | JSON | {"Idempotency-Key": key}
        body = json.dumps({"listing_id": item, "quantity": 1})
        cart = ask(place.address, "POST", "/api/carts", headers=headers, body=body).json["id"]
        priced = ask(place.address, "GET", f"/api/carts/{cart}", headers=headers).json
        wanted = {
            "delivery": "standard",
            "expected_total": priced["total_with_standard"],
            "payment_token": self.tokens[place.id],
            "reference": reference,
        }
        target = f"/api/carts/{cart}/orders"
        return ask(place.address, "POST", target, headers=headers, body=json.dumps(wanted))


def xml_error(reply: Reply) -> str | None:
    """The code of an error element, None for a receipt."""
    root = etree.fromstring(reply.body)
    return root.get("code") if etree.QName(root).localname == "error" else None
