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

SHOULD_BE = "should be "
_SHAPES = {
    "keys with values": ("model_type", "model_attributes_type", "dict_type", "mapping_type"),
    "a list": ("list_type", "tuple_type", "set_type", "frozen_set_type"),
    "a text": ("string_type",),
    "a whole number": ("int_type", "int_parsing", "int_from_float", "int_parsing_size"),
    "a number": ("float_type", "float_parsing", "decimal_type", "decimal_parsing", "finite_number"),
    "true or false": ("bool_type", "bool_parsing"),
    "nothing": ("none_required",),
}
_MESSAGES = {kind: SHOULD_BE + what for what, kinds in _SHAPES.items() for kind in kinds}
_VALUES = frozenset({"literal_error", "enum"})
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A mistake in words; `below` is what the path lacks to reach its place."""

    message: str
    hint: str | None = None
    below: DocumentPath = ()


class Misfit(ValueError):
    """What a validator of a closed model raises to give a hint, or to point below its own value.

    `at` is the path from the validated value to the place that is meant.
    """

    def __init__(self, message: str, *, hint: str | None = None, at: DocumentPath = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.at = at


class Misfits(ValueError):
    """Several of them, each told at its own place."""

    def __init__(self, misfits: Iterable[Misfit]) -> None:
        self.misfits = tuple(misfits)
        super().__init__("; ".join(str(each) for each in self.misfits))


def words(error: ErrorDetails, *, written: str | None, found: Found) -> list[Wording]:
    """Say an error, which may hold several mistakes; `written` is the text at its place."""
    raised = error.get("ctx", {}).get("error")
    if isinstance(raised, Misfits):
        return [_misfit(each) for each in raised.misfits]
    if isinstance(raised, Misfit):
        return [_misfit(raised)]
    return [word(error, written=written, found=found)]


def _misfit(misfit: Misfit) -> Wording:
    return Wording(message=str(misfit), hint=misfit.hint, below=misfit.at)


def word(error: ErrorDetails, *, written: str | None, found: Found) -> Wording:
    """Say an error that is one mistake; `written` is None where there is no text at its place."""
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
    if kind in _MESSAGES:
        return Wording(message=_MESSAGES[kind])
    message = error["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return Wording(message=message[:1].lower() + message[1:])


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint with the closest of the known words, None where none is close."""
    every = {each.lower(): each for each in sorted(set(known))}
    close = difflib.get_close_matches(word.lower(), every, n=1, cutoff=0.6)
    return f"did you mean {every[close[0]]!r}?" if close else None


def likeness(words: Iterable[str], known: Iterable[str]) -> float:
    """How much the words look like known ones, from 0 to 1: the mean of the best matches."""
    every = list(known)
    best = [
        max((difflib.SequenceMatcher(None, word, each).ratio() for each in every), default=0.0)
        for word in words
    ]
    return sum(best) / len(best) if best else 0.0


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
