"""Whatever a definition is bent into, it is told what is wrong, or it works; nothing breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from bookhunt.documents import (
    DocumentMistakes,
    Mapping,
    Place,
    Scalar,
    Sequence,
    read_file,
    validated,
)
from bookhunt.sellers.checks import check
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.language import Definition
from bookhunt.sellers.loading import Loaded, hash_of
from bookhunt.sellers.loading_files import DefinitionFile, Origin, shipped_folder
from tests.support.definitions import WHOLE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.documents import DocumentPath, Node

FILES = [
    WHOLE_FILE,
    WHOLE_FILE.parent / "trial.yaml",
    *(shipped_folder() / f"{name}.yaml" for name in ("woocommerce", "vendure", "abebooks", "ebay")),
]
DOCUMENTS = [read_file(path) for path in FILES]
NOWHERE = Place("x.yaml", 1, 1)
# Pieces that mean something somewhere, and are wrong almost everywhere else.
PIECES = st.sampled_from(
    "1 -1 0 1.5 true null ~ * @ ^. ^.a {book.isbn13} {captured.cart} {ship.name} {order.id} {{ } "
    "a.b[] [0] (\\d+) (?=a) css:.x //x [] {} auto link none never safe minor USD https://x.example "
    "http://127.0.0.1:80 ../x.json 404 5xx token".split()
) | st.text(max_size=12)


def nodes(node: Node, path: DocumentPath = ()) -> Iterator[DocumentPath]:
    yield path
    if isinstance(node, Mapping):
        for key, below in node.entries.items():
            yield from nodes(below, (*path, key))
    elif isinstance(node, Sequence):
        for n, below in enumerate(node.items):
            yield from nodes(below, (*path, n))


def with_node(node: Node, path: DocumentPath, new: Node | None) -> Node:
    """The tree with another node, or none, at a path."""
    step, rest = path[0], path[1:]
    if isinstance(node, Mapping):
        entries = dict(node.entries)
        if not rest and new is None:
            del entries[str(step)]
        else:
            below = entries[str(step)]
            entries[str(step)] = with_node(below, rest, new) if rest else new or below
        return replace(node, entries=entries, keys={key: node.keys[key] for key in entries})
    assert isinstance(node, Sequence)
    items = list(node.items)
    assert isinstance(step, int)
    if rest:
        items[step] = with_node(items[step], rest, new)
    elif new is None:
        del items[step]
    else:
        items[step] = new
    return replace(node, items=tuple(items))


@st.composite
def bent(draw: st.DrawFn) -> tuple[int, Node]:
    n = draw(st.integers(0, len(DOCUMENTS) - 1))
    root: Node = DOCUMENTS[n].root
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([each for each in nodes(root) if each]))
        new: Node | None = draw(
            st.none()
            | PIECES.map(lambda text: Scalar(text=text, plain=True, place=NOWHERE))
            | st.just(Sequence(items=(), place=NOWHERE))
            | st.just(Mapping(entries={}, keys={}, place=NOWHERE))
        )
        root = with_node(root, path, new)
    return n, root


@given(bent())
def test_a_bent_definition_is_refused_with_places_or_compiles(made: tuple[int, Node]) -> None:
    n, root = made
    assert isinstance(root, Mapping)
    document = replace(DOCUMENTS[n], root=root)
    try:
        definition = validated(document, Definition)
    except DocumentMistakes:
        return
    found = check(definition, document)
    if any(not each.path.startswith("examples") for each in found.errors):
        return
    file = DefinitionFile.at(FILES[n], Origin.USER)
    loaded = Loaded(id=definition.id, file=file, definition=definition, hash=hash_of(definition))
    compile_seller(loaded)
