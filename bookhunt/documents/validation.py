"""Nodes to a closed model: each disagreement becomes a mistake at its line and column.

pydantic names the place of an error by a path that is nearly the document's own: where a value may
be one of several shapes (a union) it puts the name of the shape it tried into the path, and it
tells what is wrong with every shape. So the path is walked along the document and the model's types
together (`whereabouts`), and of the shapes only the one that the writer most likely meant is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from bookhunt.documents.mistakes import DocumentMistakes, Mistake
from bookhunt.documents.nodes import Mapping, Scalar, path_text, plain_data
from bookhunt.documents.whereabouts import Found, find
from bookhunt.documents.wording import Wording, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.documents.nodes import Document

T = TypeVar("T", bound=BaseModel)

# What says that a value has another shape than the one tried, and nothing about what is in it.
_OTHER_SHAPE = frozenset(
    {
        "model_type", "model_attributes_type", "dict_type", "mapping_type", "list_type",
        "tuple_type", "set_type", "frozen_set_type", "string_type", "int_type", "float_type",
        "bool_type", "decimal_type", "none_required", "is_instance_of", "dataclass_type",
        "int_parsing", "float_parsing", "bool_parsing", "decimal_parsing",
    }
)  # fmt: skip


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
    found = [find(document.root, model, error) for error in errors]
    mistakes = (_mistake(document, each) for each in _most_fitting(document, found, 0))
    # What fails in two shapes alike is told once.
    raise DocumentMistakes(dict.fromkeys(mistakes)) from None


def _mistake(document: Document, found: Found) -> Mistake:
    node = document.node(found.path)
    wording = word(
        found.error, written=node.text if isinstance(node, Scalar) else None, found=found
    )
    place = _place(document, found, wording)
    return Mistake(
        file=document.file,
        line=place.line,
        column=place.column,
        path=path_text((*found.path, *wording.below)),
        message=wording.message,
        hint=wording.hint,
    )


def _place(document: Document, found: Found, wording: Wording) -> Any:
    path = (*found.path, *wording.below)
    if found.error["type"] == "extra_forbidden" or found.is_key:
        return document.key_place(path)
    return document.place(path)


def _most_fitting(document: Document, found: Sequence[Found], depth: int) -> list[Found]:
    """Of the errors of each union, those of its best fitting member; all others as they are."""
    told: list[Found] = []
    unions: dict[tuple[Any, ...], dict[str, list[Found]]] = {}
    for each in found:
        if len(each.choices) <= depth:
            told.append(each)
            continue
        choice = each.choices[depth]
        unions.setdefault(choice.path, {}).setdefault(choice.member, []).append(each)
    for path, members in unions.items():
        node = document.node(path)
        written = set(node.entries) if isinstance(node, Mapping) else set()
        shaped = [errors for errors in members.values() if not _has_other_shape(errors, path)]
        if shaped:
            best = min(shaped, key=lambda errors: _strangeness(errors, path, written))
            told += _most_fitting(document, best, depth + 1)
        else:
            told.append(_any_of(path, list(members.values())))
    return told


def _has_other_shape(errors: Sequence[Found], path: tuple[Any, ...]) -> bool:
    return any(each.path == path and each.error["type"] in _OTHER_SHAPE for each in errors)


def _strangeness(
    errors: Sequence[Found], path: tuple[Any, ...], written: set[str]
) -> tuple[int, int, int]:
    """How unlike the written value a member is: unknown keys first, then missing ones, then all.

    A key that is not the member's says that another was meant; a wrong value in a known key does
    not.
    """
    own = [each for each in errors if each.path[:-1] == path]
    unknown = sum(1 for each in own if each.error["type"] == "extra_forbidden")
    missing = sum(1 for each in own if each.error["type"] == "missing")
    return (unknown * 2 + missing if written else len(errors), unknown, len(errors))


def _any_of(path: tuple[Any, ...], members: Sequence[Sequence[Found]]) -> Found:
    """One error that names every shape the value may have."""
    shapes: dict[str, None] = {}
    for errors in members:
        for each in errors:
            if each.path == path:
                shapes.setdefault(word(each.error, written=None, found=each).message)
    first = members[0][0]
    message = " or ".join(shapes) or "has none of the shapes that are possible here"
    return Found(
        error={"type": "no_shape", "loc": (), "msg": message, "input": None},
        path=path,
        choices=(),
        models=first.models,
        is_key=False,
    )
