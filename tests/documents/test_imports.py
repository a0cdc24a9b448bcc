"""No command imports what it did not import yesterday, unless that was meant."""

from __future__ import annotations

import json

from tests.documents.generate import HOW, ROOT
from tests.documents.imports import FILE, imports, worth_telling


def test_each_command_imports_what_is_written_down() -> None:
    """A new import is a slower command: it is seen here, and meant where the file changes too."""
    frozen = json.loads((ROOT / FILE).read_text("utf-8"))
    found = imports()
    changed = {
        line: {"new": sorted(now - before), "gone": sorted(before - now)}
        for line in frozen.keys() | found.keys()
        if (now := set(found.get(line, ()))) != (before := set(frozen.get(line, ())))
    }
    assert not changed, f"if that is meant: {HOW}"
    assert found.keys() == frozen.keys()


def test_what_is_written_down_are_packages() -> None:
    """Of others by their first name, of bookhunt those below it, and the dear ones of Python."""
    modules = ["bookhunt", "bookhunt.cli.main", "yaml.nodes", "_yaml", "json", "ssl", "http.client"]
    assert worth_telling(modules) == ["bookhunt.cli", "http.client", "ssl", "yaml"]


def test_the_commands_of_every_day_import_nothing_dear() -> None:
    """Python's own HTTP and TLS, its event loop, pydantic: each costs more than the command."""
    frozen = json.loads((ROOT / FILE).read_text("utf-8"))
    dear = {"asyncio", "http.client", "ssl", "email", "pydantic", "yaml", "bookhunt.daemon"}
    for command in ("buy", "wait", "trace", "quote", "books list", "sellers", "watch list"):
        for line in frozen:
            if f"{line} ".startswith(f"{command} ") and not line.startswith(_LOCAL):
                assert not dear & set(frozen[line]), line


_LOCAL = ("sellers test", "sellers new", "sellers schema")
