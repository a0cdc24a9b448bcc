"""The house is tidy: sizes, docstrings, reachability, and that the documents name what is there."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "bookhunt"
LONGEST_FUNCTION = 60
LONGEST_FILE = 400
MODULES = sorted(PACKAGE.rglob("*.py"))
# Where a process begins; every module must be reachable from one of them.
ENTRIES = ("bookhunt.cli.main", "bookhunt.daemon.__main__", "bookhunt.simulated.__main__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def told(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=told)
def test_a_module_says_what_it_is(path: Path) -> None:
    """Every module opens with a sentence."""
    docstring = ast.get_docstring(tree_of(path))
    assert docstring, f"{told(path)} has no docstring"
    assert docstring.split("\n\n")[0].rstrip().endswith((".", ":", "!", "?")), docstring


@pytest.mark.parametrize("path", MODULES, ids=told)
def test_files_stay_small(path: Path) -> None:
    """A file has at most 400 lines."""
    lines = path.read_text("utf-8").count("\n")
    assert lines <= LONGEST_FILE, f"{told(path)} has {lines} lines"


def long_functions() -> list[tuple[str, int, str]]:
    found = []
    for path in MODULES:
        lines = path.read_text("utf-8").splitlines()
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                found.append(
                    (f"{told(path)}:{node.lineno} {node.name}", length, lines[node.lineno - 2])
                )
    return found


def test_functions_stay_short() -> None:
    """A function has at most 60 lines, or a comment above it that says why (`# long: ...`)."""
    bare = [(where, n) for where, n, above in long_functions() if "# long: " not in above]
    assert not bare, bare


# The words are put together here so that this file does not hold them.
_UNFINISHED = re.compile(
    r"\b(TO" r"DO|FIX" r"ME|X" r"XX|NotImplemented" r"Error\(\)|place" r"holder implementation)\b"
)


def test_nothing_is_unfinished() -> None:
    """Unfinished work is an issue, never a word in the code."""
    found = [
        f"{told(path)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if _UNFINISHED.search(line)
    ]
    assert not found, found


def imports_of(path: Path) -> set[str]:
    """Every module of the package that a module may import, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"bookhunt(\.\w+)+", node.value)
        ):
            # A module that is named and imported later: a command, `python -m`.
            found.update({node.value, f"{node.value}.__main__"})
    return {name for name in found if name.startswith("bookhunt")}


def test_every_module_is_reachable() -> None:
    """No module is left that no process can import."""
    by_name = {name_of(path): path for path in MODULES}
    reached: set[str] = set()
    waiting = list(ENTRIES)
    while waiting:
        name = waiting.pop()
        if name in reached or name not in by_name:
            continue
        reached.add(name)
        waiting.extend(name.rsplit(".", n)[0] for n in range(1, name.count(".") + 1))
        waiting.extend(imports_of(by_name[name]))
    assert set(ENTRIES) <= by_name.keys()
    assert by_name.keys() - reached == set()


def test_every_stage_of_the_hunt_is_in_the_table_of_contents() -> None:
    """`flow.py` and ARCHITECTURE.md name every module of the hunt."""
    flow = (PACKAGE / "hunt" / "flow.py").read_text("utf-8")
    page = (PACKAGE / "ARCHITECTURE.md").read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(flow)) or ""
    for path in sorted((PACKAGE / "hunt").glob("*.py")):
        if path.stem != "__init__":
            assert re.search(rf"\b{path.stem}\b", page), (
                f"ARCHITECTURE.md does not name {path.stem}"
            )
    for stage in (
        "admission",
        "candidates",
        "search",
        "choice",
        "revalidation",
        "claim",
        "buying",
        "settlement",
        "findings",
        "recovery",
    ):
        assert re.search(rf"\b{stage}\b", docstring), f"flow.py does not name {stage}"


def test_every_package_and_module_is_in_the_architecture() -> None:
    """ARCHITECTURE.md names every package; a package it draws is there."""
    page = (PACKAGE / "ARCHITECTURE.md").read_text("utf-8")
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    drawn = set(re.findall(r"^  (\w+)/", page, re.MULTILINE))
    assert packages == drawn & packages | packages & drawn, packages ^ drawn
    assert drawn <= packages | {"shipped"}, drawn - packages


def test_every_dependency_earns_its_place() -> None:
    """Each dependency of pyproject has a line in ARCHITECTURE.md's table."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    page = (PACKAGE / "ARCHITECTURE.md").read_text("utf-8").lower()
    for requirement in project["project"]["dependencies"]:
        name = re.match(r"[A-Za-z0-9_.-]+", requirement)
        assert name, requirement
        assert f"| {name[0].lower()}" in page or f", {name[0].lower()}" in page, name[0]


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def test_no_path_of_a_machine_is_committed() -> None:
    """What is tracked names no folder of whoever wrote it."""
    private = re.compile(rb"/(?:wor" rb"k|roo" rb"t|far" rb"m|hom" rb"e/[a-z]+)/")
    found = [
        f"{told(path)}: {match[0].decode()}"
        for path in tracked()
        if path.is_file() and path.suffix != ".lock"
        for match in private.finditer(path.read_bytes())
    ]
    assert not found, found
