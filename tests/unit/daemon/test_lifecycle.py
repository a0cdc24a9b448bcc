"""From start to end, in a process of its own: one daemon, a gentle end, and no end twice."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.client import DaemonClient, wait_until_gone
from bookhunt.client.connection import ConnectionBroke, is_listening
from bookhunt.client.starting import is_held
from bookhunt.model.errors import BookhuntError, DaemonNotRunning, DaemonStopping
from bookhunt.telemetry.export import chrome, otlp
from bookhunt.wire.contract import PurchaseRequest
from tests.support.builders import TITLE
from tests.support.running_daemon import CONFIGURATION, a_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bookhunt.home.paths import Home

ROOT = Path(__file__).parents[3]
A_BOOK = PurchaseRequest(book_name=TITLE, max_price="30")


def until(condition: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Wait for something that another process does."""
    ends_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends_at, "it never came to hold"
        time.sleep(0.005)


@contextmanager
def a_process(home: Home, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon of doubles that listens; killed at the end if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.double_daemon"],
        cwd=ROOT,
        env=os.environ | {"BOOKHUNT_HOME": str(home.root)} | environment,
        stderr=subprocess.PIPE,
    )
    try:
        until(lambda: is_listening(home) or process.poll() is not None)
        yield process
    finally:
        process.kill()
        process.communicate()


def orders(home: Home) -> int:
    file = home.data_dir / "orders"
    return len(file.read_text().split()) if file.exists() else 0


def ended(home: Home) -> list[str]:
    """The moves of the ledger, which a daemon that ended in order has written down."""
    return (home.data_dir / "ended").read_text().split()


def log_of(home: Home) -> list[dict[str, Any]]:
    return [json.loads(line) for line in home.log_file.read_text("utf-8").splitlines()]


def messages(home: Home) -> list[str]:
    return [line["message"] for line in log_of(home)]


def test_it_starts_listens_and_ends_when_told(home: Home) -> None:
    """SIGTERM: exit 0, no socket, no lock, nothing on stderr, and the log tells it all."""
    with a_process(home) as process:
        assert DaemonClient(home, autostart=False).health()["pid"] == process.pid
        assert home.daemon_lock.read_text().strip() == str(process.pid)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said == b""
    assert not home.socket_file.exists()
    assert not is_held(home.daemon_lock)
    assert messages(home) == ["listening", "told to stop", "stopping", "stopped"]
    assert log_of(home)[0]["pid"] == process.pid


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_ways_to_tell_it(home: Home, number: signal.Signals) -> None:
    """Ctrl-C and a closed terminal, for `daemon run`."""
    with a_process(home) as process:
        process.send_signal(number)
        assert process.wait(30) == 0


def test_it_ends_when_it_is_asked_over_the_socket(home: Home) -> None:
    with a_process(home) as process:
        assert DaemonClient(home).stop()["pid"] == process.pid
        wait_until_gone(home)
        assert process.wait(30) == 0


def test_an_order_under_way_ends_before_the_daemon(home: Home) -> None:
    """Told to stop in the middle of the commit step: it is written down as bought, then the end.

    Meanwhile whoever asks is answered, and nothing new is taken.
    """
    with a_process(home, SEND_S="1.5") as process:
        client = DaemonClient(home, autostart=False)
        said = client.buy(A_BOOK, idempotency_key="k-1")
        until(lambda: orders(home) == 1)
        process.send_signal(signal.SIGTERM)
        until(lambda: client.health()["status"] == "stopping")
        with pytest.raises(DaemonStopping):
            client.buy(PurchaseRequest(book_name="Emma", max_price="30"), idempotency_key="k-2")
        assert client.status(said["request_id"])["status"] == "RESOLVED"
        assert process.wait(30) == 0
    assert ended(home)[-1] == "SUCCESS"
    assert orders(home) == 1


def test_a_long_poll_does_not_hold_up_the_end(home: Home) -> None:
    """It is answered with how things stand."""
    with a_process(home, SEND_S="1.0") as process:
        client = DaemonClient(home, autostart=False)
        said = client.buy(A_BOOK, idempotency_key="k-1")
        until(lambda: orders(home) == 1)
        process.send_signal(signal.SIGTERM)
        found = client.status(said["request_id"], wait_s=60)
        assert found["status"] in {"RESOLVED", "SUCCESS"}
        assert process.wait(30) == 0


def test_a_second_signal_kills(home: Home) -> None:
    """Whoever will not wait for an order need not; the next start recovers it."""
    with a_process(home, SEND_S="30") as process:
        client = DaemonClient(home, autostart=False)
        client.buy(A_BOOK, idempotency_key="k-1")
        until(lambda: orders(home) == 1)
        process.send_signal(signal.SIGTERM)
        until(lambda: client.health()["status"] == "stopping")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM
    assert not is_held(home.daemon_lock)


def test_a_second_daemon_is_refused_with_its_own_code(home: Home) -> None:
    """75 and the pid of the first, whose socket stays."""
    with a_process(home) as first, a_process(home) as second:
        _, said = second.communicate(timeout=30)
        assert second.returncode == 75
        assert str(first.pid).encode() in said
        assert DaemonClient(home, autostart=False).health()["pid"] == first.pid


def test_what_a_killed_daemon_left_is_taken_over(home: Home) -> None:
    with a_process(home) as first:
        first.kill()
        first.wait()
        assert home.socket_file.exists()
        with pytest.raises((DaemonNotRunning, ConnectionBroke)):
            DaemonClient(home, autostart=False).health()
        with a_process(home) as second:
            assert DaemonClient(home, autostart=False).health()["pid"] == second.pid


def test_a_socket_that_systemd_opened_is_served_and_left_in_its_place(home: Home) -> None:
    """Socket activation: the descriptor is passed on, and the name belongs to systemd."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as opened:
        opened.bind(str(home.socket_file))
        home.socket_file.chmod(0o600)
        opened.listen(16)
        # The shell becomes the daemon, so that LISTEN_PID is the daemon's own.
        command = 'exec 3<&"$PASSED"; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
        daemon = [sys.executable, "-m", "tests.support.double_daemon"]
        process = subprocess.Popen(
            ["bash", "-c", command, "bash", *daemon],
            cwd=ROOT,
            env=os.environ | {"BOOKHUNT_HOME": str(home.root), "PASSED": str(opened.fileno())},
            pass_fds=[opened.fileno()],
        )
        try:
            assert DaemonClient(home, autostart=False).health()["pid"] == process.pid
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
            assert home.socket_file.is_socket()
        finally:
            process.kill()
            process.wait()


def test_no_core_and_no_open_umask(home: Home) -> None:
    """Every secret of the process would be in a core; every file it makes is its owner's."""
    with a_process(home) as process:
        limits = Path(f"/proc/{process.pid}/limits")
        if limits.exists():
            [core] = [line for line in limits.read_text().splitlines() if "core file" in line]
            assert core.split()[4:6] == ["0", "0"]
            status = Path(f"/proc/{process.pid}/status").read_text()
            assert "Umask:\t0077" in status
        assert home.log_file.stat().st_mode & 0o077 == 0


def test_an_idle_daemon_goes_by_itself(tmp_path: Path) -> None:
    """Where the configuration says so: nobody called, nothing to do."""
    home = a_home(
        tmp_path / "home", configuration=CONFIGURATION + "daemon: {idle_exit_min: 0.004}\n"
    )
    with a_process(home) as process:
        assert process.wait(30) == 0
    assert "idle for long" in messages(home)


def test_a_daemon_whose_home_was_removed_goes(home: Home) -> None:
    """Nobody could find it, and the next one must not meet it."""
    with a_process(home) as process:
        home.daemon_lock.unlink()
        assert process.wait(30) == 0
    assert "the home was removed" in messages(home)


def test_a_configuration_with_mistakes_is_refused_at_start(home: Home) -> None:
    """With the place of each, on stderr, where the command that started it finds it."""
    home.config_file.write_text("serach: {}\n")
    with a_process(home) as process:
        _, said = process.communicate(timeout=30)
        assert process.returncode == 1
    assert b"config.yaml:1:1" in said


def test_a_folder_open_to_others_is_refused_at_start(home: Home) -> None:
    home.data_dir.chmod(0o755)
    with a_process(home) as process:
        _, said = process.communicate(timeout=30)
        assert process.returncode == 4
    assert b"unsafe_path" in said


def test_a_changed_configuration_is_taken_up_by_a_running_daemon(home: Home) -> None:
    with a_process(home):
        client = DaemonClient(home, autostart=False)
        home.config_file.write_text(CONFIGURATION + "defaults: {currency: EUR}\n")
        until(lambda: "the configuration changed" in messages(home))
        said = client.buy(A_BOOK, idempotency_key="k-1")
        assert client.status(said["request_id"])["max_price"]["currency"] == "EUR"


def test_secrets_of_a_call_are_in_no_log_trace_or_metric(home: Home) -> None:
    """A canary in every member of a body, in headers and in the address; then at what is told."""
    canary = "canary_9c1f"
    with a_process(home) as process:
        client = DaemonClient(home, autostart=False)
        info = {
            "shipping": {
                "name": canary,
                "street": canary,
                "city": canary,
                "postcode": "1",
                "country": "US",
            },
            "payment": {"alpha": canary},
        }
        body = PurchaseRequest(
            book_name=canary, max_price="30", customer_info=info, customer=canary, note=canary
        )
        said = client.buy(body, idempotency_key=canary, traced=True)
        client.wait(said["request_id"], within_s=30)
        trace = client.trace(said["request_id"])
        told = [trace, otlp(trace), chrome(trace), client.metrics(), client.top()]
        for call in (
            lambda: client.status(canary),
            lambda: client.login("alpha", {canary: canary}),
            lambda: client.put_profile("work", f"name: {canary}\n"),
        ):
            with pytest.raises(BookhuntError):
                call()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert len(log_of(home)) >= 4
    assert canary not in home.log_file.read_text()
    assert len(trace["spans"]) >= 5
    assert canary not in json.dumps(told)
