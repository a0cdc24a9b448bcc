"""SQL is named text in one place: all of it is used, and all of it can run."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from bookhunt.store import queries as module
from bookhunt.store.database import CACHE, LEDGER, statements
from bookhunt.store.queries import queries

STORE = Path(module.__file__).parent
FILES = sorted(path.stem for path in (STORE / "sql").glob("*.sql"))
_LOADED = re.compile(r"(?P<variable>_[A-Z_]+)(?:, (?P<second>_[A-Z_]+))? = (?P<calls>queries\(.*)")


def used() -> set[tuple[str, str]]:
    """Every (file, name) that the code of the store asks for."""
    found = set()
    for path in STORE.glob("*.py"):
        text = path.read_text("utf-8")
        files: dict[str, str] = {}
        for loaded in _LOADED.finditer(text):
            names = re.findall(r'queries\("(\w+)"\)', loaded["calls"])
            variables = [v for v in (loaded["variable"], loaded["second"]) if v]
            files |= dict(zip(variables, names, strict=True))
        for variable, file in files.items():
            for name in re.findall(rf'{variable}\["(\w+)"\]', text):
                found.add((file, name))
        for name in re.findall(r'\("(find_by_\w+)", ', text):
            found.add(("requests", name))
    return found


def test_every_statement_is_used_and_every_used_one_is_there() -> None:
    assert used() == {(file, name) for file in FILES for name in queries(file)}


_CACHED = {"explanations", "beliefs", "knowledge", "history", "traces"}


@pytest.mark.parametrize("file", FILES)
def test_every_statement_can_run(file: str) -> None:
    """Each is one statement that the schema knows all tables and columns of."""
    db = sqlite3.connect(":memory:")
    schema = CACHE if file in _CACHED else LEDGER
    for step in schema.steps():
        for statement in statements(step):
            db.execute(statement)
    for statement in queries(file).values():
        names = set(re.findall(r":([a-z_]+)", statement))
        db.execute(f"EXPLAIN {statement}", dict.fromkeys(names))
    db.close()


@pytest.mark.parametrize(
    ("file", "statement", "index"),
    [
        ("requests", "by_key", "sqlite_autoindex_request"),
        ("requests", "recent_same_book", "request_by_book"),
        ("requests", "find", "request_by_time"),
        ("requests", "find_in_state", "request_by_state"),
        ("requests", "find_by_beginning", "sqlite_autoindex_request"),
        ("requests", "find_by_end", "sqlite_autoindex_request"),
        ("requests", "unfinished", "request_unfinished"),
        ("purchases", "live", "one_live_attempt"),
        ("purchases", "of_request", "attempt_by_request"),
        ("purchases", "open", "attempt_open"),
        ("purchases", "owner_of_order", "one_order"),
        ("claims", "live", "claim_live"),
        ("recovery", "interrupted", "attempt_open"),
        ("recovery", "was_sent", "attempt_open"),
        ("recovery", "waiting", "request_by_state"),
    ],
)
def test_reads_of_growing_tables_are_indexed(file: str, statement: str, index: str) -> None:
    """No read becomes slower with the years."""
    db = sqlite3.connect(":memory:")
    for step in LEDGER.steps():
        for part in statements(step):
            db.execute(part)
    text = queries(file)[statement]
    names = set(re.findall(r":([a-z_]+)", text))
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {text}", dict.fromkeys(names))]
    tables = [line for line in plan if re.search(r"(SCAN|SEARCH) (request|attempt|claim)\b", line)]
    db.close()
    assert tables
    assert all(f"INDEX {index}" in line for line in tables), plan


def test_text_outside_a_name_is_a_mistake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "odd.sql").write_text("SELECT 1;\n-- name: x\nSELECT 2;\n")
    (tmp_path / "sql" / "twice.sql").write_text("-- name: x\nSELECT 1;\n-- name: x\nSELECT 2;\n")
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    for name in ("odd", "twice"):
        with pytest.raises(ValueError, match=name):
            queries(name)
