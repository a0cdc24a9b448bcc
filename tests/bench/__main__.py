"""`python -m tests.bench NAME... [options]`: run the named benchmarks, one after the other.

Each benchmark is a module of this package with `main(arguments: list[str]) -> int`; options that
follow the names (`--json FILE`, `--seeds 1,2`) go to each of them.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

import tests.bench


def names() -> list[str]:
    """The benchmarks there are."""
    modules = pkgutil.iter_modules(tests.bench.__path__)
    return sorted(m.name for m in modules if m.name != "__main__" and not m.name.startswith("_"))


def is_benchmark(name: str) -> bool:
    """Whether a module is one, by its text: importing them all costs a second."""
    source = Path(tests.bench.__path__[0], f"{name}.py").read_text("utf-8")
    return "\ndef main(arguments: " in source


def main() -> int:
    wanted = []
    options = sys.argv[1:]
    while options and not options[0].startswith("-"):
        wanted.append(options.pop(0))
    known = [name for name in names() if is_benchmark(name)]
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        complaint = f"no benchmark {', '.join(unknown)}; " if unknown else ""
        sys.stderr.write(f"{complaint}choose from: {', '.join(known)}\n")
        return 2
    worst = 0
    for name in wanted:
        print(f"== {name}")
        worst = max(worst, importlib.import_module(f"tests.bench.{name}").main(options))
    return worst


if __name__ == "__main__":
    sys.exit(main())
