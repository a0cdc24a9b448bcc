"""The program as a process: help, usage, errors, pipes; no daemon is started."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bookhunt import __version__
from bookhunt.cli.commands import COMMANDS, Entry, Group
from bookhunt.cli.greeting import FIRST
from bookhunt.cli.help_topics import TOPICS
from bookhunt.cli.tree import help_of

Run = Callable[..., subprocess.CompletedProcess[str]]
_PROGRAM = [sys.executable, "-c", "from bookhunt.cli.main import run; run()"]


def _every_command() -> list[tuple[list[str], Entry]]:
    found = []
    for name, entry in COMMANDS.items():
        if isinstance(entry, Group):
            found += [([name, word], each) for word, each in entry.commands.items()]
        else:
            found.append(([name], entry))
    return found


@pytest.fixture
def run(tmp_path: Path) -> Run:
    environment = {**os.environ, "BOOKHUNT_HOME": str(tmp_path / "home")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))

    def run_it(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*_PROGRAM, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment | options.pop("env", {}),
            stdin=subprocess.DEVNULL,
            **options,
        )

    return run_it


@pytest.mark.parametrize(
    ("words", "entry"),
    _every_command(),
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_help_of_every_command_opens_with_its_examples(words: list[str], entry: Entry) -> None:
    """And every option says what it is for."""
    told = help_of(words)
    assert told is not None
    lines = told.splitlines()
    assert lines[0] == "Examples:"
    assert lines[1] == f"  {entry.examples[0]}"
    assert told.index("Usage: bookhunt " + " ".join(words)) > told.index(entry.examples[-1])
    assert entry.does.endswith(".")
    assert "--json" in told


@pytest.mark.parametrize(("words", "entry"), _every_command(), ids=lambda v: "")
def test_examples_are_of_the_command_they_stand_at(words: list[str], entry: Entry) -> None:
    for example in entry.examples:
        assert "bookhunt " + " ".join(words) in example


def test_the_program_alone_greets_who_is_new_with_three_commands_there_are(run: Run) -> None:
    shown = run()
    assert (shown.returncode, shown.stderr) == (0, "")
    told = [line.split("   ")[0].strip() for line in shown.stdout.splitlines()]
    assert [line for line in told if line in dict(FIRST)] == list(dict(FIRST))
    assert len(FIRST) == 3
    for command in dict(FIRST):
        assert help_of([word for word in command.split()[1:] if word != "home"]) is not None
    assert max(map(len, shown.stdout.splitlines())) <= 100


def test_the_program_alone_shows_its_commands(run: Run, tmp_path: Path) -> None:
    """To somebody who has asked for a book before."""
    (tmp_path / "home" / "data").mkdir(parents=True)
    (tmp_path / "home" / "data" / "ledger.db").touch()
    shown = run()
    assert shown.returncode == 0
    assert all(f"  {name}" in shown.stdout for name in COMMANDS)
    assert shown.stdout == run("--help").stdout


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_topics_of_help(topic: str, run: Run) -> None:
    shown = run("help", topic)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.strip()
    assert max(map(len, shown.stdout.splitlines())) <= 100


def test_version(run: Run) -> None:
    assert run("version").stdout == f"bookhunt {__version__}\n"
    assert run("--version").stdout == f"bookhunt {__version__}\n"
    assert json.loads(run("version", "--json").stdout)["version"] == __version__


@pytest.mark.parametrize(
    "arguments",
    [
        ["byu"],
        ["sellers"],
        ["sellers", "lst"],
        ["buy"],
        ["buy", "Emma"],
        ["buy", "Emma", "--max-price", "lots"],
        ["buy", "Emma", "--nonsense"],
        ["buy", "-", "-", "--max-price", "3"],
        ["buy", "Emma", "--max-price", "3", "--fields", "colour"],
        ["status", "--since", "yesterday"],
        ["status", "--limit", "0"],
        ["status", "--color", "blue"],
        ["settle", "x"],
        ["settle", "x", "--bought", "A", "--not-bought"],
        ["limits", "set"],
        ["profile", "add", "home"],
        ["sandbox", "start", "--sellers", "500"],
        ["help", "nonsense"],
    ],
)
def test_what_cannot_be_meant_is_a_usage_error_with_a_way_out(
    arguments: list[str], run: Run
) -> None:
    """Exit code 2, nothing on stdout, no traceback, and no daemon is started for it."""
    shown = run(*arguments)
    assert shown.returncode == 2, shown.stderr
    assert shown.stdout == ""
    assert shown.stderr.startswith("error: ")
    assert "Traceback" not in shown.stderr
    as_json = run(*arguments, "--json")
    told = json.loads(as_json.stderr)["error"]
    assert as_json.returncode == 2
    assert told["code"]
    assert told["message"]


def test_a_typing_mistake_is_answered_with_what_comes_near(run: Run) -> None:
    assert "'buy'" in run("byu").stderr


def test_without_a_daemon_and_without_starting_one_it_cannot_be_reached(run: Run) -> None:
    shown = run("status", "--no-autostart")
    assert shown.returncode == 5
    assert "hint: bookhunt daemon start" in shown.stderr


def test_a_daemon_that_does_not_run_is_stopped_already(run: Run) -> None:
    shown = run("daemon", "stop")
    assert (shown.returncode, shown.stdout) == (0, "")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """Nothing is said about it, whatever is printed: help, data, or lines of JSON."""
    for arguments in (
        ["--help"],
        ["config", "show"],
        ["config", "show", "--json"],
        ["help", "json"],
    ):
        read, write = os.pipe()
        os.close(read)
        environment = {**os.environ, "BOOKHUNT_HOME": str(tmp_path)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        with subprocess.Popen(
            [*_PROGRAM, *arguments], stdout=write, stderr=subprocess.PIPE, env=environment
        ) as process:
            os.close(write)
            _, err = process.communicate()
        assert err == b"", arguments
        assert process.returncode == 141, arguments


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_a_silent_one(closed: str, tmp_path: Path) -> None:
    """`<&-`: nobody can be asked, nothing else takes the number, and the exit code is the same."""
    environment = {**os.environ, "BOOKHUNT_HOME": str(tmp_path / "home")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    for line, code in (("config path --json", 0), ("profile add home", 2), ("byu", 2)):
        script = f"'{_PROGRAM[0]}' -c '{_PROGRAM[2]}' {line} {closed}"
        done = subprocess.run(
            ["/bin/sh", "-c", script], capture_output=True, text=True, check=False, env=environment
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


def test_config_shows_where_each_value_is_from(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "config.yaml").write_text("search:\n  deadline_s: 8\n")
    (home / "config.yaml").chmod(0o600)
    shown = run("config", "show", "--origin", env={"BOOKHUNT_TIERS_GRACE_MS": "300"})
    lines = {line.split("\t")[0]: line.split("\t")[1:] for line in shown.stdout.splitlines()}
    assert lines["search.deadline_s"] == ["8.0", f"{home}/config.yaml:2"]
    assert lines["tiers.grace_ms"] == ["300", "environment BOOKHUNT_TIERS_GRACE_MS"]
    assert lines["tiers.margin"][1] == "default"


def test_config_check_tells_every_mistake_with_its_place(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "config.yaml").write_text("serach: {}\ntiers: {grace_ms: soon}\n")
    (home / "config.yaml").chmod(0o600)
    shown = run("config", "check")
    assert shown.returncode == 1
    assert f"{home}/config.yaml:1:1" in shown.stderr
    assert f"{home}/config.yaml:2:" in shown.stderr


def test_a_sandbox_never_overwrites_a_configuration_of_somebody(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "config.yaml").write_text("search: {deadline_s: 8}\n")
    shown = run("sandbox", "start")
    assert shown.returncode == 4
    assert (home / "config.yaml").read_text() == "search: {deadline_s: 8}\n"


def test_a_sandbox_needs_a_home_of_its_own(run: Run) -> None:
    shown = run("sandbox", "start", env={"BOOKHUNT_HOME": ""})
    assert shown.returncode == 4
    assert "BOOKHUNT_HOME" in shown.stderr
