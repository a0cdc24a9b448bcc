"""The names a placeholder may hold, and in which operation each has a meaning.

A quote goes to many sellers and an order to one: who the book is for (`ship`, `bill`), how it is
paid (`pay`) and the order's own names are therefore unknown in a quote, at load time already.
"""

from __future__ import annotations

import difflib
from enum import StrEnum


class Operation(StrEnum):
    """What a step belongs to; it decides which names its placeholders may hold."""

    SETUP = "setup"  # base_url, hosts: known before anything is asked
    LOGIN = "login"  # auth, and the steps of a session's login
    QUOTE = "quote"
    RESOLVE = "resolve"
    RATES = "rates"
    PURCHASE = "purchase"
    FIND_ORDER = "find_order"
    CANCEL = "cancel"


_PERSON = frozenset(
    (
        "name first_name last_name street street2 city region postcode country country3 phone email"
    ).split()
)
# The closed groups. settings, secrets and captured hold the names that the definition declares.
NAMES: dict[str, frozenset[str]] = {
    "book": frozenset({"isbn13", "isbn10", "title", "authors"}),
    "asked": frozenset({"by", "value", "isbn", "isbn13", "isbn10", "title"}),
    "books": frozenset({"isbn13", "isbn10"}),
    "request": frozenset({"max_price", "currency", "country", "country3", "condition"}),
    "offer": frozenset({"item", "price", "total", "currency", "url"}),
    "ship": _PERSON,
    "bill": _PERSON,
    "pay": frozenset({"token"}),
    "order": frozenset({"reference", "key", "id"}),
    "now": frozenset({"unix", "unix_ms", "iso8601"}),
    "random": frozenset({"uuid"}),
}
DECLARED = frozenset({"settings", "secrets", "captured"})
# What may be an object: a longer name reads a part of it, `{offer.item.id}`.
_OPAQUE = frozenset({("offer", "item")})

_ALWAYS = frozenset({"settings", "secrets", "now", "random", "captured"})
_ASKING = _ALWAYS | {"book", "asked", "books", "request"}
_ORDERING = _ALWAYS | {"book", "asked", "request", "offer", "ship", "bill", "pay", "order"}
GROUPS: dict[Operation, frozenset[str]] = {
    Operation.SETUP: frozenset({"settings"}),
    Operation.LOGIN: _ALWAYS,
    Operation.QUOTE: _ASKING,
    Operation.RESOLVE: _ASKING,
    Operation.RATES: _ALWAYS | {"request"},
    Operation.PURCHASE: _ORDERING,
    Operation.FIND_ORDER: _ORDERING,
    Operation.CANCEL: _ORDERING,
}


def did_you_mean(word: str, known: frozenset[str] | set[str] | list[str]) -> str:
    """` (did you mean X?)` where a known word is near, else nothing."""
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f", did you mean {near[0]}?" if near else ""


def unknown_name(name: tuple[str, ...]) -> str | None:
    """Why no operation knows this name, or None where one does."""
    group, rest = name[0], name[1:]
    if group not in NAMES and group not in DECLARED:
        every = {f"{each}.{word}" for each, words in NAMES.items() for word in words}
        near = did_you_mean(".".join(name), every) or did_you_mean(group, {*NAMES, *DECLARED})
        return f"{{{'.'.join(name)}}} is not a name that placeholders know{near}"
    if not rest:
        return f"{{{group}}} names a group: say which, as in {{{group}.{_example(group)}}}"
    if group in DECLARED:
        return None
    if rest[0] not in NAMES[group] or (len(rest) > 1 and name[:2] not in _OPAQUE):
        words = {f"{group}.{word}" for word in NAMES[group]}
        near = did_you_mean(".".join(name[:2]), words)
        return f"{{{'.'.join(name)}}} is not a name that placeholders know{near}"
    return None


def _example(group: str) -> str:
    return min(NAMES.get(group, {"name"}))
