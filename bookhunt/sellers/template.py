"""Placeholders: a text with `{book.isbn13}` in it, compiled once when a definition is loaded.

A title, a captured value or an address is data and never code: a value is looked up by its name in
a scope, encoded for where it stands, and never looked at again, so a title that reads
`{secrets.key}` stays those characters. There are no expressions, loops or attributes here on
purpose: a sandboxed template language still let one expression take 100 MB.

Where a text stands decides two things: how a value is encoded, and whether a text that is exactly
one placeholder keeps the value's type (`Context`). Secrets stay references, see `template_sealed`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from bookhunt.model.money import Money
from bookhunt.sellers.template_filters import (
    ARGUMENT_FILTERS,
    FILTERS,
    MISSING,
    TEXT_FILTERS,
    as_major,
    as_minor,
    mapped,
    text_filtered,
    text_of,
)
from bookhunt.sellers.template_names import did_you_mean, unknown_name
from bookhunt.sellers.template_sealed import (
    CannotRender,
    Encoding,
    Part,
    Sealed,
    SecretRef,
    encoded,
    joined,
    refuse,
)

Scope: TypeAlias = Mapping[str, Any]
"""What names stand for: group to name to value. None, or no entry: it has no value.

A value is a text, a number (int, Decimal), a truth, a `Money`, a list, an object, or, under
`secrets` and `pay`, a `SecretRef`. The group `maps` holds the definition's tables.
"""


class Context(StrEnum):
    """Where a text stands."""

    PATH = "path"  # each value is percent-encoded as part of one segment; dot segments are refused
    URL = "url"  # as PATH, but captured parts, settings and offer.url stay as they are
    QUERY = "query"  # a text that its carrier encodes; exactly one placeholder of a list: a list
    FORM = "form"  # as QUERY
    HEADER = "header"  # no CR, LF or NUL
    XML = "xml"  # text or attribute, escaped; a value that is not there leaves nothing
    JSON = "json"  # a text; exactly one placeholder: the value with its type
    VALUE = "value"  # as JSON, for what is compared or read and not sent: const, equals, if


class BadTemplate(ValueError):
    """A text with placeholders cannot be read; its message says what to change."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One placeholder: the name split at its dots, and the filters in order with their argument."""

    name: tuple[str, ...]
    filters: tuple[tuple[str, str | None], ...] = ()

    @property
    def dotted(self) -> str:
        """The name as it was written."""
        return ".".join(self.name)


_ENCODINGS = {
    Context.PATH: Encoding.SEGMENT,
    Context.URL: Encoding.SEGMENT,
    Context.XML: Encoding.XML,
}
_TYPED = frozenset({Context.JSON, Context.VALUE})
_LISTED = frozenset({Context.QUERY, Context.FORM})
_ENCODED_WHOLE = frozenset({Context.QUERY, Context.FORM, Context.XML, Context.JSON, Context.VALUE})
_RAW_IN_URL = frozenset({"captured", "settings"})
_NOT_IN_HEADER = frozenset("\r\n\0")
_NOT_IN_URL = frozenset(chr(n) for n in range(0x21)) | {"\x7f", "\\"}


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text. Equal templates are equal; rendering changes nothing and may be shared."""

    text: str
    context: Context
    parts: tuple[str | Slot, ...]
    slots: tuple[Slot, ...] = field(init=False, compare=False, repr=False)  # in order
    literal: str | None = field(init=False, compare=False, repr=False)  # None: it has slots

    def __post_init__(self) -> None:
        slots = tuple(part for part in self.parts if isinstance(part, Slot))
        literal = None if slots else "".join(str(part) for part in self.parts)
        object.__setattr__(self, "slots", slots)
        object.__setattr__(self, "literal", literal)

    def __str__(self) -> str:
        return self.text

    def render(self, scope: Scope) -> Any:
        """The text with values, or `MISSING` where a placeholder has none.

        A `str`, or a `Sealed` where a secret is in it. In JSON and VALUE a text that is exactly one
        placeholder gives the value itself: text, int, Decimal (money too: major units), truth,
        list, dict. In QUERY and FORM such a list gives a list of `str` and `Sealed`.

        Raises:
            CannotRender: a value may not stand here.
        """
        if self.literal is not None:
            return self._checked(self.literal)
        if len(self.parts) == 1 and isinstance(slot := self.parts[0], Slot):
            return self._whole(slot, scope)
        parts: list[Part] = []
        for part in self.parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            value = evaluate(part, scope)
            if value is MISSING and self.context is not Context.XML:
                return MISSING
            parts.extend(self._written(part, value))
        return self._checked(joined(parts))

    def _whole(self, slot: Slot, scope: Scope) -> Any:
        value = evaluate(slot, scope)
        if value is MISSING:
            return "" if self.context is Context.XML else MISSING
        if self.context in _TYPED:
            return _typed(value)
        if self.context in _LISTED and isinstance(value, (list, tuple)):
            items = [joined(self._written(slot, item)) for item in value if item is not MISSING]
            return items or MISSING
        return self._checked(joined(self._written(slot, value)))

    def _written(self, slot: Slot, value: Any) -> list[Part]:
        """A value as it is written in this context."""
        encoding = _ENCODINGS.get(self.context, Encoding.TEXT)
        last = slot.filters[-1][0] if slot.filters else None
        if encoding is Encoding.SEGMENT and last == "urlencode":
            encoding = Encoding.TEXT  # it is encoded for this place already, once is enough
        if self.context is Context.URL and (
            slot.name[0] in _RAW_IN_URL or slot.name == ("offer", "url")
        ):
            encoding = Encoding.TEXT
        if isinstance(value, SecretRef):
            return list(Sealed((value,)).encoded(encoding).parts)
        if isinstance(value, Sealed):
            return list(value.encoded(encoding).parts)
        text = text_of(value)
        if self.context is Context.PATH and not text:
            raise CannotRender(f"{{{slot.dotted}}} is empty, and a path cannot do without it")
        return [encoded(text, encoding)]

    def _checked(self, rendered: str | Sealed) -> str | Sealed:
        """Refuse what no encoding makes safe in this context."""
        if self.context in _ENCODED_WHOLE:
            return rendered
        for part in (rendered,) if isinstance(rendered, str) else rendered.parts:
            if not isinstance(part, str):
                continue
            if self.context is Context.HEADER:
                refuse(part, _NOT_IN_HEADER, "a line break, which a header cannot hold")
            elif self.context is Context.URL:
                refuse(part, _NOT_IN_URL, "a character that an address cannot hold")
        if self.context is Context.PATH and self.slots and isinstance(rendered, str):
            segments = rendered.partition("?")[0].split("/")
            if not {".", ".."}.isdisjoint(segments):
                raise CannotRender("a value makes a dot segment, which would leave the path")
        return rendered


def look_up(name: tuple[str, ...], scope: Scope) -> Any:
    """The value of a name, `MISSING` where there is none.

    A longer name reads a part of an object. The hidden inputs of a captured form are its parts too:
    `{captured.f.token}` is the input `token` of the form that was captured as `f`.
    """
    value: Any = scope
    for step in name:
        # Most groups are plain dicts, and asking whether something is a Mapping takes a while.
        if not (type(value) is dict or isinstance(value, Mapping)):
            return MISSING
        if step in value:
            value = value[step]
        elif is_form(value):
            value = value["inputs"].get(step)
        else:
            return MISSING
    return value


def captured_form(action: str, inputs: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """What a capture `form:` keeps: where the form is sent, and its hidden inputs by name."""
    return {"action": action, "inputs": dict(inputs)}


def is_form(value: Any) -> bool:
    """Whether a value is what `captured_form` made."""
    return (
        isinstance(value, Mapping)
        and len(value) == 2
        and set(value) == {"action", "inputs"}
        and isinstance(value["inputs"], Mapping)
    )


def evaluate(slot: Slot, scope: Scope) -> Any:
    """The value of a placeholder after its filters, not yet encoded; `MISSING` where none is."""
    value = look_up(slot.name, scope)
    for name, argument in slot.filters:
        if name == "default":
            value = argument if value is MISSING else value
        elif value is not MISSING:
            value = _filtered(name, argument, value, scope)
    return value


def _filtered(name: str, argument: str | None, value: Any, scope: Scope) -> Any:
    if isinstance(value, SecretRef):
        return SecretRef(name=value.name, filters=(*value.filters, name), encoding=value.encoding)
    if name == "minor":
        return as_minor(value, _currency(scope))
    if name == "major":
        return as_major(value)
    if name == "map":
        return mapped(value, scope.get("maps", {}).get(argument, {}))
    if name == "join":
        listed = value if isinstance(value, (list, tuple)) else [value]
        return str(argument).join(text_of(item) for item in listed if item is not MISSING)
    if name in TEXT_FILTERS and isinstance(value, (list, tuple)):
        return [text_filtered(name, text_of(item)) for item in value if item is not MISSING]
    return text_filtered(name, text_of(value))


def _currency(scope: Scope) -> str | None:
    """The currency of a plain number: the offer's, in a quote the request's."""
    found = look_up(("offer", "currency"), scope) or look_up(("request", "currency"), scope)
    return found if isinstance(found, str) else None


def _typed(value: Any) -> Any:
    """A value as it stands alone in JSON: money is a number of major units."""
    if isinstance(value, Money):
        return Decimal(value.amount)
    if isinstance(value, SecretRef):
        return Sealed((value,))
    if isinstance(value, tuple):
        return list(value)
    return value


# -------------------------------------------------------------------------------------- compiling
_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_$@-]+)*", re.ASCII)
_FILTER = re.compile(r'\s*([a-z_]+)\s*(?::\s*(?:"([^"]*)"|\'([^\']*)\')\s*)?', re.ASCII)
_TOKEN = re.compile(r"""\{\{|\}\}|\{((?:[^{}"']|"[^"]*"|'[^']*')*)\}|[{}]""")


def compile_template(text: str, context: Context) -> Template:
    """Read a text with placeholders; `{{` and `}}` are braces.

    Raises:
        BadTemplate: a brace without its other half, an unknown name or filter, a filter where it
            cannot be.
    """
    parts: list[str | Slot] = []
    literal, position = "", 0
    for token in _TOKEN.finditer(text):
        literal += text[position : token.start()]
        position = token.end()
        whole = token[0]
        if whole in {"{{", "}}"}:
            literal += whole[0]
        elif token[1] is None:
            raise BadTemplate(f"a {whole} without its other half; write {whole * 2} for the brace")
        else:
            if literal:
                parts.append(literal)
            parts.append(_slot(token[1]))
            literal = ""
    literal += text[position:]
    if literal or not parts:
        parts.append(literal)
    if context is Context.HEADER:
        _refuse_literal(literal, _NOT_IN_HEADER, "a header holds no line break")
    return Template(text, context, tuple(parts))


def _refuse_literal(text: str, characters: frozenset[str], message: str) -> None:
    if not characters.isdisjoint(text):
        raise BadTemplate(message)


def _slot(inside: str) -> Slot:
    name_text, bar, rest = inside.partition("|")
    name = name_text.strip()
    if not _NAME.fullmatch(name):
        raise BadTemplate(
            f"{{{inside}}} is not a placeholder: a name like book.isbn13 is wanted; "
            "write {{ and }} for braces"
        )
    steps = tuple(name.split("."))
    if (why := unknown_name(steps)) is not None:
        raise BadTemplate(why)
    return Slot(steps, tuple(_filters(rest, steps)) if bar else ())


def _filters(text: str, name: tuple[str, ...]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    position = 0
    while True:
        match = _FILTER.match(text, position)
        if match is None:
            raise BadTemplate(f"a filter is missing after | in {{{'.'.join(name)} |{text}}}")
        word, argument = match[1], match[2] if match[2] is not None else match[3]
        _check_filter(word, argument, name)
        found.append((word, argument))
        position = match.end()
        if position == len(text):
            return found
        if text[position] != "|":
            raise BadTemplate(
                f"{text[position:]!r} after the filter {word} is not understood; "
                'an argument is written in quotes: map:"zone"'
            )
        position += 1


def _check_filter(word: str, argument: str | None, name: tuple[str, ...]) -> None:
    if word not in FILTERS:
        raise BadTemplate(f"{word} is not a filter{did_you_mean(word, FILTERS)}")
    if word in ARGUMENT_FILTERS and argument is None:
        raise BadTemplate(f'the filter {word} needs an argument: {word}:"..."')
    if word not in ARGUMENT_FILTERS and argument is not None:
        raise BadTemplate(f"the filter {word} takes no argument")
    if name[0] in {"secrets", "pay"} and word not in TEXT_FILTERS:
        raise BadTemplate(f"a secret cannot go through the filter {word}: it is sent as it is")
