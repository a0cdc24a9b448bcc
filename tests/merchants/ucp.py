"""A shop that speaks UCP 2026-01-11: sessions that are replaced as a whole, and completed once.

Its errors are `{code, content}`; what is wrong with an order comes inside a 200. A session says
that it is ready before anything of its delivery is known. A key gets the first answer again, from
the same bytes; what was completed answers another one with 409.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from tests.merchants.baskets import POSTAGE
from tests.merchants.merchant import Answer, Request
from tests.merchants.sessions import Session, SessionShop

_ELSEWHERE = {
    "id": "addr_1",
    "street_address": "9 Old Street",
    "postal_code": "99999",
    "address_country": "US",
}


class Ucp(SessionShop):
    """See the module. Amounts are whole minor units."""

    system = "ucp"
    settings = MappingProxyType(
        {
            "shop": "{address}",
            "agent_profile": "https://reader.example/ucp",
            "handler": "mock_payment_handler",
            "card_brand": "Visa",
            "card_last_digits": "4242",
        }
    )
    steps = ("add", "address", "destination", "price")
    ready, unready, working = "ready_for_complete", "ready_for_complete", "complete_in_progress"

    def operation(self, request: Request) -> str:
        match request.method, *request.path.strip("/").split("/"):
            case "POST", "checkout-sessions":
                return "add" if "buyer" in request.json else "quote"
            case "POST", _, _, "complete":
                return "commit"
            case "POST", _, _, "cancel":
                return "cancel"
            case "PUT", _, _:
                return self._update(request.json["fulfillment"]["methods"][0])
            case _:
                return "find"

    @staticmethod
    def _update(method: Any) -> str:
        if "groups" in method:
            return "price"
        return "destination" if "selected_destination_id" in method else "address"

    def answer(self, request: Request) -> Answer:
        if not request.headers.get("ucp-agent", "").startswith('profile="https://'):
            return self.wrapped(self.error(400, "profile_missing", "Who are you?"))
        if not request.headers.get("request-signature"):
            return self.wrapped(self.error(422, "missing", "Request-Signature"))
        operation, said = self.operation(request), request.json
        if request.method != "GET" and not self.key_of(request):
            return self.wrapped(self.error(400, "idempotency_key_required", "A key is missing"))
        if operation in {"quote", "add"}:
            return self.begin(said["line_items"][0]["item"]["id"], ordered=operation == "add")
        session = self.session(request)
        match operation:
            case "commit":
                reference = said["payment_data"]["id"].removeprefix("instr_")
                return self.complete(session, request, reference=reference, done=409)
            case "cancel":
                return self.give_up(session, 409)
            case "find":
                return self.look(session)
            case _:
                return self._replace(session, said)

    def _replace(self, session: Session, said: Any) -> Answer:
        """A PUT says everything anew; what it does not say is gone."""
        [line] = said["line_items"]
        assert line["quantity"] == 1
        [method] = said["fulfillment"]["methods"]
        [session.address] = method.get("destinations", [None])
        session.buyer = said.get("buyer", {})
        chosen = method.get("selected_destination_id")
        session.address = {**(session.address or {}), "id": "dest_1", "selected": bool(chosen)}
        option = next((g["selected_option_id"] for g in method.get("groups", [])), None)
        session.option = option
        session.basket.postage_minor = None if option is None else POSTAGE[option]
        return Answer(self.told(session))

    # ----------------------------------------------------------------------------- as it is told
    def error(self, status: int, code: str, message: str) -> Answer:
        return Answer({"code": code, "content": message}, status)

    def message(self, code: str, content: str, **more: str) -> dict[str, Any]:
        said = {"type": "error", "code": code, "content": content, "severity": "recoverable"}
        return said | more

    def disclosure(self) -> dict[str, Any]:
        more = {"type": "warning", "presentation": "disclosure"}
        return self.message("final_sale", "It cannot be returned", **more)

    def _conflict(self) -> Answer:
        return self.wrapped(self.error(409, "idempotency_conflict", "Another body had this key"))

    def told(self, session: Session) -> dict[str, Any]:
        return {
            "ucp": {
                "version": "2026-01-11",
                "capabilities": [{"name": "dev.ucp.shopping.checkout", "version": "2026-01-11"}],
            },
            "id": session.id,
            "status": session.status,
            "currency": self.currency,
            "line_items": [
                {
                    "id": f"li_{number}",
                    "item": {"id": line.isbn, "title": line.title, "price": line.price_minor},
                    "quantity": line.copies,
                    "totals": [
                        {"type": kind, "amount": line.price_minor * line.copies}
                        for kind in ("subtotal", "total")
                    ],
                }
                for number, line in enumerate(session.basket.lines)
            ],
            "buyer": session.buyer,
            "totals": self.totals(session),
            "messages": session.messages,
            "links": [],
            "payment": {"handlers": [], "instruments": []},
            **({"fulfillment": self._fulfillment(session)} if session.address else {}),
            **self.order(session),
        }

    def _fulfillment(self, session: Session) -> dict[str, Any]:
        """The method; its options once it is known where the parcel goes."""
        assert session.address is not None
        ours = {key: value for key, value in session.address.items() if key != "selected"}
        method: dict[str, Any] = {
            "id": "method_1",
            "type": "shipping",
            "line_item_ids": ["li_0"],
            "destinations": [_ELSEWHERE, ours],
        }
        if session.address["selected"]:
            options = [
                {
                    "id": name,
                    "title": name.title(),
                    "totals": [{"type": "total", "amount": minor}],
                }
                for name, minor in reversed(POSTAGE.items())
            ]
            group = {"id": "group_1", "line_item_ids": ["li_0"], "options": options}
            if session.option is not None:
                group["selected_option_id"] = session.option
            method |= {"selected_destination_id": "dest_1", "groups": [group]}
        return {"methods": [method]}
