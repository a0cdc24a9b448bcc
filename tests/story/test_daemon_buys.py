"""The real daemon in its own process, real files, real loopback sellers: one book, one order.

The street keeps its own ledger: what bookhunt says of itself is held against it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt import simulated
from bookhunt.cli.sandbox import PROFILE, furnish, move_in
from bookhunt.client import DaemonClient, start_daemon, wait_until_gone
from bookhunt.client.connection import is_listening
from bookhunt.home.paths import Home
from bookhunt.model.errors import DaemonNotRunning
from bookhunt.wire.contract import PurchaseRequest, QuoteRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bookhunt.simulated import Street

pytestmark = pytest.mark.story

ISBN = "9781449373320"
# It repeats a key's first answer and its orders can be looked up: nothing is left in doubt.
SURE = "amberside"
A_COPY = PurchaseRequest(isbn=ISBN, max_price="80", condition="any")
A_SURE_COPY = PurchaseRequest(isbn=ISBN, max_price="80", condition="any", sellers=(SURE,))


@pytest.fixture(scope="module")
def open_street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    street = simulated.start(
        tmp_path_factory.mktemp("street"), seed=5, latency_scale=0, parent_pid=os.getpid()
    )
    yield street
    street.stop()


@pytest.fixture
def street(open_street: Street) -> Street:
    """The street on its first day."""
    open_street.reset()
    return open_street


@pytest.fixture
def home(tmp_path: Path, street: Street, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home furnished for the street; whatever daemon it has at the end is killed."""
    home = Home.at(tmp_path / "home")
    furnish(home, street)
    monkeypatch.setenv("BOOKHUNT_HOME", str(home.root))
    yield home
    pid = pid_of(home)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
        reap(pid)


@pytest.fixture
def client(home: Home) -> DaemonClient:
    client = DaemonClient(home)
    move_in(client)
    return client


def pid_of(home: Home) -> int | None:
    try:
        return int(DaemonClient(home, autostart=False).health()["pid"])
    except DaemonNotRunning:
        return None


def reap(pid: int) -> int:
    """Wait for a daemon that this process started; its exit code, below zero for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def until(condition: Callable[[], bool], *, within_s: float = 30.0) -> None:
    ends_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends_at, "it never came to hold"
        time.sleep(0.01)


def begun(home: Home) -> int:
    """How many daemons of this home ever listened."""
    return home.log_file.read_text("utf-8").count('"listening"')


def buy(client: DaemonClient, wish: PurchaseRequest, key: str = "k-1") -> dict[str, Any]:
    said = client.buy(wish, idempotency_key=key)
    return client.wait(said["request_id"], within_s=45)


def test_a_book_is_bought_exactly_once(client: DaemonClient, home: Home, street: Street) -> None:
    """Over the socket of a daemon that started by itself; the street has that very order."""
    bought = buy(client, A_COPY)
    assert bought["status"] == "SUCCESS", bought
    [order] = street.orders()
    assert bought["order_id"] == order["order_id"]
    assert bought["resolved_seller"] == order["seller"]
    assert bought["resolved_price"]["amount"] == f"{order['total_minor'] / 100:.2f}"
    assert begun(home) == 1
    notes = {note["seller"]: note for note in client.why(bought["request_id"])}
    assert notes[order["seller"]]["reason"] is None


def test_the_same_submission_twice_is_one_order(client: DaemonClient, street: Street) -> None:
    first = buy(client, A_COPY)
    assert client.buy(A_COPY, idempotency_key="k-1")["request_id"] == first["request_id"]
    assert len(street.orders()) == 1


def test_no_seller_is_ordered_from_for_a_quote(client: DaemonClient, street: Street) -> None:
    offers = client.quote(QuoteRequest(isbn=ISBN, condition="any"))
    assert [offer["rank"] for offer in offers if offer["fits"]][:2] == [1, 2]
    known = [offer for offer in offers if offer["rank"] and offer["total"]]
    totals = [float(offer["total"]["amount"]) for offer in known]
    assert len(totals) >= 2
    assert totals == sorted(totals)
    assert street.orders() == []


@pytest.mark.parametrize(
    "point",
    [
        "attempt.before_intent",
        "attempt.after_intent",
        "attempt.before_freeze",
        "attempt.before_send",
        "attempt.after_send",
        "attempt.after_settle",
    ],
)
def test_killed_at_any_step_it_still_buys_once(
    home: Home, street: Street, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """SIGKILL between intent and answer; the next daemon finishes what the first began.

    One order in the street's ledger, and SUCCESS with its number.
    """
    monkeypatch.setenv("BOOKHUNT_TESTING", "1")
    monkeypatch.setenv("BOOKHUNT_FAILPOINTS", f"{point}=kill")
    start_daemon(home)
    monkeypatch.delenv("BOOKHUNT_FAILPOINTS")
    first = pid_of(home)
    assert first is not None
    client = DaemonClient(home)
    move_in(client)
    said = client.buy(A_SURE_COPY, idempotency_key="k-1")
    assert reap(first) == -signal.SIGKILL
    found = client.wait(said["request_id"], within_s=45)
    assert found["status"] == "SUCCESS", found
    [order] = street.orders()
    assert found["order_id"] == order["order_id"]
    assert pid_of(home) != first
    assert begun(home) == 2


def test_a_submission_whose_answer_was_lost_is_made_once(
    home: Home, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the request was written and before 202: the client sends the same key again."""
    monkeypatch.setenv("BOOKHUNT_TESTING", "1")
    monkeypatch.setenv("BOOKHUNT_FAILPOINTS", "ledger.submit.after_commit=kill")
    start_daemon(home)
    monkeypatch.delenv("BOOKHUNT_FAILPOINTS")
    first = pid_of(home)
    assert first is not None
    client = DaemonClient(home)
    move_in(client)
    found = buy(client, A_SURE_COPY)
    assert reap(first) == -signal.SIGKILL
    assert found["status"] == "SUCCESS"
    assert len(client.requests()) == 1
    assert len(street.orders()) == 1


def test_first_uses_at_once_start_one_daemon(home: Home) -> None:
    """Six commands in six threads: one daemon serves them all."""
    pids: list[int] = []
    together = threading.Barrier(6)

    def first_use() -> None:
        client = DaemonClient(home)
        together.wait()
        client.sellers()
        pids.append(client.health()["pid"])

    threads = [threading.Thread(target=first_use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 6
    assert len(set(pids)) == 1
    assert begun(home) == 1


def test_told_to_stop_in_the_middle_of_an_order_it_ends_that_first(
    client: DaemonClient, home: Home, street: Street
) -> None:
    """SIGTERM while the seller takes its time: exit 0, bought once, and the next daemon says so."""
    street.fault(SURE, "commit", "delay", ms=1500)
    said = client.buy(A_SURE_COPY, idempotency_key="k-1")
    until(lambda: bool(street.arrivals(seller=SURE, operation="commit")))
    pid = pid_of(home)
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    assert reap(pid) == 0
    assert not is_listening(home)
    found = client.wait(said["request_id"], within_s=45)
    assert found["status"] == "SUCCESS"
    assert len(street.orders()) == 1
    assert begun(home) == 2


def test_a_seller_comes_and_goes_without_a_restart(
    client: DaemonClient, home: Home, street: Street
) -> None:
    """A definition put into `sellers.d`, settings changed in the configuration."""
    text = (
        "schema: 1\nid: corner\nname: Corner\nlike: amberside\n"
        f'base_url: "{street.addresses[SURE]}"\nsettings: {{}}\nauth: []\nsecrets: {{}}\n'
    )
    before = {seller["id"] for seller in client.sellers()}
    assert "corner" not in before
    file = home.sellers_dir / "corner.yaml"
    file.write_text(text)
    until(lambda: "corner" in {seller["id"] for seller in client.sellers()})
    file.unlink()
    until(lambda: "corner" not in {seller["id"] for seller in client.sellers()})
    configuration = home.config_file.read_text()
    quiet = configuration.replace('"amberside": {', '"amberside": {"enabled": "false", ')
    assert quiet != configuration
    home.config_file.write_text(quiet)
    until(lambda: client.seller(SURE)["state"] == "disabled")
    assert begun(home) == 1


def test_no_secret_is_anywhere_but_in_the_secret_store(
    client: DaemonClient, home: Home, street: Street
) -> None:
    """After a purchase: not in the ledger, its log, the cache, the log, the crash file."""
    bought = buy(client, A_COPY)
    assert bought["status"] == "SUCCESS"
    client.stop()
    wait_until_gone(home)
    tokens = simulated.payment_tokens(street, PROFILE).values()
    keys = [value for named in simulated.credentials(street).values() for value in named.values()]
    canaries = [each.encode() for each in (*tokens, *keys)]
    assert canaries
    assert home.root is not None
    for file in home.root.rglob("*"):
        if not file.is_file() or file == home.secrets_file:
            continue
        content = file.read_bytes()
        assert not [each for each in canaries if each in content], file
        assert file.stat().st_mode & 0o077 == 0, file
