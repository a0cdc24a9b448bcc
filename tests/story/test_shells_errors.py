"""What goes wrong in the first hour, at a real daemon: each error says the next thing to type."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bookhunt.client import DaemonClient, wait_until_gone
from bookhunt.home.paths import Home
from tests.story.world import World, run_program

pytestmark = pytest.mark.story


def test_a_profile_that_is_not_there(world: World) -> None:
    shown = world.run("buy", world.book(), "--max-price", "80", "--profile", "attic")
    assert shown.returncode == 4
    assert "error: there is no profile 'attic'; there are: home" in shown.stderr
    assert "hint: bookhunt profile add attic" in shown.stderr


def test_a_currency_without_a_rate(world: World) -> None:
    """The book is there, in dollars; without a rate it is shown, not bought, and said."""
    isbn = world.book()
    shown = world.run("buy", isbn, "--max-price", "900", "--currency", "DKK")
    assert shown.returncode in {3, 9}
    assert "no rate of USD in DKK is known" in shown.stderr
    assert "fx." in shown.stderr
    assert world.orders(isbn) == []
    quoted = world.run("quote", isbn, "--currency", "DKK")
    assert quoted.returncode == 3
    assert "wrong_currency" in quoted.stdout
    assert "bookhunt config edit" in quoted.stderr


def test_a_currency_that_is_none(world: World) -> None:
    shown = world.run("buy", world.book(), "--max-price", "9", "--currency", "XYZ", "--json")
    error = json.loads(shown.stderr)["error"]
    assert (shown.returncode, error["code"]) == (2, "bad_money")
    assert "USD" in error["hint"]


def test_a_pipe_hears_why_nothing_was_bought(world: World) -> None:
    """The line on stdout is the same; the reason stands beside it, unless nobody wants it."""
    isbn = world.book()
    shown = world.run("buy", isbn, "--max-price", "0.01")
    assert shown.stdout.startswith("not available\t")
    assert f"{isbn}: the lowest price is " in shown.stderr
    again = world.run("wait", "@last", "--quiet")
    assert (again.returncode, again.stderr) == (3, "")


@pytest.fixture
def bare_home(tmp_path: Path) -> Iterator[Home]:
    """A home with nothing in it, on a machine without a keyring."""
    home = Home.at(tmp_path / "h")
    yield home
    run_program("daemon", "stop", home=tmp_path / "h")
    wait_until_gone(home)


def test_a_first_purchase_without_an_address(bare_home: Home) -> None:
    shown = run_program("buy", "Emma", "--max-price", "9", home=bare_home.config_dir)
    assert shown.returncode == 4
    assert "hint: bookhunt profile add home" in shown.stderr


def test_a_secret_without_a_keyring(bare_home: Home) -> None:
    """Every other way is told, and none is taken unasked: no secret lies in a plain file."""
    shown = run_program(
        "sellers",
        "login",
        "abebooks",
        "--stdin",
        home=bare_home.config_dir,
        stdin="client_key=k-1\n",
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
    )
    assert shown.returncode == 4
    assert "keyring" in shown.stderr
    assert "backend: file" in shown.stderr
    assert "BOOKHUNT_SECRET_" in shown.stderr
    assert not bare_home.secrets_file.exists()
    [seller] = [s for s in DaemonClient(bare_home).sellers() if s["id"] == "abebooks"]
    assert seller["state"] == "needs_setup"


def test_a_seller_is_shown_without_a_keyring(bare_home: Home) -> None:
    """Its state and its needs; that nobody can say what is stored stands beside it."""
    without = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    shown = run_program("sellers", "show", "abebooks", home=bare_home.config_dir, **without)
    assert shown.returncode == 0
    assert "state\tneeds_setup\n" in shown.stdout
    assert "client_key" in shown.stdout
    assert "keyring" in shown.stderr
    assert "backend: file" in shown.stderr
    told = run_program(
        "sellers", "show", "abebooks", "--json", home=bare_home.config_dir, **without
    )
    assert json.loads(told.stdout)["secret_store"]["code"] == "secret_store_unavailable"


def test_a_secret_that_is_missing(bare_home: Home) -> None:
    """`sellers list` says which, and the command that stores it."""
    bare_home.config_dir.mkdir(mode=0o700)
    bare_home.config_file.write_text("secrets: {backend: file}\n")
    shown = run_program("sellers", "list", home=bare_home.config_dir)
    [line] = [each for each in shown.stdout.splitlines() if each.startswith("abebooks\t")]
    assert "needs_setup" in line
    assert "missing: client_key (bookhunt sellers login abebooks)" in line
