"""`BOOKHUNT_<SECTION>_<KEY>`: a variable goes before the file, and is held to the same schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_origin

from bookhunt.documents import (
    Closed,
    Document,
    DocumentMistakes,
    Mapping,
    Mistake,
    Node,
    Place,
    Scalar,
    Sequence,
    did_you_mean,
    read_document,
)
from bookhunt.home.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

ENVIRONMENT = "environment "  # what the file of a place is called, before the variable's name
_PREFIX = "BOOKHUNT_"
_VALUE = "value"


def overridden(document: Document, environ: MappingOf[str, str]) -> tuple[Document, list[Mistake]]:
    """The document with what the variables say in the place of what it says.

    A value that begins with `[` or `{` is a list or a mapping in YAML; an empty one counts as not
    set. Sellers and currencies are named in capitals, `-` as `_`. The mistakes are of variables
    that name a section and no key of it, or that cannot be read; the document is without those.
    """
    sections = dict(document.root.entries)
    places = dict(document.root.keys)
    mistakes: list[Mistake] = []
    for name, text in sorted(environ.items()):
        section = _section(name)
        if section is None or not text:
            continue
        place = Place(ENVIRONMENT + name, 1, 1)
        before = sections.get(section, Mapping(entries={}, keys={}, place=place))
        if isinstance(before, Scalar) and before.plain and not before.text:
            before = Mapping(entries={}, keys={}, place=before.place)
        if not isinstance(before, Mapping):
            continue  # the file is wrong there, and that is told
        try:
            key = _key(section, name, before)
            value = _value(text, place)
        except DocumentMistakes as wrong:
            mistakes += wrong.mistakes
            continue
        entries, keys = {**before.entries, key: value}, {**before.keys, key: place}
        sections[section] = Mapping(entries=entries, keys=keys, place=before.place)
        places.setdefault(section, place)
    root = Mapping(entries=sections, keys=places, place=document.root.place)
    return Document(file=document.file, root=root, size=document.size), mistakes


def variable(section: str, key: str) -> str:
    """The variable that sets a key."""
    return f"{_PREFIX}{section}_{key}".upper().replace("-", "_")


def _section(name: str) -> str | None:
    """The section that a variable is about; None: it is not about the configuration."""
    if not name.startswith(_PREFIX):
        return None
    rest = name.removeprefix(_PREFIX).lower()
    named = (each for each in Settings.model_fields if rest.startswith(f"{each}_"))
    return next(named, None)


def _key(section: str, name: str, before: Mapping) -> str:
    """The key of the section that a variable sets."""
    model = Settings.model_fields[section].annotation
    rest = name.removeprefix(variable(section, ""))
    if isinstance(model, type) and issubclass(model, Closed):
        known = {variable(section, key): key for key in model.model_fields}
        if name in known:
            return known[name]
        hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
        raise _mistake(name, section, f"sets no key of `{section}`", hint)
    if get_origin(model) is not dict:
        raise _mistake(name, section, "cannot be set from the environment", "write it in the file")
    # The names are the user's own (`limits`, `sellers`): one that the file has, else as it is.
    written = {variable(section, key): key for key in before.entries}
    return written.get(name, rest if section == "limits" else rest.lower())


def _value(text: str, place: Place) -> Node:
    if not text.startswith(("[", "{")):
        return Scalar(text=text, plain=True, place=place)
    root = read_document(f"{_VALUE}: {text}", file=place.file).root
    if set(root.entries) != {_VALUE}:
        raise _mistake(place.file.removeprefix(ENVIRONMENT), "", "is more than one value", None)
    return _placed(root.entries[_VALUE], place)


def _placed(node: Node, place: Place) -> Node:
    """The node with all of it at one place: a variable has no lines."""
    if isinstance(node, Mapping):
        return Mapping(
            entries={key: _placed(each, place) for key, each in node.entries.items()},
            keys=dict.fromkeys(node.keys, place),
            place=place,
        )
    if isinstance(node, Sequence):
        return Sequence(items=tuple(_placed(each, place) for each in node.items), place=place)
    return Scalar(text=node.text, plain=node.plain, place=place)


def _mistake(name: str, path: str, message: str, hint: str | None) -> DocumentMistakes:
    file = ENVIRONMENT + name
    return DocumentMistakes(
        [Mistake(file=file, line=1, column=1, path=path, message=message, hint=hint)]
    )
