"""How a seller of the street may misbehave, and when it does so."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bookhunt.simulated.messages import Operation

ANY = "any"


class Behaviour(StrEnum):
    """One way to misbehave. "Executes" says whether an order is made by a commit that meets it."""

    HANG = "hang"  # reads, never executes, never answers
    HANG_AFTER = "hang_after"  # executes, never answers
    DELAY = "delay"  # executes and answers, `ms` later than it would
    STATUS = "status"  # answers `status` (with Retry-After, if `retry_after_s`), executes nothing
    STATUS_AFTER = "status_after"  # executes, answers `status`; `kept`: the key repeats that answer
    RESET_UNREAD = "reset_unread"  # resets the connection at the first bytes, before reading them
    RESET_BEFORE = "reset_before"  # reads, resets, executes nothing
    RESET_AFTER = "reset_after"  # executes, then resets: the answer is lost
    DELAYED = "delayed"  # resets (or hangs: `hang`), executes `ms` later
    REDIRECT = "redirect"  # answers `status` (302, 307, ...) to `location`, executes nothing
    UNAUTHORISED = "unauthorised"  # answers 401, executes nothing
    SOLD_OUT = "sold_out"  # refuses the commit; a quote shows no stock
    PRICE_CHANGED = "price_changed"  # refuses the commit
    DECLINED = "declined"  # refuses the commit: the payment
    PRICE_RAISED = "price_raised"  # `minor` more at the price step; at a commit it charges more
    WRONG_BOOK = "wrong_book"  # a quote tells of another book
    PRICE_GARBAGE = "price_garbage"  # a quote's prices cannot be read as money
    GARBAGE = "garbage"  # executes; the body is noise
    TRUNCATED = "truncated"  # executes; half the body, then the connection is closed
    EMPTY = "empty"  # executes; no body
    WRONG_TYPE = "wrong_type"  # executes; the body says that it is an image
    HTML_PAGE = "html_page"  # executes; status 200 and a page that says "something went wrong"
    DUPLICATE = "duplicate"  # executes; the answer is sent twice
    DRIP = "drip"  # executes; the answer comes one byte a second
    OVERSIZED = "oversized"  # executes; a body of `size` bytes
    GZIP_BOMB = "gzip_bomb"  # executes; a gzip body that opens to `size` bytes, asked for or not


# Played by the seller itself while it answers; all others are played by the door around it.
TWISTS = frozenset(
    {
        Behaviour.SOLD_OUT,
        Behaviour.PRICE_CHANGED,
        Behaviour.DECLINED,
        Behaviour.PRICE_RAISED,
        Behaviour.WRONG_BOOK,
        Behaviour.PRICE_GARBAGE,
    }
)


@dataclass(slots=True, kw_only=True)
class Fault:
    """A rule: this seller, at this operation, does this, so many times or until it is cleared."""

    id: int
    seller: str  # ANY: all of them
    operation: str  # ANY: all of them
    behaviour: Behaviour
    count: int | None  # None: until cleared
    probability: float
    ms: int
    status: int
    retry_after_s: int | None
    location: str
    minor: int
    size: int
    kept: bool
    hang: bool


_DEFAULTS: dict[str, Any] = {
    "seller": ANY,
    "operation": ANY,
    "count": None,
    "probability": 1.0,
    "ms": 0,
    "status": None,
    "retry_after_s": None,
    "location": "/elsewhere",
    "minor": 500,
    "size": 16 * 1024 * 1024,
    "kept": False,
    "hang": False,
}


class Faults:
    """The rules in force; the first that fits a request is used, and used up by one."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(f"faults:{seed}")
        self._rules: list[Fault] = []
        self._next_id = 1

    def __bool__(self) -> bool:
        return bool(self._rules)

    def add(self, wanted: dict[str, Any], sellers: frozenset[str]) -> Fault:
        """Put a rule in force.

        Raises:
            ValueError: for an unknown seller, operation, behaviour or option.
        """
        unknown = wanted.keys() - _DEFAULTS.keys() - {"behaviour"}
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        values = {**_DEFAULTS, **wanted}
        values["behaviour"] = behaviour = Behaviour(values.get("behaviour", ""))
        if values["seller"] not in sellers | {ANY}:
            raise ValueError(f"no seller {values['seller']!r} on this street")
        if values["operation"] != ANY:
            Operation(values["operation"])
        if values["status"] is None:
            values["status"] = 307 if behaviour is Behaviour.REDIRECT else 500
        fault = Fault(id=self._next_id, **values)
        self._next_id += 1
        self._rules.append(fault)
        return fault

    def take(self, seller: str, operation: str, *, unread: bool = False) -> Fault | None:
        """The rule this request meets, counted down; `unread`: nothing of it is known yet.

        Before a request is read only a rule for any operation can be met, and only RESET_UNREAD.
        """
        for fault in self._rules:
            if fault.seller not in (ANY, seller):
                continue
            if unread != (fault.behaviour is Behaviour.RESET_UNREAD and fault.operation == ANY):
                continue
            if fault.operation not in (ANY, operation):
                continue
            if fault.probability < 1 and self._dice.random() >= fault.probability:
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count <= 0:
                    self._rules.remove(fault)
            return fault
        return None

    def clear(self, seller: str | None = None) -> None:
        """End the rules of one seller, or all."""
        self._rules = [rule for rule in self._rules if seller and rule.seller != seller]

    def listed(self) -> list[Fault]:
        """The rules in force, oldest first."""
        return list(self._rules)
