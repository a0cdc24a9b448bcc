"""One value of a row: where it stands or what it is, then a pattern, then a table, else a default.

A value is missing where nothing stands at its place (blank text is nothing, too), where its pattern
does not match and where its table has no entry for it. Then `else` stands in for it. What a table
says about blank text counts: `{"": true}`, and `"*"` is about everything that stands there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.sellers.expressions import compile_pattern
from bookhunt.sellers.reading.errors import Unreadable, shown
from bookhunt.sellers.reading.rows import Place
from bookhunt.sellers.reading.texts import is_blank, text_of
from bookhunt.sellers.template import Context, compile_template
from bookhunt.sellers.template_filters import MISSING
from bookhunt.sellers.template_sealed import Sealed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.sellers.language import AnswerFormat, Value
    from bookhunt.sellers.reading.rows import Row
    from bookhunt.sellers.template import Scope

# What a pattern looks at, at most: no value is longer, and a page's text may be.
_LOOKED_AT = 100_000


class GivenText:
    """A text of the definition as a value: `const` and `else`."""

    __slots__ = ("_literal", "_template")

    def __init__(self, text: str) -> None:
        self._template = compile_template(text, Context.VALUE)
        self._literal = self._template.literal

    def of(self, scope: Scope) -> Any:
        """The text, or, where it is exactly one placeholder, that value; None: it has none."""
        if self._literal is not None:
            return self._literal
        value = self._template.render(scope)
        if value is MISSING:
            return None
        if isinstance(value, Sealed):
            raise Unreadable("a secret is sent and never read")
        return value


class ValueReader:
    """A compiled field of any kind; immutable and shared."""

    __slots__ = ("_as_it_is", "_const", "_find", "_map", "_otherwise", "_pattern", "place")

    def __init__(
        self, model: Value, written: AnswerFormat, namespaces: Mapping[str, str] | None = None
    ) -> None:
        self.place = None if model.at is None else Place(model.at, written, namespaces)
        self._find = None if self.place is None else self.place.find_in_node
        self._const = None if model.const is None else GivenText(model.const)
        self._pattern = (
            None if model.pattern is None else compile_pattern(model.pattern, group=True)
        )
        self._map = (
            None
            if model.map is None
            else {key.strip().casefold(): entry for key, entry in model.map.items()}
        )
        self._otherwise = None if model.otherwise is None else GivenText(model.otherwise)
        self._as_it_is = self._pattern is None and self._map is None

    def read(self, row: Row, scope: Scope) -> Any:
        """The value: text, number, truth, list or object as it stands there; None: missing.

        Raises:
            Unreadable: a list or object where a pattern or table wants one value, or an
                expression cannot be computed.
        """
        find = self._find
        value = self.raw(row, scope) if find is None else find(row.node)
        if not self._as_it_is:
            value = self._finished(value)
        elif isinstance(value, str) and not value.strip():
            value = None
        return value if value is not None else self.default(scope)

    def raw(self, row: Row, scope: Scope) -> Any:
        """What stands there, before pattern and table; None: nothing."""
        if self.place is not None:
            return self.place.one(row)
        return None if self._const is None else self._const.of(scope)

    def every(self, row: Row, scope: Scope) -> list[Any]:
        """As `read`, where there may be several: each node, each item of a list or of its lists."""
        found = self.place.all(row) if self.place is not None else [self.raw(row, scope)]
        values = [
            finished for each in _opened(found) if (finished := self._finished(each)) is not None
        ]
        if not values and (default := self.default(scope)) is not None:
            return [default]
        return values

    def default(self, scope: Scope) -> Any:
        """What `else` says; None: there is none."""
        if self._otherwise is None:
            return None
        value = self._otherwise.of(scope)
        return None if is_blank(value) else value

    def _finished(self, value: Any) -> Any:
        if value is not None and self._pattern is not None:
            match = self._pattern.search(text_of(value)[:_LOOKED_AT])
            value = None if match is None else match.group(1)
        if value is not None and self._map is not None:
            value = self._mapped(text_of(value))
        return None if is_blank(value) else value

    def _mapped(self, text: str) -> str | None:
        assert self._map is not None  # the caller looked
        found = self._map.get(text.strip().casefold())
        return found if found is not None else self._map.get("*")


def _opened(values: list[Any]) -> list[Any]:
    """The values with lists among them opened, at any depth: `[isbn_10, isbn_13]` of two lists."""
    if not any(isinstance(each, list) for each in values):
        return values
    return [
        inner for each in values for inner in (_opened(each) if isinstance(each, list) else [each])
    ]


def one_text(reader: ValueReader, row: Row, scope: Scope) -> str | None:
    """A value as text in one line; None: missing.

    Raises:
        Unreadable: it is a list or an object.
    """
    value = reader.read(row, scope)
    return None if value is None else " ".join(text_of(value).split())


def truth_of(value: Any) -> bool | None:
    """A truth: true, false, or their words; None where it is missing or `unknown`.

    Raises:
        Unreadable: anything else.
    """
    if isinstance(value, bool) or value is None:
        return value
    word = text_of(value).strip().casefold()
    if word in {"true", "false"}:
        return word == "true"
    if word == "unknown":
        return None
    raise Unreadable(f"{shown(value)} is neither true nor false", raw=value)
