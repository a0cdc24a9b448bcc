"""How a command ends: one number per outcome, a contract that scripts rely on.

`bookhunt help exit-codes` prints the table below; the order in which several books are summed up
puts what needs a person first and what went well last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.wire.problems import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

DONE = 0
ERROR = 1
USAGE = 2
NOT_AVAILABLE = 3
SETUP_MISSING = 4
UNREACHABLE = 5
IN_DOUBT = 6
REFUSED_BY_LIMIT = 7
OUT_OF_TIME = 8
NOT_PROVEN = 9
PURCHASE_FAILED = 10
CANCELLED = 11
TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT
READER_GONE = 141  # 128 + SIGPIPE: what a shell reports of a program whose reader went away

MEANINGS = {
    DONE: "done: bought, dry run complete",
    ERROR: "an error, a failed `sellers test`, a possible duplicate (the older id is printed)",
    USAGE: "usage; an idempotency key reused with another body",
    NOT_AVAILABLE: "not available at that price; an empty quote",
    SETUP_MISSING: "a credential, profile or set-up is missing",
    UNREACHABLE: "the daemon cannot be reached",
    IN_DOUBT: "outcome unknown, in doubt or needing attention",
    REFUSED_BY_LIMIT: "a spending limit or `pause` refused it",
    OUT_OF_TIME: "ended by time: still under way at --timeout, or expired",
    NOT_PROVEN: "not available as far as could be asked (`proof: partial`)",
    PURCHASE_FAILED: "the purchase failed",
    CANCELLED: "cancelled",
    TRY_LATER: "try later: queue full, or rate limited",
    INTERRUPTED: "interrupted",
}
_ORDER = (
    IN_DOUBT,
    ERROR,
    USAGE,
    PURCHASE_FAILED,
    REFUSED_BY_LIMIT,
    SETUP_MISSING,
    TRY_LATER,
    NOT_PROVEN,
    OUT_OF_TIME,
    CANCELLED,
    NOT_AVAILABLE,
    DONE,
)
_OF_STATE = {
    "SUCCESS": DONE,
    "DRY_RUN": DONE,
    "CANCELLED": CANCELLED,
    "EXPIRED": OUT_OF_TIME,
    "IN_DOUBT": IN_DOUBT,
    "NEEDS_ATTENTION": IN_DOUBT,
    "PENDING": OUT_OF_TIME,
    "PROCESSING": OUT_OF_TIME,
    "RESOLVED": OUT_OF_TIME,
}
# Of what ends a purchase, these are the customer's to mend; the rest is the seller's doing.
_OURS = frozenset({SETUP_MISSING, REFUSED_BY_LIMIT})


def of_request(request: dict[str, Any]) -> int:
    """The exit code of a request that was waited for, from its object."""
    status = request["status"]
    if status in {"NOT_AVAILABLE", "PURCHASE_FAILED"}:
        kind = KINDS.get(str(request.get("reason")))
        if kind is not None and kind.exit_code in _OURS:
            return kind.exit_code
        if status == "PURCHASE_FAILED":
            return PURCHASE_FAILED
        return NOT_PROVEN if request.get("proof") == "partial" else NOT_AVAILABLE
    return _OF_STATE.get(str(status), ERROR)


def of_several(codes: Iterable[int]) -> int:
    """The one code of several books; an unreachable daemon or an interruption goes before all."""
    occurred = set(codes)
    for code in (INTERRUPTED, READER_GONE, UNREACHABLE, *_ORDER):
        if code in occurred:
            return code
    return DONE if not occurred else ERROR
