"""`python -m tests.documents.generate`: write what is made from the program, as it is now.

The completion scripts in `completions/`, the pages in `man/`, the schema of definitions, and what
each command imports. A test compares them, so this is run after any change to a command, an option,
a help topic, the seller language or an import.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bookhunt.cli.completions import SCRIPTS, man_pages
from bookhunt.cli.surface import pages
from tests.documents.imports import FILE, imports_text
from tests.documents.seller_schema import schema_text

ROOT = Path(__file__).parent.parent.parent
HOW = "python -m tests.documents.generate   (or: nox -s generate)"
_FILES = {"bash": "bookhunt.bash", "zsh": "_bookhunt", "fish": "bookhunt.fish"}


def documents() -> dict[str, str]:
    """Each generated file of the checkout, by its place in it."""
    walked = pages()
    scripts = {f"completions/{_FILES[shell]}": make(walked) for shell, make in SCRIPTS.items()}
    made = {"sellers.d/schema.json": schema_text(), **scripts}
    return made | {f"man/{name}": text for name, text in man_pages().items()}


def there() -> set[str]:
    """What lies in the generated folders."""
    return {
        str(path.relative_to(ROOT))
        for folder in ("completions", "man")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }


def main() -> int:
    """Write them, and remove what no command has any more."""
    made = documents() | {FILE: imports_text()}
    for name, text in made.items():
        path = ROOT / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        path.parent.mkdir(exist_ok=True, parents=True)
        fresh = path.with_name(f".{path.name}.fresh")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)  # nobody sees half a page
    for name in there() - made.keys():
        (ROOT / name).unlink()
    print(f"{len(made)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
