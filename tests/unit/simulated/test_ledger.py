"""The street's ledger: only ever appended to, true over restarts, the referee of keys."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bookhunt.simulated import Street, StreetError, running, start
from bookhunt.simulated.ledger import read_ledger
from bookhunt.simulated.roster import HAND_MADE
from bookhunt.simulated.street import is_alive
from tests.unit.simulated.shopper import Shopper, ask, speak, wait_until, xml_error


@pytest.fixture
def own_street(tmp_path: Path) -> Iterator[Street]:
    street = start(tmp_path, seed=7, latency_scale=0, parent_pid=os.getpid())
    yield street
    street.stop()


def _buy(shopper: Shopper, seller: str, **names: str) -> None:
    shopper.order(seller, shopper.offer(seller)["item"], **names)


def test_the_ledger_only_grows(shopper: Shopper) -> None:
    """What was written stays byte for byte, a reset included; numbers never come twice."""
    path = shopper.street.state_dir / "ledger.jsonl"
    _buy(shopper, "amberside")
    shopper.street.ledger()
    before = path.read_bytes()
    shopper.street.reset()
    _buy(shopper, "copperlane")
    lines = shopper.street.ledger()
    assert path.read_bytes().startswith(before)
    numbers = [line["seq"] for line in lines]
    assert numbers == list(range(numbers[0], numbers[0] + len(lines)))
    assert [o["seller"] for o in shopper.street.orders()] == ["copperlane"]


def test_an_order_points_at_the_arrival_that_made_it(shopper: Shopper) -> None:
    _buy(shopper, "amberside", reference="mine", key="key9")
    [arrival] = shopper.street.arrivals(operation="commit")
    [order] = shopper.street.ledger(kind="order")
    assert order["arrival"] == arrival["seq"]
    assert (arrival["reference"], arrival["key"]) == ("mine", "key9")
    assert arrival["body_hash"] == order["body_hash"] != ""


def test_orders_keys_and_stock_survive_a_kill(own_street: Street) -> None:
    """A street killed and opened again knows its orders, and a key used before makes none."""
    shopper = Shopper(own_street)
    item = shopper.offer("amberside")["item"]
    own_street.set_offer("amberside", item, price_minor=777, inventory=3)
    first = shopper.order("amberside", item, reference="r", key="k")
    os.kill(own_street.pid, signal.SIGKILL)
    own_street.process.wait()
    assert running(own_street.state_dir) is None

    again = start(own_street.state_dir, seed=7, latency_scale=0, parent_pid=os.getpid())
    try:
        shopper = Shopper(again)
        second = shopper.order("amberside", item, reference="r", key="k")
        assert second.json["id"] == first.json["id"]
        assert len(again.orders()) == 1
        assert again.orders()[0]["replays"] == 1
        [offer] = [o for o in again.offers(seller="amberside") if o["item"] == item]
        assert (offer["price_minor"], offer["inventory"]) == (777, 2)
        seqs = [line["seq"] for line in read_ledger(again.state_dir / "ledger.jsonl")]
        assert len(seqs) == len(set(seqs))
    finally:
        again.stop()


def test_a_damaged_ledger_is_refused_not_skipped(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_text('{"seq": 1, "kind": "order"\n{"seq":2,"kind":"x"}\n')
    with pytest.raises(StreetError, match="not a line"):
        start(tmp_path)


@pytest.mark.parametrize("seller", [p.id for p in HAND_MADE if p.replay == "same_answer"])
def test_a_key_with_the_same_answer_repeats_it(seller: str, shopper: Shopper) -> None:
    item = shopper.offer(seller)["item"]
    if seller == "lanternrow":  # its key is bound to one basket; a second basket is another body
        first, second = (shopper.order(seller, item, key="k").json for _ in range(2))
        assert len(shopper.street.orders()) == 1
        assert first["order_id"] == second["order_id"]
        return
    first, second = (shopper.order(seller, item, key="k").body for _ in range(2))
    assert first == second
    assert len(shopper.street.orders()) == 1
    shopper.order(seller, item, key="k", reference="another body")
    assert len(shopper.street.orders()) == 1


def test_a_refusal_is_kept_under_its_key(shopper: Shopper) -> None:
    shopper.street.fault("amberside", "commit", "sold_out")
    item = shopper.offer("amberside")["item"]
    assert shopper.order("amberside", item, key="k").status == 409
    assert shopper.order("amberside", item, key="k").status == 409
    assert shopper.order("amberside", item, key="k2").status == 201


def test_a_key_that_already_exists_says_so_and_no_more(shopper: Shopper) -> None:
    item = shopper.offer("graniteway")["item"]
    assert xml_error(shopper.order("graniteway", item, key="k")) is None
    assert xml_error(shopper.order("graniteway", item, key="k")) == "ALREADY_EXISTS"
    assert len(shopper.street.orders()) == 1


@pytest.mark.parametrize("seller", ["dovetail", "elmcourt", "foxglove", "ivyhouse", "kestrelbooks"])
def test_without_keys_every_commit_is_an_order(seller: str, shopper: Shopper) -> None:
    offer = shopper.offer(seller)
    shopper.street.set_offer(seller, offer["item"], inventory=5)
    for _ in range(2):
        shopper.order(seller, offer["item"], key="k")
    assert len(shopper.street.orders()) == 2


def test_a_key_at_work_is_in_flight_and_one_order_comes_of_it(shopper: Shopper) -> None:
    commit = shopper.minor_commit("amberside", shopper.offer("amberside")["item"])
    shopper.street.fault("amberside", "commit", "delay", ms=400)
    with speak(**commit):
        wait_until(lambda: shopper.street.arrivals(operation="commit"))
        second = ask(**commit)
        assert second.json["error"]["code"] == "IN_FLIGHT"
        wait_until(shopper.street.orders)
    assert len(shopper.street.orders()) == 1


def test_a_missing_key_is_refused_where_keys_are_read(shopper: Shopper) -> None:
    commit = shopper.minor_commit("amberside", shopper.offer("amberside")["item"])
    del commit["headers"]["Idempotency-Key"]
    assert ask(**commit).json["error"]["code"] == "KEY_MISSING"


def test_a_forgotten_key_is_a_new_order(shopper: Shopper) -> None:
    """As after the time for which a seller retains keys: the buyer must not re-send then."""
    item = shopper.offer("amberside")["item"]
    shopper.order("amberside", item, key="k")
    shopper.street.forget_keys("amberside")
    shopper.order("amberside", item, key="k")
    assert len(shopper.street.orders()) == 2


def test_an_order_is_found_by_its_reference_and_taken_back_once(shopper: Shopper) -> None:
    _buy(shopper, "amberside", reference="mine")
    [order] = shopper.street.orders()
    address, headers = shopper.street.addresses["amberside"], shopper.headers("amberside")
    found = ask(address, "GET", "/v1/orders?reference=mine", headers=headers).json["orders"]
    assert [o["id"] for o in found] == [order["order_id"]]
    assert ask(address, "GET", "/v1/orders?reference=x", headers=headers).json["orders"] == []
    for _ in range(2):
        ask(address, "POST", f"/v1/orders/{order['order_id']}/cancel", headers=headers)
    assert shopper.street.orders()[0]["cancelled"]
    assert len(shopper.street.ledger(kind="cancel")) == 1


def test_the_last_copy_is_sold_once(shopper: Shopper) -> None:
    offer = shopper.offer("amberside")
    shopper.street.set_offer("amberside", offer["item"], inventory=1)
    assert shopper.order("amberside", offer["item"], key="a").status == 201
    assert shopper.order("amberside", offer["item"], key="b").json["error"]["code"] == "SOLD_OUT"


def test_two_streets_in_one_directory_are_refused(own_street: Street) -> None:
    """Two writers of one ledger would make it worthless; the lock holds without the client too."""
    with pytest.raises(StreetError, match="open in"):
        start(own_street.state_dir)
    command = [sys.executable, "-m", "bookhunt.simulated", "--state", str(own_street.state_dir)]
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert second.returncode == 1
    assert "another street is open" in second.stderr
    assert running(own_street.state_dir) is not None


def test_the_street_ends_with_its_parent(tmp_path: Path) -> None:
    """A parent that is killed leaves no street behind, whether it is the real parent or named."""
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    street = start(tmp_path, latency_scale=0, parent_pid=parent.pid)
    assert street.process.poll() is None
    parent.kill()
    parent.wait()
    street.process.wait(timeout=30)
    assert running(tmp_path) is None
    assert not is_alive(street.pid)


def test_stop_is_clean_and_may_be_said_twice(own_street: Street) -> None:
    own_street.stop()
    own_street.stop()
    assert own_street.process.returncode == 0
    assert not (own_street.state_dir / "street.json").exists()
