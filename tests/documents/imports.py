"""What each command imports: packages of others, of bookhunt, and what is dear of Python's own.

Each command is started in a process of its own, once with `--help` and, where its line in the
benchmark changes nothing that matters, once in earnest at a daemon in a street of three sellers.
What was imported by its end is written down. Python's other modules are not: they differ from one
version to the next.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bookhunt.cli.surface import leaves
from tests.bench.cli import timed_commands
from tests.story.world import World, program_environment

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "tests/data/imports.json"
_AT_ONCE = 2
_DEAR = frozenset("asyncio email http.client sqlite3 ssl urllib.request xml".split())
_NO_PACKAGE = "cython_runtime"  # what a compiled module calls a part of itself
_PROGRAM = """
import os, sys
before = set(sys.modules)
from bookhunt.cli.main import run
try:
    run()
finally:
    with open(os.environ["IMPORTED"], "w") as file:
        file.write(" ".join(set(sys.modules) - before))
"""


def lines() -> list[str]:
    """What is typed: the help of every command, and what the benchmark times of them."""
    helps = [" ".join((*words, "--help")) for words, _ in leaves()]
    commands = tuple(" ".join((*words, "")) for words, _ in leaves())
    typed = [line for line in timed_commands() if f"{line} ".startswith(commands)]
    return sorted({*helps, *typed})


def imports_text() -> str:
    """The file: a line for each command, so that a new import is a line that changed."""
    told = imports()
    inner = ",\n".join(f"  {json.dumps(line)}: {json.dumps(told[line])}" for line in sorted(told))
    return f"{{\n{inner}\n}}\n"


def imports() -> dict[str, list[str]]:
    """What each line imports."""
    with tempfile.TemporaryDirectory() as folder:
        world = World.open(Path(folder) / "home", sellers=3)
        try:
            world.run("buy", "9781449373320", "--max-price", "60")
            with ThreadPoolExecutor(_AT_ONCE) as several:
                typed = lines()
                found = several.map(lambda line: _imported(line, world.root), typed)
                return dict(zip(typed, found, strict=True))
        finally:
            world.close()


def _imported(line: str, home: Path) -> list[str]:
    with tempfile.NamedTemporaryFile("r", suffix=".imported") as file:
        subprocess.run(
            [sys.executable, "-c", _PROGRAM, *shlex.split(line)],
            env=program_environment(home, IMPORTED=file.name),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
            cwd=home,
        )
        return worth_telling(file.read().split())


def worth_telling(modules: Iterable[str]) -> list[str]:
    """The packages among these modules that are written down."""
    told = set()
    for module in modules:
        first, _, rest = module.partition(".")
        if first == "bookhunt":
            told.add(".".join(module.split(".")[:2]) if _is_package(rest) else first)
        elif module in _DEAR or (first not in sys.stdlib_module_names and first[0] != "_"):
            told.add(module if module in _DEAR else first)
    return sorted(told - {"bookhunt", _NO_PACKAGE})


def _is_package(rest: str) -> bool:
    first = rest.partition(".")[0]
    return bool(first) and os.path.isdir(Path(__file__).parents[2] / "bookhunt" / first)  # noqa: PTH112
