"""The users' manual of the language names every key and word, and its definitions work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.sellers.doctor import examine
from bookhunt.sellers.language import OUTCOME_WORDS, Definition
from bookhunt.sellers.loading_files import shipped_folder
from bookhunt.sellers.schema import definition_schema
from bookhunt.sellers.template_filters import FILTERS
from bookhunt.sellers.template_names import NAMES

if TYPE_CHECKING:
    from pathlib import Path

README = (shipped_folder() / "README.md").read_text(encoding="utf-8")
WHOLE = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
WORDS = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", README))


def id_of(text: str) -> str:
    return re.findall(r"^id: (\S+)$", text, re.MULTILINE)[0]


@pytest.mark.parametrize("text", WHOLE, ids=id_of)
def test_every_definition_of_the_manual_passes_its_examples(text: str, tmp_path: Path) -> None:
    path = tmp_path / f"{id_of(text)}.yaml"
    path.write_text(text, encoding="utf-8")
    lines = examine(path)
    assert [line for line in lines if not line.ok] == []
    assert any(line.example for line in lines)


def keys_of(schema: Any) -> set[str]:
    found: set[str] = set()
    for model in [schema, *schema["$defs"].values()]:
        found |= set(model.get("properties", {}))
    return found


def test_every_key_of_the_language_is_in_the_manual() -> None:
    assert "purchase_mode" in keys_of(definition_schema())
    assert keys_of(definition_schema()) - WORDS == set()


def test_every_word_of_an_outcome_is_in_the_manual() -> None:
    assert set() == OUTCOME_WORDS - WORDS


def test_every_placeholder_and_filter_is_in_the_manual() -> None:
    names = {name for group in NAMES.values() for name in group} | set(NAMES)
    assert (names | set(FILTERS)) - WORDS == set()


def test_the_head_of_the_manual_has_every_key_of_a_definition() -> None:
    head = README[README.index("## The head") : README.index("## How it knows you")]
    keys = {field.alias or name for name, field in Definition.model_fields.items()}
    assert keys - set(re.findall(r"`([a-z_]+)`", head)) == set()
