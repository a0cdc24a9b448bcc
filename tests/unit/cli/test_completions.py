"""Where the scripts go, and what is said where they cannot."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bookhunt.cli.commands import COMMANDS
from bookhunt.cli.completions import PLACES, SCRIPTS
from bookhunt.cli.entries import Entry
from bookhunt.cli.help_topics import TOPICS
from bookhunt.cli.suggestions import kind_of
from bookhunt.cli.surface import leaves, pages

ROOT = Path(__file__).parent.parent.parent.parent
_WALKED = pages()
_ENTRY = Entry(module="", function="", does="", examples=(), prints="version")


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from bookhunt.cli.main import run; run()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
    )


@pytest.mark.parametrize("shell", sorted(SCRIPTS))
def test_install_writes_where_the_shell_looks(shell: str, tmp_path: Path) -> None:
    """The script that `show` prints, and every man page, and nothing outside the share folder."""
    share = tmp_path / "share"
    done = _run("completions", "install", SHELL=f"/bin/{shell}", XDG_DATA_HOME=str(share))
    assert done.returncode == 0, done.stderr
    assert (share / PLACES[shell]).read_text() == _run("completions", "show", shell).stdout
    assert (share / "man" / "man1" / "bookhunt.1").is_file()
    assert (share / "man" / "man5" / "bookhunt-sellers.5").is_file()
    assert list(tmp_path.iterdir()) == [share]


def test_the_wheel_puts_them_into_the_same_places() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert {f"share/{place}" for place in PLACES.values()} | {"share/man"} == set(shared.values())
    assert all((ROOT / source).exists() for source in shared)


def test_install_can_leave_the_man_pages(tmp_path: Path) -> None:
    done = _run(
        "completions", "install", "--shell", "fish", "--no-man", XDG_DATA_HOME=str(tmp_path)
    )
    assert done.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["fish"]


def test_a_shell_that_is_not_known_is_answered_with_those_that_are() -> None:
    for arguments in (["completions", "show", "tcsh"], ["completions", "install"]):
        shown = _run(*arguments, SHELL="/bin/tcsh")
        assert shown.returncode == 2
        assert "--shell bash | zsh | fish" in shown.stderr


def test_a_folder_that_cannot_be_written_is_told_with_the_other_way(tmp_path: Path) -> None:
    (tmp_path / "fish").write_text("in the way")
    shown = _run("completions", "install", "--shell", "fish", XDG_DATA_HOME=str(tmp_path))
    assert shown.returncode == 1
    assert "completions show" in shown.stderr


@pytest.mark.parametrize("shell", sorted(SCRIPTS))
def test_every_command_and_option_is_in_each_script(shell: str) -> None:
    script = SCRIPTS[shell](_WALKED)
    for page in _WALKED:
        for word in page.words:
            assert word in script
        for flag in page.flags:
            for name in flag.names:
                assert (f"-l {name[2:]} " if shell == "fish" and len(name) > 2 else name) in script


def test_the_walk_sees_every_command_once() -> None:
    walked = [page.words for page in _WALKED if not page.is_group]
    assert walked == [words for words, _ in leaves()]
    assert len(set(walked)) == len(walked)
    assert {page.words[0] for page in _WALKED if page.words} == COMMANDS.keys()


@pytest.mark.parametrize(
    ("words", "metavar", "flag", "kind"),
    [
        (("buy",), "BOOK...", None, "ask:books"),
        (("status",), "[REQ]...", None, "ask:requests"),
        (("sellers", "show"), "ID", None, "ask:sellers"),
        (("sellers", "new"), "ID", None, ""),
        (("sellers", "test"), "[FILE|ID...]", None, "either:sellers"),
        (("buy",), "A,B", "--sellers", "list:sellers"),
        (("demo",), "N", "--sellers", ""),
        (("buy",), "new|used|any", "--condition", "words:new used any"),
        (("limits", "set"), "AMOUNT|none", "--day", "words:none"),
        (("profile", "add"), "FILE|-", "--from", "file"),
        (("buy",), "PROFILE", "--profile", "ask:profiles"),
        (("version",), "A,B", "--fields", "pick:version api_version schema_version python system"),
        (("buy",), "TEXT", "--note", ""),
    ],
)
def test_what_completes_a_value(
    words: tuple[str, ...], metavar: str, flag: str | None, kind: str
) -> None:
    assert kind_of(words, _ENTRY, metavar, flag=flag) == kind


def test_help_completes_topics_and_commands() -> None:
    words = kind_of(("help",), _ENTRY, "[TOPIC]").removeprefix("words:").split()
    assert {*TOPICS, *COMMANDS} == set(words)
