"""What is on disk before the first byte of the commit step leaves.

Enough to send the same bytes again and to look the order up, after a crash and after the seller's
definition, its settings or its folder changed: the request with secrets as references, the
credentials, cookies and captures of the attempt, and the definition it was made with. An order is
read and settled by the rules it was sent under.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.model.money import Money
from bookhunt.sellers.auth import Credential
from bookhunt.sellers.plan_cookies import CookieJar
from bookhunt.sellers.rendering import Rendered
from bookhunt.sellers.rendering_bodies import json_parts
from bookhunt.sellers.scope import Asked, from_json
from bookhunt.sellers.template_sealed import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION = 1
# A capture may be a whole row of an answer; a ledger is no place for half a megabyte of it.
MOST_BYTES = 256 * 1024
_MOST_DEFINITION = 4 * 1024 * 1024


class BadFrozen(ValueError):
    """A stored order cannot be read, or is too large to be stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenOrder:
    """One order, ready to be sent."""

    seller: str
    definition_hash: str
    definition: Mapping[str, Any]  # the definition as JSON, examples aside
    settings: Mapping[str, Any]
    base_url: str
    asked: Asked
    request: Rendered
    credentials: tuple[Credential, ...]
    cookies: CookieJar
    captured: Mapping[str, Any]
    total: Money

    def document(self) -> str:
        """As JSON text; it holds no secret.

        Raises:
            BadFrozen: it is larger than a ledger should hold.
        """
        value = {
            "v": _VERSION,
            "seller": self.seller,
            "definition_hash": self.definition_hash,
            "definition": _packed(self.definition),
            "settings": dict(self.settings),
            "base_url": self.base_url,
            "asked": [self.asked.by, self.asked.value],
            "request": self.request.to_json(),
            "credentials": [each.to_json() for each in self.credentials],
            "cookies": self.cookies.to_json(),
            "captured": dict(self.captured),
            "total": [self.total.minor, self.total.currency],
        }
        text = joined(json_parts(value))
        if not isinstance(text, str):
            raise BadFrozen("a secret was captured: it cannot be stored")
        if len(text) > MOST_BYTES:
            raise BadFrozen(f"what has to be kept of the order is over {MOST_BYTES // 1024} KB")
        return text

    @classmethod
    def read(cls, document: str) -> FrozenOrder:
        """What `document` wrote.

        Raises:
            BadFrozen: it is something else.
        """
        try:
            value = from_json(document)
            if value["v"] != _VERSION:
                raise BadFrozen(f"an order stored in another way ({value['v']})")
            by, asked = value["asked"]
            minor, currency = value["total"]
            return cls(
                seller=value["seller"],
                definition_hash=value["definition_hash"],
                definition=_unpacked(value["definition"]),
                settings=value["settings"],
                base_url=value["base_url"],
                asked=Asked(by=by, value=asked),
                request=Rendered.from_json(value["request"]),
                credentials=tuple(Credential.from_json(each) for each in value["credentials"]),
                cookies=CookieJar.from_json(value["cookies"]),
                captured=value["captured"],
                total=Money(minor, currency),
            )
        except (KeyError, TypeError, ValueError, zlib.error) as bad:
            raise BadFrozen(f"the stored order cannot be read: {type(bad).__name__}") from None


def _packed(definition: Mapping[str, Any]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(definition).encode(), 6)).decode("ascii")


def _unpacked(text: str) -> Mapping[str, Any]:
    opener = zlib.decompressobj()
    found: Mapping[str, Any] = json.loads(
        opener.decompress(base64.b64decode(text), _MOST_DEFINITION)
    )
    return found
