"""Where an error of pydantic is in the document, and which models could have been meant there."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel

from bookhunt.documents.nodes import DocumentPath, Mapping, Node, Scalar, Sequence, child

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

_KEY = "[key]"  # pydantic's last step where the key of a dict is wrong, not its value


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A union on the way to an error: where it stands and which member was tried."""

    path: DocumentPath
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An error at its place in the document."""

    error: ErrorDetails
    path: DocumentPath
    choices: tuple[Choice, ...]  # the unions passed on the way, from the root
    models: tuple[type[BaseModel], ...]  # whose keys could stand beside or under the path
    is_key: bool  # the key of a dict is wrong, not what stands under it


def find(root: Node, model: type[BaseModel], error: ErrorDetails) -> Found:
    """Walk the error's path along the document and the model's types."""
    node: Node | None = root
    path: DocumentPath = ()
    choices: list[Choice] = []
    kinds: list[Any] = [model]
    steps = list(error["loc"])
    is_key = bool(steps) and steps[-1] == _KEY
    models: tuple[type[BaseModel], ...] = (model,)
    for step in steps[: -1 if is_key else None]:
        if _is_member(kinds, node, step):
            choices.append(Choice(path=path, member=str(step)))
            kinds = list(_narrowed(kinds, node, str(step)))
        else:
            models = tuple(_models(kinds))
            kinds = [below for kind in kinds for below in _below(kind, step)]
            node = child(node, step) if node is not None else None
            path = (*path, step)
    return Found(error=error, path=path, choices=tuple(choices), models=models, is_key=is_key)


def keys_of(model: type[BaseModel]) -> Iterator[str]:
    """The keys that a document may use for the fields of a model."""
    for name, field in model.model_fields.items():
        yield from _keys(name, field)


def _keys(name: str, field: FieldInfo) -> Iterator[str]:
    alias = field.validation_alias or field.alias
    if isinstance(alias, AliasChoices):
        yield from (each for each in alias.choices if isinstance(each, str))
    elif isinstance(alias, str):
        yield alias
    else:
        yield name


def _is_member(kinds: list[Any], node: Node | None, step: str | int) -> bool:
    """Whether the step names a member of a union, and not what is written in the document."""
    if isinstance(step, int):
        return False
    unions = [kind for kind in kinds if len(_members(kind)) > 1]
    if not kinds:
        return node is None or child(node, step) is None
    if len(unions) == len(kinds):
        return True
    return bool(unions) and not any(True for kind in kinds for _ in _below(kind, step))


def _bare(kind: Any) -> Any:
    """The type without annotations and names."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif hasattr(kind, "__value__"):  # `type X = ...`
            kind = kind.__value__
        elif hasattr(get_origin(kind), "__value__"):
            kind = get_origin(kind).__value__
        else:
            return kind


def _members(kind: Any) -> tuple[Any, ...]:
    """What a value of this type may be; nothing (`None`) is no member of its own."""
    kind = _bare(kind)
    if get_origin(kind) not in {Union, types.UnionType}:
        return (kind,)
    given = [each for each in get_args(kind) if each is not type(None)]
    if len(given) == 1:
        return _members(given[0])
    return tuple(given)


def _narrowed(kinds: Iterable[Any], node: Node | None, member: str) -> Iterator[Any]:
    """The members that the step may name: by class, by tag, else all of the node's shape."""
    every = [each for kind in kinds for each in _members(kind)]
    named = [each for each in every if getattr(_bare(each), "__name__", None) == member]
    tagged = [each for each in every if _is_tagged(each, member)]
    yield from named or tagged or (each for each in every if _could_be(each, node))


def _is_tagged(kind: Any, tag: str) -> bool:
    metadata = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    if any(getattr(each, "tag", None) == tag for each in metadata):
        return True
    bare = _bare(kind)
    return _is_model(bare) and any(
        tag in get_args(_bare(field.annotation))
        for field in bare.model_fields.values()
        if get_origin(_bare(field.annotation)) is Literal
    )


def _could_be(kind: Any, node: Node | None) -> bool:
    bare = _bare(kind)
    shape = get_origin(bare) or bare
    if len(_members(kind)) > 1 or node is None:
        return True
    if isinstance(node, Mapping):
        return _is_model(bare) or shape is dict or shape is Any
    if isinstance(node, Sequence):
        return shape in {list, tuple, set, frozenset} or shape is Any
    return isinstance(node, Scalar)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _models(kinds: Iterable[Any]) -> Iterator[type[BaseModel]]:
    for kind in kinds:
        for each in _members(kind):
            bare = _bare(each)
            if _is_model(bare):
                yield bare


def _below(kind: Any, step: str | int) -> Iterator[Any]:
    """The types that may stand under a key or an index of a value of this type."""
    for each in _members(kind):
        bare = _bare(each)
        shape, inner = get_origin(bare), get_args(bare)
        if _is_model(bare):
            for name, field in bare.model_fields.items():
                if step == name or step in set(_keys(name, field)):
                    yield Annotated[field.annotation, field.discriminator]
        elif shape is dict and len(inner) == 2:
            yield inner[1]
        elif shape in {list, set, frozenset} and isinstance(step, int):
            yield inner[0]
        elif shape is tuple and isinstance(step, int):
            yield (
                inner[0]
                if len(inner) == 2 and inner[1] is ...
                else inner[min(step, len(inner) - 1)]
            )
