"""`like:` filled in: the keys of the top level that are not written here are that definition's.

Nodes are taken over with their places, so a mistake in what was taken over points into the file it
stands in. A definition may be like another that is like a third; a user's file may be like the
shipped one that it replaces (`like:` with its own id).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bookhunt.documents import Document, DocumentMistakes, Mapping, Mistake, Scalar, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as Table

    from bookhunt.sellers.loading_files import DefinitionFile

_LONGEST = 5
# What is a definition's own: without it two sellers would have one name.
_OWN = frozenset({"id", "like"})


def chain_of(
    file: DefinitionFile,
    stack: Table[str, list[DefinitionFile]],
    likes: Table[DefinitionFile, str | None],
) -> tuple[DefinitionFile, ...] | None:
    """The chain by what each file is known to be like; None: one was not read, or names nothing."""
    chain = [file]
    while (last := chain[-1]) in likes:
        wanted = likes[last]
        if wanted is None:
            return tuple(chain)
        other = _find(chain, wanted, stack)
        if isinstance(other, str):
            return None
        chain.append(other)
    return None


def merged(
    file: DefinitionFile,
    stack: Table[str, list[DefinitionFile]],
    read: Callable[[DefinitionFile], Document],
) -> tuple[tuple[DefinitionFile, ...], Document]:
    """The chain of files, the definition itself first, and the document they make together.

    Raises:
        DocumentMistakes: `like:` names nothing, or itself over others, or a file cannot be read.
    """
    document = read(file)
    chain, root = [file], document.root
    current = document
    while (wanted := like_of(current)) is not None:
        other = _find(chain, wanted, stack)
        if isinstance(other, str):
            place = current.place(("like",))
            raise DocumentMistakes(
                [
                    Mistake(
                        file=place.file,
                        line=place.line,
                        column=place.column,
                        path="like",
                        message=other,
                        hint=did_you_mean(wanted, stack),
                    )
                ]
            )
        chain.append(other)
        current = _read_other(document, other, read)
        root = _filled(root, current.root)
    return tuple(chain), Document(file=document.file, root=root, size=document.size)


def _read_other(
    document: Document, other: DefinitionFile, read: Callable[[DefinitionFile], Document]
) -> Document:
    try:
        return read(other)
    except DocumentMistakes as bad:
        place, first = document.place(("like",)), bad.mistakes[0]
        raise DocumentMistakes(
            [
                Mistake(
                    file=place.file,
                    line=place.line,
                    column=place.column,
                    path="like",
                    message=f"{other.id} cannot be read: {first.message}",
                    hint=f"{first.file}:{first.line}:{first.column}",
                )
            ]
        ) from None


def like_of(document: Document) -> str | None:
    """What a document says it is like."""
    node = document.root.entries.get("like")
    return node.text if isinstance(node, Scalar) else None


def _find(
    chain: list[DefinitionFile], wanted: str, stack: Table[str, list[DefinitionFile]]
) -> DefinitionFile | str:
    """The next file of the chain, or what is wrong with `like:`."""
    if len(chain) > _LONGEST:
        return f"more than {_LONGEST} definitions are like one another"
    for candidate in stack.get(wanted, ()):
        if candidate not in chain:
            return candidate
    if wanted in stack:
        return f"{wanted} is like itself"
    return f"there is no definition {wanted}"


def _filled(root: Mapping, other: Mapping) -> Mapping:
    entries, keys = dict(root.entries), dict(root.keys)
    for key, node in other.entries.items():
        if key not in entries and key not in _OWN:
            entries[key], keys[key] = node, other.keys[key]
    return Mapping(entries=entries, keys=keys, place=root.place)
