"""What the checks found: errors keep a seller off, warnings are told by `sellers test`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookhunt.documents import Mistake
from bookhunt.documents.nodes import path_text

if TYPE_CHECKING:
    from bookhunt.documents import Document, DocumentPath


@dataclass(slots=True)
class Faults:
    """Collects mistakes with their place, which with `like:` may be in another file."""

    document: Document
    errors: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)

    def error(
        self, path: DocumentPath, message: str, hint: str | None = None, *, key: bool = False
    ) -> None:
        """Something that makes the definition unusable; `key`: the key itself is meant."""
        self._add(self.errors, path, message, hint, key=key)

    def warn(
        self, path: DocumentPath, message: str, hint: str | None = None, *, key: bool = False
    ) -> None:
        """Something that should be looked at."""
        self._add(self.warnings, path, message, hint, key=key)

    def own(self, path: DocumentPath) -> bool:
        """Whether this stands in the definition's own file, not in one that it is like."""
        return self.document.key_place(path).file == self.document.file

    def _add(
        self, told: list[Mistake], path: DocumentPath, message: str, hint: str | None, *, key: bool
    ) -> None:
        place = self.document.key_place(path) if key else self.document.place(path)
        mistake = Mistake(
            file=place.file,
            line=place.line,
            column=place.column,
            path=path_text(path),
            message=message,
            hint=hint,
        )
        if mistake not in told:
            told.append(mistake)
