"""What is wrong with a document, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.model.errors import BadDocument

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mistake:
    """One thing to correct. `line` and `column` count from 1; `path` is the place in the document.

    As text: `file:line:column: path: message (hint)`, the form that editors turn into a link.
    """

    file: str
    line: int
    column: int
    path: str  # quote.steps[0].request.path; empty: the document as a whole
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        path = f"{self.path}: " if self.path else ""
        return where + path + self.message + (f" ({self.hint})" if self.hint else "")


_MOST_TOLD = 100


class DocumentMistakes(BadDocument):
    """A document cannot be used; `mistakes` holds all that is wrong with it, in reading order.

    As text: one mistake a line, a hundred at the most, and how many more there are.
    """

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda m: (m.file, m.line, m.column)))
        told = [str(mistake) for mistake in self.mistakes[:_MOST_TOLD]]
        if len(self.mistakes) > _MOST_TOLD:
            told.append(f"and {len(self.mistakes) - _MOST_TOLD} more mistakes")
        super().__init__("\n".join(told))
