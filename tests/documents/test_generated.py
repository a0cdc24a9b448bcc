"""Completions and man pages are what the program is now, whole, and readable by their readers."""

from __future__ import annotations

from functools import cache

from bookhunt.cli.surface import Page, leaves, pages
from tests.documents.generate import HOW, ROOT, documents, there

MAN = sorted((ROOT / "man").rglob("*.[15]"))


@cache
def walked() -> tuple[Page, ...]:
    return pages()


@cache
def made() -> dict[str, str]:
    return documents()


def test_what_is_generated_is_what_the_program_says_now() -> None:
    """After a change of a command: `python -m tests.documents.generate`."""
    stale = [
        name
        for name, text in made().items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text("utf-8") != text
    ]
    assert not stale, f"{stale} differ from the program; run: {HOW}"
    assert not there() - made().keys(), f"of no command any more; run: {HOW}"


def test_every_command_has_a_page_and_every_group() -> None:
    named = {path.stem for path in MAN if path.suffix == ".1"}
    assert {f"bookhunt-{'-'.join(words)}" for words, _ in leaves()} <= named
    assert named == {page.name for page in walked()}
    assert (ROOT / "man" / "man5" / "bookhunt-sellers.5").is_file()
