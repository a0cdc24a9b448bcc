"""A Magento 2 shop: prices by GraphQL, the order by the REST calls of a guest's cart.

A cart that was ordered is closed; to order it again is a 404. It keeps the number that was
reserved for its order, and who knows the number, the address and the name may ask for the order.
"""

from __future__ import annotations

from typing import Any

from tests.merchants.baskets import POSTAGE, Basket, ShopSystem
from tests.merchants.merchant import Answer, Request

_NO_ENTITY = {"message": "No such entity with %fieldName = %fieldValue"}
_CARTS = "/rest/V1/guest-carts"


class Magento(ShopSystem):
    """See the module. Amounts are decimals of the currency."""

    system = "magento"
    twists = (ShopSystem.twists - {"postage_later"}) | {
        "cart_gone",  # a look-up of the cart is a 404
        "no_guest_orders",  # an older shop: GraphQL knows no guestOrder
    }
    steps = ("cart", "add", "methods", "price", "lines")
    played_when_lost = (
        *ShopSystem.played_when_lost,
        ("cart_gone", "find", None),
        ("no_guest_orders", "find", None),
    )
    only_a_person = frozenset({"cart_gone", "no_guest_orders"})

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._carts: dict[str, Basket] = {}
        self._people: dict[str, tuple[str, str]] = {}  # by cart: mail address and last name

    def operation(self, request: Request) -> str:
        if request.path == "/graphql":
            return "find" if "guestOrder" in request.json["query"] else "quote"
        match request.method, *request.path.removeprefix(_CARTS).strip("/").split("/"):
            case "POST", "":
                return "cart"
            case "POST", _, "items":
                return "add"
            case "GET", _, "items":
                return "lines"
            case "POST", _, "estimate-shipping-methods":
                return "methods"
            case "POST", _, "shipping-information":
                return "price"
            case "POST", _, "payment-information":
                return "commit"
            case _:
                return "find"

    def answer(self, request: Request) -> Answer:
        operation, said = self.operation(request), request.json
        if request.path == "/graphql":
            if operation == "quote":
                return Answer({"data": {"products": {"items": self._items(said["variables"])}}})
            return self._guest_order(said["variables"])
        if operation == "cart":
            cart = Basket(f"mask{self.number()}")
            self._carts[cart.id] = cart
            return Answer(cart.id)
        cart = self._carts[request.path.removeprefix(_CARTS).split("/")[1]]
        if operation == "find":
            return self._cart(cart)
        if cart.order_id is not None:
            return Answer(_NO_ENTITY, 404)
        return self._of_cart(operation, cart, said)

    def _of_cart(self, operation: str, cart: Basket, said: Any) -> Answer:
        match operation:
            case "add":
                if not self.fill(cart, said["cartItem"]["sku"]):
                    return Answer(
                        {"message": "Product that you are trying to add is not available."}, 400
                    )
                return Answer({"item_id": 6, "sku": cart.lines[0].isbn, "qty": 1})
            case "lines":
                return Answer(
                    [{"sku": x.isbn, "name": x.title, "qty": x.copies} for x in cart.lines]
                )
            case "methods":
                return Answer([self._method(name) for name in POSTAGE])
            case "price":
                told = said["addressInformation"]
                cart.postage_minor = POSTAGE[told["shipping_method_code"]]
                who = told["billing_address"]
                self._people[cart.id] = who["email"], who["lastname"]
                return Answer({"payment_methods": [], "totals": self._totals(cart)})
            case _:
                return self._commit(cart, said)

    def _commit(self, cart: Basket, said: Any) -> Answer:
        if self.is_sold_out(cart):
            return Answer({"message": "Some of the products are out of stock."}, 400)
        if self.twist("declined", "commit"):
            return Answer({"message": "Your payment has been declined."}, 400)
        number = self.number()
        reference = said["paymentMethod"]["po_number"]
        self.sell(cart, str(number), reference=reference, number=f"{number:09}")
        return Answer(str(number))

    def _cart(self, cart: Basket) -> Answer:
        if self.twist("cart_gone", "find"):
            return Answer(_NO_ENTITY, 404)
        number = None if cart.order_id is None else f"{int(cart.order_id):09}"
        return Answer({"id": 9, "is_active": number is None, "reserved_order_id": number})

    def _guest_order(self, said: Any) -> Answer:
        if self.twist("no_guest_orders", "find"):
            return Answer({"errors": [{"message": 'Cannot query field "guestOrder"'}]})
        for cart in self._carts.values():
            number = "" if cart.order_id is None else f"{int(cart.order_id):09}"
            if (
                said["number"] == number
                and (said["email"], said["lastname"]) == self._people[cart.id]
            ):
                grand = {"value": (cart.charged_minor or 0) / 100, "currency": self.currency}
                order = {"number": number, "status": "Pending", "total": {"grand_total": grand}}
                return Answer({"data": {"guestOrder": order}})
        message = "We couldn't locate an order with the information provided."
        return Answer({"errors": [{"message": message}], "data": {"guestOrder": None}})

    # ----------------------------------------------------------------------------- as it is told
    def _items(self, said: Any) -> list[dict[str, Any]]:
        return [
            {
                "sku": book.isbn,
                "name": book.title,
                "stock_status": "IN_STOCK" if book.stock else "OUT_OF_STOCK",
                "price_range": {
                    "minimum_price": {
                        "final_price": {
                            "value": self.shelf_price(book.isbn) / 100,
                            "currency": self.currency,
                        }
                    }
                },
            }
            for book in self.books.values()
            if said.get("sku") == book.isbn
            or said.get("search", "?").casefold() in book.title.casefold()
        ]

    def _method(self, name: str) -> dict[str, Any]:
        price = POSTAGE[name] / 100
        return {
            "carrier_code": "post",
            "method_code": name,
            "available": True,
            "price_incl_tax": price,
        }

    def _totals(self, cart: Basket) -> dict[str, Any]:
        postage = 0 if cart.postage_later else cart.postage_minor or 0
        return {
            "grand_total": cart.total_minor / 100,
            "subtotal_incl_tax": cart.items_minor / 100,
            "shipping_incl_tax": postage / 100,
            "discount_amount": 0,
            "quote_currency_code": self.currency,
        }
