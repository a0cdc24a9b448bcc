"""A WooCommerce shop, by its Store API: a basket of a token, a nonce with each answer, a draft.

The draft has the order's number before anything is paid, and tells what became of it. A basket
that was ordered is empty: to order again is an error.
"""

from __future__ import annotations

import re
from typing import Any

from tests.merchants.baskets import POSTAGE, Basket, ShopSystem
from tests.merchants.merchant import Answer, Request

_API = "/wp-json/wc/store/v1/"
_OPERATIONS = {
    ("GET", "products"): "quote",
    ("GET", "cart"): "cart",
    ("POST", "cart/add-item"): "add",
    ("POST", "cart/update-customer"): "address",
    ("POST", "cart/select-shipping-rate"): "price",
    ("GET", "checkout"): "draft",
    ("POST", "checkout"): "commit",
}


def _error(code: str, message: str, status: int = 400) -> Answer:
    return Answer({"code": code, "message": message, "data": {"status": status}}, status)


class WooCommerce(ShopSystem):
    """See the module. Amounts are texts of minor units."""

    system = "woocommerce"
    twists = ShopSystem.twists | {"pending"}  # the payment wants a person: 3-D Secure
    steps = ("cart", "add", "address", "price", "draft")
    played = (*ShopSystem.played, ("pending", "commit", 1))
    only_a_person = frozenset({"pending"})

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._baskets: dict[str, Basket] = {}
        self._drafts: dict[int, Basket] = {}

    def operation(self, request: Request) -> str:
        place = request.path.removeprefix(_API)
        return _OPERATIONS.get((request.method, place), "find")

    def answer(self, request: Request) -> Answer:
        operation = self.operation(request)
        if operation == "quote":
            return Answer(self._products(request))
        if operation == "find":
            return self._order(request)
        token = request.headers.get("cart-token", "")
        if request.method == "POST" and not request.headers.get("nonce", "").startswith("n"):
            return _error("woocommerce_rest_missing_nonce", "Missing the Nonce header.", 401)
        if token not in self._baskets:
            token = f"t{self.number()}"
            self._baskets[token] = Basket(token)
        answer = self._of_basket(operation, self._baskets[token], request)
        headers = {"Nonce": f"n{self.number()}", "Cart-Token": token}
        return Answer(answer.json, answer.status, headers)

    def _of_basket(self, operation: str, basket: Basket, request: Request) -> Answer:
        said = request.json
        match operation:
            case "add":
                if not self.fill(basket, self._isbn(said["id"])):
                    return _error("woocommerce_rest_product_out_of_stock", "It is out of stock.")
                return Answer(self._cart(basket), 201)
            case "address":
                return Answer(self._cart(basket))
            case "price":
                basket.postage_minor = POSTAGE[said["rate_id"].partition(":")[0]]
                return Answer(self._cart(basket))
            case "draft":
                draft = next((n for n, b in self._drafts.items() if b is basket), None)
                draft = self.number() if draft is None else draft
                self._drafts[draft] = basket
                return Answer(
                    {"order_id": draft, "order_key": f"k{draft}", "status": "checkout-draft"}
                )
            case "commit":
                return self._commit(basket, said)
            case _:
                return Answer(self._cart(basket))

    def _commit(self, basket: Basket, said: Any) -> Answer:
        if basket.order_id is not None or not basket.lines:
            return _error("woocommerce_rest_cart_empty", "The basket is empty.")
        if self.is_sold_out(basket):
            return _error("woocommerce_rest_product_out_of_stock", "It is out of stock.")
        if self.twist("declined", "commit"):
            basket.declined = True
            return _error("woocommerce_rest_checkout_process_payment_error", "Declined.")
        number = next(n for n, draft in self._drafts.items() if draft is basket)
        told: dict[str, Any] = {"order_id": number, "order_key": f"k{number}"}
        if self.twist("pending", "commit"):
            return Answer(told | {"payment_result": {"payment_status": "pending"}})
        basket.reference = said["customer_note"]
        self.sell(basket, str(number))
        paid = {"payment_status": "success", "payment_details": [], "redirect_url": ""}
        return Answer(told | {"status": "processing", "payment_result": paid})

    def _order(self, request: Request) -> Answer:
        number = int(re.fullmatch(rf"{_API}order/(\d+)", request.path)[1])  # type: ignore[index]
        basket = self._drafts.get(number)
        if basket is None or request.query.get("key") != f"k{number}":
            return _error("woocommerce_rest_invalid_order", "Invalid order.", 404)
        status = "failed" if basket.declined else "checkout-draft"
        if basket.order_id is not None:
            status = "processing"
        totals = self._totals(basket)
        if basket.charged_minor is not None:
            totals["total_price"] = str(basket.charged_minor)
        return Answer({"id": number, "status": status, "totals": totals})

    # ----------------------------------------------------------------------------- as it is told
    def _products(self, request: Request) -> list[dict[str, Any]]:
        wanted, search = request.query.get("sku"), request.query.get("search", "")
        return [
            {
                "id": self._id(book.isbn),
                "name": book.title,
                "sku": book.isbn,
                "permalink": f"https://shop.example/product/{book.isbn}/",
                "is_purchasable": True,
                "is_in_stock": book.stock > 0,
                "low_stock_remaining": book.stock,
                "prices": {
                    "price": str(self.shelf_price(book.isbn)),
                    "currency_code": self.currency,
                    "currency_minor_unit": 2,
                },
            }
            for book in self.books.values()
            if wanted == book.isbn or (search and search.casefold() in book.title.casefold())
        ]

    def _id(self, isbn: str) -> int:
        return int(isbn)

    def _isbn(self, product: int) -> str:
        return next((isbn for isbn in self.books if self._id(isbn) == product), "")

    def _totals(self, basket: Basket) -> dict[str, Any]:
        no_postage = basket.postage_minor is None or basket.postage_later
        return {
            "total_items": str(basket.items_minor),
            "total_items_tax": "0",
            "total_fees": "0",
            "total_fees_tax": "0",
            "total_discount": "0",
            "total_discount_tax": "0",
            "total_shipping": None if no_postage else str(basket.postage_minor),
            "total_shipping_tax": None if no_postage else "0",
            "total_price": str(basket.total_minor),
            "total_tax": "0",
            "currency_code": self.currency,
            "currency_minor_unit": 2,
        }

    def _cart(self, basket: Basket) -> dict[str, Any]:
        rates = [{"rate_id": f"{name}:1", "price": str(minor)} for name, minor in POSTAGE.items()]
        return {
            "items": [
                {
                    "key": f"line{n}",
                    "id": self._id(line.isbn) if line.isbn.isdigit() else 9,
                    "sku": line.isbn,
                    "name": line.title,
                    "quantity": line.copies,
                }
                for n, line in enumerate(basket.lines)
            ],
            "needs_shipping": True,
            "has_calculated_shipping": basket.postage_minor is not None,
            "shipping_rates": [{"package_id": 0, "shipping_rates": rates}],
            "totals": self._totals(basket),
            "errors": [],
        }
