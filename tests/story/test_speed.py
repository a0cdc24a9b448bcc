"""What is typed often feels immediate: the quick way of `status` says what the whole way says."""

import os
import pty
import subprocess
import sys

import pytest

from tests.story.world import World, program_environment

pytestmark = pytest.mark.story
_WHOLE = "import sys; from bookhunt.cli.running import main; sys.exit(main(sys.argv[1:]))"


def _whole_way(world: World, *arguments: str) -> str:
    shown = subprocess.run(
        [sys.executable, "-c", _WHOLE, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=program_environment(world.root),
    )
    return shown.stdout


@pytest.fixture
def filled(world: World) -> World:
    if not world.objects("status"):
        world.run("buy", world.book(), "--max-price", "80")
        world.run("buy", world.book(), "--max-price", "1")
        world.run("buy", world.book(), "--max-price", "80", "--dry-run")
    return world


@pytest.mark.parametrize(
    "arguments", [[], ["--json"], ["@last"], ["@last", "--json"], ["--json", "@last"]]
)
def test_the_quick_way_prints_the_same_bytes(arguments: list[str], filled: World) -> None:
    quick = filled.run("status", *arguments)
    assert (quick.returncode, quick.stderr) == (0, "")
    assert quick.stdout
    assert quick.stdout == _whole_way(filled, "status", *arguments)


def test_and_takes_it(filled: World) -> None:
    """Typer is not imported by what feels immediate."""
    code = (
        "import sys; from bookhunt.cli import main\n"
        "sys.argv = ['bookhunt', 'status']\n"
        "try:\n    main.run()\nfinally:\n"
        "    print('typer' in sys.modules, 'dataclasses' in sys.modules, file=sys.stderr)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=program_environment(filled.root),
    )
    assert shown.stderr == "False False\n"


def test_on_a_terminal_it_is_a_table_with_headers(filled: World) -> None:
    ours, theirs = pty.openpty()
    environment = program_environment(filled.root, COLUMNS="200", TERM="xterm", NO_COLOR="1")
    program = "from bookhunt.cli.main import run; run()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "status"],
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
        env=environment,
    ) as process:
        process.wait()
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert shown.startswith("book")
    assert "not available" in shown
    assert "\x1b" not in shown


def test_a_request_that_is_not_there_is_an_error_all_the_same(filled: World) -> None:
    shown = filled.run("status", "nobody")
    assert shown.returncode == 2
    assert shown.stdout == ""
