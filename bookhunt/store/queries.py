"""Named SQL: every statement stands in `sql/*.sql`, under a line `-- name: x`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"-- name: (?P<name>[a-z_]+)\n", re.ASCII)


@cache
def queries(file: str) -> Mapping[str, str]:
    """The statements of `sql/<file>.sql`, by name.

    Raises:
        ValueError: the file has text outside a name, or a name twice.
    """
    text = files("bookhunt.store").joinpath("sql", f"{file}.sql").read_text("utf-8")
    before, *parts = _NAME.split(text)
    if before.strip():
        raise ValueError(f"sql/{file}.sql: text before the first name")
    found: dict[str, str] = {}
    for name, statement in zip(parts[::2], parts[1::2], strict=True):
        if name in found:
            raise ValueError(f"sql/{file}.sql: {name!r} stands twice")
        found[name] = statement.strip().removesuffix(";")
    return found
