"""A private file is whole or not there, and one at a time changes it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from bookhunt.home import durable
from bookhunt.home.durable import changing, read_private, stamp_of, write_durably
from bookhunt.model.errors import BookhuntError, UnsafePath


def test_a_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    """Mode 0600 from its first byte on, over an older file of another mode too."""
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o666)
    before = os.umask(0)
    try:
        write_durably(path, b"new")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk takes nothing away."""
    path = tmp_path / "file"
    write_durably(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_contents_and_name_are_synced_in_that_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes reach the disk before the name does, and the name before the call returns."""
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append("folder" if folder else "bytes")
        sync(descriptor)

    def named(self: Path, target: Path) -> Path:
        steps.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", named)
    write_durably(tmp_path / "file", b"x")
    assert steps == ["bytes", "name", "folder"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_reach_is_not_read(tmp_path: Path, mode: int) -> None:
    """Its contents are somebody else's too; the hint closes it."""
    path = tmp_path / "file"
    write_durably(path, b"x")
    path.chmod(mode)
    with pytest.raises(UnsafePath) as refused:
        read_private(path, most=10)
    assert refused.value.hint == f"chmod 600 {path}"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A link in a private file's place was put there by somebody."""
    write_durably(tmp_path / "real", b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(UnsafePath, match="symbolic link"):
        read_private(tmp_path / "link", most=10)


def test_another_users_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another user wrote is nothing of ours."""
    write_durably(tmp_path / "file", b"x")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UnsafePath, match="belongs to user"):
        read_private(tmp_path / "file", most=10)


def test_an_absent_file_is_nothing_and_a_large_one_is_cut(tmp_path: Path) -> None:
    """None where there is no file; never more than was asked for; a folder is no file."""
    assert read_private(tmp_path / "none", most=10) is None
    write_durably(tmp_path / "file", b"x" * 100)
    assert read_private(tmp_path / "file", most=10) == b"x" * 10
    (tmp_path / "folder").mkdir(mode=0o700)
    with pytest.raises(UnsafePath, match="Is a directory"):
        read_private(tmp_path / "folder", most=10)


def test_every_replacement_has_another_stamp(tmp_path: Path) -> None:
    """A file of the same size written in the same moment is still another one."""
    path = tmp_path / "file"
    stamps = [stamp_of(path)]
    for _ in range(5):
        write_durably(path, b"same")
        stamps.append(stamp_of(path))
    assert all(before != after for before, after in pairwise(stamps))


_CHANGE = """
import sys, pathlib
from bookhunt.home.durable import changing, write_durably
path = pathlib.Path(sys.argv[1])
for _ in range(20):
    with changing(path):
        write_durably(path, str(int(path.read_text()) + 1).encode())
"""


def test_no_change_is_lost_between_processes_and_threads(tmp_path: Path) -> None:
    """Who changes a file reads it inside the lock: additions of several add up."""
    path = tmp_path / "count"
    path.write_text("0")
    root = Path(__file__).parents[3]
    others = [
        subprocess.Popen([sys.executable, "-c", _CHANGE, str(path)], cwd=root) for _ in range(2)
    ]

    def change() -> None:
        for _ in range(20):
            with changing(path):
                write_durably(path, str(int(path.read_text()) + 1).encode())

    threads = [threading.Thread(target=change) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait() for other in others] == [0, 0]
    assert path.read_text() == "80"


def test_a_lock_that_is_never_given_back_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever for a process that hangs."""
    monkeypatch.setattr(durable, "_LONGEST_WAIT_S", 0.0)
    path = tmp_path / "file"
    with changing(path), pytest.raises(BookhuntError, match="another process"), changing(path):
        pass
    with changing(path):  # and it is free again
        pass


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """An error with a code, not a traceback."""
    with pytest.raises(UnsafePath, match="cannot be changed"), changing(tmp_path / "no" / "file"):
        pass
