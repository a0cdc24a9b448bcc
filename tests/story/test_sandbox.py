"""`bookhunt sandbox`: a street beside a home, for as long as somebody wants to play."""

import json
from pathlib import Path

import pytest

from bookhunt import simulated
from bookhunt.cli.sandbox import street_dir
from bookhunt.home.paths import Home
from tests.story.world import run_program

pytestmark = pytest.mark.story


def test_a_street_is_opened_played_with_closed_and_opened_again(tmp_path: Path) -> None:
    """Its ledger is what it was: the orders of the first evening stand on the second."""
    root = tmp_path / "home"

    def run(*arguments: str) -> tuple[int, str, str]:
        shown = run_program(*arguments, home=root)
        return shown.returncode, shown.stdout, shown.stderr

    try:
        code, out, err = run("sandbox", "start", "--seed", "7", "--latency-scale", "0", "--json")
        assert code == 0, err
        opened = json.loads(out)
        assert opened["home"] == str(root)
        assert run("sandbox", "start", "--latency-scale", "0")[0] == 0, "twice is once"

        code, out, err = run("buy", "9781449373320", "--max-price", "60", "--json")
        assert code == 0, err
        bought = json.loads(out)
        [order] = [json.loads(line) for line in run("sandbox", "ledger", "--json")[1].splitlines()]
        assert order["order_id"] == bought["order_id"]
        assert order["total"] == bought["resolved_price"]
        assert run("sandbox", "ledger")[1].split("\t")[0] == bought["order_id"]

        assert run("sandbox", "stop")[0] == 0
        assert run("sandbox", "stop")[0] == 0, "a closed street is closed"
        code, _, err = run("sandbox", "ledger")
        assert code == 2
        assert "bookhunt sandbox start" in err

        assert run("sandbox", "start", "--seed", "7", "--latency-scale", "0")[0] == 0
        [again] = run("sandbox", "ledger", "--fields", "order_id")[1].splitlines()
        assert again == bought["order_id"]
    finally:
        run("daemon", "stop")
        run("sandbox", "stop")
    assert simulated.running(street_dir(Home.at(root))) is None


def test_a_sandbox_hears_nobody_outside(tmp_path: Path) -> None:
    """Every seller that is not of the street is switched off there."""
    root = tmp_path / "home"
    try:
        started = run_program(
            "sandbox", "start", "--sellers", "20", "--latency-scale", "0", home=root
        )
        assert started.returncode == 0, started.stderr
        lines = run_program("sellers", "list", "--json", home=root).stdout.splitlines()
        states = {seller["id"]: seller["state"] for seller in map(json.loads, lines)}
        street = simulated.running(street_dir(Home.at(root)))
        assert street is not None
        for seller, state in states.items():
            assert state == ("ready" if seller in street.sellers else "disabled"), seller
        assert set(street.sellers) <= set(states)
    finally:
        run_program("daemon", "stop", home=root)
        run_program("sandbox", "stop", home=root)
