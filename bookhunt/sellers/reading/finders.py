"""One compiled expression over one answer: where a value stands, whatever the format.

`one` gives the value at a place, None where nothing is there; `rows` gives the rows at a place,
None where the place itself is not there, so that "no rows" and "not the answer we know" stay two
things: an empty JSON list is a miss that was said, anything else is not.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

import jmespath
import jmespath.exceptions

from bookhunt.sellers.reading.errors import BadExpression, Unreadable
from bookhunt.sellers.reading.literals import with_literals

_PATH = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_PLAIN = re.compile(_PATH, re.ASCII)
_LISTED = re.compile(rf"({_PATH})\[\]", re.ASCII)
_SPACE = r"[ \t\r\n]*"  # JMESPath knows no other
# Beside a comparator `true` is no member but the truth (`literals`).
_NAMED = rf"(?!(?:true|false|null){_SPACE}[=!])({_PATH})"
_COMPARED = re.compile(rf"{_NAMED}{_SPACE}(==|!=){_SPACE}'([^'\\]*)'", re.ASCII)


class Finder(Protocol):
    """A compiled expression."""

    def one(self, node: Any) -> Any:
        """The value, None where there is none; text is stripped, `""` is a value."""
        ...

    def rows(self, node: Any) -> list[Any] | None:
        """The rows, None where the place is not there at all."""
        ...

    def all(self, node: Any) -> list[Any]:
        """Every value at the place: several nodes of XML or HTML, a list of JSON."""
        ...

    def holds(self, node: Any) -> bool:
        """Whether the value means yes: nothing, false, empty and 0 are no."""
        ...


class _Json:
    """What the JSON finders share: the meaning of lists."""

    __slots__ = ()

    def one(self, node: Any) -> Any:
        """The value, as each finder finds it."""
        raise NotImplementedError

    def rows(self, node: Any) -> list[Any] | None:
        found = self.one(node)
        if found is None:
            return None
        if not isinstance(found, list):
            return [found]
        rows = [row for row in found if row is not None]
        # `[new, used]` of an answer that has neither is a list of nulls: nothing was said.
        return rows if rows or not found else None

    def all(self, node: Any) -> list[Any]:
        found = self.one(node)
        if found is None:
            return []
        return found if isinstance(found, list) else [found]

    def holds(self, node: Any) -> bool:
        return bool(self.one(node))


class DottedPath(_Json):
    """A plain path of JMESPath, `price.amount`, walked by hand: most fields are one.

    Walking costs a third of the general machine, measured on lists of twenty rows and more.
    """

    __slots__ = ("_keys",)

    def __init__(self, expression: str) -> None:
        self._keys = expression.split(".")

    def one(self, node: Any) -> Any:
        """Step by step; anything but an object on the way is nothing there."""
        for key in self._keys:
            if not isinstance(node, dict):
                return None
            node = node.get(key)
        return node


class Member(_Json):
    """A plain path of one step, which is what most of them are."""

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        self._key = key

    def one(self, node: Any) -> Any:
        """The member of an object."""
        return node.get(self._key) if isinstance(node, dict) else None


class Flattened(_Json):
    """The items of a list, `offers[]`, which names most rows; lists among them are opened once."""

    __slots__ = ("_list",)

    def __init__(self, path: str) -> None:
        self._list = DottedPath(path)

    def one(self, node: Any) -> Any:
        """The items; nothing where no list is there."""
        found = self._list.one(node)
        if not isinstance(found, list):
            return None
        items: list[Any] = []
        for each in found:
            items.extend(each if isinstance(each, list) else (each,))
        return [item for item in items if item is not None]


class Compared(_Json):
    """Whether a member is a word, `error.code == 'NOT_STOCKED'`: how most outcomes are known."""

    __slots__ = ("_member", "_same", "_word")

    def __init__(self, path: str, comparator: str, word: str) -> None:
        self._member = DottedPath(path)
        self._same = comparator == "=="
        self._word = word

    def one(self, node: Any) -> Any:
        """A truth; what is not there is not the word."""
        return (self._member.one(node) == self._word) is self._same


class JmesPath(_Json):
    """Any other JMESPath expression."""

    __slots__ = ("_compiled", "expression")

    def __init__(self, expression: str) -> None:
        self.expression = expression
        try:
            self._compiled = jmespath.compile(with_literals(expression))
        except (jmespath.exceptions.JMESPathError, ValueError) as bad:
            raise BadExpression(f"not JMESPath: {bad}") from None
        _refuse_unknown_functions(self._compiled.parsed)

    def one(self, node: Any) -> Any:
        """The value.

        Raises:
            Unreadable: a function was applied to what it cannot take (`min` of text and null).
        """
        try:
            return self._compiled.search(node)
        except (jmespath.exceptions.JMESPathError, TypeError, ValueError, ArithmeticError) as bad:
            raise Unreadable(f"{self.expression}: {bad}") from None


def _refuse_unknown_functions(node: Any) -> None:
    """JMESPath finds out about unknown functions only when it runs; we want to know at load."""
    from jmespath.functions import Functions

    if node.get("type") == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
        raise BadExpression(f"not JMESPath: unknown function {node['value']}()")
    for child in node.get("children", ()):
        if isinstance(child, dict):
            _refuse_unknown_functions(child)


def json_finder(expression: str) -> Finder:
    """Compile JMESPath.

    Raises:
        BadExpression: it is none.
    """
    if _PLAIN.fullmatch(expression):
        return DottedPath(expression) if "." in expression else Member(expression)
    if (listed := _LISTED.fullmatch(expression)) is not None:
        return Flattened(listed[1])
    if (compared := _COMPARED.fullmatch(expression)) is not None:
        return Compared(compared[1], compared[2], compared[3])
    return JmesPath(expression)
