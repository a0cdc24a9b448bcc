"""What README promises is there: its commands exist, and CI runs the two that it starts with."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bookhunt.cli.commands import COMMANDS, Group

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    """Each `bookhunt ...` that a reader may type, up to a pipe or a comment."""
    lines = [line for block in BLOCKS for line in block.splitlines()]
    inline = re.findall(r"`(bookhunt [^`]+)`", README)
    found = []
    for line in [*lines, *inline]:
        for part in re.split(r"\||&&|#|\$\(", line):
            said = re.search(r"(?:^|\s)bookhunt (.+)$", part.strip())
            if said:
                found.append(said[1].strip())
    return sorted(set(found))


def test_ci_runs_the_two_commands_that_readme_begins_with() -> None:
    """The first sets up and buys in the demo, the second runs every check."""
    first = next(block.strip() for block in BLOCKS if "bookhunt demo" in block)
    second = next(block.strip() for block in BLOCKS if "/nox" in block)
    run = (ROOT / ".ci" / "run").read_text("utf-8").replace(" -q ", " ")
    assert first in run
    assert second in run


@pytest.mark.parametrize("command", commands())
def test_every_command_in_readme_exists(command: str) -> None:
    """Its help can be shown: the command and its options are known."""
    words = re.findall(r'"[^"]*"|\S+', command)
    names = []
    for word in words:
        if not re.fullmatch(r"[a-z-]+", word):
            break
        names.append(word)
    asked = subprocess.run(
        [
            sys.executable,
            "-c",
            "from bookhunt.cli.main import run; run()",
            *_command(names),
            "--help",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert asked.returncode == 0, asked.stderr
    for option in re.findall(r"(?:^|\s)(--[a-z-]+)", command):
        assert option in asked.stdout, f"{option} is no option of bookhunt {' '.join(names)}"


def _command(names: list[str]) -> list[str]:
    """The words that name a command, without its arguments."""
    groups = {name for name, entry in COMMANDS.items() if isinstance(entry, Group)}
    if not names or names[0] == "help":
        return []
    return names[:2] if names[0] in groups else names[:1]


def test_every_file_that_readme_links_to_is_there() -> None:
    """No link leads nowhere."""
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).is_file(), target
