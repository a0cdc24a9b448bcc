"""The completion scripts, as `bookhunt completions install` leaves them, in real shells."""

import subprocess
from pathlib import Path

import pytest

from bookhunt.cli.completions import PLACES
from tests.story.world import World
from tests.support.shells import TypedInto, need, path_with_program, run_script

pytestmark = pytest.mark.story
_READY = r"READY> "
_TRIES = 4  # a daemon on a busy machine may not answer within a quarter of a second
# What is typed before the key, and what the line is after it.
_TYPED = [
    ("bookhunt sel", "bookhunt sellers "),
    ("bookhunt sellers logi", "bookhunt sellers login "),
    ("bookhunt buy --max", "bookhunt buy --max-price"),
    ("bookhunt buy Emma --strategy ba", "bookhunt buy Emma --strategy balanced "),
    ("bookhunt buy Emma --strategy=ba", "bookhunt buy Emma --strategy=balanced "),
    ("bookhunt wait @", "bookhunt wait @last "),
    ("bookhunt sellers show amb", "bookhunt sellers show amberside "),
    ("bookhunt buy --sellers amberside,brightw", "bookhunt buy --sellers amberside,brightwater"),
    ("bookhunt buy Emma --profile h", "bookhunt buy Emma --profile home "),
    ("bookhunt buy 'A Book That Nob", "bookhunt buy 'A Book That Nobody Wrote' "),
    ("bookhunt status --fields order", "bookhunt status --fields order_id"),
    ("bookhunt help exit", "bookhunt help exit-codes "),
]


@pytest.fixture(scope="module")
def at_home(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a person who has a title among the books, and a shell."""
    world.run("buy", "A Book That Nobody Wrote", "--max-price", "5")
    folder = tmp_path_factory.mktemp("person")
    return {
        "PATH": path_with_program(folder / "bin"),
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "share"),
        "BOOKHUNT_HOME": str(world.root),
    }


def _installed(shell: str, environment: dict[str, str]) -> Path:
    need(shell)
    done = subprocess.run(
        ["bookhunt", "completions", "install"],
        env=environment | {"SHELL": f"/usr/bin/{shell}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    place = Path(environment["XDG_DATA_HOME"], PLACES[shell])
    assert str(place) in done.stderr
    return place


def _after_tab(shell: str, environment: dict[str, str]) -> dict[str, str]:
    """What each line looks like after the key, at a real terminal."""
    script = _installed(shell, environment)
    if shell == "bash":
        command = ["bash", "--norc", "--noprofile", "-i"]
        begin = f"source '{script}'; bind 'set enable-bracketed-paste off'; "
    else:
        command = ["zsh", "-f", "-i"]
        begin = f"fpath=('{script.parent}' $fpath); unset zle_bracketed_paste; unsetopt promptcr; "
        begin += "autoload -U compinit; compinit -D -u; "
    shown = {}
    with TypedInto(command, environment) as terminal:
        terminal.keys(f"{begin}PS1=REA'DY> '\n", until=_READY)
        for typed, expected in _TYPED:
            for _ in range(_TRIES):
                shown[typed] = terminal.keys(f"{typed}\t", until=f"{_pattern(expected)}|\x07")
                terminal.keys("\x15\n", until=_READY)  # Ctrl-U: nothing is run
                if expected in shown[typed]:
                    break
    return shown


def _pattern(text: str) -> str:
    return "".join(f"\\{c}" if not c.isalnum() and c != " " else c for c in text)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_key_completes_what_was_typed(shell: str, at_home: dict[str, str]) -> None:
    """Commands, options, their words, and what only the daemon knows."""
    shown = _after_tab(shell, at_home)
    for typed, expected in _TYPED:
        assert expected in shown[typed], (typed, shown[typed])


def test_fish_offers_the_same_with_a_word_about_each(at_home: dict[str, str]) -> None:
    _installed("fish", at_home)
    for typed, expected in _TYPED:
        words = [line.split("\t")[0] for line in _offered_by_fish(typed, at_home)]
        assert any(expected.strip().strip("'").endswith(word) for word in words), (typed, words)
    [told] = _offered_by_fish("bookhunt sellers show amb", at_home)
    assert told == "amberside\tAmberside Books, ready"


def _offered_by_fish(typed: str, environment: dict[str, str]) -> list[str]:
    line = typed.replace("'", "\\'")
    script = f"complete -C '{line}'"
    for _ in range(_TRIES):
        done = run_script("fish", script, path=environment["PATH"], **_but_path(environment))
        if done.stdout:
            return done.stdout.splitlines()
    return []


def _but_path(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name != "PATH"}
