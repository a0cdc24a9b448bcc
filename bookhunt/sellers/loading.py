"""Where definitions are found, how `like:` is filled in, and when they are read again.

The user's folder comes first, then the shipped ones; a user's file replaces the shipped one of the
same id, and that is said. A file that cannot be used never takes another down: its mistakes are
told, and a seller that ran before goes on with the definition it had.

Reading is blocking (files, and the secret store for what is missing): call it in a thread.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bookhunt.documents import DocumentMistakes, Mistake, read_file, validated
from bookhunt.sellers.checks import check
from bookhunt.sellers.language import Definition
from bookhunt.sellers.loading_files import DefinitionFile, Origin, files_in, shipped_folder
from bookhunt.sellers.loading_like import chain_of, like_of, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bookhunt.documents import Document

_Stamp = tuple[int, int, int]
_MOST_DOCUMENTS = 2  # kept while others are read that may be like them


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One definition that can be used."""

    id: str
    file: DefinitionFile
    definition: Definition
    hash: str
    replaces: str | None = None  # the shipped file that the user's takes the place of
    stale: bool = False  # its file has mistakes now; this is what it was before


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile(Loaded):
    """One that is to be looked at: with the document it was read from, `like:` filled in."""

    document: Document

    @property
    def for_use(self) -> Loaded:
        """What asking and ordering need of it: neither the document nor the examples."""
        definition = self.definition.model_copy(update={"examples": ()})
        return Loaded(id=self.id, file=self.file, definition=definition, hash=self.hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """All that was found."""

    by_id: Mapping[str, Loaded] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()  # of every file, in reading order
    notices: tuple[str, ...] = ()  # what replaces what, what goes on with an old definition


class DefinitionShelf:
    """The definitions of one home, read once and again when a file changes.

    What is kept is what is asked and ordered by: examples, and documents, where each word knows its
    line, take more memory than the rest of the seller, and are let go once they were judged.
    """

    def __init__(
        self, user_folder: Path | None, *, demo: bool = False, shipped: Path | None = None
    ) -> None:
        """`shipped` is the folder of shipped definitions, the package's own where None.

        `demo`: the sellers of the simulated street too.
        """
        shipped = shipped or shipped_folder()
        self._folders: list[tuple[Path, Origin]] = []
        if user_folder is not None:
            self._folders.append((user_folder, Origin.USER))
        if demo:
            self._folders.append((shipped / "demo", Origin.DEMO))
        self._folders.append((shipped, Origin.SHIPPED))
        self._documents: dict[DefinitionFile, Document] = {}  # the latest few of one reading
        self._likes: dict[DefinitionFile, str | None] = {}  # of every file that could be read
        self._judged: dict[tuple[_Stamp | str, ...], Loaded | DocumentMistakes] = {}
        self._seen: tuple[object, ...] | None = None
        self.current = Definitions()

    def changed(self) -> bool:
        """Whether a file came, went or changed since the last reading; costs one stat a file."""
        return self._signature(self._files()) != self._seen

    def read(self) -> Definitions:
        """Read what changed; the result is `current` from now on."""
        files = self._files()
        self._seen = self._signature(files)
        stack: dict[str, list[DefinitionFile]] = {}
        for file in files:
            stack.setdefault(file.id, []).append(file)
        self._forget(files)
        before = self.current.by_id
        by_id: dict[str, Loaded] = {}
        mistakes: dict[Mistake, None] = {}
        notices: list[str] = []
        for seller_id, found in stack.items():
            try:
                loaded = self._load(found[0], stack)
            except DocumentMistakes as bad:
                mistakes.update(dict.fromkeys(bad.mistakes))
                if (old := before.get(seller_id)) is not None:
                    by_id[seller_id] = replace(old, stale=True)
                    notices.append(f"{found[0].path} has mistakes: {seller_id} goes on as before")
                continue
            if loaded.replaces is not None:
                notices.append(f"{loaded.file.path} replaces {loaded.replaces}")
            by_id[seller_id] = loaded
        self._documents.clear()
        ordered = tuple(sorted(mistakes, key=lambda m: (m.file, m.line, m.column)))
        self.current = Definitions(by_id=by_id, mistakes=ordered, notices=tuple(notices))
        return self.current

    def _files(self) -> list[DefinitionFile]:
        return [file for folder, origin in self._folders for file in files_in(folder, origin)]

    @staticmethod
    def _signature(files: Iterable[DefinitionFile]) -> tuple[object, ...]:
        return tuple((file.path, file.stamp) for file in files)

    def _forget(self, files: Iterable[DefinitionFile]) -> None:
        """Let go of what is kept of files that are gone, or are others now."""
        there = set(files)
        stamps = {file.stamp for file in there}
        self._likes = {file: like for file, like in self._likes.items() if file in there}
        self._judged = {
            key: kept
            for key, kept in self._judged.items()
            if all(not isinstance(part, tuple) or part in stamps for part in key)
        }

    def _load(self, file: DefinitionFile, stack: Mapping[str, list[DefinitionFile]]) -> Loaded:
        """The definition in a file.

        Raises:
            DocumentMistakes: it, or one that it is like, has mistakes.
        """
        chain = chain_of(file, stack, self._likes)
        if chain is None or _key_of(chain) not in self._judged:
            chain, document = merged(file, stack, self._document)
            judged = _judged(file, chain, document)
            self._judged[_key_of(chain)] = (
                judged if isinstance(judged, DocumentMistakes) else judged.for_use
            )
        kept = self._judged[_key_of(chain)]
        if isinstance(kept, DocumentMistakes):
            raise kept
        others = stack[file.id][1:]
        return replace(kept, replaces=str(others[0].path)) if others else kept

    def _document(self, file: DefinitionFile) -> Document:
        document = self._documents.pop(file, None) or read_file(file.path)
        self._likes[file] = like_of(document)
        self._documents[file] = document
        if len(self._documents) > _MOST_DOCUMENTS:
            del self._documents[next(iter(self._documents))]
        return document


def _key_of(chain: Iterable[DefinitionFile]) -> tuple[_Stamp | str, ...]:
    first, *others = chain
    return (first.id, first.stamp, *(each.stamp for each in others))


def load_file(
    path: Path, *, user_folder: Path | None = None, shipped: Path | None = None
) -> LoadedFile:
    """Read one definition by its file, as `sellers test FILE` does.

    What it is `like` is looked for beside it, then in the user's folder, then among the shipped.

    Raises:
        DocumentMistakes: all that is wrong with it.
    """
    file = DefinitionFile.at(path, Origin.USER)
    shipped = shipped or shipped_folder()
    folders = [path.parent, *([user_folder] if user_folder else []), shipped, shipped / "demo"]
    stack: dict[str, list[DefinitionFile]] = {file.id: [file]}
    for folder in dict.fromkeys(each.absolute() for each in folders):
        for found in files_in(folder, Origin.SHIPPED):
            if found.path.absolute() != path.absolute():
                stack.setdefault(found.id, []).append(found)
    chain, document = merged(file, stack, lambda each: read_file(each.path))
    judged = _judged(file, chain, document)
    if isinstance(judged, DocumentMistakes):
        raise judged
    return judged


def _judged(
    file: DefinitionFile,
    chain: tuple[DefinitionFile, ...],
    document: Document,
) -> LoadedFile | DocumentMistakes:
    try:
        definition = validated(document, Definition)
    except DocumentMistakes as bad:
        return _of_chain(file, chain, document, bad)
    errors = list(check(definition, document, examples=False).errors)
    if definition.id != file.id:
        place = document.place(("id",))
        errors.append(
            Mistake(
                file=place.file,
                line=place.line,
                column=place.column,
                path="id",
                message=f"the id is {definition.id}, and the file is called {file.path.name}",
                hint=f"id: {file.id}, or call the file {definition.id}.yaml",
            )
        )
    if errors:
        return _of_chain(file, chain, document, DocumentMistakes(errors))
    return LoadedFile(
        id=definition.id,
        file=file,
        definition=definition,
        document=document,
        hash=hash_of(definition),
    )


def _of_chain(
    file: DefinitionFile,
    chain: tuple[DefinitionFile, ...],
    document: Document,
    bad: DocumentMistakes,
) -> DocumentMistakes:
    """Mistakes of another file are told there, once; here it is said that it has some."""
    own = [each for each in bad.mistakes if each.file == str(file.path)]
    if len(chain) == 1 or len(own) == len(bad.mistakes):
        return bad
    place = document.place(("like",))
    first = next(each for each in bad.mistakes if each not in own)
    own.append(
        Mistake(
            file=str(file.path),
            line=place.line,
            column=place.column,
            path="like",
            message=f"what it is like does not fit: {first.path}: {first.message}",
            hint=f"{first.file}:{first.line}:{first.column}",
        )
    )
    return DocumentMistakes(own)


def hash_of(definition: Definition) -> str:
    """SHA-256 over what the definition says, examples aside; equal for equal content."""
    content = definition.model_dump_json(by_alias=True, exclude={"examples"})
    return hashlib.sha256(content.encode()).hexdigest()
