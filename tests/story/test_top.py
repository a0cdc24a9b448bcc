"""`bookhunt top` in a terminal of its own: what it shows, the keys, and how it leaves."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest

from tests.story.world import _PROGRAM, World, program_environment

pytestmark = pytest.mark.story
_WITHIN_S = 30.0
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Screen:
    """A terminal of 80 by 24, and the program in it."""

    def __init__(self, world: World, *arguments: str) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.theirs = theirs
        self.before = termios.tcgetattr(theirs)
        self.shown = ""
        self.process = subprocess.Popen(
            [*_PROGRAM, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=program_environment(world.root, TERM="xterm"),
        )

    def until(self, text: str) -> None:
        """Read on until the program has shown this since the last call."""
        ends_at = time.monotonic() + _WITHIN_S
        while text not in _STYLE.sub("", self.shown):
            ready, _, _ = select.select([self.ours], [], [], 0.1)
            if ready:
                self.shown += os.read(self.ours, 65536).decode("utf-8", "replace")
            assert time.monotonic() < ends_at, self.shown
        self.shown = ""

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


def test_it_shows_sorts_filters_pauses_and_ends(world: World) -> None:
    """And gives the terminal back as it was."""
    world.object("buy", world.book(), "--max-price", "80")
    screen = Screen(world, "top", "--every", "200ms")
    try:
        screen.until("calls/s▼")
        screen.press("s")
        screen.until("offers/s▼")
        screen.press("p")
        screen.until("the view is paused")
        screen.press("p/amber")
        screen.until("show sellers with: amber")
        screen.press("\r")
        screen.until("with 'amber'")
        screen.press("q")
        assert screen.process.wait(timeout=_WITHIN_S) == 0
        assert termios.tcgetattr(screen.theirs) == screen.before
    finally:
        screen.close()


def test_it_opens_the_trace_of_a_request_that_is_chosen(world: World) -> None:
    """And comes back from it, page by page."""
    request = world.object("buy", world.book(), "--max-price", "80")
    screen = Screen(world, "top", "--every", "200ms")
    try:
        screen.until("calls/s▼")
        screen.press("t")
        screen.until("the newest requests")
        screen.press("\r")
        screen.until(f"trace of {request['request_id']}")
        screen.press("\x1b")
        screen.until("the newest requests")
        screen.press("q")
        screen.until("calls/s▼")
        screen.press("q")
        assert screen.process.wait(timeout=_WITHIN_S) == 0
        assert termios.tcgetattr(screen.theirs) == screen.before
    finally:
        screen.close()


def test_it_starts_no_daemon(own_world: World) -> None:
    own_world.run("daemon", "stop")
    gone = own_world.run("top")
    assert gone.returncode == 5
    assert "bookhunt daemon start" in gone.stderr
    assert own_world.run("daemon", "status").returncode == 5
