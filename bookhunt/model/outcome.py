"""What became of a request, in the words of the JSON contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.model.money import Money
    from bookhunt.model.reasons import Reason
    from bookhunt.model.request import Request, RequestState


class ProofOfAbsence(StrEnum):
    """How sure NOT_AVAILABLE is."""

    COMPLETE = "complete"  # every seller that could have had it was asked and answered
    PARTIAL = "partial"  # some could not be asked, or did not answer


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerNote:
    """What one seller contributed: the line `status --why` shows."""

    seller: str
    reason: Reason | None  # None: it gave an offer that fitted
    total: Money | None = None
    detail: str | None = None
    tier: int | None = None
    rank: int | None = None  # in the order of worth at the start, from 1; None: no such order
    reservation: Money | None = None  # a total in hand below which it would not have been asked
    expected: Money | None = None  # the total that was expected of it when it was asked
    cached: bool = False  # its answer was there already
    shared: bool = False  # another request had asked it the same, and this one waited with it
    asked_ms: float | None = None  # after the start of the search; None: not asked
    answered_ms: float | None = None
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the search found, whatever the purchase made of it."""

    sellers_asked: int = 0
    sellers_total: int = 0
    calls: int = 0
    cached: int = 0
    coalesced: int = 0  # answers got by waiting for another request's call
    early_exit: bool = False
    stopped_because: str | None = None  # why the search asked nobody further
    proof: ProofOfAbsence | None = None
    lowest: Money | None = None  # the lowest landed total that can be ordered, whatever the max
    lowest_seller: str | None = None
    cheaper_by_link: str | None = None  # a seller that can only be linked to, and is cheaper
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """The purchase that stands."""

    seller: str
    item_price: Money
    shipping: Money | None
    tax: Money | None
    total: Money  # what was charged; the agreed total where the seller does not say
    order_id: str | None  # None: proven to stand, its number unknown; our reference stands for it
    reference: str
    delivery: str | None
    at: datetime
    overcharged: bool
    charge_confirmed: bool  # the seller itself named what it charged
    url: str | None = None
    original: Money | None = None  # the total in the seller's currency, where that is another


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is stored with a request when it comes to rest, and what every client is shown."""

    findings: Findings = field(default_factory=Findings)
    bought: Bought | None = None
    reason: str | None = None  # a Reason's or an Answer's word, or an error's code
    message: str | None = None  # the same for people


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """A request as the ledger holds it now."""

    request: Request
    state: RequestState
    version: int
    cancel_requested: bool
    result: Result
    finished_at: datetime | None
