"""Why a seller gave nothing: a closed list, each with a stable number.

The numbers are kept for ever (they stand in ledgers and traces); new reasons take new numbers. The
idea of a numbered reason for every silent bidder is prebid-server's `NonBidReason`.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a seller's answer led to no purchase. `number` never changes, the word is shown."""

    NOT_STOCKED = "not_stocked"  # the seller does not carry this book
    SOLD_OUT = "sold_out"  # it does, and has none left
    OVER_MAX = "over_max"  # the landed total is above the customer's maximum
    WRONG_BOOK = "wrong_book"  # the row's own ISBN or title is not the one asked for
    WRONG_FORMAT = "wrong_format"  # an e-book where paper was asked, a rental always
    WRONG_CONDITION = "wrong_condition"  # used where new was asked, or a condition not said
    WRONG_CURRENCY = "wrong_currency"  # priced in a currency without a configured rate
    DOES_NOT_SHIP = "does_not_ship"  # not to this customer's country
    TOO_CHEAP = "too_cheap"  # so far below the others that it is surely a mistake
    UNKNOWN_TOTAL = "unknown_total"  # its shipping or tax is not said before the money is spent
    UNREADABLE = "unreadable"  # the answer is not what the definition says it is
    BLOCKED = "blocked"  # a captcha or a ban
    RATE_LIMITED = "rate_limited"  # the seller asks us to come later
    TIMED_OUT = "timed_out"  # no whole answer in time
    UNREACHABLE = "unreachable"  # no connection
    SERVER_ERROR = "server_error"  # the seller's own failure
    UNAUTHORISED = "unauthorised"  # our credential was not accepted
    NEEDS_SETUP = "needs_setup"  # a setting, a credential or a payment token is missing
    CANNOT_ASK = "cannot_ask"  # the book has no name this seller can be asked by
    ONLY_BY_LINK = "only_by_link"  # it fits, and bookhunt cannot order there
    ORDER_REFUSED = "order_refused"  # it fitted, and the seller did not take the order
    SKIPPED_BLOCKED = "skipped_blocked"  # the customer blocked this seller
    SKIPPED_OPEN_BREAKER = "skipped_open_breaker"  # it failed too often a moment ago
    SKIPPED_LIMIT = "skipped_limit"  # its rate or concurrency limit is used up
    SKIPPED_TIER = "skipped_tier"  # its tier was not reached
    SKIPPED_EARLY_EXIT = "skipped_early_exit"  # a good enough offer came first
    SKIPPED_SHADOW = "skipped_shadow"  # it is watched, not bought from

    @property
    def number(self) -> int:
        """The stable number of this reason."""
        return _NUMBERS[self]


_NUMBERS: dict[Reason, int] = {
    Reason.NOT_STOCKED: 1,
    Reason.SOLD_OUT: 2,
    Reason.OVER_MAX: 3,
    Reason.WRONG_BOOK: 4,
    Reason.WRONG_FORMAT: 5,
    Reason.WRONG_CONDITION: 6,
    Reason.WRONG_CURRENCY: 7,
    Reason.DOES_NOT_SHIP: 8,
    Reason.TOO_CHEAP: 9,
    Reason.UNKNOWN_TOTAL: 10,
    Reason.UNREADABLE: 20,
    Reason.BLOCKED: 21,
    Reason.RATE_LIMITED: 22,
    Reason.TIMED_OUT: 23,
    Reason.UNREACHABLE: 24,
    Reason.SERVER_ERROR: 25,
    Reason.UNAUTHORISED: 26,
    Reason.NEEDS_SETUP: 40,
    Reason.CANNOT_ASK: 41,
    Reason.ONLY_BY_LINK: 42,
    Reason.ORDER_REFUSED: 43,
    Reason.SKIPPED_BLOCKED: 60,
    Reason.SKIPPED_OPEN_BREAKER: 61,
    Reason.SKIPPED_LIMIT: 62,
    Reason.SKIPPED_TIER: 63,
    Reason.SKIPPED_EARLY_EXIT: 64,
    Reason.SKIPPED_SHADOW: 65,
}

# A word of the seller's about this book. It answered; all else but an offer is a failure.
ABOUT_THE_BOOK = frozenset(
    {
        Reason.NOT_STOCKED,
        Reason.SOLD_OUT,
        Reason.OVER_MAX,
        Reason.WRONG_BOOK,
        Reason.WRONG_FORMAT,
        Reason.WRONG_CONDITION,
        Reason.WRONG_CURRENCY,
        Reason.DOES_NOT_SHIP,
    }
)

# The seller may well have had the book: its silence proves nothing (`proof: partial`).
UNPROVEN = frozenset(
    {
        Reason.UNKNOWN_TOTAL,
        Reason.UNREADABLE,
        Reason.BLOCKED,
        Reason.RATE_LIMITED,
        Reason.TIMED_OUT,
        Reason.UNREACHABLE,
        Reason.SERVER_ERROR,
        Reason.UNAUTHORISED,
        Reason.SKIPPED_OPEN_BREAKER,
        Reason.SKIPPED_LIMIT,
        Reason.SKIPPED_TIER,
        Reason.SKIPPED_EARLY_EXIT,
    }
)
