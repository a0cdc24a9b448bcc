"""The ground of every closed model: unknown keys are errors, and text becomes what the key means.

YAML guesses types (`NO` is false, `12.10` is 12.1, `1:30` is 90). Here nothing is guessed: a model
receives text and its schema converts it. Only where a value may be any JSON (`json`, `variables`)
does a plain scalar that is a JSON literal stand for that literal, and that is why `Plain` exists.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator


class Plain(str):
    """Text that was written without quotes."""

    __slots__ = ()


_JSON_LITERAL = re.compile(
    r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII
)
_NOTHING = frozenset({"", "~", "null"})

T = TypeVar("T")


def json_literal(text: str) -> Any:
    """The JSON value of a scalar: a plain `1`, `true` or `null` is that value, all else is text."""
    if isinstance(text, Plain) and _JSON_LITERAL.fullmatch(text):
        return json.loads(text)
    return str(text)


def _none_where_nothing(value: Any) -> Any:
    return None if isinstance(value, Plain) and value in _NOTHING else value


# A key that may be set to nothing: `month: null`, `month: ~` or `month:`.
Nullable = Annotated[T | None, BeforeValidator(_none_where_nothing)]


def _true_or_false(value: Any) -> Any:
    if isinstance(value, str):
        if value not in {"true", "false"}:
            raise ValueError(f"should be true or false, not {str(value)!r}")
        return value == "true"
    return value


Truth = Annotated[bool, BeforeValidator(_true_or_false)]


class Closed(BaseModel):
    """A mapping with known keys only; it never changes once read."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_no_keys(cls, value: Any) -> Any:
        """A key with nothing behind it (`limits:`) is a mapping without keys."""
        return {} if isinstance(value, Plain) and not value else value
