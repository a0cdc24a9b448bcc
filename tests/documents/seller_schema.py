"""The JSON Schema of the language, for editors: completion, descriptions, red lines while typing.

It is made from the models, so it cannot say anything else than they do. It is a little wider: an
editor's YAML reader makes a number of `12.10` and a truth of `true`, where the models receive the
text; and what the checks find (`sellers.checks`) no schema can.
"""

from __future__ import annotations

import json
from typing import Any

from bookhunt.sellers.language import Definition

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# What an editor reads a scalar without quotes as.
_SCALARS = ["string", "number", "boolean"]


def definition_schema() -> dict[str, Any]:
    """The schema of one definition."""
    schema = Definition.model_json_schema(by_alias=True)
    widened = _widened(schema)
    required = [key for key in widened.pop("required", []) if key != "id"]
    return {
        "$schema": _DIALECT,
        "title": "A seller of bookhunt (sellers.d, schema 1)",
        **{key: value for key, value in widened.items() if key != "title"},
        "required": ["id"],
        # With `like:` the rest may be the other definition's.
        "anyOf": [{"required": ["like"]}, {"required": required}],
    }


def schema_text() -> str:
    """The schema as `sellers.d/schema.json` holds it."""
    return json.dumps(definition_schema(), indent=2, ensure_ascii=False) + "\n"


_NAMED = frozenset({"properties", "$defs", "patternProperties"})  # names to schemas
_NULL = {"type": "null"}


def _widened(schema: Any) -> Any:
    """A text may be read as a number or a truth by an editor; titles and nulls say nothing new."""
    if isinstance(schema, list):
        return [_widened(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    wide = {
        key: {name: _widened(each) for name, each in item.items()}
        if key in _NAMED
        else _widened(item)
        for key, item in schema.items()
        if key not in {"title", "discriminator"} and (key, item) != ("default", None)
    }
    if _NULL in wide.get("anyOf", ()):
        others = [each for each in wide.pop("anyOf") if each != _NULL]
        wide = {**others[0], **wide} if len(others) == 1 else {"anyOf": others, **wide}
    if "enum" in wide or "const" in wide:
        words = wide.pop("enum", None) or [wide.pop("const")]
        wide.pop("type", None)
        wide["enum"] = [*words, *(int(each) for each in words if _is_number(each))]
    elif wide.get("type") == "string":
        wide["type"] = _SCALARS
    return wide


def _is_number(word: Any) -> bool:
    return isinstance(word, str) and word.isdigit()
