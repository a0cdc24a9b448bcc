"""A Medusa 2 shop, by its store API: a cart that is completed once; errors come inside a 200.

Amounts are decimals of the currency. To complete a cart that was completed gives its order again.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from tests.merchants.baskets import POSTAGE, Basket, ShopSystem
from tests.merchants.merchant import Answer, Request


def _error(kind: str, message: str, status: int = 400, **more: str) -> Answer:
    return Answer({"type": kind, "message": message, **more}, status)


class Medusa(ShopSystem):
    """See the module."""

    system = "medusa"
    settings = MappingProxyType({"shop": "{address}", "region": "reg_1"})
    steps = ("add", "options", "price", "payment")

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._carts: dict[str, Basket] = {}

    def operation(self, request: Request) -> str:
        match request.method, *request.path.strip("/").split("/")[1:]:
            case "GET", "products":
                return "quote"
            case "POST", "carts":
                return "add"
            case "GET", "shipping-options":
                return "options"
            case "POST", "carts", _, "shipping-methods":
                return "price"
            case "POST", "carts", _, "complete":
                return "commit"
            case "GET", "carts", _:
                return "find"
            case _:
                return "payment"

    def answer(self, request: Request) -> Answer:
        if not request.headers.get("x-publishable-api-key"):
            return _error("not_allowed", "A valid publishable key is required", 401)
        operation, said = self.operation(request), request.json
        if operation == "quote":
            return Answer({"products": self._products(request.query["q"])})
        if operation == "add":
            return self._begin(said)
        if operation == "options":
            options = [
                {"id": f"so_{name}", "name": name, "amount": minor / 100}
                for name, minor in POSTAGE.items()
            ]
            return Answer({"shipping_options": options})
        if operation == "payment":
            return Answer({"payment_collection": {"id": "pay_col_1", "status": "not_paid"}})
        cart = self._carts[request.path.split("/")[3]]
        if operation == "price":
            cart.postage_minor = POSTAGE[said["option_id"].removeprefix("so_")]
        return self._complete(cart) if operation == "commit" else Answer({"cart": self._cart(cart)})

    def _begin(self, said: Any) -> Answer:
        cart = Basket(f"cart_{self.number()}", reference=said["metadata"]["reference"])
        if not self.fill(cart, said["items"][0]["variant_id"].removeprefix("variant_")):
            message = "Some variant does not have the required inventory"
            return _error("not_allowed", message, code="insufficient_inventory")
        self._carts[cart.id] = cart
        return Answer({"cart": self._cart(cart)})

    def _complete(self, cart: Basket) -> Answer:
        if cart.order_id is None:
            error = None
            if self.is_sold_out(cart):
                error = {
                    "type": "not_allowed",
                    "code": "insufficient_inventory",
                    "message": "Some variant does not have the required inventory",
                }
            elif self.twist("declined", "commit"):
                error = {"type": "payment_authorization_error", "message": "Declined"}
            if error is not None:
                return Answer({"type": "cart", "cart": self._cart(cart), "error": error})
            self.sell(cart, f"order_{self.number()}")
        order = self._cart(cart) | {"id": cart.order_id, "total": (cart.charged_minor or 0) / 100}
        return Answer({"type": "order", "order": order})

    # ----------------------------------------------------------------------------- as it is told
    def _products(self, wanted: str) -> list[dict[str, Any]]:
        return [
            {
                "id": f"prod_{book.isbn}",
                "title": book.title,
                "variants": [
                    {
                        "id": f"variant_{book.isbn}",
                        "ean": book.isbn,
                        "manage_inventory": True,
                        "allow_backorder": False,
                        "inventory_quantity": book.stock,
                        "calculated_price": {
                            "calculated_amount": self.shelf_price(book.isbn) / 100,
                            "currency_code": self.currency.lower(),
                        },
                    }
                ],
            }
            for book in self.books.values()
            if wanted == book.isbn or wanted.casefold() in book.title.casefold()
        ]

    def _cart(self, cart: Basket) -> dict[str, Any]:
        postage = 0 if cart.postage_later else cart.postage_minor or 0
        return {
            "id": cart.id,
            "currency_code": self.currency.lower(),
            "completed_at": None if cart.order_id is None else "2026-01-02T03:04:05Z",
            "items": [
                {
                    "variant_id": f"variant_{line.isbn}",
                    "variant_sku": line.isbn,
                    "variant_barcode": line.isbn,
                    "product_title": line.title,
                    "quantity": line.copies,
                }
                for line in cart.lines
            ],
            "shipping_methods": []
            if cart.postage_minor is None or cart.postage_later
            else [{"id": "casm_1", "amount": cart.postage_minor / 100}],
            "item_total": cart.items_minor / 100,
            "shipping_total": postage / 100,
            "total": cart.total_minor / 100,
        }
