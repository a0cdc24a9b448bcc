"""Who a book is sent to. Payment is never here: it is a secret, known by its name only."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from bookhunt.model.errors import InputError

_LONGEST_FIELD = 200
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def require_country(code: str) -> None:
    """Refuse what has not the shape of an ISO 3166-1 alpha-2 code.

    Raises:
        InputError: it has not.
    """
    if not _COUNTRY.fullmatch(code):
        raise InputError(
            f"{code!r} is not a country code", hint="use two letters of ISO 3166, for example US"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address and how to reach the person; `country` is ISO 3166-1 alpha-2."""

    name: str
    street: str
    city: str
    postcode: str
    country: str
    street2: str | None = None
    region: str | None = None
    phone: str | None = None
    email: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            if not value.strip():
                raise InputError(f"{field.name} is empty", hint="leave it out or fill it in")
            if len(value) > _LONGEST_FIELD or not value.isprintable():
                raise InputError(f"{field.name} is too long or holds a control character")
        require_country(self.country)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """One shipping profile: where books go, and whom the bill is for (the same, unless said).

    The payment token of this profile at a seller is the secret `pay/<profile>/<seller>`.
    """

    profile: str
    ship: Address
    bill: Address
