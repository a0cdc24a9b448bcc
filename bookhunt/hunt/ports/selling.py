"""How sellers are asked and ordered from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.model.book import Book
    from bookhunt.model.buyer import Buyer
    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer
    from bookhunt.model.purchase import Answer, Attempt, Frozen
    from bookhunt.model.reasons import Reason
    from bookhunt.model.request import ConditionWish, FormatWish
    from bookhunt.model.seller import Seller


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a seller is asked: nothing of the customer but the country the book goes to.

    `names` are ISBN-13s that a resolver gave for the title of a book that has no ISBN, the
    likeliest first. A seller that takes no titles is asked by them. They identify nothing: what it
    answers is the book only where its own title is.
    """

    book: Book
    max_price: Money
    country: str
    condition: ConditionWish
    format: FormatWish
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that was read and is not for this customer; `offer` where it has a price."""

    reason: Reason
    offer: Offer | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """One seller's whole answer: offers as read, or the reason there is none. Never an exception.

    `offers` are identified (the right book), available, of a wished condition and format, in the
    asked currency; whether they fit the maximum is the hunt's business. `refused` are the rows
    that were left out. `reason` is None exactly when `offers` is not empty.
    """

    seller: str
    offers: tuple[Offer, ...] = ()
    refused: tuple[Refusal, ...] = ()
    reason: Reason | None = None
    detail: str | None = None
    calls: int = 0  # HTTP requests made
    lost: int = 0  # of them: failed, and were made again
    held_back: bool = False  # by us, for now: worth asking where nobody else has the book
    unsure: bool = False  # the reason may pass, whatever it is: no proof that the seller has it not
    latency_ms: float = 0.0
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the steps of a purchase are told.

    `ceiling` is the landed total above which the steps before the commit end with OVER_MAX and
    the total they read: the offer's own total where that is known (a raised price abandons the
    offer), else the smaller of the customer's maximum and the next best offer's total. It is in
    the currency the seller sells in. `book` has the name the seller is asked by.
    """

    attempt: Attempt
    buyer: Buyer
    book: Book
    ceiling: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The steps before the commit step went well: what is to be sent, exactly."""

    frozen: Frozen
    total_checked: bool  # a step of the purchase itself named the landed total


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A step before the commit step ended the attempt; nothing was ordered."""

    answer: Answer
    detail: str | None = None
    total: Money | None = None  # the landed total that was too high, where one was read


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came back from the commit step, or from a look-up. Never an exception."""

    answer: Answer
    order_id: str | None = None
    charged: Money | None = None
    delivery: str | None = None
    detail: str | None = None
    retry_after_s: float | None = None


class Sellers(Protocol):
    """The sellers of `sellers.d`, to ask and to order from."""

    def all(self) -> Sequence[Seller]:
        """Every seller that is defined, with its state; cheap, called for each request."""
        ...

    def get(self, seller_id: str) -> Seller | None:
        """The seller of that id, whatever its state; None: no definition is left."""
        ...

    def cannot_ask(self, seller_id: str, ask: Ask) -> Reason | None:
        """Why the seller cannot be asked this, without any call; None: it can."""
        ...

    async def quote(self, seller_id: str, ask: Ask, *, within_s: float) -> Quoted:
        """Ask for offers. Ends within `within_s` and the seller's own time-out; cancellable."""
        ...

    async def quote_batch(
        self, seller_id: str, asks: Sequence[Ask], *, within_s: float
    ) -> Sequence[Quoted]:
        """Ask for several books in one call, one answer each in the order of the asks.

        They are at most `Seller.batch`, differ in their books and wished formats alone (and in
        their maximum where the seller is told none), and each book has an ISBN that the seller is
        asked by. A call that fails gives each the same reason; its `calls` stand in the first
        answer, so that they add up to what was made. Ends and is cancelled as `quote`.
        """
        ...

    async def needs_setup(self, seller_id: str, profile: str) -> str | None:
        """What is missing before this profile can order here (a payment token); None: nothing."""
        ...

    async def prepare(self, order: Order) -> Prepared | Stopped:
        """Do the steps before the commit step, check the landed total, and freeze the commit."""
        ...

    async def send(self, order: Order) -> Sent:
        """Send `order.attempt.frozen`, once, and do the steps after it if the order stands.

        On the first send and on every re-send the bytes are those on disk. `NOT_SENT` only where
        no byte left this machine. Steps after the commit are done once, never on a re-send.
        """
        ...

    async def look_up(self, order: Order) -> Sent:
        """Learn what became of the order: bought, placed, refused, not_found, passed_over, ..."""
        ...

    async def cancel(self, order: Order) -> bool:
        """Try once to cancel the session or the order; whether the seller agreed."""
        ...
