"""Nodes to a closed model: each disagreement becomes a mistake at its line and column.

pydantic names the place of an error by a path that is nearly the document's own: where a value may
be one of several shapes (a union) it puts the name of the shape it tried into the path, and it
tells what is wrong with every shape. So the path is walked along the document and the model's types
together (`whereabouts`), and of the shapes only the one that the writer most likely meant is told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from bookhunt.documents.mistakes import DocumentMistakes, Mistake
from bookhunt.documents.nodes import Scalar, path_text, plain_data
from bookhunt.documents.whereabouts import Found, find, keys_of
from bookhunt.documents.wording import SHOULD_BE, likeness, word, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bookhunt.documents.nodes import Document, DocumentPath

T = TypeVar("T", bound=BaseModel)

# Nobody corrects more at a time, and a file of nothing but mistakes is not worth a minute.
_MOST_ERRORS = 2000

# What says that a value has another shape than the one tried, and nothing about what is in it.
_OTHER_SHAPE = frozenset(
    {
        "model_type", "model_attributes_type", "dict_type", "mapping_type", "list_type",
        "tuple_type", "set_type", "frozen_set_type", "string_type", "int_type", "float_type",
        "bool_type", "decimal_type", "none_required", "is_instance_of", "dataclass_type",
        "int_parsing", "float_parsing", "bool_parsing", "decimal_parsing",
    }
)  # fmt: skip
_WORDS = frozenset({"literal_error", "enum"})


def validated(document: Document, model: type[T]) -> T:
    """Build a closed model from a document.

    Raises:
        DocumentMistakes: with every disagreement, each at the place of the key or value: an unknown
            key at the key itself, a missing one at the mapping that should have it. Where a value
            may have several shapes, only what is wrong with the most fitting one is told.
    """
    try:
        return model.model_validate(plain_data(document.root))
    except ValidationError as failure:
        errors = failure.errors(include_url=False, include_input=False)
    found = [find(document.root, model, error) for error in errors[:_MOST_ERRORS]]
    mistakes = [
        mistake
        for each in _most_fitting(document, found, 0)
        for mistake in _mistakes(document, each)
    ]
    raise DocumentMistakes(mistakes) from None


def _mistakes(document: Document, found: Found) -> Iterator[Mistake]:
    node = document.node(found.path)
    written = node.text if isinstance(node, Scalar) else None
    at_key = found.error["type"] == "extra_forbidden" or found.is_key
    for wording in words(found.error, written=written, found=found):
        path = (*found.path, *wording.below)
        place = document.key_place(path) if at_key else document.place(path)
        yield Mistake(
            file=place.file,
            line=place.line,
            column=place.column,
            path=path_text(path),
            message=wording.message,
            hint=wording.hint,
        )


def _most_fitting(document: Document, found: Sequence[Found], depth: int) -> list[Found]:
    """Of the errors of each union, those of its best fitting member; all others as they are."""
    told: list[Found] = []
    unions: dict[DocumentPath, dict[str, list[Found]]] = {}
    for each in found:
        if len(each.choices) <= depth:
            told.append(each)
            continue
        choice = each.choices[depth]
        unions.setdefault(choice.path, {}).setdefault(choice.member, []).append(each)
    for path, members in unions.items():
        is_text = isinstance(document.node(path), Scalar)
        shaped = [
            errors
            for errors in members.values()
            if not _has_other_shape(errors, path, is_text=is_text)
        ]
        if shaped:
            best = min(shaped, key=lambda errors: _strangeness(errors, path))
            told += _most_fitting(document, best, depth + 1)
        else:
            told.append(_any_of(path, list(members.values())))
    return told


def _has_other_shape(errors: Sequence[Found], path: DocumentPath, *, is_text: bool) -> bool:
    """Whether a value has another shape than the member tried; a word of a list is a text."""
    other = _OTHER_SHAPE if is_text else _OTHER_SHAPE | _WORDS
    return any(each.path == path and each.error["type"] in other for each in errors)


def _strangeness(errors: Sequence[Found], path: DocumentPath) -> tuple[int, float, int]:
    """How unlike the written value a member is: by unknown and missing keys, then by all errors.

    A key that is not the member's says that another was meant, the more the less it looks like one
    of the member's; a wrong value in a known key does not.
    """
    own = [each for each in errors if each.path[:-1] == path]
    unknown = [each for each in own if each.error["type"] == "extra_forbidden"]
    missing = sum(1 for each in own if each.error["type"] == "missing")
    known = {key for each in unknown for model in each.models for key in keys_of(model)}
    alike = likeness((str(each.path[-1]) for each in unknown), known)
    return len(unknown) * 2 + missing, -alike, len(errors)


def _any_of(path: DocumentPath, members: Sequence[Sequence[Found]]) -> Found:
    """One error that names every shape the value may have."""
    told = [each for errors in members for each in errors if each.path == path]
    messages = dict.fromkeys(word(each.error, written=None, found=each).message for each in told)
    first, *others = messages
    message = " or ".join((first, *(each.removeprefix(SHOULD_BE) for each in others)))
    found = told[0]
    return replace(found, error={**found.error, "type": "no_shape", "msg": message}, choices=())
