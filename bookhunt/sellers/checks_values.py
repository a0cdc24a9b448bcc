"""What is read means something: units are said, tables give known words, a book can be told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from bookhunt.documents import did_you_mean
from bookhunt.model.errors import BadMoney
from bookhunt.model.money import exponent_of
from bookhunt.sellers.checks_names import blocks_of
from bookhunt.sellers.language import ORDER_WORDS, MoneyPart, MoneyValue, PricedValue, Value
from bookhunt.sellers.language.definition import ConditionWord, FormatWord
from bookhunt.sellers.reading.amounts import amount_format
from bookhunt.sellers.reading.errors import BadExpression, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.documents import DocumentPath
    from bookhunt.sellers.checks_faults import Faults
    from bookhunt.sellers.language import Definition, Separators, ShippingValue

# A row may also say why it cannot be had.
_TRUTHS = frozenset({"true", "false", "unknown", "sold_out", "does_not_ship"})
_WORDS: dict[str, frozenset[str]] = {
    "condition": frozenset(get_args(ConditionWord)),
    "format": frozenset(get_args(FormatWord)) | {"rental", "unknown"},
    "available": _TRUTHS,
    "state": ORDER_WORDS | {"none"},
}
_UNIT_HINT = "unit: minor (cents), major (dollars) or micros"


def check_values(definition: Definition, faults: Faults) -> None:
    """Judge every field, total and pick."""
    for path, value in values_of(definition):
        if isinstance(value, (MoneyValue, MoneyPart)):
            _check_money(path, value, faults)
        _check_words(path, value, faults)
    quote = definition.quote
    if quote is None:
        return
    fields, where = quote.fields, ("quote", "fields")
    if fields.isbn is None and fields.title is None:
        hint = "without one of them nobody can tell which book a row is"
        faults.error(where, "needs isbn or title", hint)
    if fields.currency is None and definition.currency is None:
        hint = "give fields.currency, or currency: of the whole definition"
        faults.error((*where, "price"), "the price has no currency", hint, key=True)
    if fields.format is None and len(definition.formats) != 1:
        hint = "format: {at: ...}, or formats: [paper]"
        faults.error(where, "several formats, and no field says which a row is", hint)
    if fields.condition is None and len(definition.conditions) != 1:
        hint = "condition: {at: ...}, or conditions: [new]"
        faults.warn(where, "no field says the condition: it is unknown", hint)
    if definition.purchase_mode == "link" and fields.url is None:
        faults.warn(where, "purchase_mode is link and no field says the offer's url")


def values_of(definition: Definition) -> Iterator[tuple[DocumentPath, Value]]:
    """Every value that is read, those inside sums and totals too."""
    for path, block in blocks_of(definition):
        for n, step in enumerate(block.steps):
            below = (*path, "steps", n)
            if step.total is not None:
                yield from _within((*below, "total"), step.total)
            if step.fields is not None:
                yield from _fields((*below, "fields"), step.fields)
        if hasattr(block, "fields"):
            yield from _fields((*path, "fields"), block.fields)


def _fields(path: DocumentPath, fields: object) -> Iterator[tuple[DocumentPath, Value]]:
    for name in type(fields).model_fields:  # type: ignore[attr-defined]  # a closed model
        value = getattr(fields, name)
        if isinstance(value, Value):
            yield from _within((*path, name), value)


def _within(path: DocumentPath, value: Value) -> Iterator[tuple[DocumentPath, Value]]:
    yield path, value
    if isinstance(value, MoneyValue):
        for n, part in enumerate(value.sum or ()):
            yield (*path, "sum", n), part
    if isinstance(value, PricedValue) and value.currency is not None:
        yield (*path, "currency"), value.currency


def _check_money(path: DocumentPath, value: MoneyValue | MoneyPart, faults: Faults) -> None:
    if value.at is not None and value.unit is None:
        faults.error(path, "an amount without a unit could be a hundred times too low", _UNIT_HINT)
    _check_separators(path, value, faults)
    for key, text in (("const", value.const), ("else", value.otherwise)):
        if text is not None and "{" not in text and not _is_amount(text, value):
            hint = "it is read as what stands at `at` would be: unit, decimal, group"
            faults.error((*path, key), f"{text!r} is not an amount of money", hint)
    free_above = getattr(value, "free_above", None)
    if free_above is not None and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", free_above):
        hint = 'write it as "30"'
        faults.error((*path, "free_above"), f"{free_above!r} is not an amount of money", hint)


def _check_separators(path: DocumentPath, value: Separators, faults: Faults) -> None:
    try:
        amount_format(value)
    except BadExpression as bad:
        key = "group" if value.group is not None else "decimal"
        hint = 'decimal: ",", group: "."' if value.group == "." else None
        faults.error((*path, key), str(bad), hint)


def _is_amount(text: str, value: Separators) -> bool:
    """Whether a text of the definition is an amount; the currency's digits are not known here."""
    try:
        amount_format(value).money(text, "CLF")  # four digits: every other amount fits into it
    except (Unreadable, BadExpression):
        return False
    return True


def _check_words(path: DocumentPath, value: Value, faults: Faults) -> None:
    """Constants and the results of tables are words that the field knows."""
    name = str(path[-1])
    told: list[tuple[DocumentPath, str]] = [
        ((*path, "map", key), word) for key, word in (value.map or {}).items()
    ]
    if value.map is None:
        given = (("const", value.const), ("else", value.otherwise))
        told += [((*path, key), word) for key, word in given if word and "{" not in word]
    if name == "currency":
        for where, word in told:
            _check_currency(where, word, faults)
    elif (known := _WORDS.get(name)) is not None and not isinstance(value, MoneyValue):
        for where, word in told:
            if word not in known:
                listed = f"one of: {', '.join(sorted(known))}"
                hint = did_you_mean(word, known)
                hint = f"{hint} {listed}" if hint else listed
                faults.error(where, f"{word!r} is not possible here", hint)


def _check_currency(where: DocumentPath, word: str, faults: Faults) -> None:
    try:
        exponent_of(word.upper())
    except BadMoney as bad:
        faults.error(where, bad.message, bad.hint)


def shipping_is_unknown(shipping: ShippingValue | None) -> bool:
    """Whether the quote never says what shipping costs."""
    return shipping is None or bool(shipping.unknown)
