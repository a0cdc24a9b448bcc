"""How a disagreement between a document and its model is said to the person who wrote it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bookhunt.documents.whereabouts import keys_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from bookhunt.documents.nodes import DocumentPath
    from bookhunt.documents.whereabouts import Found

_SHOULD_BE = {
    "keys with values": ("model_type", "model_attributes_type", "dict_type", "mapping_type"),
    "a list": ("list_type", "tuple_type", "set_type", "frozen_set_type"),
    "a text": ("string_type",),
    "a whole number": ("int_type", "int_parsing", "int_from_float", "int_parsing_size"),
    "a number": ("float_type", "float_parsing", "decimal_type", "decimal_parsing", "finite_number"),
    "true or false": ("bool_type", "bool_parsing"),
    "nothing": ("none_required",),
}
_MESSAGES = {kind: f"should be {what}" for what, kinds in _SHOULD_BE.items() for kind in kinds}
_VALUES = frozenset({"literal_error", "enum"})
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A mistake in words; `below` is what the path lacks to reach its place."""

    message: str
    hint: str | None = None
    below: DocumentPath = ()


class Misfit(ValueError):  # a fault found by a validator
    """What a validator of a closed model raises to give a hint, or to point below its own value.

    `at` is the path from the validated value to the place that is meant.
    """

    def __init__(self, message: str, *, hint: str | None = None, at: DocumentPath = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.at = at


def word(error: ErrorDetails, *, written: str | None, found: Found) -> Wording:
    """Say an error; `written` is the text at its place, None where that is no text."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return Wording(message="missing")
    if kind == "extra_forbidden":
        known = [key for model in found.models for key in keys_of(model)]
        return Wording(message="unknown key", hint=_known_keys(str(found.path[-1]), known))
    if kind in _VALUES:
        return _one_of(written, _QUOTED.findall(str(context.get("expected", ""))))
    if kind == "union_tag_invalid":
        below = _discriminator(context)
        wording = _one_of(
            str(context.get("tag")), _QUOTED.findall(str(context.get("expected_tags", "")))
        )
        return Wording(message=wording.message, hint=wording.hint, below=below)
    if kind == "union_tag_not_found":
        return Wording(message="missing", below=_discriminator(context))
    if kind == "value_error" and isinstance(raised := context.get("error"), Exception):
        return Wording(
            message=str(raised),
            hint=getattr(raised, "hint", None),
            below=tuple(getattr(raised, "at", ())),
        )
    if kind in _MESSAGES:
        return Wording(message=_MESSAGES[kind])
    message = error["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return Wording(message=message[:1].lower() + message[1:])


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint with the closest of the known words, None where none is close."""
    close = difflib.get_close_matches(word.lower(), sorted(set(known)), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else None


def _known_keys(key: str, known: list[str]) -> str | None:
    every = dict.fromkeys(known)
    if not every:
        return "no key is known here"
    return did_you_mean(key, every) or f"known keys: {', '.join(every)}"


def _one_of(written: str | None, allowed: list[str]) -> Wording:
    listed = ", ".join(allowed)
    if written is None:
        return Wording(message=f"should be one of: {listed}")
    shown = written if len(written) <= _LONGEST_SHOWN else written[:_LONGEST_SHOWN] + "..."
    close = did_you_mean(written, allowed)
    hint = f"{close} one of: {listed}" if close else f"one of: {listed}"
    return Wording(message=f"{shown!r} is not possible here", hint=hint)


def _discriminator(context: dict[str, Any]) -> DocumentPath:
    quoted = _QUOTED.fullmatch(str(context.get("discriminator", "")))
    return (quoted[1],) if quoted else ()
