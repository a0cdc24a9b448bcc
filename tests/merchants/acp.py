"""Shops that speak ACP: the first version, without keys, and the one of 2026-04-17, with them.

Errors are `{type, code, message}`; what is wrong with an order comes inside a 200. A session that
is completed answers 405 to whoever completes it again. In the later version a key gets its first
answer again, another body 422, and what is still worked on 409 with Retry-After.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar

from tests.merchants.baskets import POSTAGE, Line
from tests.merchants.merchant import Answer, Request
from tests.merchants.sessions import Session, SessionShop


class Acp(SessionShop):
    """Version 2025-09-29. Amounts are whole minor units, currencies in lower case."""

    system = "acp"
    version: ClassVar[str] = "2025-09-29"
    keyed = False
    ready, unready, working = "ready_for_payment", "not_ready_for_payment", "in_progress"
    steps = ("add", "price")

    def operation(self, request: Request) -> str:
        match request.method, *request.path.strip("/").split("/"):
            case "POST", "checkout_sessions":
                return "add" if self._address(request.json) is not None else "quote"
            case "POST", _, _, "complete":
                return "commit"
            case "POST", _, _, "cancel":
                return "cancel"
            case "POST", _, _:
                return "price"
            case _:
                return "find"

    def key_of(self, request: Request) -> str:
        return super().key_of(request) if self.keyed else ""

    def answer(self, request: Request) -> Answer:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return self.wrapped(self.error(401, "unauthorized", "Who are you?"))
        if request.headers.get("api-version") != self.version:
            return self.wrapped(self.error(400, "unsupported_api_version", "Not that one"))
        if self.keyed and request.method == "POST" and not self.key_of(request):
            return self.wrapped(self.error(400, "idempotency_key_required", "A key is missing"))
        operation, said = self.operation(request), request.json
        if operation in {"quote", "add"}:
            return self._begin(said, ordered=operation == "add")
        session = self.session(request)
        match operation:
            case "price":
                session.option = self._chosen(said)
                session.basket.postage_minor = POSTAGE[session.option]
                session.status = self.ready
                return Answer(self.told(session))
            case "commit":
                reference = "" if self.keyed else request.headers.get("idempotency-key", "")
                return self.complete(session, request, reference=reference, done=405)
            case "cancel":
                return self.give_up(session, 405)
            case _:
                return self.look(session)

    def _begin(self, said: Any, *, ordered: bool) -> Answer:
        answer = self.begin(self._item(said), ordered=ordered)
        if answer.status != 201 or not ordered:
            return answer
        session = self._sessions[answer.json["id"]]
        session.address = self._address(said)
        return Answer(self.told(session), 201)

    # ------------------------------------------------------------------- what the versions call it
    def _address(self, said: Any) -> Any:
        return said.get("fulfillment_address")

    def _item(self, said: Any) -> str:
        [item] = said["items"]
        assert item["quantity"] == 1
        return str(item["id"])

    def _chosen(self, said: Any) -> str:
        return str(said["fulfillment_option_id"])

    def _line(self, number: int, line: Line) -> dict[str, Any]:
        cost = line.price_minor * line.copies
        return {
            "id": f"li_{number}",
            "item": {"id": line.isbn, "quantity": line.copies},
            "base_amount": cost,
            "discount": 0,
            "subtotal": cost,
            "tax": 0,
            "total": cost,
        }

    def _delivery(self, session: Session) -> dict[str, Any]:
        options = [
            {
                "type": "shipping",
                "id": name,
                "title": name.title(),
                "subtotal": minor,
                "tax": 0,
                "total": minor,
            }
            for name, minor in reversed(POSTAGE.items())
        ]
        chosen = {} if session.option is None else {"fulfillment_option_id": session.option}
        return {
            "fulfillment_address": session.address,
            "fulfillment_options": options,
            **chosen,
        }

    # ----------------------------------------------------------------------------- as it is told
    def error(self, status: int, code: str, message: str) -> Answer:
        return Answer({"type": "invalid_request", "code": code, "message": message}, status)

    def message(self, code: str, content: str, **more: str) -> dict[str, Any]:
        return {"type": "error", "code": code, "param": "$", "content": content, **more}

    def disclosure(self) -> dict[str, Any]:
        return self.message("age_verification_required", "Adults only")

    def order(self, session: Session) -> dict[str, Any]:
        told = super().order(session)
        if told:
            told["order"]["checkout_session_id"] = session.id
        return told

    def _conflict(self) -> Answer:
        return self.wrapped(self.error(422, "idempotency_conflict", "Another body had this key"))

    def told(self, session: Session) -> dict[str, Any]:
        lines = [self._line(number, each) for number, each in enumerate(session.basket.lines)]
        return {
            "id": session.id,
            "status": session.status,
            "currency": self.currency.lower(),
            "line_items": lines,
            "totals": [
                {
                    "type": "items_base_amount",
                    "display_text": "Items",
                    "amount": session.basket.items_minor,
                },
                *self.totals(session),
            ],
            "messages": session.messages,
            "links": [],
            "fulfillment_options": [],
            **(self._delivery(session) if session.address is not None else {}),
            **self.order(session),
        }


class AcpOf2026(Acp):
    """Version 2026-04-17."""

    system = "acp-2026-04-17"
    settings = MappingProxyType({"shop": "{address}", "handler": "card_tokenized"})
    version = "2026-04-17"
    keyed = True
    working = "complete_in_progress"

    def _address(self, said: Any) -> Any:
        return said.get("fulfillment_details")

    def _item(self, said: Any) -> str:
        [line] = said["line_items"]
        assert set(line) == {"id"}
        assert said["currency"] == self.currency.lower()
        return str(line["id"])

    def _chosen(self, said: Any) -> str:
        [option] = said["selected_fulfillment_options"]
        return str(option["option_id"])

    def _line(self, number: int, line: Line) -> dict[str, Any]:
        return {
            "id": f"li_{number}",
            "item": {"id": line.isbn},
            "name": line.title,
            "quantity": line.copies,
            "unit_amount": line.price_minor,
        }

    def _delivery(self, session: Session) -> dict[str, Any]:
        options = [
            {
                "type": "shipping",
                "id": name,
                "title": name.title(),
                "totals": [{"type": "total", "display_text": "Total", "amount": minor}],
            }
            for name, minor in reversed(POSTAGE.items())
        ]
        said = {"fulfillment_details": session.address, "fulfillment_options": options}
        if session.option is not None:
            chosen = {"type": "shipping", "option_id": session.option, "item_ids": []}
            said["selected_fulfillment_options"] = [chosen]
        return said

    def told(self, session: Session) -> dict[str, Any]:
        handler = {"id": "card_tokenized", "name": "dev.acp.tokenized.card", "psp": "stripe"}
        return {
            "protocol": {"version": self.version},
            "capabilities": {"payment": {"handlers": [handler]}},
            **super().told(session),
        }
