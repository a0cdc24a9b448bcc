"""README shows what the program shows: its commands are typed on the street it speaks of."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.story.world import World, program_environment
from tests.support.shells import on_terminal

pytestmark = pytest.mark.story
_README = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")
_CUT = "..."
_COLUMNS = 80


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The street of `bookhunt sandbox start`: seed 1, but that it answers at once."""
    made = World.open(tmp_path_factory.mktemp("readme") / "home", seed=1)
    yield made
    made.close()


def shown_in_readme() -> list[tuple[str, list[str]]]:
    """Each command, and the lines that stand below it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", _README, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ bookhunt "), []))
            else:
                found[-1][1].append(line)
    return found


def _without_chance(line: str) -> str:
    """A line without what may be another each time: who was quicker, days, ids, counts, prices."""
    line = re.sub(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", "DAY", line)
    line = re.sub(r"[0-9a-f]{8}-[0-9a-f-]+", "ID", line)
    line = re.sub(r"\b[A-Z]+-\d{4}\b", "ORDER", line)
    line = re.sub(r"^(  seller +)\w+$", r"\1SELLER", line)
    line = re.sub(r"\d+ ms$", "0.1 s", line)  # a quick machine's
    return re.sub(r"\d+(\.\d+)?", "N", line)


def test_what_readme_shows_is_shown(street: World) -> None:
    """In its order: what is bought first stands in the list afterwards."""
    told = shown_in_readme()
    assert len(told) >= 2
    for command, lines in told:
        program = [sys.executable, "-c", "from bookhunt.cli.main import run; run()"]
        shown = on_terminal(
            [*program, *shlex.split(command)], program_environment(street.root), columns=_COLUMNS
        )
        shown = [_without_chance(line) for line in shown]
        for line in lines:
            assert line == _CUT or _without_chance(line) in shown, (line, shown)
        assert _CUT in lines or len(lines) == len(shown), (command, shown)
