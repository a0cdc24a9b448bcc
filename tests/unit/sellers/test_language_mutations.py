"""Definitions, broken one key at a time: each break is told, at the line and column it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bookhunt.documents import (
    Document,
    DocumentMistakes,
    Mapping,
    Place,
    Scalar,
    Sequence,
    read_document,
    read_file,
    validated,
)
from bookhunt.sellers.language import Definition
from bookhunt.sellers.loading_files import shipped_folder
from tests.support.definitions import WHOLE, WHOLE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bookhunt.documents import DocumentPath, Mistake, Node

# Under these the keys are the writer's own.
FREE = frozenset(
    "json variables headers query form settings secrets maps map capture pick equals header "
    "namespaces cookies xml".split()
)
DEEP = frozenset({"json", "variables", "item"})  # and all that is below is free
DEMO = shipped_folder() / "demo"
WHOLES = [
    WHOLE_FILE,
    DEMO / "harbourlight.yaml",
    DEMO / "junipergate.yaml",
    DEMO / "lanternrow.yaml",
]


def places(node: Node, path: DocumentPath = ()) -> Iterator[tuple[DocumentPath, Mapping, str]]:
    """Every key that the language knows, with the mapping it stands in."""
    if isinstance(node, Sequence):
        for n, item in enumerate(node.items):
            yield from places(item, (*path, n))
    if not isinstance(node, Mapping) or DEEP & set(map(str, path)):
        return
    is_free = bool(path) and (
        path[-1] in FREE or (len(path) > 1 and path[-2] == "maps") or path[-1] == "zone"
    )
    for key, below in node.entries.items():
        if not is_free:
            yield path, node, key
        yield from places(below, (*path, key))


def with_node(node: Node, path: DocumentPath, new: Node) -> Node:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(node, Mapping):
        assert isinstance(step, str)
        entries = {
            key: with_node(each, rest, new) if key == step else each
            for key, each in node.entries.items()
        }
        return replace(node, entries=entries)
    assert isinstance(node, Sequence)
    return replace(
        node,
        items=tuple(
            with_node(each, rest, new) if n == step else each for n, each in enumerate(node.items)
        ),
    )


def mistakes(document: Document, path: DocumentPath, new: Node) -> tuple[Mistake, ...]:
    root = with_node(document.root, path, new)
    assert isinstance(root, Mapping)
    try:
        validated(replace(document, root=root), Definition)
    except DocumentMistakes as bad:
        return bad.mistakes
    return ()


def stands_at(found: tuple[Mistake, ...], place: Place) -> bool:
    return any((each.line, each.column) == (place.line, place.column) for each in found)


@pytest.mark.parametrize("file", WHOLES, ids=lambda path: path.stem)
def test_a_misspelt_key_is_told_at_the_key_with_the_right_one(file: Path) -> None:
    document = read_file(file)
    missed = []
    for path, mapping, key in places(document.root):
        if (path[0:1], key) == (("auth",), "kind"):
            continue  # without it nobody can say which keys are known: it is told as missing
        wrong = f"{key}q"
        entries = {wrong if k == key else k: v for k, v in mapping.entries.items()}
        keys = {wrong if k == key else k: v for k, v in mapping.keys.items()}
        found = mistakes(document, path, replace(mapping, entries=entries, keys=keys))
        told = [
            each
            for each in found
            if each.message == "unknown key" and stands_at((each,), mapping.keys[key])
        ]
        if not told or f"'{key}'" not in str(told[0].hint):
            missed.append((*path, key))
    assert missed == []


@pytest.mark.parametrize("file", WHOLES, ids=lambda path: path.stem)
def test_a_value_of_another_kind_is_told_at_the_value(file: Path) -> None:
    document = read_file(file)
    missed = []
    for path, mapping, key in places(document.root):
        value = mapping.entries[key]
        new: Node = Mapping(
            entries={"zz": Scalar(text="1", plain=True, place=value.place)},
            keys={"zz": value.place},
            place=value.place,
        )
        if isinstance(value, Mapping):
            new = Scalar(text="zz", plain=True, place=value.place)
        if key in {"json", "item"} and isinstance(value, Scalar | Mapping):
            continue  # any JSON may stand there
        if not stands_at(mistakes(document, (*path, key), new), value.place):
            missed.append((*path, key))
    assert missed == []


REQUIRED = {
    (): {"schema", "id", "name", "base_url"},
    ("quote",): {"steps", "fields"},
    ("quote", "fields"): {"price"},
    ("quote", "steps", 0): {"request"},
    ("quote", "steps", 0, "request"): {"path"},
    ("quote", "outcomes", 0): {"when", "is"},
    ("purchase",): {"steps"},
    ("purchase", "steps", 1, "pick", "delivery"): {"from"},
    ("purchase", "find_order"): {"steps", "fields", "settle_s"},
    ("purchase", "cancel"): {"steps"},
    ("purchase", "payment"): {"kind"},
    ("purchase", "idempotency"): {"send", "name", "retained_h"},
    ("auth", 0): {"kind", "name", "value"},
    ("secrets", "api_key"): {"prompt"},
    ("examples", 0): {"name", "operation", "then"},
}


@pytest.mark.parametrize(
    ("path", "key"),
    [(path, key) for path, keys in REQUIRED.items() for key in sorted(keys)],
    ids=lambda each: str(each) if isinstance(each, str) else ".".join(map(str, each)),
)
def test_a_missing_key_is_told_at_the_mapping_that_should_have_it(
    path: DocumentPath, key: str
) -> None:
    document = read_file(WHOLE_FILE)
    mapping = document.node(path)
    assert isinstance(mapping, Mapping)
    without = replace(
        mapping,
        entries={k: v for k, v in mapping.entries.items() if k != key},
        keys={k: v for k, v in mapping.keys.items() if k != key},
    )
    assert stands_at(mistakes(document, path, without), mapping.place)


def test_a_key_written_twice_is_told_at_the_second() -> None:
    document = read_file(WHOLE_FILE)
    lines = WHOLE.splitlines(keepends=True)
    missed = []
    for path, mapping, key in places(document.root):
        place = mapping.keys[key]
        before = lines[place.line - 1][: place.column - 1]
        is_block = lines[mapping.place.line - 1][mapping.place.column - 1] != "{"
        again = f"{key}: x\n{' ' * len(before)}" if is_block else f"{key}: x, "
        changed = [*lines]
        line = changed[place.line - 1]
        changed[place.line - 1] = line[: place.column - 1] + again + line[place.column - 1 :]
        at = (place.line + 1, place.column) if is_block else (place.line, place.column + len(again))
        try:
            read_document("".join(changed), file="x.yaml")
            missed.append((*path, key))
        except DocumentMistakes as bad:
            told = [(each.line, each.column) for each in bad.mistakes if "twice" in each.message]
            if told != [at]:
                missed.append((*path, key, told, at))
    assert missed == []
