"""Failure points stand around every durable write of money and every word to a seller about it.

The crash tests kill at failure points, so a step without them is a step nobody was killed at. The
source is read, not run: a new step that lacks its points fails here on the day it is written.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bookhunt

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(bookhunt.__file__).parent
# What only helps and may be lost: offers, beliefs, explanations, what was learned of definitions.
CACHES = {"history", "cache", "explanations", "beliefs", "knowledge", "shelf"}
MONEY = sorted(p for p in (PACKAGE / "store").glob("*.py") if p.stem not in CACHES)
# Opening takes the lock with an empty transaction: it writes nothing that could be lost.
EMPTY = ast.Pass
TABLES = {
    "request": {"requests"},
    "attempt": {"purchases"},
    "offer_epoch": {"claims"},
    "claim": {"claims"},
    "budget": {"budgets"},
    "reservation": {"budgets"},
    "spending_limit": {"budgets"},
    "journal": {"meta"},
}
# Which modules may use the statements of which file.
USERS = {
    "requests": {"requests", "lists"},
    "purchases": {"purchases", "attempts", "lists"},
    "claims": {"claims"},
    "budgets": {"budgets"},
    "meta": {"meta", "journal", "ledger_file", "database"},
    "recovery": {"recovery"},
}
_WRITES = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM|REPLACE\s+INTO)\s+(\w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Site:
    """A call in a function, and the line of each point around it."""

    where: str
    function: str
    line: int
    points: tuple[int, ...]

    @property
    def is_guarded(self) -> bool:
        return any(p < self.line for p in self.points) and any(p > self.line for p in self.points)


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def said(call: ast.Call) -> str:
    """`world.sellers.send` for that call."""
    return ast.unparse(call.func)


def calls_in(node: ast.AST) -> list[ast.Call]:
    return [each for each in ast.walk(node) if isinstance(each, ast.Call)]


def points_in(node: ast.AST) -> tuple[int, ...]:
    return tuple(c.lineno for c in calls_in(node) if said(c) in {"fp", "_reach"})


def sites(path: Path, pattern: str) -> list[Site]:
    return [
        Site(f"{path.stem}.{function.name}", function.name, call.lineno, points_in(function))
        for function in functions_of(path)
        for call in calls_in(function)
        if re.fullmatch(pattern, said(call))
    ]


def unguarded(path: Path, pattern: str) -> list[str]:
    """Calls without a point before and one after, here or around each call of their function."""
    bare = []
    for site in sites(path, pattern):
        if site.is_guarded:
            continue
        callers = sites(path, re.escape(site.function))
        if not callers or not all(caller.is_guarded for caller in callers):
            bare.append(f"{site.where}, line {site.line}")
    return bare


def is_point(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and bool(points_in(statement))


def bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for each in ast.walk(node):
        for name in ("body", "orelse", "finalbody"):
            found = getattr(each, name, None)
            if isinstance(found, list):
                yield found


@pytest.mark.parametrize("path", MONEY, ids=lambda p: p.stem)
def test_every_transaction_has_a_point_before_inside_and_after(path: Path) -> None:
    for body in bodies(ast.parse(path.read_text("utf-8"))):
        for n, statement in enumerate(body):
            if not isinstance(statement, ast.With) or "transaction(" not in ast.unparse(
                statement.items[0].context_expr
            ):
                continue
            if isinstance(statement.body[0], EMPTY):
                continue
            where = f"{path.stem}, line {statement.lineno}"
            assert n > 0 and is_point(body[n - 1]), f"no point before the transaction: {where}"  # noqa: PT018 - one fact
            assert is_point(statement.body[-1]), f"no point before its commit: {where}"
            assert n + 1 < len(body) and is_point(body[n + 1]), f"no point after it: {where}"  # noqa: PT018 - one fact


def test_every_commit_is_the_writers_or_a_transactions() -> None:
    """There are two places that commit: the writer, between its own points, and `transaction`."""
    found = {
        site.where: site
        for path in MONEY
        for site in sites(path, r"\w+\.execute")
        if '"COMMIT"' in path.read_text("utf-8").splitlines()[site.line - 1]
    }
    assert set(found) == {"writer._commit", "database.transaction"}
    assert found["writer._commit"].is_guarded


def test_every_operation_of_the_writer_has_points_with_its_name() -> None:
    """`ledger.intend.before`, `.before_commit`, `.after_commit`: for each, without being listed."""
    [apply] = [f for f in functions_of(PACKAGE / "store" / "writer.py") if f.name == "_apply"]
    [work] = [c.lineno for c in calls_in(apply) if said(c) == "operation.work"]
    named = {c.lineno: ast.unparse(c.args[0]) for c in calls_in(apply) if said(c) == "fp"}
    assert any("operation.name" in name and line < work for line, name in named.items())
    assert any("operation.name" in name and line > work for line, name in named.items())
    [commit] = [f for f in functions_of(PACKAGE / "store" / "writer.py") if f.name == "_commit"]
    told = [ast.unparse(c.args[0]) for c in calls_in(commit) if said(c) == "fp"]
    assert any("operation.name" in name and "after_commit" in name for name in told)


@pytest.mark.parametrize("path", sorted((PACKAGE / "hunt").glob("*.py")), ids=lambda p: p.stem)
def test_every_word_to_a_seller_about_an_order_stands_between_points(path: Path) -> None:
    assert unguarded(path, r".*\.sellers\.(prepare|send|look_up|cancel)") == []


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "sellers").glob("plan*.py")), ids=lambda p: p.stem
)
def test_every_request_of_a_step_stands_between_points(path: Path) -> None:
    assert unguarded(path, r".*exchange\.send") == []


def test_every_run_of_an_order_has_a_name_for_its_points() -> None:
    """Without `points` a run's steps reach none: only quotes may go without."""
    path = PACKAGE / "sellers" / "gateway_orders.py"
    for function in functions_of(path):
        made = [c for c in calls_in(function) if said(c).endswith((".run_with", "_door.run"))]
        named = [
            node
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute)
            and node.attr == "points"
            and isinstance(node.ctx, ast.Store)
        ]
        assert not made or named, f"{function.name} makes a run without points"


# ------------------------------------------------------------------------ who writes money at all
def test_money_is_written_by_its_own_statements_only() -> None:
    """Every statement that changes a table of the ledger stands in that table's file."""
    found: dict[str, set[str]] = {}
    for path in (PACKAGE / "store" / "sql").glob("*.sql"):
        for table in _WRITES.findall(path.read_text("utf-8")):
            found.setdefault(table.lower(), set()).add(path.stem)
    for table, files in TABLES.items():
        assert found.get(table) == files, f"{table} is written by {found.get(table)}"


def test_the_statements_of_money_are_used_by_their_own_modules_only() -> None:
    used: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for call in calls_in(ast.parse(path.read_text("utf-8"))):
            if said(call) == "queries" and call.args and isinstance(call.args[0], ast.Constant):
                used.setdefault(str(call.args[0].value), set()).add(path.stem)
    for file, users in USERS.items():
        assert used[file] - CACHES <= users, f"{file}.sql is used by {used[file]}"
        if file != "meta":  # the cache has a table `meta` of its own
            assert not used[file] & CACHES, f"{file}.sql is used by {used[file]}"


def test_no_statement_that_writes_stands_in_the_code() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            tables = {table.lower() for table in _WRITES.findall(node.value)}
            assert not tables & TABLES.keys(), f"{path.stem}, line {node.lineno}: {node.value!r}"
