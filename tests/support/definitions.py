"""The definition that shows the whole of the seller language, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bookhunt.documents import DocumentMistakes, read_document, validated
from bookhunt.sellers.language import Definition

if TYPE_CHECKING:
    from bookhunt.documents import Mistake

WHOLE_FILE = Path(__file__).parent.parent / "data" / "sellers.d" / "booktopia.yaml"
WHOLE = WHOLE_FILE.read_text(encoding="utf-8")


def mistakes_of(text: str, *, file: str = "x.yaml") -> tuple[Mistake, ...]:
    """What is wrong with a definition's shape; empty where nothing is."""
    try:
        validated(read_document(text, file=file), Definition)
    except DocumentMistakes as found:
        return found.mistakes
    return ()
