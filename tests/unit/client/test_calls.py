"""What a client does when the other end is not there, not ours, silent, older, newer, or dies."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.client import DaemonClient, calls, connection
from bookhunt.client.calls import is_at_rest
from bookhunt.client.connection import ConnectionBroke
from bookhunt.model import errors
from bookhunt.model.errors import (
    DaemonForbidden,
    DaemonNotAnswering,
    DaemonNotRunning,
    DaemonStopping,
    DaemonVersion,
)
from bookhunt.wire.contract import API_VERSION, LONGEST_WAIT_S, PurchaseRequest, QuoteRequest
from bookhunt.wire.problems import problem_of
from tests.unit.client.scripted_daemon import HANG_UP, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookhunt.home.paths import Home

EMMA = PurchaseRequest(book_name="Emma", max_price="30")
ACCEPTED = answer({"request_id": "r-1", "status": "PENDING"}, status=202)


def a_client(home: Home) -> DaemonClient:
    return DaemonClient(home, autostart=False)


# ------------------------------------------------------------------------------ unreachable
def test_nobody_there_and_nothing_left_behind_are_both_not_running(home: Home) -> None:
    """No socket, and one that a killed daemon left."""
    with pytest.raises(DaemonNotRunning):
        a_client(home).health()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(home.socket_file))
    left.close()
    with pytest.raises(DaemonNotRunning) as refused:
        a_client(home).health()
    assert refused.value.hint == "bookhunt daemon start"


def test_no_permission_is_its_own_error(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refused)
    with pytest.raises(DaemonForbidden):
        a_client(home).health()


def test_another_user_s_process_in_the_daemon_s_place_is_told_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made the folder under /tmp first must not be sent names, addresses and tokens."""
    monkeypatch.setattr(connection, "peer_uid", lambda _: connection.os.geteuid() + 1)
    with scripted(home, ACCEPTED) as script, pytest.raises(DaemonForbidden):
        a_client(home).buy(EMMA, idempotency_key="k-1")
    assert script.arrived == []


def test_silence_is_its_own_error(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that hangs is neither started again nor waited for without end."""
    monkeypatch.setattr(calls, "ANSWERS_WITHIN_S", 0.1)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as silent:
        silent.bind(str(home.socket_file))
        silent.listen(1)
        with pytest.raises(DaemonNotAnswering) as refused:
            connection.exchange(home, "GET", "/health", body=None, headers={}, within_s=0.1)
    assert not isinstance(refused.value, ConnectionBroke)


def test_a_crowd_at_the_door_is_waited_for(home: Home) -> None:
    """A full backlog answers EAGAIN, not a wait: the client knocks again until its time is over."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as crowded:
        crowded.bind(str(home.socket_file))
        crowded.listen(0)
        with contextlib.ExitStack() as waiting:
            for _ in range(3):
                sock = waiting.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX)))
                sock.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    sock.connect(str(home.socket_file))
            assert connection.is_listening(home)
            with pytest.raises(DaemonNotAnswering):
                connection.exchange(home, "GET", "/health", body=None, headers={}, within_s=0.05)


# ------------------------------------------------------------------------------------ broken
def test_a_submission_is_sent_again_with_its_key_when_the_socket_breaks(home: Home) -> None:
    """The very same: then the daemon knows it, if the first one arrived."""
    with scripted(home, HANG_UP, ACCEPTED) as script:
        said = a_client(home).buy(EMMA, idempotency_key="k-1")
    assert said["request_id"] == "r-1"
    first, second = script.arrived
    assert first == second
    assert first.headers["idempotency-key"] == "k-1"
    assert json.loads(first.body) == {"book_name": "Emma", "max_price": "30"}


def test_a_killed_daemon_s_last_connections_do_not_use_up_the_tries(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket still accepts while it dies, then nobody listens, then another must be started."""
    started: list[str] = []
    with contextlib.ExitStack() as running:

        def start(_: Home) -> None:
            started.append("start")
            if len(started) == 2:  # the first one found the dying daemon's socket
                running.enter_context(scripted(home, ACCEPTED))

        monkeypatch.setattr(calls, "start_daemon", start)
        exchange = calls.exchange
        breaks = iter([ConnectionBroke("it died")] * 2)

        def broken_twice(*given: Any, **named: Any) -> Any:
            for trouble in breaks:
                raise trouble
            return exchange(*given, **named)

        monkeypatch.setattr(calls, "exchange", broken_twice)
        said = DaemonClient(home).buy(EMMA, idempotency_key="k-1")
    assert said["request_id"] == "r-1"
    assert started == ["start", "start"]


def test_an_error_says_whether_the_call_was_made_before_and_its_answer_lost(home: Home) -> None:
    """What a repeat is refused for says nothing of the first time."""
    refused = answer(problem_of(errors.ProfileMissing("no profile")), status=409)
    with scripted(home, refused), pytest.raises(errors.ProfileMissing) as first:
        a_client(home).buy(EMMA, idempotency_key="k-1")
    assert not first.value.of_a_repeat
    with scripted(home, HANG_UP, refused), pytest.raises(errors.ProfileMissing) as second:
        a_client(home).buy(EMMA, idempotency_key="k-1")
    assert second.value.of_a_repeat


def test_a_daemon_that_always_breaks_is_an_error_in_the_end(home: Home) -> None:
    with scripted(home, HANG_UP) as script, pytest.raises(ConnectionBroke):
        a_client(home).sellers()
    assert len(script.arrived) == 3


def test_half_an_answer_is_a_break(home: Home) -> None:
    with scripted(home, answer({"a": 1})[:-3], answer([])) as script:
        assert a_client(home).sellers() == []
    assert len(script.arrived) == 2


def test_what_is_not_json_is_an_error_and_no_crash(home: Home) -> None:
    page = b"HTTP/1.1 502 Bad\r\nContent-Length: 6\r\n\r\n<html>"
    with scripted(home, page), pytest.raises(errors.BookhuntError, match="502"):
        a_client(home).sellers()
    with scripted(home, answer("text")), pytest.raises(errors.BookhuntError, match="list"):
        a_client(home).sellers()
    with scripted(home, answer([])), pytest.raises(errors.BookhuntError, match="object"):
        a_client(home).health()


def test_an_error_of_the_daemon_is_raised_here(home: Home) -> None:
    problem = problem_of(errors.PossibleDuplicate("again?", older_id="r-0"))
    with scripted(home, answer(problem, status=409)), pytest.raises(errors.PossibleDuplicate) as no:
        a_client(home).buy(EMMA, idempotency_key="k-1")
    assert no.value.older_id == "r-0"


# ----------------------------------------------------------------------------------- versions
def test_another_version_of_the_same_contract_is_served_with_one_notice(home: Home) -> None:
    notices: list[str] = []
    client = DaemonClient(home, autostart=False, notice=notices.append)
    with scripted(home, answer([], version="9.9.9")):
        client.sellers()
        client.sellers()
    assert len(notices) == 1
    assert "9.9.9" in notices[0]


def test_a_newer_contract_is_not_spoken_and_its_daemon_left_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older program must not stop a newer daemon: it could not open its ledger."""
    monkeypatch.setattr(calls, "start_daemon", forbidden)
    with (
        scripted(home, answer([], api=API_VERSION + 1)) as script,
        pytest.raises(DaemonVersion),
    ):
        DaemonClient(home).sellers()
    assert [each.path for each in script.arrived] == ["/sellers"]


def forbidden(*_: object, **__: object) -> None:
    raise AssertionError("this must not be called")


def test_a_daemon_of_an_older_contract_is_stopped_and_started_anew(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It drains, then the daemon of this version serves the call."""
    started: list[Home] = []
    monkeypatch.setattr(calls, "start_daemon", started.append)
    old = answer({"code": "daemon_version"}, status=426, api=API_VERSION - 1)
    with scripted(home, old, answer({"stopping": True}), answer([])) as script:
        assert DaemonClient(home).sellers() == []
    assert [each.path for each in script.arrived] == ["/sellers", "/stop", "/sellers"]
    assert started == [home]


def test_without_autostart_an_older_daemon_is_left_alone(home: Home) -> None:
    old = answer({"code": "daemon_version"}, status=426, api=API_VERSION - 1)
    with scripted(home, old), pytest.raises(DaemonVersion):
        a_client(home).sellers()


def test_stop_and_health_are_for_every_version(home: Home) -> None:
    with scripted(home, answer({"pid": 1}, api=API_VERSION + 1)):
        assert a_client(home).health() == {"pid": 1}
        assert a_client(home).stop() == {"pid": 1}


# ----------------------------------------------------------------------------------- autostart
def test_a_daemon_is_started_on_first_use(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.ExitStack() as running:

        def start(_: Home) -> None:
            running.enter_context(scripted(home, answer([])))

        monkeypatch.setattr(calls, "start_daemon", start)
        assert DaemonClient(home).sellers() == []


@pytest.mark.parametrize("what", [DaemonClient.health, DaemonClient.stop])
def test_who_asks_how_it_is_or_stops_it_starts_none(
    home: Home, monkeypatch: pytest.MonkeyPatch, what: Callable[[DaemonClient], object]
) -> None:
    monkeypatch.setattr(calls, "start_daemon", forbidden)
    with pytest.raises(DaemonNotRunning):
        what(DaemonClient(home))


def test_without_autostart_none_is_started(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "start_daemon", forbidden)
    with pytest.raises(DaemonNotRunning):
        a_client(home).sellers()


def test_a_daemon_that_is_stopping_is_waited_for_and_replaced(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that comes while the old one drains is served by the next one."""
    waited: list[Home] = []
    monkeypatch.setattr(calls, "wait_until_gone", waited.append)
    stopping = answer(problem_of(DaemonStopping("it is stopping")), status=503)
    with scripted(home, stopping, ACCEPTED) as script:
        DaemonClient(home).buy(EMMA, idempotency_key="k-1")
    assert waited == [home]
    assert len(script.arrived) == 2
    with scripted(home, stopping), pytest.raises(DaemonStopping):
        a_client(home).buy(EMMA, idempotency_key="k-1")


# ------------------------------------------------------------------------------------- waiting
def test_waiting_asks_again_until_the_request_rests(home: Home) -> None:
    """By its id: `@last` may be another one meanwhile."""
    pending = answer({"request_id": "r-1", "status": "PROCESSING"})
    bought = answer({"request_id": "r-1", "status": "SUCCESS"})
    with scripted(home, pending, HANG_UP, pending, bought) as script:
        found = a_client(home).wait("@last", within_s=600)
    assert found["status"] == "SUCCESS"
    asked = [each.path.partition("?")[2] for each in script.arrived]
    assert asked[0].startswith("request_id=%40last")
    assert all(each.startswith("request_id=r-1") for each in asked[1:])
    assert all(f"wait_s={LONGEST_WAIT_S:.3f}" in each for each in asked)


def test_waiting_ends_when_its_time_is_over(home: Home) -> None:
    with scripted(home, answer({"request_id": "r-1", "status": "PROCESSING"})) as script:
        found = a_client(home).wait("r-1", within_s=0)
    assert found["status"] == "PROCESSING"
    assert len(script.arrived) == 1


@pytest.mark.parametrize(
    ("status", "rests"),
    [("SUCCESS", True), ("NEEDS_ATTENTION", True), ("IN_DOUBT", False), ("NEW_WORD", False)],
)
def test_what_waits_only_for_a_person_is_at_rest(status: str, *, rests: bool) -> None:
    assert is_at_rest({"status": status}) is rests


# --------------------------------------------------------------------------------------- calls
def test_every_call_goes_to_its_route(home: Home) -> None:
    """Methods, paths and queries of the calls that take parts."""
    with scripted(home, answer([])) as script:
        client = a_client(home)
        client.requests(states=("SUCCESS", "CANCELLED"), since="2026-01-01T00:00:00Z", limit=3)
        client.why("r/1")
        client.quote(QuoteRequest(isbn="9780141439518"))
        client.limits()
        client.profiles()
    with scripted(home, answer({})) as more:
        client.cancel("r-1")
        client.settle("r-1", bought="A-1")
        client.settle("r-1", retry=True)
        client.seller("alpha", profile="home")
        client.login("alpha", {"key": "s"}, payment="t", profile="home")
        client.logout("alpha")
        client.put_profile("home", "name: x", replace=True)
        client.remove_profile("home")
        client.default_profile("home")
        client.set_limits("USD", {"day": None})
        client.pause()
        client.resume()
        client.reconciled()
    assert [(each.method, each.path) for each in (*script.arrived, *more.arrived)] == [
        (
            "GET",
            "/requests?state=SUCCESS&state=CANCELLED&since=2026-01-01T00%3A00%3A00Z&limit=3",
        ),
        ("GET", "/requests/r%2F1/why"),
        ("POST", "/quote"),
        ("GET", "/limits"),
        ("GET", "/profiles"),
        ("POST", "/requests/r-1/cancel"),
        ("POST", "/requests/r-1/settle"),
        ("POST", "/requests/r-1/settle"),
        ("GET", "/sellers/alpha?profile=home"),
        ("POST", "/sellers/alpha/login"),
        ("POST", "/sellers/alpha/logout"),
        ("PUT", "/profiles/home?replace=true"),
        ("DELETE", "/profiles/home"),
        ("POST", "/profiles/home/default"),
        ("PUT", "/limits/USD"),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/resume/reconciled"),
    ]
    bodies = [json.loads(each.body) for each in more.arrived if each.path.endswith("settle")]
    assert bodies == [{"bought": "A-1"}, {"not_bought": True, "retry": True}]
    [login] = [each for each in more.arrived if each.path.endswith("login")]
    assert json.loads(login.body) == {"secrets": {"key": "s"}, "payment": "t", "profile": "home"}


def test_importing_the_client_is_cheap() -> None:
    """The standard library, the model's errors and states, and the tables of the wire."""
    program = (
        "import sys, bookhunt.client\n"
        "print([m for m in sys.modules if m.partition('.')[0] in "
        "{'pydantic','fastapi','uvicorn','asyncio','yaml','httpx','aiohttp','typer','rich'}])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.strip() == "[]"
