"""What an answer means by itself, before anything is extracted from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.model.reasons import Reason
from bookhunt.sellers.reading.errors import Unreadable
from bookhunt.sellers.reading.texts import is_blank, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookhunt.sellers.compiled import CompiledMust, CompiledOutcome, CompiledWhen
    from bookhunt.sellers.language import AnswerFormat
    from bookhunt.sellers.reading.finders import Finder
    from bookhunt.sellers.reading.received import Received

_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A word of the language, and what the answer says to people."""

    word: str
    message: str | None = None


def first_match(
    outcomes: Iterable[CompiledOutcome], received: Received, written: AnswerFormat
) -> Verdict | None:
    """What the first outcome that matches says; None: none does. `written`: the step's format."""
    for outcome in outcomes:
        if holds(outcome.when, received, written):
            message = _message(outcome.message, received, written)
            return Verdict(word=outcome.means, message=message)
    return None


def first_broken(
    musts: Iterable[CompiledMust], received: Received, written: AnswerFormat
) -> Verdict | None:
    """What the first condition that does not hold says; None: all hold.

    One that cannot be read does not hold: a missing amount is no sum that is right.
    """
    for must in musts:
        if not holds(must.that, received, written):
            said = _message(must.message, received, written)
            return Verdict(word=must.otherwise, message=said or f"it must hold: {must.told}")
    return None


def holds(when: CompiledWhen, received: Received, written: AnswerFormat) -> bool:
    """Whether everything that is named holds; a body that cannot be read so does not."""
    wire = received.wire
    if when.statuses is not None and received.status not in when.statuses:
        return False
    if when.location is not None and not when.location.search(wire.header("location") or ""):
        return False
    for name, pattern in when.headers:
        if not any(pattern.search(value) for value in wire.every(name)):
            return False
    if when.text is not None and not when.text.search(received.text):
        return False
    json_like: AnswerFormat = written if written in {"jsonp", "jsonld"} else "json"
    return (
        _says_yes(when.json, received, json_like)
        and _says_yes(when.xml, received, "xml")
        and _says_yes(when.html, received, "html")
    )


def _says_yes(finder: Finder | None, received: Received, written: AnswerFormat) -> bool:
    if finder is None:
        return True
    try:
        return finder.holds(received.tree(written))
    except (Unreadable, RecursionError):
        return False


def _message(where: Finder | None, received: Received, written: AnswerFormat) -> str | None:
    if where is None:
        return None
    try:
        said = where.one(received.tree(written))
        return None if is_blank(said) else printable(text_of(said))
    except (Unreadable, RecursionError):
        return None


def printable(text: str) -> str:
    """A seller's words as they may be shown and kept: one line, no control characters."""
    line = " ".join(text.split())[:_LONGEST_MESSAGE]
    return "".join(c if c.isprintable() else "\ufffd" for c in line)


def by_status(status: int) -> Reason | None:
    """What an answer means that no outcome matched; None: it is read on (2xx and 3xx)."""
    if 200 <= status < 400:
        return None
    if status in {401, 403}:
        return Reason.UNAUTHORISED
    if status == 429:
        return Reason.RATE_LIMITED
    if 500 <= status < 600:
        return Reason.SERVER_ERROR
    return Reason.UNREADABLE
