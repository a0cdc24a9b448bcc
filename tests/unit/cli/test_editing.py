"""Editing: only what is right replaces what was there, and nothing typed is ever lost."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bookhunt.cli.config_edit import edit_config
from bookhunt.cli.output import Terminal
from bookhunt.cli.profile_edit import text_of
from bookhunt.home.profiles import Profiles, read_profile
from bookhunt.model.errors import (
    BadDocument,
    BookhuntError,
    InputError,
)
from tests.support.running_daemon import Running, a_daemon, a_home, call, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookhunt.home.paths import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = a_home(tmp_path / "home")
    monkeypatch.setenv("BOOKHUNT_HOME", str(home.root))
    monkeypatch.delenv("VISUAL", raising=False)
    return home


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    async with serving(a_daemon(home), hunting=False) as running:
        yield running


def kept(home: Home) -> list[Path]:
    folder = home.data_dir / "edits"
    return list(folder.iterdir()) if folder.is_dir() else []


def editor(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("EDITOR", command)


def test_a_right_text_replaces_the_configuration_and_says_what_changed(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And which of it a running daemon takes up only after a restart."""
    home.config_file.write_text("search: {deadline_s: 8}\nthrottle: {in_flight: 8}\n")
    editor(monkeypatch, "sed -i s/8/9/")
    edit_config(Terminal())
    assert home.config_file.read_text() == "search: {deadline_s: 9}\nthrottle: {in_flight: 9}\n"
    told = capsys.readouterr().err
    assert "search.deadline_s: 8.0 -> 9.0\n" in told
    assert "throttle.in_flight: 8 -> 9; after `bookhunt daemon restart`" in told
    assert kept(home) == []


def test_a_wrong_text_replaces_nothing_and_is_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every mistake is told at its place in the text that was typed, which is private."""
    home.config_file.write_text("search: {deadline_s: 8}\n")
    editor(monkeypatch, "sed -i s/search/serach/")
    with pytest.raises(BadDocument, match="serach") as told:
        edit_config(Terminal())
    assert home.config_file.read_text() == "search: {deadline_s: 8}\n"
    [file] = kept(home)
    assert f"{file}:1:1" in told.value.message
    assert str(file) in str(told.value.hint)
    assert file.read_text() == "serach: {deadline_s: 8}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_text_that_stays_as_it_was_changes_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = home.config_file.stat()
    editor(monkeypatch, "true")
    edit_config(Terminal())
    assert home.config_file.stat().st_ino == before.st_ino
    assert capsys.readouterr().err == "nothing was changed\n"
    assert kept(home) == []


def test_without_a_file_every_default_is_there_to_be_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uncommented as it stands, the whole of it is a right configuration and changes nothing."""
    home.config_file.unlink()
    editor(monkeypatch, "sed -i 's/^# \\([a-z]*: \\)/\\1/'")
    edit_config(Terminal(quiet=True))
    text = home.config_file.read_text()
    assert "search: {deadline_s: 5.0" in text
    assert "limits: {}" in text


def test_a_file_that_somebody_else_changed_meanwhile_is_not_overwritten(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.config_file.write_text("search: {deadline_s: 8}\n")
    script = tmp_path / "editor.sh"
    script.write_text(f'echo "tiers: {{grace_ms: 7}}" > {home.config_file}\nsed -i s/8/9/ "$1"\n')
    editor(monkeypatch, f"sh {script}")
    with pytest.raises(InputError, match="somebody else") as told:
        edit_config(Terminal())
    assert home.config_file.read_text() == "tiers: {grace_ms: 7}\n"
    [file] = kept(home)
    assert str(file) in str(told.value.hint)


def test_a_configuration_that_is_a_link_stays_one(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As people have who keep their files elsewhere, under version control."""
    real = tmp_path / "dotfiles.yaml"
    real.write_text("search: {deadline_s: 8}\n")
    home.config_file.unlink()
    home.config_file.symlink_to(real)
    editor(monkeypatch, "sed -i s/8/9/")
    edit_config(Terminal(quiet=True))
    assert home.config_file.is_symlink()
    assert real.read_text() == "search: {deadline_s: 9}\n"


@pytest.mark.parametrize("command", ["false", "no-such-editor", "'unclosed"])
def test_an_editor_that_fails_changes_nothing_and_leaves_nothing(
    command: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(monkeypatch, command)
    before = home.config_file.read_text()
    with pytest.raises(BookhuntError):
        edit_config(Terminal())
    assert home.config_file.read_text() == before
    assert kept(home) == []


def test_what_was_typed_before_an_editor_failed_is_kept(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor.sh"
    script.write_text('echo "search: {deadline_s: 9}" >> "$1"; exit 3\n')
    editor(monkeypatch, f"sh {script}")
    with pytest.raises(BookhuntError, match="ended with 3") as told:
        edit_config(Terminal())
    [file] = kept(home)
    assert str(file) in str(told.value.hint)
    assert "deadline_s: 9" in file.read_text()


def test_visual_goes_before_editor(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "true")
    editor(monkeypatch, "false")
    edit_config(Terminal(quiet=True))


def test_without_a_terminal_and_without_an_editor_nobody_is_asked(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDITOR", raising=False)
    with pytest.raises(InputError, match="terminal"):
        edit_config(Terminal())


async def edited(command: str, profile: str = "home") -> tuple[int, dict[str, str] | None]:
    """Edit a profile as a process of its own does; its exit code and its error."""
    environment = {**os.environ, "EDITOR": command}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    program = "from bookhunt.cli.main import run; run()"
    arguments = ["profile", "edit", profile, "--json", "--quiet", "--no-autostart"]
    shown = await call(
        subprocess.run,
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return shown.returncode, json.loads(shown.stderr)["error"] if shown.stderr else None


async def test_a_profile_is_edited_as_people_write_it(running: Running) -> None:
    """What is not said is there to be filled in."""
    command = "sed -i -e s/Longbourn/Pemberley/ -e 's/^# phone:/phone: 555/'"
    assert await edited(command) == (0, None)
    ship = Profiles(running.home).buyer("home").ship
    assert (ship.street, ship.phone) == ("1 Pemberley Lane", "555")
    assert kept(running.home) == []


async def test_a_profile_with_a_mistake_is_as_it_was_and_the_text_is_kept(
    running: Running,
) -> None:
    code, error = await edited("sed -i s/country:/landcode:/")
    assert code == 1
    assert error is not None
    assert "landcode" in error["message"]
    assert Profiles(running.home).buyer("home").ship.country == "US"
    [file] = kept(running.home)
    assert str(file) in error["hint"]


async def test_a_card_number_is_not_kept_wherever_it_was_typed(running: Running) -> None:
    """Here alone input is lost: what is refused everywhere is not left in a file."""
    code, error = await edited("sed -i -e 's/^# phone:/phone: \"4111111111111111\"/'")
    assert code == 2
    assert error is not None
    assert error["code"] == "card_number"
    assert "not kept" in error["hint"]
    assert kept(running.home) == []


async def test_a_profile_that_is_not_there_is_not_edited(running: Running) -> None:
    code, error = await edited("false", "office")
    assert code == 4
    assert error is not None
    assert error["hint"] == "bookhunt profile add office"


async def test_what_is_typed_while_the_daemon_goes_away_is_kept(
    running: Running, tmp_path: Path
) -> None:
    script = tmp_path / "editor.sh"
    socket = running.home.socket_file
    script.write_text(f'mv {socket} {socket}.gone; sed -i s/Longbourn/Pemberley/ "$1"\n')
    code, error = await edited(f"sh {script}")
    assert code == 5
    [file] = kept(running.home)
    assert error is not None
    assert str(file) in error["hint"]
    assert "Pemberley" in file.read_text()


@pytest.mark.parametrize("name", ['Zoë "the Reader" O\'Neil', "名前: x # y", "a\\b", "🐦 bird"])
def test_any_name_survives_the_way_into_the_editor_and_back(name: str) -> None:
    """Quotes, colons, marks of comments, letters of all scripts."""
    fields = ("name", "street", "city", "postcode")
    address = dict.fromkeys(fields, name) | {"country": "GB", "street2": None}
    text = text_of({"profile": "home", **address, "bill": address})
    read = read_profile(text, file="x")
    assert (read.name, read.street2) == (name, None)
    assert read.bill is not None
    assert read.bill.city == name


def test_on_a_terminal_a_mistake_may_be_corrected_at_once(home: Home, tmp_path: Path) -> None:
    """The editor opens again with what was typed, not with what was there before."""
    home.config_file.write_text("search: {deadline_s: 8}\n")
    script = tmp_path / "editor.sh"
    script.write_text(
        'if grep -q serach "$1"; then sed -i s/serach/search/ "$1"; '
        'else sed -i -e s/search/serach/ -e s/8/9/ "$1"; fi\n'
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "EDITOR": f"sh {script}", "TERM": "dumb"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", "from bookhunt.cli.main import run; run()", "config", "edit"],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        os.write(ours, b"\n")
        assert process.stderr is not None
        told = process.stderr.read().decode()
        assert process.wait() == 0, told
    os.close(ours)
    os.close(theirs)
    assert re.search(r"config-\S+:1:1: .*serach.*Edit again\?", told, re.DOTALL)
    assert home.config_file.read_text() == "search: {deadline_s: 9}\n"
    assert kept(home) == []


async def test_limits_set_by_command_are_shown_with_their_origin(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the place of what the configuration says; without a daemon nobody knows them."""
    from bookhunt.cli.config import show

    await call(running.client.set_limits, "USD", {"day": "150"})
    await call(running.client.set_limits, "EUR", {"month": "900"})
    await call(show, Terminal(json=True), origin=True)
    told = {(s := json.loads(line))["name"]: s for line in capsys.readouterr().out.splitlines()}
    assert (told["limits.USD.day"]["value"], told["limits.USD.day"]["origin"]) == (
        "150.00",
        "command bookhunt limits set",
    )
    assert told["limits.EUR.month"]["value"] == "900.00"
    assert "limits.USD.purchase" not in told  # as the default has it
    names = list(told)
    assert names.index("limits.EUR.month") < names.index("throttle.in_flight")


async def test_config_check_says_what_the_running_daemon_does_not_know_yet(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    from bookhunt.cli.config import check

    running.daemon.trouble["needs_restart"] = "network.proxy, throttle.queue"
    await call(check, Terminal(json=True))
    told = json.loads(capsys.readouterr().out)
    assert told["pending"] == ["network.proxy", "throttle.queue"]
    await call(check, Terminal())
    assert "bookhunt daemon restart" in capsys.readouterr().err
