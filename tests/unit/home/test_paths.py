"""Everything has its place, and nobody else can reach it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bookhunt.home.paths import LONGEST_SOCKET_PATH, Home, require_owned
from bookhunt.model.errors import UnsafePath


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_variable_puts_everything_under_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BOOKHUNT_HOME holds the configuration, the data, the socket and the log."""
    monkeypatch.setenv("BOOKHUNT_HOME", str(tmp_path))
    home = Home.find()
    for path in (
        home.config_file,
        home.ledger_file,
        home.run_dir,
        home.log_file,
        home.secrets_file,
    ):
        assert path.is_relative_to(tmp_path)
    assert home.environment() == {"BOOKHUNT_HOME": str(tmp_path)}


def test_without_it_the_system_names_the_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind has its own folder, under the user's home."""
    monkeypatch.delenv("BOOKHUNT_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    home = Home.find()
    assert home.config_file.is_relative_to(tmp_path)
    assert home.data_dir != home.config_dir
    assert home.environment() == {}
    monkeypatch.delenv("XDG_RUNTIME_DIR")  # as under cron: the daemon is found all the same
    assert Home.find() == home


def test_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    """A new home is reachable by its owner alone."""
    before = os.umask(0)
    try:
        home = Home.at(tmp_path / "new" / "home")
        home.prepare()
    finally:
        os.umask(before)
    for directory in (home.config_dir, home.data_dir, home.run_dir, home.log_dir):
        assert mode_of(directory) == 0o700


@pytest.mark.parametrize("name", ["data_dir", "run_dir", "log_dir"])
def test_a_folder_that_is_open_to_others_is_refused(home: Home, name: str) -> None:
    """The error names the folder and the command that closes it."""
    directory = getattr(home, name)
    directory.chmod(0o750)
    with pytest.raises(UnsafePath, match="mode 0750") as refused:
        home.prepare()
    assert refused.value.hint == f"chmod 700 {directory}"


def test_a_configuration_that_others_can_write_is_refused(home: Home) -> None:
    """It names programs that are run; that others can read it is no harm."""
    home.config_dir.chmod(0o755)
    home.prepare()
    home.config_dir.chmod(0o775)
    with pytest.raises(UnsafePath):
        home.prepare()


def test_a_link_in_the_place_of_a_folder_is_refused(home: Home, tmp_path: Path) -> None:
    """What a link leads to can be changed by whoever made it."""
    home.data_dir.rmdir()
    home.data_dir.symlink_to(tmp_path)
    with pytest.raises(UnsafePath, match="symbolic link"):
        home.prepare()


def test_the_folder_of_another_user_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's data goes into somebody else's folder, and nobody takes theirs."""
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UnsafePath, match="belongs to user"):
        home.prepare()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """No traceback where a file stands in the way."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UnsafePath, match="cannot be made") as refused:
        Home.at(tmp_path / "file" / "home").prepare()
    assert "BOOKHUNT_HOME" in str(refused.value.hint)
    with pytest.raises(UnsafePath, match="cannot be looked at"):
        require_owned(tmp_path / "none", forbidden=0)


def test_a_deep_home_has_its_socket_in_a_short_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket's path is short everywhere, another for each home, and the same each time."""
    runtime = tmp_path.parents[2] / f"r{os.getpid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    homes = [Home.at(tmp_path / ("deep" * 20) / name) for name in ("a", "b")]
    sockets = [home.socket_file for home in homes]
    assert sockets[0] != sockets[1]
    assert sockets[0] == Home.at(homes[0].run_dir.parent).socket_file
    for home, socket in zip(homes, sockets, strict=True):
        assert len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH
        home.prepare()
        assert mode_of(socket.parent) == 0o700
    (runtime / "bookhunt").rmdir()
    runtime.rmdir()


def test_finding_a_home_costs_nothing() -> None:
    """Every command imports the paths first: they bring no library along."""
    code = (
        "import sys; import bookhunt.home.paths; "
        "print([m for m in ('pydantic', 'yaml', 'keyring', 'asyncio') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert run.stdout.strip() == "[]"
