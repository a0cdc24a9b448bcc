"""An attempt to buy: one logical order at one seller, and the stages it goes through.

The stages, their moves and what each allows are purchase-safety's; the ledger repeats them as
constraints and triggers, so that a bug here cannot write what the table forbids.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bookhunt.model.errors import BadMoney
from bookhunt.model.money import LARGEST_MINOR, Money

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.model.offer import Offer


class Stage(StrEnum):
    """Where one attempt to buy stands. The ledger's trigger allows only the moves in `_NEXT`."""

    PREPARED = "prepared"  # the intent, the key and the reference are on disk; nothing was ordered
    SENDING = "sending"  # the exact bytes are on disk; the commit step may have left this machine
    PLACED = "placed"  # the seller accepted it and will say later
    UNKNOWN = "unknown"  # sent, and nobody can say what happened
    MANUAL = "manual"  # nothing is left to try: only a person can say
    CONFIRMED = "confirmed"  # the order stands
    REFUSED = "refused"  # the seller certainly did not take the order
    NOT_SENT = "not_sent"  # no byte left this machine
    ABSENT = "absent"  # looked up often and late enough: there is no such order
    ABANDONED = "abandoned"  # given up before the commit step

    @property
    def is_open(self) -> bool:
        """Whether the order may still stand or come to stand."""
        return self in _OPEN

    @property
    def allows_next_seller(self) -> bool:
        """Whether another seller may be tried: this one certainly did not and will not order."""
        return self in NEGATIVE

    def may_become(self, other: Stage) -> bool:
        """Whether the table of purchase-safety allows this move."""
        return other in _NEXT[self]


_T = Stage
_NEXT: dict[Stage, frozenset[Stage]] = {
    _T.PREPARED: frozenset({_T.SENDING, _T.ABANDONED}),
    _T.SENDING: frozenset(
        {_T.CONFIRMED, _T.PLACED, _T.REFUSED, _T.NOT_SENT, _T.UNKNOWN, _T.MANUAL}
    ),
    _T.PLACED: frozenset({_T.CONFIRMED, _T.REFUSED, _T.MANUAL}),
    _T.UNKNOWN: frozenset({_T.CONFIRMED, _T.REFUSED, _T.ABSENT, _T.MANUAL}),
    _T.MANUAL: frozenset({_T.CONFIRMED, _T.ABSENT}),
    _T.CONFIRMED: frozenset(),
    _T.REFUSED: frozenset(),
    _T.NOT_SENT: frozenset(),
    _T.ABSENT: frozenset(),
    _T.ABANDONED: frozenset(),
}
STAGE_MOVES = tuple((before, after) for before, afters in _NEXT.items() for after in afters)
_OPEN = frozenset({_T.PREPARED, _T.SENDING, _T.PLACED, _T.UNKNOWN, _T.MANUAL})
NEGATIVE = frozenset({_T.REFUSED, _T.NOT_SENT, _T.ABSENT, _T.ABANDONED})


class Answer(StrEnum):
    """What a seller's answer to a purchase step or a look-up means: the language's closed list."""

    BOUGHT = "bought"
    PLACED = "placed"  # accepted; look it up until it is settled
    IN_FLIGHT = "in_flight"  # the first send is still being worked on: wait, then look up
    ALREADY_DONE = "already_done"  # this key or session was used before: look up
    SOLD_OUT = "sold_out"
    DECLINED = "declined"
    PRICE_CHANGED = "price_changed"
    REFUSED = "refused"
    UNAUTHORISED = "unauthorised"
    RATE_LIMITED = "rate_limited"
    NEEDS_PERSON = "needs_person"
    OVER_MAX = "over_max"  # the landed total is above the maximum; only before the commit step
    DOES_NOT_SHIP = "does_not_ship"  # only before the commit step
    NOT_STOCKED = "not_stocked"  # only before the commit step
    NEEDS_SETUP = "needs_setup"  # a credential or payment token is missing; before the commit step
    NOT_SENT = "not_sent"  # no byte of the commit step left this machine
    NOT_FOUND = "not_found"  # a look-up that read well and holds no order of ours
    PASSED_OVER = "passed_over"  # a look-up that cannot be made: its capture was lost
    UNKNOWN = "unknown"  # anything else


DECLARED_REFUSALS = frozenset(
    {Answer.SOLD_OUT, Answer.DECLINED, Answer.PRICE_CHANGED, Answer.REFUSED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What is on disk before the first byte of the commit step leaves.

    `document` is JSON text of the exact request (secrets as references), the attempt's cookies
    and captures: enough to send the same bytes again and to look the order up. `body_hash` is
    SHA-256 over method, address, headers other than credentials, and body, secrets included.
    """

    document: str
    body_hash: str
    total: Money  # the landed total agreed to: the seller's own; in the ledger the customer's


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One logical order at one seller, as the ledger holds it."""

    id: str  # UUIDv7
    request_id: str
    seller: str
    offer: Offer  # as it was chosen
    key: str  # the idempotency key the seller sees: random, a UUID
    reference: str  # ours at the seller: 18 lower-case letters and digits, random
    definition_hash: str
    profile: str
    max_price: Money  # of the customer, in the customer's currency
    stage: Stage
    version: int
    agreed: Money | None  # the landed total as it costs the customer: what is reserved
    frozen: Frozen | None
    sends: int
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    not_found: int  # negative look-ups that counted: made after settle_s
    checks: int  # look-ups and re-sends made since the answer was lost or the order placed
    next_check_at: datetime | None
    order_id: str | None
    charged: Money | None  # in the currency the seller names
    delivery: str | None
    answer: Answer | None  # the last word of the seller
    detail: str | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def begun(
        cls,
        *,
        id: str,  # noqa: A002 - the field's own name
        request_id: str,
        offer: Offer,
        key: str,
        reference: str,
        definition_hash: str,
        profile: str,
        max_price: Money,
        agreed: Money | None,
        at: datetime,
    ) -> Attempt:
        """An attempt of which nothing was done yet: PREPARED, version 1."""
        return cls(
            id=id,
            request_id=request_id,
            seller=offer.seller,
            offer=offer,
            key=key,
            reference=reference,
            definition_hash=definition_hash,
            profile=profile,
            max_price=max_price,
            stage=Stage.PREPARED,
            version=1,
            agreed=agreed,
            frozen=None,
            sends=0,
            first_sent_at=None,
            last_sent_at=None,
            not_found=0,
            checks=0,
            next_check_at=None,
            order_id=None,
            charged=None,
            delivery=None,
            answer=None,
            detail=None,
            created_at=at,
            finished_at=None,
        )

    @property
    def maximum_as_sold(self) -> Money:
        """The customer's maximum in the currency the seller sells in, rounded down."""
        own = self.offer.original
        return self.max_price if own is None else own.rate.buys(self.max_price)

    def as_it_costs(self, money: Money) -> Money | None:
        """An amount the seller names as it costs the customer; None: it cannot be compared.

        `max_price`, `agreed` and what is reserved are in the customer's currency; what the seller
        says it charged is in its own. What is more than any amount can be is the largest one: an
        order that stands is written down, whatever the seller says of it.
        """
        own = self.offer.original
        if money.currency == self.max_price.currency:
            return money
        if own is None or money.currency != own.rate.of:
            return None
        try:
            return own.rate.costs(money)
        except BadMoney:
            return Money(LARGEST_MINOR, own.rate.into)
