"""What came of an example, compared with what it says must come; only what is named counts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bookhunt.model.book import isbn13_of
from bookhunt.sellers.doctor_requests import ANYTHING, NOTHING

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Quoted
    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer
    from bookhunt.sellers.language import Then, ThenOffer
    from bookhunt.sellers.reading.rates import Rate

_MONEY = frozenset({"price", "shipping", "tax", "total"})


def quote_differences(then: Then, quoted: Quoted) -> list[str]:
    """What a quote gave, and should not have, or the other way round."""
    found: list[str] = []
    if then.reason is not None:
        got = quoted.reason.value if quoted.reason is not None else None
        if got != then.reason:
            detail = f" ({quoted.detail})" if quoted.detail else ""
            found.append(f"reason: expected {then.reason}, got {got or 'offers'}{detail}")
    if then.refused is not None:
        refused = sorted(each.reason.value for each in quoted.refused)
        if refused != sorted(then.refused):
            found.append(f"refused: expected {sorted(then.refused)}, got {refused}")
    if then.offers is not None:
        found += _offers(then.offers, quoted)
    if found:
        found += [
            f"  refused {each.reason.value}: {each.detail or ''}".rstrip()
            for each in quoted.refused
        ]
    return found


def _offers(expected: tuple[ThenOffer, ...], quoted: Quoted) -> list[str]:
    """Each expected offer with the one it fits best, whatever the order."""
    left = list(quoted.offers)
    found: list[str] = []
    for n, wanted in enumerate(expected, 1):
        if not left:
            reason = quoted.reason.value if quoted.reason is not None else "no further offer"
            detail = f" ({quoted.detail})" if quoted.detail else ""
            found.append(f"offer {n}: expected, got {reason}{detail}")
            continue
        best = min(left, key=lambda each: len(_offer(wanted, each)))
        left.remove(best)
        found += [f"offer {n}: {line}" for line in _offer(wanted, best)]
    found += [f"an offer more than expected: {_shown(each)}" for each in left]
    return found


def _offer(wanted: ThenOffer, offer: Offer) -> list[str]:
    got = _said(offer)
    found: list[str] = []
    for name in sorted(wanted.model_fields_set):
        expected, value = getattr(wanted, name), got[name]
        if not _agrees(name, expected, value):
            shown = "nothing" if value is None else value
            found.append(f"{name}: expected {expected}, got {shown}")
    return found


def _said(offer: Offer) -> dict[str, Any]:
    return {
        "item": json.loads(offer.item),
        "isbn": offer.isbn13,
        "isbn13": offer.isbn13,
        "title": offer.title,
        "price": offer.price,
        "shipping": offer.shipping,
        "tax": offer.tax,
        "total": offer.total,
        "currency": offer.price.currency,
        "condition": offer.condition.value,
        "format": offer.format.value,
        "available": "true",
        "inventory": offer.inventory,
        "expires": offer.expires_at,
        "url": offer.url,
    }


def _shown(offer: Offer) -> str:
    total = offer.total or f"{offer.price} and unknown parts"
    return f"{offer.item} at {total}, {offer.condition.value}"


def _agrees(name: str, expected: Any, got: Any) -> bool:
    if expected == ANYTHING:
        return got is not None
    if expected == NOTHING:
        return got is None
    if got is None:
        return False
    if name == "item":
        return bool(expected == got or str(expected) == str(got))
    if name in _MONEY:
        return same_amount(str(expected), got)
    if name == "expires":
        return bool(_moment(str(expected)) == got)
    if name in {"isbn", "isbn13"}:
        return bool(isbn13_of(str(expected)) == got)
    if name == "url":
        return bool(str(got) == expected or str(got).endswith(str(expected)))
    return str(expected) == str(got)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def same_amount(expected: str, got: Money) -> bool:
    """Whether `24.99`, or `24.99 USD`, is this amount."""
    amount, _, currency = expected.partition(" ")
    try:
        return Decimal(amount) == Decimal(got.amount) and currency in {"", got.currency}
    except InvalidOperation:
        return False


def told_difference(name: str, expected: str | None, got: Any) -> list[str]:
    """One value of an order."""
    if expected is None:
        return []
    if name == "total" and got is not None and expected not in {ANYTHING, NOTHING}:
        agrees = same_amount(expected, got)
    else:
        agrees = _agrees(name, expected, got)
    return [] if agrees else [f"{name}: expected {expected}, got {got or 'nothing'}"]


def rate_differences(then: Then, rates: tuple[Rate, ...]) -> list[str]:
    """Rates that are expected and were not read, or read otherwise."""
    got = {each.currency: each.rate for each in rates}
    found: list[str] = []
    for each in then.rates or ():
        rate = got.get(each.currency)
        try:
            agrees = rate is not None and (each.rate == ANYTHING or Decimal(each.rate) == rate)
        except InvalidOperation:
            agrees = False
        if not agrees:
            found.append(f"rate of {each.currency}: expected {each.rate}, got {rate or 'nothing'}")
    return found
