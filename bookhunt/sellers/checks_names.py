"""Every text compiles, and every name in it has a meaning where it stands.

A quote goes to many sellers and an order to one, so who the book is for is no name of a quote; a
captured name must have been captured; settings, secrets and maps must be declared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bookhunt.documents import did_you_mean
from bookhunt.sellers.checks_texts import Kind, TextUse, texts_of
from bookhunt.sellers.expressions import compile_pattern, finder
from bookhunt.sellers.language import Block, SessionAuth
from bookhunt.sellers.reading.errors import BadExpression
from bookhunt.sellers.template import BadTemplate, Slot, compile_template
from bookhunt.sellers.template_names import DECLARED, GROUPS, NAMES, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookhunt.sellers.checks_faults import Faults
    from bookhunt.sellers.language import Definition, Step

# `{book.isbn13}` where no placeholder is read: JMESPath writes `{a: b}`, GraphQL has no dots.
_PLACEHOLDER = re.compile(r"\{\s*(" + "|".join(sorted({*NAMES, *DECLARED})) + r")\.[A-Za-z0-9_]")
_TOLD_TO_ONE = frozenset({"ship", "bill", "pay", "order"})
_OUTSIDE = "^."
# Read after a step's captures: they may name what the same step captured.
_AFTER_CAPTURE = frozenset({"pick", "total", "fields"})


def check_names(definition: Definition, faults: Faults) -> list[tuple[TextUse, Slot]]:
    """Compile every text and judge every placeholder; gives the placeholders with their place."""
    slots: list[tuple[TextUse, Slot]] = []
    for use in texts_of(definition):
        if use.kind is Kind.TEMPLATE:
            slots += [(use, slot) for slot in _slots(use, faults)]
        else:
            _check_expression(definition, use, faults)
    _check_queries(definition, faults)
    captured = _Captured(definition)
    for use, slot in slots:
        _check_slot(definition, use, slot, captured, faults)
    _check_unused(definition, slots, faults)
    return slots


def _slots(use: TextUse, faults: Faults) -> Iterable[Slot]:
    assert use.context is not None  # a template has one
    try:
        return compile_template(use.text, use.context).slots
    except BadTemplate as bad:
        faults.error(use.path, str(bad))
        return ()


def _check_expression(definition: Definition, use: TextUse, faults: Faults) -> None:
    if (found := _PLACEHOLDER.search(use.text)) is not None:
        what = "a pattern" if use.kind is not Kind.EXPRESSION else "an expression"
        hint = "compare with equals:, or give the value with const:"
        faults.error(use.path, f"{what} holds no placeholders: {{{found[1]}. ...}}", hint)
        return
    try:
        if use.kind is Kind.EXPRESSION:
            finder(_inside(definition, use, faults), use.here.format, use.here.namespaces)
        else:
            compile_pattern(use.text, group=use.kind is Kind.GROUP)
    except BadExpression as bad:
        faults.error(use.path, str(bad))


def _inside(definition: Definition, use: TextUse, faults: Faults) -> str:
    """The expression without `^.`, which begins at the row outside."""
    if not use.text.startswith(_OUTSIDE):
        return use.text
    rows = getattr(_block_of(definition, use.here.block), "rows", None)
    if not use.in_row or rows is None or {"pick", "basket"} & set(use.path):
        faults.error(use.path, "^. reads the row outside, and there are no rows here")
    inside = use.text
    while inside.startswith(_OUTSIDE):
        inside = inside.removeprefix(_OUTSIDE)
    return inside or use.text


def _check_queries(definition: Definition, faults: Faults) -> None:
    for key, block in blocks_of(definition):
        for n, step in enumerate(block.steps):
            graphql = step.request.graphql
            if graphql is not None and _PLACEHOLDER.search(graphql.query):
                faults.error(
                    (*key, "steps", n, "request", "graphql", "query"),
                    "a GraphQL document holds no placeholders",
                    "use a variable: variables: {isbn: ...}",
                )


def _check_slot(
    definition: Definition, use: TextUse, slot: Slot, captured: _Captured, faults: Faults
) -> None:
    group, name = slot.name[0], slot.name[1]
    operation = use.here.operation
    if group not in GROUPS[operation]:
        faults.error(use.path, f"{{{slot.dotted}}} has no meaning here", _why_not(group, operation))
        return
    if group == "settings" and name not in definition.settings:
        _undeclared(use, slot, definition.settings, "settings", faults)
    elif group == "secrets" and name not in definition.secrets:
        _undeclared(use, slot, definition.secrets, "secrets", faults)
    elif group == "captured":
        captured.check(use, slot, faults)
    elif group in {"book", "books", "asked"} and operation is Operation.QUOTE:
        _check_batch(definition, use, slot, faults)
    elif slot.name == ("order", "id") and operation is Operation.PURCHASE:
        commit = definition.purchase.commit_index if definition.purchase else None
        if commit is not None and use.here.step is not None and use.here.step <= commit:
            faults.error(use.path, "{order.id} has no value before the seller gave a number")
    for word, argument in slot.filters:
        if word == "map" and argument not in definition.maps:
            hint = did_you_mean(str(argument), definition.maps) or "declare it under maps:"
            faults.error(use.path, f"there is no map {argument!r}", hint)


def _why_not(group: str, operation: Operation) -> str:
    if group in _TOLD_TO_ONE and operation in {Operation.QUOTE, Operation.RESOLVE}:
        return "many sellers are asked, and one is told who buys: only the purchase has it"
    if operation is Operation.SETUP:
        return "here only settings are known"
    known = ", ".join(sorted(GROUPS[operation]))
    return f"known here: {known}"


def _undeclared(
    use: TextUse, slot: Slot, declared: Iterable[str], key: str, faults: Faults
) -> None:
    hint = did_you_mean(slot.name[1], declared) or f"declare {slot.name[1]} under {key}:"
    faults.error(use.path, f"{{{slot.dotted}}} is not declared", hint)


def _check_batch(definition: Definition, use: TextUse, slot: Slot, faults: Faults) -> None:
    batched = definition.limits.batch > 1
    if batched and slot.name[0] == "book":
        faults.error(
            use.path,
            f"{{{slot.dotted}}}: with limits.batch over 1 a call asks for several books",
            "use books.isbn13 or books.isbn10, which are lists",
        )
    if not batched and slot.name[0] == "books":
        faults.error(
            use.path,
            f"{{{slot.dotted}}}: a call asks for one book",
            "use book.isbn13, or set limits.batch over 1",
        )


def _check_unused(
    definition: Definition, slots: list[tuple[TextUse, Slot]], faults: Faults
) -> None:
    used = {(slot.name[0], slot.name[1]) for _, slot in slots}
    mapped = {argument for _, slot in slots for word, argument in slot.filters if word == "map"}
    for group in ("settings", "secrets"):
        for name in getattr(definition, group):
            if (group, name) not in used and faults.own((group, name)):
                faults.warn((group, name), f"{{{group}.{name}}} is used nowhere", key=True)
    for name in definition.maps:
        if name not in mapped and faults.own(("maps", name)):
            faults.warn(("maps", name), f"the map {name} is used nowhere", key=True)


# ------------------------------------------------------------------------------- blocks, captures
def blocks_of(definition: Definition) -> Iterable[tuple[tuple[str | int, ...], Block]]:
    """Every block with the path it stands at."""
    for n, auth in enumerate(definition.auth):
        if isinstance(auth, SessionAuth):
            yield ("auth", n), auth
    for key in ("quote", "resolve", "rates", "purchase"):
        block = getattr(definition, key)
        if block is not None:
            yield (key,), block
    if definition.purchase is not None:
        for key in ("find_order", "cancel"):
            block = getattr(definition.purchase, key)
            if block is not None:
                yield ("purchase", key), block


def _block_of(definition: Definition, key: str) -> Block | None:
    for path, block in blocks_of(definition):
        if path[-1] == key or (path[0] == "auth" and key == f"auth[{path[1]}]"):
            return block
    return None


class _Captured:
    """Which names have been captured where a text stands."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._everything = {
            name
            for _, block in blocks_of(definition)
            for name in (*block.capture, *(n for step in block.steps for n in _names(step)))
        }

    def check(self, use: TextUse, slot: Slot, faults: Faults) -> None:
        """Tell a name that is captured nowhere, or only later."""
        name = slot.name[1]
        known = self._known(use)
        if name in known:
            return
        if name in self._everything:
            where = self._first_in(use.here.block, name)
            when = "later" if where else "in another block"
            message = f"{{{slot.dotted}}} is captured {when}"
            hint = f"step {where} captures it, and this is read before" if where else None
            faults.error(use.path, message, hint)
            return
        hint = did_you_mean(name, self._everything) or "capture it in an earlier step"
        faults.error(use.path, f"{{{slot.dotted}}} is captured nowhere", hint)

    def _known(self, use: TextUse) -> set[str]:
        block = _block_of(self._definition, use.here.block)
        assert block is not None  # only texts of a block may name what was captured
        known: set[str] = set()
        purchase = self._definition.purchase
        if use.here.block in {"find_order", "cancel"} and purchase is not None:
            known |= _all(purchase)
            if use.here.block == "cancel" and purchase.find_order is not None:
                known |= _all(purchase.find_order)
        step = use.here.step
        if step is None:
            return known | _all(block)
        for earlier in block.steps[:step]:
            known |= _names(earlier)
        if step > 0:
            known |= set(block.capture)
        section = use.path[use.path.index("steps") + 2]
        if section in _AFTER_CAPTURE:
            known |= set(block.capture) | set(block.steps[step].capture)
            known |= set() if section == "pick" else set(block.steps[step].pick)
        return known

    def _first_in(self, key: str, name: str) -> int | None:
        block = _block_of(self._definition, key)
        steps = block.steps if block is not None else ()
        numbers = [n for n, step in enumerate(steps, 1) if name in _names(step)]
        if not numbers and block is not None and name in block.capture:
            return 1
        return numbers[0] if numbers else None


def _names(step: Step) -> set[str]:
    return {*step.capture, *step.pick}


def _all(block: Block) -> set[str]:
    return {*block.capture, *(name for step in block.steps for name in _names(step))}
