"""Bytes to nodes: the subset of YAML that means what it says.

YAML's own object layer is never reached: events are read (through libyaml where it is there), so
that anchors, aliases, tags and duplicate keys are seen and refused and every scalar stays text. A
271-byte document of aliases otherwise walks 43 million nodes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from bookhunt.documents.mistakes import DocumentMistakes, Mistake
from bookhunt.documents.nodes import (
    Document,
    DocumentPath,
    Mapping,
    Node,
    Place,
    Scalar,
    Sequence,
    path_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST_BYTES = 256 * 1024
DEEPEST = 20

_LOADER = getattr(yaml, "CLoader", yaml.Loader)
_QUOTES = 'put quotes around it: "{...}"'
_BARE_PLACEHOLDER = re.compile(r"[a-z]+\.[A-Za-z0-9_.]+\s*(?:\|.*)?", re.DOTALL)
# On a line that YAML cannot read: a value or an item with a brace in it that no quote opened.
_BARE_ON_LINE = re.compile(
    r"""[:\[,{-]\s*[^\s"'#\[{][^"'\n]*\{[a-z]+\.|[:\[,-]\s*\{[a-z]+\.[a-z]"""
)


def read_file(path: Path, *, name: str | None = None) -> Document:
    """Read the document in a file; `name` is what mistakes call it (default: the path).

    Raises:
        DocumentMistakes: it cannot be opened or is no such document; all that is wrong is told.
    """
    shown = name or str(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise DocumentMistakes(
            [Mistake(file=shown, line=1, column=1, path="", message=what)]
        ) from (error)
    return read_document(content, file=shown)


def read_document(content: bytes | str, *, file: str) -> Document:
    """Read one document whose root is a mapping; an empty one is a mapping without keys.

    Raises:
        DocumentMistakes: not UTF-8, not YAML, too large or deep, or with something that is refused.
    """
    return _Reader(file).read(content)


class _Reader:
    """One reading: the file's name, and the mistakes found so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []

    def read(self, content: bytes | str) -> Document:
        raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
        if len(raw) > LARGEST_BYTES:
            self._wrong(1, 1, f"the file is larger than {LARGEST_BYTES // 1024} KB")
            raise DocumentMistakes(self.mistakes)
        text = self._decoded(raw)
        try:
            root = self._document(yaml.parse(text, Loader=_LOADER))
        except yaml.MarkedYAMLError as error:
            self._syntax(error, text)
            raise DocumentMistakes(self.mistakes) from None
        except yaml.YAMLError as error:  # a character that YAML does not allow, without a mark
            self._wrong(1, 1, f"not YAML: {error}".splitlines()[0])
            raise DocumentMistakes(self.mistakes) from None
        if self.mistakes:
            raise DocumentMistakes(self.mistakes)
        return Document(file=self.file, root=root, size=len(raw))

    def _decoded(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode("utf-8", "replace")
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            self._wrong(line, column, "not UTF-8 text")
            raise DocumentMistakes(self.mistakes) from None

    def _document(self, events: Iterator[yaml.Event]) -> Mapping:
        empty = Mapping(entries={}, keys={}, place=Place(self.file, 1, 1))
        root: Node = empty
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._at(event, (), "a second document begins here", "one file, one document")
                    break
                root = self._node(next(events), events, ())
        if isinstance(root, Mapping):
            return root
        if isinstance(root, Scalar) and root.plain and not root.text:
            return empty
        self._wrong(root.place.line, root.place.column, "the document should be keys with values")
        return empty

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], path: DocumentPath) -> Node:
        if len(path) > DEEPEST:
            self._at(event, path, f"deeper than {DEEPEST} levels")
            raise DocumentMistakes(self.mistakes)
        self._refuse_marks(event, path)
        place = self._place(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, events, path)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._node(inner, events, (*path, len(items))))
            return Sequence(items=tuple(items), place=place)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(text=event.value, plain=event.implicit[0], place=place)
        return Scalar(text="", plain=True, place=place)  # an alias, already refused

    def _mapping(
        self, start: yaml.MappingStartEvent, events: Iterator[yaml.Event], path: DocumentPath
    ) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(key_event := next(events), yaml.MappingEndEvent):
            key = self._node(key_event, events, path)
            where = (*path, key.text) if isinstance(key, Scalar) else path
            value_event = next(events)
            value = self._node(value_event, events, where)
            if not isinstance(key, Scalar):
                self._bare(key_event, path, "a key should be a text, not a list or a mapping")
                continue
            if start.flow_style and _is_bare_placeholder(key, value):
                message = (
                    f"{{{key.text}}} without quotes is read as a mapping, not as a placeholder"
                )
                self._at(start, path, message, _QUOTES)
            if key.text in entries:
                first = keys[key.text].line
                self._at(key_event, where, "the same key twice", f"the first is on line {first}")
                continue
            entries[key.text], keys[key.text] = value, key.place
        return Mapping(entries=entries, keys=keys, place=self._place(start))

    def _bare(self, event: yaml.Event, path: DocumentPath, message: str) -> None:
        hint = _QUOTES if isinstance(event, yaml.MappingStartEvent) and event.flow_style else None
        self._at(event, path, message, hint)

    def _refuse_marks(self, event: yaml.Event, path: DocumentPath) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            self._at(event, path, f"aliases (*{anchor}) are not read", "write the value out")
        elif anchor:
            self._at(event, path, f"anchors (&{anchor}) are not read", "write the value out")
        if tag is not None:
            self._at(event, path, f"tags ({tag}) are not read", "write the value alone")

    def _syntax(self, error: yaml.MarkedYAMLError, text: str) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        problem = error.problem or error.context or "cannot be read"
        context = f" {error.context}" if error.context and error.context != problem else ""
        lines = text.splitlines()
        near = [lines[n] for n in (line, line - 1) if 0 <= n < len(lines)]
        bare = any(_BARE_ON_LINE.search(each) for each in near)
        hint = 'put quotes around a value with a placeholder: "{...}"' if bare else None
        if any(each.line == line + 1 and each.hint == _QUOTES for each in self.mistakes):
            return  # the placeholder that is told already is what YAML stumbled over
        self._wrong(line + 1, column + 1, f"not YAML: {problem}{context}", hint)

    def _at(
        self, event: yaml.Event, path: DocumentPath, message: str, hint: str | None = None
    ) -> None:
        place = self._place(event)
        self._wrong(place.line, place.column, message, hint, path)

    def _wrong(
        self,
        line: int,
        column: int,
        message: str,
        hint: str | None = None,
        path: DocumentPath = (),
    ) -> None:
        self.mistakes.append(
            Mistake(
                file=self.file,
                line=line,
                column=column,
                path=path_text(path),
                message=message,
                hint=hint,
            )
        )

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file, 1, 1)


def _is_bare_placeholder(key: Scalar, value: Node) -> bool:
    return (
        key.plain
        and isinstance(value, Scalar)
        and value.plain
        and not value.text
        and _BARE_PLACEHOLDER.fullmatch(key.text) is not None
    )
