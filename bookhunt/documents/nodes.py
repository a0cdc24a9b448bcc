"""A document as nodes that know where they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bookhunt.documents.closed import Plain

DocumentPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A text. `plain`: it was written without quotes, so it may stand for a JSON literal."""

    text: str
    plain: bool
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys and values in the order they were written; `keys` says where each key stands."""

    entries: dict[str, Node]
    keys: dict[str, Place]
    place: Place


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole document; its root is a mapping."""

    file: str
    root: Mapping
    size: int = field(default=0, compare=False)  # bytes as read

    def key_place(self, path: DocumentPath) -> Place:
        """Where the key at this path stands; of a list item or a missing key, what is nearest."""
        node, place = self._walk(path[:-1])
        if path and isinstance(node, Mapping) and path[-1] in node.keys:
            return node.keys[str(path[-1])]
        return self.place(path) if node is not None else place

    def place(self, path: DocumentPath) -> Place:
        """Where the value at this path begins, or the nearest thing above it that is there."""
        return self._walk(path)[1]

    def node(self, path: DocumentPath) -> Node | None:
        """The node at this path, None where there is none."""
        return self._walk(path)[0]

    def _walk(self, path: DocumentPath) -> tuple[Node | None, Place]:
        node: Node = self.root
        for step in path:
            below = child(node, step)
            if below is None:
                return None, node.place
            node = below
        return node, node.place


def child(node: Node, step: str | int) -> Node | None:
    """What stands under one key or index of a node, None where nothing does."""
    if isinstance(node, Mapping) and isinstance(step, str):
        return node.entries.get(step)
    if isinstance(node, Sequence) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def plain_data(node: Node) -> Any:
    """The node as dicts, lists and text; what was written without quotes is `Plain` text."""
    if isinstance(node, Mapping):
        return {key: plain_data(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain_data(item) for item in node.items]
    return Plain(node.text) if node.plain else node.text


def path_text(path: DocumentPath) -> str:
    """A path as people write it: `quote.steps[0].request.path`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
