"""The schema for editors says what the models say, and accepts every definition that is shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from bookhunt.sellers.loading_files import shipped_folder
from tests.documents.seller_schema import definition_schema, schema_text
from tests.support.definitions import WHOLE

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = definition_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SHIPPED = sorted(shipped_folder().glob("**/*.yaml"))


def errors(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))]


def test_the_committed_schema_is_the_one_the_models_give() -> None:
    committed = (shipped_folder() / "schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(), "write it again: python -m tests.documents.generate"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_definition_fits_the_schema(file: Path) -> None:
    assert errors(file.read_text(encoding="utf-8")) == []


def test_the_whole_definition_fits_the_schema() -> None:
    assert errors(WHOLE) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("base_url:", "bse_url:"),
        ("stock: exact", "stock: some"),
        ("per_second: 500", "per_second: fast"),
        ("{status: 404}, is: not_stocked", "{status: 404}, is: not_stoked"),
        ("unit: minor}   ", "unit: cents}   "),
    ],
)
def test_an_editor_marks_what_the_models_refuse(old: str, new: str) -> None:
    assert old in WHOLE
    assert errors(WHOLE.replace(old, new, 1))


def test_with_like_only_the_id_is_needed() -> None:
    assert errors("id: a\nlike: b\n") == []
    assert errors("id: a\n")


def test_every_key_has_a_description() -> None:
    lacking: list[str] = []

    def look(schema: dict[str, Any], path: str) -> None:
        for name, below in schema.get("properties", {}).items():
            if "description" not in below and not {"$ref", "enum"} & below.keys():
                lacking.append(f"{path}.{name}")

    look(SCHEMA, "")
    for name, model in SCHEMA["$defs"].items():
        look(model, name)
    assert lacking == []
