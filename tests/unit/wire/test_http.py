"""The call over the socket is whole, or an error that says which part of it failed."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.wire import http
from bookhunt.wire.http import Ended, Heard, NotUnderstood, talked, written

if TYPE_CHECKING:
    from collections.abc import Iterator

CALL = written("GET", "/health", {}, None)


def heard(*parts: bytes, call: bytes = CALL, ends: bool = True, within_s: float = 10.0) -> Heard:
    """What is heard of an end that sends these parts, each alone, and then hangs up."""
    with _pair() as (ours, theirs):

        def answer() -> None:
            theirs.recv(64 * 1024)
            for part in parts:
                theirs.sendall(part)
            if ends:
                theirs.shutdown(socket.SHUT_RDWR)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            return talked(ours, call, ends_at=time.monotonic() + within_s)
        finally:
            thread.join()


@contextlib.contextmanager
def _pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_an_answer_is_read_however_it_is_cut() -> None:
    """Names of headers in any case, values as they are, and not a byte beyond the length."""
    whole = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nX-Word:  Ab c \r\n\r\nhello"
    for parts in ([whole + b"more"], [whole[i : i + 1] for i in range(len(whole))]):
        found = heard(*parts)
        assert (found.status, found.body) == (202, b"hello")
        assert found.headers == {"content-length": "5", "x-word": "Ab c"}


def test_an_answer_is_whole_before_the_other_end_hangs_up() -> None:
    assert heard(b"HTTP/1.1 204 \r\ncontent-length: 0\r\n\r\n", ends=False).body == b""


@pytest.mark.parametrize(
    "cut", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab"]
)
def test_who_hangs_up_in_the_middle_has_ended(cut: bytes) -> None:
    with pytest.raises(Ended):
        heard(cut)


@pytest.mark.parametrize(
    "strange",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 abc\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: \xb2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (http.MOST_BYTES + 1),
        b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_answer_of_ours_is_not_understood(strange: bytes) -> None:
    with pytest.raises(NotUnderstood):
        heard(strange)


def test_a_head_without_end_is_not_read_for_ever() -> None:
    with pytest.raises(NotUnderstood):
        heard(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000)


class Trickle:
    """A socket that says one byte a second, for ever, on a clock of its own."""

    def __init__(self) -> None:
        self.now, self.patience = 100.0, 0.0

    def monotonic(self) -> float:
        return self.now

    def settimeout(self, patience: float) -> None:
        self.patience = patience

    def sendall(self, call: bytes) -> None:
        """Take it."""

    def recv(self, _: int) -> bytes:
        if self.patience < 1.0:
            raise TimeoutError
        self.now += 1.0
        return b"x"


def test_the_time_is_of_the_whole_answer_not_of_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part now and then does not make the wait longer."""
    trickle: Any = Trickle()
    monkeypatch.setattr(http, "time", trickle)
    with pytest.raises(TimeoutError):
        talked(trickle, CALL, ends_at=105.0)
    assert trickle.now == 105.0


def test_who_turns_a_long_call_away_while_it_is_sent_is_heard() -> None:
    """Its answer says why, and lies in our buffer when our sending breaks."""
    with _pair() as (ours, theirs):
        theirs.sendall(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\n{}")
        theirs.shutdown(socket.SHUT_RDWR)
        call = written("POST", "/purchase-request", {}, b"x" * 4_000_000)
        found = talked(ours, call, ends_at=time.monotonic() + 10)
    assert (found.status, found.body) == (413, b"{}")


def test_a_call_says_its_length() -> None:
    """Also of nothing, where a body could be: or the daemon would wait for one."""
    lines = written("POST", "/pause", {"A": "b"}, None).split(b"\r\n")
    assert lines[0] == b"POST /pause HTTP/1.1"
    assert {b"A: b", b"Content-Length: 0"} <= set(lines)
    assert b"Content-Length" not in CALL
    assert written("PUT", "/x", {}, b"body").endswith(b"Content-Length: 4\r\n\r\nbody")


@pytest.mark.parametrize("bad", ["a\r\nHost: other", "a\nb", "a\0b", "\N{SNOWMAN}"])
def test_no_value_writes_a_header_of_its_own(bad: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        written("GET", "/x", {"Idempotency-Key": bad}, None)
    with pytest.raises(ValueError, match=r"."):
        written("GET", f"/{bad}", {}, None)


def test_a_target_is_one_word() -> None:
    with pytest.raises(ValueError, match="end early"):
        written("GET", "/x HTTP/1.0", {}, None)
