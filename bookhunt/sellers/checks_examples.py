"""Examples fit their operation, and the cases that matter are shown."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bookhunt.model.book import isbn13_of

if TYPE_CHECKING:
    from bookhunt.documents import DocumentPath
    from bookhunt.sellers.checks_faults import Faults
    from bookhunt.sellers.language import Definition, Example, Given, Then

LARGEST_BODY_FILE = 4 * 1024 * 1024
_THEN = {
    "quote": {"offers", "reason", "refused"},
    "resolve": {"isbns", "reason"},
    "rates": {"rates", "reason"},
    "buy": {"outcome", "order_id", "total", "delivery"},
}
_MISSES = frozenset({"not_stocked"})
_ERRORS = frozenset(
    {"unreadable", "blocked", "rate_limited", "timed_out", "unreachable", "server_error"}
    | {"unauthorised"}
)
_BOUGHT = frozenset({"bought", "placed"})


def check_examples(definition: Definition, faults: Faults) -> None:
    """Judge every example by itself, then all of them together."""
    names: dict[str, int] = {}
    for n, example in enumerate(definition.examples):
        path: DocumentPath = ("examples", n)
        if example.name in names:
            faults.error((*path, "name"), "two examples have this name")
        names[example.name] = n
        _check_one(definition, example, path, faults)
    _check_minimum(definition, faults)


def _check_one(
    definition: Definition, example: Example, path: DocumentPath, faults: Faults
) -> None:
    operation = example.operation
    block = "purchase" if operation == "buy" else operation
    if getattr(definition, block) is None:
        faults.error((*path, "operation"), f"there is no {block}: to try")
    if len(example.givens) > 1 and (operation != "quote" or definition.limits.batch < 2):
        hint = "limits: {batch: 10}"
        faults.error((*path, "given"), "several books are asked for by a batch only", hint)
    for n, given in enumerate(example.givens):
        where = (*path, "given", n) if isinstance(example.given, tuple) else (*path, "given")
        _check_given(definition, operation, given, where, faults)
    for n, then in enumerate(example.thens):
        where = (*path, "then", n) if isinstance(example.then, tuple) else (*path, "then")
        _check_then(operation, then, where, faults)
    for n, exchange in enumerate(example.exchanges):
        name = exchange.reply.body_file
        if name is not None:
            _check_body_file(name, (*path, "exchanges", n, "answer", "body_file"), faults)


def _check_given(
    definition: Definition, operation: str, given: Given, path: DocumentPath, faults: Faults
) -> None:
    if operation != "rates" and not (given.isbn13 or given.isbn10 or given.title):
        faults.error(path, "needs isbn13, isbn10 or title: which book?")
    for key in ("isbn13", "isbn10"):
        text = getattr(given, key)
        if text is not None and isbn13_of(text) is None:
            faults.error((*path, key), f"{text} is no ISBN: its check digit is wrong")
    for name in given.settings:
        if name not in definition.settings:
            faults.error((*path, "settings", name), "no such setting", key=True)
    if operation == "buy" and given.offer is None:
        hint = 'given: {offer: {item: ..., price: "10.00", total: "12.00"}}'
        faults.error(path, "buy needs the offer that is ordered", hint)


def _check_then(operation: str, then: Then, path: DocumentPath, faults: Faults) -> None:
    written = then.model_fields_set
    for key in sorted(written - _THEN[operation]):
        hint = f"one of: {', '.join(sorted(_THEN[operation]))}"
        faults.error((*path, key), f"{operation} gives no {key}", hint, key=True)
    if not written & _THEN[operation]:
        faults.error(path, "nothing is expected", f"one of: {', '.join(sorted(_THEN[operation]))}")
    if then.offers and then.reason is not None:
        faults.error((*path, "reason"), "a reason says why there are no offers", key=True)


def body_path(file: str, name: str) -> Path:
    """Where a body_file is: relative to the definition it is written in."""
    return Path(file).parent / PurePosixPath(name)


def _check_body_file(name: str, path: DocumentPath, faults: Faults) -> None:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        faults.error(path, "a body_file lies beside the definition or below")
        return
    file = body_path(faults.document.place(path).file, name)
    try:
        size = file.stat().st_size
    except OSError:
        faults.error(path, f"there is no file {name} beside the definition")
        return
    if size > LARGEST_BODY_FILE:
        faults.error(path, f"{name} is larger than {LARGEST_BODY_FILE // 1024 // 1024} MB")


# ------------------------------------------------------------------------------ the minimum set
def _check_minimum(definition: Definition, faults: Faults) -> None:
    missing: list[str] = []
    if definition.quote is not None:
        missing += [f"a quote with {each}" for each in _missing_quotes(definition)]
    if definition.resolve is not None and not any(
        then.isbns for each in _of(definition, "resolve") for then in each.thens
    ):
        missing.append("a resolve with a hit")
    if definition.purchase_mode == "auto" and definition.purchase is not None:
        missing += [f"a buy that is {each}" for each in _missing_purchases(definition)]
    for what in missing:
        faults.warn(("examples",), f"no example shows {what}", key=True)


def _of(definition: Definition, operation: str) -> list[Example]:
    return [each for each in definition.examples if each.operation == operation]


def _missing_quotes(definition: Definition) -> list[str]:
    quotes = _of(definition, "quote")
    thens = [then for each in quotes for then in each.thens]
    failed = any(
        exchange.reply.lost or exchange.reply.status >= 500
        for each in quotes
        for exchange in each.exchanges
    )
    shown = {
        "a hit": any(then.offers for then in thens),
        "no match": any(then.reason in _MISSES for then in thens),
        "a book out of stock": _always_in_stock(definition)
        or any(then.reason == "sold_out" or "sold_out" in (then.refused or ()) for then in thens),
        "an error": failed or any(then.reason in _ERRORS for then in thens),
    }
    return [what for what, is_shown in shown.items() if not is_shown]


def _always_in_stock(definition: Definition) -> bool:
    """Whether no answer can say that a book is sold out: only what is left is listed."""
    if definition.quote is None:
        return True
    fields = definition.quote.fields
    return (
        fields.inventory is None and fields.available is not None and bool(fields.available.const)
    )


def _missing_purchases(definition: Definition) -> list[str]:
    buys = _of(definition, "buy")
    outcomes = [then.outcome for each in buys for then in each.thens]
    shown = {
        "bought": any(word in _BOUGHT for word in outcomes),
        "refused": any(word not in _BOUGHT | {None, "unknown"} for word in outcomes),
        "lost": any(exchange.reply.lost for each in buys for exchange in each.exchanges),
    }
    return [what for what, is_shown in shown.items() if not is_shown]
