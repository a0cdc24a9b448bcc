"""Installing: units that the system itself finds right, of this home, and taken back whole."""

from __future__ import annotations

import configparser
import json
import os
import plistlib
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bookhunt.cli import daemon_install
from bookhunt.cli.daemon_install import install, uninstall
from bookhunt.cli.output import Terminal
from bookhunt.cli.units import MARK, launchd_agent, name_of, systemd_units
from bookhunt.home.paths import Home
from bookhunt.model.errors import InputError, SetupMissing
from tests.support.running_daemon import a_home

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home directory, with a systemd that notes what it is asked."""
    programs = tmp_path / "bin"
    programs.mkdir()
    answer(programs, "systemctl")
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    return tmp_path / "person"


@pytest.fixture
def home(person: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = a_home(tmp_path / "home")
    monkeypatch.setenv("BOOKHUNT_HOME", str(home.root))
    return home


def answer(programs: Path, name: str, *, code: int = 0, says: str = "") -> None:
    script = programs / name
    script.write_text(
        f'#!/bin/sh\necho {name} "$@" >> {programs}/calls\necho "{says}" >&2\nexit {code}\n'
    )
    script.chmod(0o755)


def calls(tmp_path: Path) -> list[str]:
    file = tmp_path / "bin" / "calls"
    return file.read_text().splitlines() if file.exists() else []


def read(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_the_units_are_of_this_home_and_hardened(home: Home, tmp_path: Path) -> None:
    """The socket is the one that clients look for; the service may write nothing but its home."""
    socket, service = (read(unit.text) for unit in systemd_units(home))
    assert socket["Socket"]["ListenStream"] == str(home.socket_file)
    assert (socket["Socket"]["SocketMode"], socket["Socket"]["DirectoryMode"]) == ("0600", "0700")
    assert socket["Install"]["WantedBy"] == "sockets.target"
    assert service["Unit"]["Requires"] == f"{name_of(home)}.socket"
    section = service["Service"]
    command = shlex.split(section["ExecStart"])
    assert command == [sys.executable, "-P", "-m", "bookhunt.daemon"]
    assert section["ReadWritePaths"] == f'"{home.root}"'
    for promise in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "MemoryDenyWriteExecute=yes",
        "UMask=0077",
    ):
        name, _, value = promise.partition("=")
        assert section[name] == value
    assert service["Install"]["WantedBy"] == "default.target"


def test_a_home_in_tmp_is_not_hidden_from_its_own_daemon(home: Home) -> None:
    """A private /tmp would be another one."""
    _, service = systemd_units(Home.at(Path("/tmp/somewhere")))
    assert "PrivateTmp" not in service.text
    if not any(Path(sys.executable).is_relative_to(tmp) for tmp in ("/tmp", "/var/tmp")):
        _, usual = systemd_units(Home.at(Path("/srv/books")))
        assert "PrivateTmp=yes" in usual.text


def test_odd_paths_are_quoted_as_systemd_reads_them() -> None:
    root = Path('/srv/100% "books" \\ $HOME')
    socket, service = (unit.text for unit in systemd_units(Home.at(root)))
    assert 'ListenStream=/srv/100%% "books" \\ $HOME/run/bookhunt.sock\n' in socket
    assert '"BOOKHUNT_HOME=/srv/100%% \\"books\\" \\\\ $HOME"' in service


def test_a_program_for_secrets_may_work_where_gpg_does(home: Home) -> None:
    _, service = systemd_units(home, keyring_of=Path("/srv/me/.gnupg"))
    assert service.text.count('"-/srv/me/.gnupg"') == 1


ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze (apt-get install systemd)")
def test_systemd_itself_finds_the_installed_units_right(home: Home) -> None:
    install(Terminal(quiet=True), enable=False)
    assert ANALYZE is not None
    files = [str(unit.file) for unit in systemd_units(home)]
    shown = subprocess.run(
        [ANALYZE, "--user", "--man=no", "verify", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "", "")


def test_print_shows_the_files_and_writes_none(
    home: Home, person: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(Terminal(json=True), show=True)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["content"] for each in told] == [unit.text for unit in systemd_units(home)]
    install(Terminal(), show=True)
    assert f"# {systemd_units(home)[0].file}\n" in capsys.readouterr().out
    assert not person.exists()
    assert calls(tmp_path) == []


def test_install_writes_both_and_puts_them_into_force(home: Home, tmp_path: Path) -> None:
    install(Terminal(quiet=True))
    for unit in systemd_units(home):
        assert unit.file.read_text() == unit.text
        assert stat.S_IMODE(unit.file.stat().st_mode) == 0o600
    name = name_of(home)
    assert calls(tmp_path) == [
        "systemctl --user daemon-reload",
        f"systemctl --user enable {name}.service",
        f"systemctl --user enable --now {name}.socket",
    ]
    install(Terminal(quiet=True))  # again is no error


def test_uninstall_takes_all_of_it_back(home: Home, tmp_path: Path) -> None:
    install(Terminal(quiet=True))
    uninstall(Terminal(quiet=True))
    name = name_of(home)
    assert calls(tmp_path)[3:] == [
        f"systemctl --user disable --now {name}.socket {name}.service",
        "systemctl --user daemon-reload",
    ]
    assert not any(unit.file.exists() for unit in systemd_units(home))
    uninstall(Terminal(quiet=True))  # and where there is nothing it is no error
    assert len(calls(tmp_path)) == 5


def test_a_unit_of_somebody_else_is_neither_replaced_nor_removed(home: Home) -> None:
    socket, service = systemd_units(home)
    socket.file.parent.mkdir(parents=True)
    socket.file.write_text("[Socket]\n")
    with pytest.raises(InputError, match="not of bookhunt"):
        install(Terminal(quiet=True))
    assert not service.file.exists()
    uninstall(Terminal(quiet=True))
    assert socket.file.read_text() == "[Socket]\n"


def test_where_systemd_does_not_answer_the_files_stay_and_the_next_step_is_told(
    home: Home, tmp_path: Path
) -> None:
    answer(tmp_path / "bin", "systemctl", code=1, says="Failed to connect to bus")
    with pytest.raises(SetupMissing, match="Failed to connect to bus") as told:
        install(Terminal(quiet=True))
    assert "systemctl --user daemon-reload" in str(told.value.hint)
    assert all(unit.file.exists() for unit in systemd_units(home))


def test_uninstall_leaves_nothing_where_systemd_does_not_answer(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also the links that would start it at the next log-in."""
    install(Terminal(quiet=True))
    socket, _ = systemd_units(home)
    link = socket.file.parent / "sockets.target.wants" / socket.file.name
    link.parent.mkdir()
    link.symlink_to(socket.file)
    answer(tmp_path / "bin", "systemctl", code=1, says="Failed to connect to bus")
    uninstall(Terminal())
    assert "Failed to connect to bus" in capsys.readouterr().err
    assert not link.is_symlink()
    assert not socket.file.exists()


def test_without_systemd_it_says_what_else_there_is(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SetupMissing, match="no systemd") as told:
        install(Terminal())
    assert "daemon run" in str(told.value.hint)


def test_where_the_home_is_too_deep_for_a_socket_clients_are_told_where_it_is(
    person: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the daemon was ever started: the system listens for it already."""
    root = tmp_path / ("deep" * 20)
    monkeypatch.setenv("BOOKHUNT_HOME", str(root))
    home = a_home(root)
    assert home.socket_file.parent != home.run_dir
    install(Terminal(quiet=True))
    assert home.socket_pointer.read_text() == f"{home.socket_file}\n"


def test_on_macos_it_is_an_agent_of_launchd(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(tmp_path / "bin", "launchctl")
    monkeypatch.setattr(sys, "platform", "darwin")
    install(Terminal(quiet=True))
    agent = launchd_agent(home)
    assert MARK in agent.text
    told = plistlib.loads(agent.file.read_bytes())
    assert told["ProgramArguments"][1:] == ["-P", "-m", "bookhunt.daemon"]
    assert told["EnvironmentVariables"]["BOOKHUNT_HOME"] == str(home.root)
    assert told["RunAtLoad"] is True
    uninstall(Terminal(quiet=True))
    assert not agent.file.exists()
    assert [call.split()[1] for call in calls(tmp_path)] == ["bootstrap", "bootout"]


def test_a_daemon_that_runs_is_ended_before_the_system_listens(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would go on with the ledger, and nobody would find it."""
    order: list[str] = []
    note: Callable[[str], Callable[..., None]] = lambda word: lambda *_: order.append(word)  # noqa: E731
    monkeypatch.setattr(daemon_install, "_stop_running", note("stop"))
    monkeypatch.setattr(daemon_install, "_enable", note("enable"))
    install(Terminal(quiet=True))
    assert order == ["stop", "enable"]
