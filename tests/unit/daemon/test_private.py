"""Nobody but the owner reaches the daemon: modes, the peer's uid, what is in the socket's place."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bookhunt.client import connection
from bookhunt.daemon import peer
from bookhunt.daemon.unix_socket import listen
from bookhunt.home.paths import LONGEST_SOCKET_PATH, Home
from bookhunt.model.errors import DaemonForbidden, DaemonNotRunning, UnsafePath
from tests.support.running_daemon import Running, a_daemon, a_home, call, serving

if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY = 65534


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_socket_is_private_in_a_private_folder(home: Home) -> None:
    """0600 in 0700, whatever the umask of whoever started it."""
    before = os.umask(0)
    try:
        listening = listen(home)
    finally:
        os.umask(before)
    assert mode_of(home.socket_file) == 0o600
    assert mode_of(home.run_dir) == 0o700
    listening.close()


def test_the_socket_is_never_open_to_others_not_even_for_a_moment(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between bind and chmod nobody could have connected: the umask sees to it."""
    seen: list[int] = []
    bind = socket.socket.bind

    def watched(self: socket.socket, address: str) -> None:
        bind(self, address)
        seen.append(mode_of(Path(address)))

    monkeypatch.setattr(socket.socket, "bind", watched)
    listen(home).close()
    assert seen == [0o600]


def test_what_can_be_found_can_be_connected_to(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name appears when the socket listens, never before."""
    replace = Path.replace
    found: list[bool] = []

    def watched(self: Path, target: Path) -> Path:
        found.append(connection.is_listening(home))
        moved = replace(self, target)
        found.append(connection.is_listening(home))
        return moved

    monkeypatch.setattr(Path, "replace", watched)
    listen(home).close()
    assert found == [False, True]


def test_a_socket_that_a_killed_daemon_left_is_replaced(home: Home) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(home.socket_file))
    left.close()
    assert not connection.is_listening(home)
    listening = listen(home)
    assert connection.is_listening(home)
    listening.close()
    assert not home.socket_file.exists()


def test_another_daemon_s_socket_is_left_when_this_one_ends(home: Home) -> None:
    """The home was removed and made again: what is there now is not ours."""
    ours = listen(home)
    home.socket_file.unlink()
    theirs = listen(home)
    ours.close()
    assert connection.is_listening(home)
    theirs.close()
    assert not home.socket_file.exists()


@pytest.mark.parametrize("what", ["file", "link", "folder"])
def test_something_else_in_its_place_is_left_alone(home: Home, what: str) -> None:
    place = home.socket_file
    if what == "file":
        place.write_text("precious")
    elif what == "link":
        place.symlink_to(home.config_file)
    else:
        place.mkdir()
    with pytest.raises(UnsafePath):
        listen(home)
    assert place.lstat()


def test_a_home_too_deep_for_a_socket_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a short folder of this user; `run/socket` tells a client with another environment."""
    short = tmp_path / "rt"
    short.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    deep = tmp_path / ("d" * LONGEST_SOCKET_PATH) / "home"
    home = a_home(deep)
    listening = listen(home)
    assert listening.path.parent != home.run_dir
    assert len(os.fsencode(listening.path)) <= LONGEST_SOCKET_PATH
    assert home.socket_pointer.read_text().strip() == str(listening.path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "elsewhere"))
    assert connection.address_of(home) == listening.path
    assert connection.is_listening(home)
    listening.close()
    assert not home.socket_pointer.exists()


def test_the_peer_s_uid_is_that_of_the_other_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert peer.peer_uid(ours) == os.geteuid()


class Fake:
    """A socket whose peer is somebody."""

    def __init__(self, uid: int) -> None:
        self.uid = uid

    def fileno(self) -> int:
        return -1

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        return struct.pack("3i", 1, self.uid, 1)


@pytest.mark.parametrize(("uid", "welcome"), [(0, True), (1, False), (NOBODY, False)])
def test_only_the_owner_may_call(
    uid: int, *, welcome: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root is no exception: its daemon is its own, and another's daemon is not root's."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert peer.may_call(peer.peer_uid(Fake(uid))) is welcome


async def test_another_user_is_turned_away_with_a_reason(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever got through the modes reads 403, and nothing is done for him."""
    monkeypatch.setattr(peer, "peer_uid", lambda _: os.geteuid() + 1)
    with pytest.raises(DaemonForbidden):
        await call(running.client.pause)
    assert not await running.ledger.paused()


async def test_a_peer_nobody_can_name_is_turned_away(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: object) -> int:
        raise OSError(95, "not supported")

    monkeypatch.setattr(peer, "peer_uid", unknown)
    with pytest.raises(DaemonForbidden):
        await call(running.client.health)


_AS_NOBODY = """
import json, os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sock = socket.socket(socket.AF_UNIX)
sock.settimeout(10)
try:
    sock.connect(sys.argv[1])
    sock.sendall(b"POST /pause HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n\\r\\n")
    said = b""
    while part := sock.recv(65536):
        said += part
    print(said.decode())
except OSError as error:
    print(type(error).__name__)
"""


def as_another_user() -> Callable[[Path], str]:
    """Connect as `nobody`; only root can become somebody else."""

    def connect(path: Path) -> str:
        return subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, str(path)],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout

    return connect


if os.geteuid() == 0:

    async def test_a_real_process_of_another_user_is_kept_out_twice(tmp_path: Path) -> None:
        """By the modes; and where somebody opened those, by the peer's uid."""
        home, temporary = a_home(tmp_path / "home"), Path(tempfile.gettempdir())
        async with serving(a_daemon(home)) as running:
            connect = as_another_user()
            assert "PermissionError" in await call(connect, home.socket_file)
            for folder in (home.socket_file, *home.socket_file.parents):
                if folder != temporary and folder.is_relative_to(temporary):
                    folder.chmod(folder.stat().st_mode | 0o777)
            said = await call(connect, home.socket_file)
            assert "403 Forbidden" in said
            assert json.loads(said.partition("\n\n")[2])["code"] == "daemon_forbidden"
            assert not await running.ledger.paused()


async def test_bytes_sent_before_the_door_was_shut_are_not_read(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "may_call", lambda _: False)
    reader, writer = await asyncio.open_unix_connection(str(running.home.socket_file))
    writer.write(b"POST /pause HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    said = await reader.read()
    assert said.startswith(b"HTTP/1.1 403 ")
    writer.close()
    assert not await running.ledger.paused()


def test_nobody_listens_where_there_is_no_daemon(home: Home) -> None:
    with pytest.raises(DaemonNotRunning):
        connection.exchange(home, "GET", "/health", body=None, headers={}, within_s=5)
