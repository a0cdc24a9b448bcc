"""Text in which a secret is a reference: what may be written to disk, and sent once revealed.

The exact bytes of an order are on disk before they leave, and no secret may be on disk. So a
rendered text that needs a secret is not a string with the secret in it, nor a string with a marker
in it (a book's title could hold the marker), but a list of parts: literal text, already encoded for
where it stands, and references that say which secret and how it is encoded there. To reveal is to
encode each secret and join; the bytes are the same every time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from bookhunt.sellers.template_filters import text_filtered

if TYPE_CHECKING:
    from collections.abc import Callable


class Encoding(StrEnum):
    """How a value is written where it stands."""

    TEXT = "text"  # as it is: a header, a value that its carrier encodes
    SEGMENT = "segment"  # percent-encoded, the slash too: a path segment, a part of an address
    FORM = "form"  # percent-encoded with + for a space: a query string, a form body
    JSON = "json"  # inside the quotes of a JSON string
    XML = "xml"  # as text or inside an attribute


def encoded(value: str, encoding: Encoding) -> str:
    """A text as it is written in this place.

    Raises:
        CannotRender: it holds a character that cannot be written there at all.
    """
    if value.isascii() and value.isalnum():
        return value  # as it is everywhere: most values are an ISBN
    if encoding is Encoding.SEGMENT:
        return quote(value, safe="")
    if encoding is Encoding.FORM:
        return quote_plus(value)
    if encoding is Encoding.JSON:
        return json.dumps(value, ensure_ascii=False)[1:-1]
    if encoding is Encoding.XML:
        refuse(value, _NOT_XML, "a character that XML does not allow")
        return escape(value, {'"': "&quot;", "'": "&apos;", "\r": "&#13;"})
    return value


class CannotRender(ValueError):
    """A value cannot stand where the definition puts it (a line break in a header, `..` in a path).

    Its text names the place and never the value.
    """


# XML 1.0, section 2.2: what is not a Char.
_NOT_XML = frozenset(chr(n) for n in range(0x20) if n not in {9, 10, 13}) | {"\ufffe", "\uffff"}


def refuse(value: str, characters: frozenset[str], what: str) -> None:
    """Raise `CannotRender` where the text holds one of these characters."""
    if not characters.isdisjoint(value):
        raise CannotRender(f"a value holds {what}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """A secret by its name in the secret store, with what is done to it before it is written."""

    name: str
    filters: tuple[str, ...] = ()
    encoding: Encoding = Encoding.TEXT

    def revealed(self, secret_of: Callable[[str], str]) -> str:
        """The secret as it is written in its place."""
        value = secret_of(self.name)
        for each in self.filters:
            value = text_filtered(each, value)
        return encoded(value, self.encoding)


Part: TypeAlias = str | SecretRef


@dataclass(frozen=True, slots=True)
class Sealed:
    """A text with at least one secret in it, as parts; its repr and its JSON hold no secret."""

    parts: tuple[Part, ...]

    def reveal(self, secret_of: Callable[[str], str]) -> str:
        """The text as it is sent. `secret_of` gives a secret by its name in the secret store."""
        return "".join(
            part if isinstance(part, str) else part.revealed(secret_of) for part in self.parts
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets in it, in order."""
        return tuple(part.name for part in self.parts if isinstance(part, SecretRef))

    def encoded(self, encoding: Encoding) -> Sealed:
        """The same text written in another place: literal parts now, references when revealed."""
        return Sealed(
            tuple(
                encoded(part, encoding)
                if isinstance(part, str)
                else SecretRef(name=part.name, filters=part.filters, encoding=encoding)
                for part in self.parts
            )
        )

    def to_json(self) -> list[Any]:
        """The parts as JSON: strings, and `{"secret": name, "filters": [...], "as": encoding}`."""
        return [
            part
            if isinstance(part, str)
            else {"secret": part.name, "filters": list(part.filters), "as": part.encoding.value}
            for part in self.parts
        ]

    @classmethod
    def from_json(cls, parts: list[Any]) -> Sealed:
        """What `to_json` wrote."""
        return cls(
            tuple(
                part
                if isinstance(part, str)
                else SecretRef(
                    name=part["secret"],
                    filters=tuple(part["filters"]),
                    encoding=Encoding(part["as"]),
                )
                for part in parts
            )
        )


def joined(parts: list[Part]) -> str | Sealed:
    """Neighbouring literals made one; a plain string where no part is a secret."""
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) == len(parts):
        return "".join(texts)
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    if not merged:
        return ""
    if len(merged) == 1 and isinstance(merged[0], str):
        return merged[0]
    return Sealed(tuple(merged))
