"""`sellers test`: exit codes and what is shown, over definitions that are right and wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bookhunt import simulated
from bookhunt.cli.output import Terminal
from bookhunt.cli.sandbox import furnish
from bookhunt.cli.sellers_doctor import TEST_FIELDS, path_of, try_out
from bookhunt.cli.sellers_new import skeleton
from bookhunt.home.paths import Home
from bookhunt.model.errors import NotFound
from bookhunt.simulated import Street, start


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("BOOKHUNT_HOME", str(tmp_path / "home"))
    made = Home.find()
    made.prepare()
    made.sellers_dir.mkdir()
    return made


@pytest.fixture
def street(tmp_path: Path, home: Home) -> Iterator[Street]:
    made = start(tmp_path / "street", seed=7, latency_scale=0)
    furnish(home, made)
    yield made
    made.stop()


def _written(home: Home, text: str, name: str = "shop") -> Path:
    path = home.sellers_dir / f"{name}.yaml"
    path.write_text(text)
    return path


def test_a_definition_whose_examples_pass_ends_well(
    home: Home, capsys: pytest.CaptureFixture
) -> None:
    _written(home, skeleton("shop"))
    assert try_out(Terminal(), ["shop"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("quote: one offer" in line and line.startswith("ok") for line in lines)
    assert not any(line.startswith("FAIL") for line in lines)


def test_without_a_name_every_shipped_definition_passes_strictly(
    capsys: pytest.CaptureFixture,
) -> None:
    """And the last line counts definitions, examples and operations."""
    assert try_out(Terminal(), strict=True) == 0
    said = capsys.readouterr()
    assert "FAIL" not in said.out
    assert "definitions" in said.err
    assert "quote" in said.err
    assert said.err.rstrip().endswith("all pass")


def test_a_failed_example_shows_what_was_expected_and_ends_with_1(
    home: Home, capsys: pytest.CaptureFixture
) -> None:
    path = _written(home, skeleton("shop").replace('total: "24.99"', 'total: "25.99"'))
    assert try_out(Terminal(), [str(path)]) == 1
    out = capsys.readouterr().out
    assert "FAIL" in out
    assert "25.99" in out
    assert "24.99" in out


def test_every_mistake_of_a_definition_is_a_line_with_its_place(
    home: Home, capsys: pytest.CaptureFixture
) -> None:
    wrong = skeleton("shop").replace("asks_by:", "ask_by:").replace("status: 404", "status: many")
    path = _written(home, wrong)
    assert try_out(Terminal(json=True), ["shop"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    bad = [line for line in lines if not line["ok"]]
    assert len(bad) >= 2
    assert all(line["file"] == str(path) and line["line"] and line["column"] for line in bad)
    assert set(lines[0]) <= set(TEST_FIELDS)


def test_warnings_fail_only_when_it_is_strict(home: Home, capsys: pytest.CaptureFixture) -> None:
    _written(home, skeleton("shop"))
    assert try_out(Terminal(), ["shop"]) == 0
    warned = "warn" in capsys.readouterr().out
    assert try_out(Terminal(), ["shop"], strict=True) == (1 if warned else 0)
    assert warned, "the skeleton has fewer examples than it should have"


def test_a_seller_is_found_by_file_and_by_id_the_users_first(home: Home) -> None:
    mine = _written(home, skeleton("amberside"), "amberside")
    assert path_of(home, "amberside") == mine
    assert path_of(home, "brightwater").parent.name == "demo"
    assert path_of(home, str(mine)) == mine
    for nobody in ("nobody", "./nobody.yaml"):
        with pytest.raises(NotFound):
            path_of(home, nobody)


def test_live_asks_shows_and_times_and_orders_nothing(
    street: Street, capsys: pytest.CaptureFixture
) -> None:
    offer = next(o for o in street.offers(seller="amberside") if o["inventory"])
    assert try_out(Terminal(json=True), ["amberside"], live=offer["isbn"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["operation"] == "live"
    assert offer["item"] in [each["item"].strip('"') for each in told["offers"]]
    assert told["calls"][0].startswith(f"GET {street.addresses['amberside']}/v1/offers  status 200")
    assert street.arrivals(operation="commit") == []
    assert street.orders() == []


def test_live_shows_no_secret(street: Street, capsys: pytest.CaptureFixture) -> None:
    """Dovetail takes its key in the query."""
    offer = street.offers(seller="dovetail")[0]
    try_out(Terminal(), ["dovetail"], live=offer["isbn"])
    shown = capsys.readouterr()
    secret = simulated.credentials(street)["dovetail"]["api_key"]
    assert "/api/search" in shown.out
    assert secret not in shown.out + shown.err


def test_live_at_a_seller_that_fails_ends_with_1(
    street: Street, capsys: pytest.CaptureFixture
) -> None:
    street.fault("amberside", "quote", "status", status=500, count=None)
    assert try_out(Terminal(), ["amberside"], live="9781449373320") == 1
    assert "server_error" in capsys.readouterr().out
