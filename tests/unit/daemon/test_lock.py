"""One daemon per home, and no lock that outlives its process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bookhunt.client.starting import is_held
from bookhunt.daemon import lock
from bookhunt.model.errors import DaemonAlreadyRunning, UnsafePath

if TYPE_CHECKING:
    from pathlib import Path


_LOOKS = """
import fcntl, sys, time
with open(sys.argv[1]) as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    time.sleep(0.2)
"""


def test_a_second_daemon_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    with (
        lock.held(path),
        pytest.raises(DaemonAlreadyRunning, match=str(os.getpid())),
        lock.held(path, patience_s=0.05),
    ):
        pass
    assert path.read_text() == ""
    with lock.held(path):
        assert is_held(path)
    assert not is_held(path)


def test_a_lock_whose_file_was_removed_is_not_in_place(tmp_path: Path) -> None:
    """Nor one whose file is another by now."""
    path = tmp_path / "daemon.lock"
    with lock.held(path) as ours:
        assert ours.is_in_place()
        path.unlink()
        assert not ours.is_in_place()
        path.touch()
        assert not ours.is_in_place()


def test_who_looks_for_a_moment_does_not_keep_a_daemon_out(tmp_path: Path) -> None:
    """A client that waits for an end takes the lock for an instant; a start outwaits it."""
    path = tmp_path / "daemon.lock"
    path.touch()
    looking = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _LOOKS,
            str(path),
        ],
        stdout=subprocess.PIPE,
    )
    with looking:
        assert looking.stdout is not None
        looking.stdout.readline()
        with lock.held(path):
            pass


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "daemon.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePath), lock.held(tmp_path / "daemon.lock"):
        pass
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_nobody_holds_a_lock_that_is_not_there(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "daemon.lock")
