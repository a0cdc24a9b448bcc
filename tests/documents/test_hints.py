"""What a person is told to type can be typed: every hint names a command there is."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from bookhunt.cli.surface import Page, pages

ROOT = Path(__file__).parent.parent.parent
MODULES = sorted((ROOT / "bookhunt").rglob("*.py"))
# Calls whose text is read by a person who wants to go on.
_TELLING = {"notice", "line", "progress"}

_PROSE = {"that", "without", "again"}  # of a sentence about the program


@cache
def by_words() -> dict[tuple[str, ...], Page]:
    return {page.words: page for page in pages()}


def texts(node: ast.AST) -> str:
    """The text of an expression; a part that is worked out stands as a value would."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.FormattedValue):
        return "VALUE"
    if isinstance(node, ast.IfExp):
        return f"{texts(node.body)} | {texts(node.orelse)}"
    return "".join(texts(child) for child in ast.iter_child_nodes(node))


def hints() -> list[tuple[str, str]]:
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            told = [each.value for each in node.keywords if each.arg == "hint"]
            if isinstance(node.func, ast.Attribute) and node.func.attr in _TELLING:
                told += node.args
            where = f"{path.relative_to(ROOT)}:{node.lineno}"
            found += [(where, texts(each)) for each in told if "bookhunt " in texts(each)]
    return found


@pytest.mark.parametrize(("where", "text"), hints(), ids=lambda value: value.split(" ")[0])
def test_a_hint_can_be_typed(where: str, text: str) -> None:
    """Its words are a command, and each option in it is one of that command's."""
    for said in re.findall(r"\bbookhunt ([a-z][^;|#\n`]*)", text):
        words = re.split(r"[\s,.:)]+", said)
        if words[0] in _PROSE:
            continue
        page = by_words().get(tuple(words[:2])) or by_words().get(tuple(words[:1]))
        assert page is not None, f"bookhunt {said}"
        assert not page.is_group, f"bookhunt {said} is a group of commands"
        known = {name for flag in page.flags for name in flag.names}
        options = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", said))
        assert options <= known, f"{options - known} in: bookhunt {said}"


def test_there_are_hints_to_look_at() -> None:
    assert len(hints()) > 50
