"""Watches as lines: what `watch export` prints is what `watch import` reads.

A line is a book; a book, a tab and its maximum price; or a JSON object, with the names of a watch
or of the options of `watch add`. What a watch has bought elsewhere is not bought again here: of its
copies those are imported that are left.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.cli.wishes import price_of, sellers_of
from bookhunt.model.errors import BookhuntError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LONGEST_LINE_BYTES = 16 * 1024
_SAME = ("id", "timezone", "profile", "strategy", "condition", "format", "until", "note")
_WHENS = ("cron", "every", "at", "schedule")
_OWN = {"book", "isbn", "max_price", "sellers", "times", "quote_only", "first_run", *_WHENS, *_SAME}
# What a watch tells and nobody can set.
_TOLD = {
    "next_runs",
    "last_run",
    "bought",
    "copies",
    "state",
    "outcome",
    "request_id",
    "lowest",
    "lowest_seller",
    "best",
    "created_at",
    "schema_version",
}  # fmt: skip - a list of words
_RESTS = {"done", "ended", "removed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that was read: a watch to add, one that needs nothing any more, or a mistake."""

    number: int
    body: dict[str, Any] | None = None
    paused: bool = False
    rests: str | None = None  # why there is nothing to do
    error: BookhuntError | None = None


def schedule_of(cron: str | None, every: str | None, at: tuple[str, ...] | None) -> str | None:
    """The schedule that one of three options says; None: none of them is given.

    Raises:
        InputError: more than one is.
    """
    said = [
        text
        for text in (
            cron,
            None if every is None else f"every {every}",
            None if not at else "at " + ", ".join(at),
        )
        if text is not None
    ]
    if len(said) > 1:
        raise InputError(
            "a watch has one schedule", hint="--cron, --every or --at (which can be said again)"
        )
    return said[0] if said else None


def read_lines(lines: Iterable[bytes], terms: Mapping[str, Any]) -> Iterator[Line]:
    """Every line that is not empty; `terms` is what a line says that does not say it itself."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _read(number, _said(line), terms)
        except BookhuntError as error:
            yield Line(number=number, error=error)


def _read(number: int, said: dict[str, Any], terms: Mapping[str, Any]) -> Line:
    state = said.get("state")
    if state in _RESTS:
        return Line(number=number, rests=f"it is {state}")
    left = _left(said)
    if left < 1:
        return Line(number=number, rests="all its copies are bought")
    body = {**terms, **_body(said)}
    if "copies" in said or "times" in said or "copies" not in body:
        body["copies"] = left
    for needed, hint in (("max_price", "--max-price 20"), ("schedule", '--cron "0 7 * * *"')):
        if body.get(needed) is None:
            raise InputError(f"a watch needs a {needed.replace('_', ' ')}", hint=f"add {hint}")
    return Line(number=number, body=body, paused=state == "paused")


def _left(said: Mapping[str, Any]) -> int:
    copies, bought = said.get("times", said.get("copies", 1)), said.get("bought", 0)
    if not isinstance(copies, int) or not isinstance(bought, int):
        raise InputError("copies are whole numbers")
    return copies - bought


def _body(said: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {name: said[name] for name in _SAME if said.get(name) is not None}
    body |= _book(said.get("book"), said.get("isbn"))
    if said.get("max_price") is not None:
        body["max_price"] = _price(said["max_price"])
    if said.get("sellers") is not None:
        body["sellers"] = list(sellers_of(said["sellers"]) or ())
    schedule = said.get("schedule") or schedule_of(
        said.get("cron"), said.get("every"), _times(said.get("at"))
    )
    if schedule is not None:
        body["schedule"] = schedule
    for name in ("quote_only", "first_run"):
        if isinstance(said.get(name), bool):
            body[name] = said[name]
    return body


def _times(given: Any) -> tuple[str, ...] | None:
    if given is None or isinstance(given, str):
        return None if given is None else (given,)
    return tuple(str(time) for time in given)


def _book(book: Any, isbn: Any) -> dict[str, str]:
    if isinstance(book, dict):
        isbn, book = isbn or book.get("isbn13"), book.get("title")
    if isbn:
        return {"isbn": str(isbn)}  # it says more than a title, and the daemon takes one name
    if not book or not isinstance(book, str):
        raise InputError("a watch names a book", hint='{"book": "The Hobbit", "max_price": "12"}')
    return {"book_name": book}


def _price(given: Any) -> dict[str, str] | str:
    if isinstance(given, dict):
        return price_of(f"{given.get('amount')} {given.get('currency')}", None)
    return price_of(str(given), None)


def _said(line: bytes) -> dict[str, Any]:
    if len(line) > _LONGEST_LINE_BYTES:
        raise InputError(f"a line has at most {_LONGEST_LINE_BYTES} bytes")
    try:
        text = line.decode("utf-8").strip("\r\n\ufeff")
    except UnicodeDecodeError as error:
        raise InputError("the line is not UTF-8", hint="iconv -t utf-8 < FILE") from error
    if not text.lstrip().startswith("{"):
        book, _, price = text.partition("\t")
        return {"book": book.strip()} | ({"max_price": price.strip()} if price.strip() else {})
    try:
        said = json.loads(text, parse_float=str)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {error}") from error
    unknown = sorted(said.keys() - _OWN - _TOLD)
    if unknown:
        raise InputError(
            f"a watch has no {', '.join(unknown)}", hint=f"it has: {', '.join(sorted(_OWN))}"
        )
    return dict(said)
