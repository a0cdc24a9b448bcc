"""The key of a submission is on disk before it is sent, and forgotten only when it is answered."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bookhunt.cli.spool import spooled_key
from bookhunt.home.paths import Home

_BODY = {"book_name": "Emma", "max_price": "8"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path / "home")


def _files(home: Home) -> list[Path]:
    return sorted(home.spool_dir.iterdir())


def test_a_key_is_durable_and_private_when_it_is_returned(home: Home) -> None:
    spooled = spooled_key(home, _BODY)
    [file] = _files(home)
    assert json.loads(file.read_text())["key"] == spooled.key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.spool_dir.stat().st_mode) == 0o700


def test_the_key_and_its_name_are_on_the_disk_when_it_is_returned(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut after that loses neither: what is sent may have bought something."""
    synced: list[int] = []
    fsync = os.fsync

    def seen(descriptor: int) -> None:
        fsync(descriptor)
        status = os.fstat(descriptor)
        synced.append(status.st_ino)
        assert stat.S_ISDIR(status.st_mode) or status.st_size > 0

    monkeypatch.setattr(os, "fsync", seen)
    spooled_key(home, _BODY).keep()
    [file] = _files(home)
    assert synced == [file.stat().st_ino, home.spool_dir.stat().st_ino]


def test_an_answered_key_is_forgotten(home: Home) -> None:
    first = spooled_key(home, _BODY)
    first.answered()
    assert _files(home) == []
    second = spooled_key(home, _BODY)
    assert not second.found
    assert second.key != first.key


def test_an_unanswered_key_is_used_again_for_the_same_body_only(home: Home) -> None:
    first = spooled_key(home, _BODY)
    first.keep()
    other = spooled_key(home, _BODY | {"max_price": "9"})
    assert other.key != first.key
    again = spooled_key(home, dict(reversed(_BODY.items())))
    assert (again.key, again.found) == (first.key, True)


def test_the_same_command_twice_at_once_is_two_submissions(home: Home) -> None:
    """Only a key whose command has ended without an answer is taken up."""
    first = spooled_key(home, _BODY)
    second = spooled_key(home, _BODY)
    assert first.key != second.key
    first.answered()
    second.answered()
    assert _files(home) == []


def test_a_key_of_a_killed_command_is_taken_up(home: Home) -> None:
    code = (
        "import json, os, signal, sys\n"
        "from pathlib import Path\n"
        "from bookhunt.cli.spool import spooled_key\n"
        "from bookhunt.home.paths import Home\n"
        "print(spooled_key(Home.at(Path(sys.argv[1])), json.loads(sys.argv[2])).key, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(home.root), json.dumps(_BODY)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    again = spooled_key(home, _BODY)
    assert (again.key, again.found) == (killed.stdout.strip(), True)


@pytest.mark.parametrize("age_s", [-60, 25 * 3600])
def test_a_key_of_yesterday_or_of_tomorrow_is_not_used(home: Home, age_s: float) -> None:
    """It would answer with a purchase of long ago, which is not what is meant today."""
    first = spooled_key(home, _BODY, now=1_000_000)
    first.keep()
    assert spooled_key(home, _BODY, now=1_000_000 + age_s).key != first.key


@pytest.mark.parametrize("torn", [b"", b'{"key": "abc', b"[]", b'{"key": "abc"}'])
def test_a_torn_file_is_one_whose_key_was_never_sent(home: Home, torn: bytes) -> None:
    spooled_key(home, _BODY).keep()
    [file] = _files(home)
    file.write_bytes(torn)
    assert not spooled_key(home, _BODY).found
