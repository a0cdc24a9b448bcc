"""`sellers test --live` tells, part by part, what a seller lacks before it can be ordered from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.cli.output import Terminal
from bookhunt.cli.sandbox import BUYER, PROFILE, furnish
from bookhunt.cli.sellers_doctor import try_out
from bookhunt.home.names import payment_secret
from bookhunt.home.paths import Home
from bookhunt.home.profiles import Profiles
from bookhunt.model.errors import InputError
from bookhunt.sellers.loading_files import shipped_folder
from bookhunt.simulated import Street, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNHEARD_OF = "9780306406157"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("BOOKHUNT_HOME", str(tmp_path / "home"))
    made = Home.find()
    made.prepare()
    return made


@pytest.fixture
def street(tmp_path: Path, home: Home) -> Iterator[Street]:
    made = start(tmp_path / "street", seed=7, latency_scale=0)
    furnish(home, made)
    Profiles(home).add(PROFILE, json.dumps(BUYER))
    yield made
    made.stop()


def a_book(street: Street, seller: str) -> str:
    """An ISBN that the seller has in stock, new and in dollars."""
    return next(
        str(offer["isbn"])
        for offer in street.offers(seller=seller)
        if offer["inventory"] and offer["currency"] == "USD" and offer["condition"] == "new"
    )


class Tried:
    """One run of the command: its exit code, and the parts by name."""

    def __init__(self, capsys: pytest.CaptureFixture, seller: str, book: str, **how: Any) -> None:
        self.code = try_out(Terminal(json=True), [seller], live=book, **how)
        self.said = json.loads(capsys.readouterr().out.splitlines()[-1])
        self.parts = {each["part"]: each for each in self.said["parts"]}

    def states(self) -> dict[str, bool | None]:
        return {name: each["ok"] for name, each in self.parts.items()}


def without(path: Path, name: str) -> None:
    """Take one secret out of the store."""
    kept = json.loads(path.read_text())
    del kept[name]
    path.write_text(json.dumps(kept))


def changed(home: Home, seller: str, old: str, new: str) -> None:
    """The user's own definition of a seller: the shipped one, changed in one place."""
    text = (shipped_folder() / "demo" / f"{seller}.yaml").read_text("utf-8")
    assert old in text
    (home.sellers_dir / f"{seller}.yaml").write_text(text.replace(old, new, 1), "utf-8")


def test_a_seller_that_is_set_up_lacks_nothing(
    street: Street, capsys: pytest.CaptureFixture
) -> None:
    """Nothing but the question is sent, and the checkout is said not to have been walked."""
    tried = Tried(capsys, "amberside", a_book(street, "amberside"), strict=False)
    assert tried.states() == {
        "address": True,
        "secrets": True,
        "look-up": True,
        "profile": True,
        "payment": True,
        "checkout": None,
    }
    assert tried.parts["address"]["told"] == street.addresses["amberside"]
    assert [call["operation"] for call in street.arrivals()] == ["quote"]


def test_the_checkout_is_walked_as_far_as_the_order_and_no_further(
    street: Street, capsys: pytest.CaptureFixture
) -> None:
    """The total is the checkout's own word; each step is shown; no order reaches the seller."""
    seller = "pennyroyal"
    tried = Tried(capsys, seller, a_book(street, seller), checkout=True)
    assert tried.code == 0
    checkout = tried.parts["checkout"]
    assert checkout["ok"], checkout
    assert "in all, by the checkout" in checkout["told"]
    walked = {call["operation"] for call in street.arrivals(seller=seller)}
    assert len(walked) > 1
    assert "commit" not in walked
    assert len(tried.said["calls"]) == len(street.arrivals(seller=seller))
    assert street.orders() == []


def test_what_nobody_stored_is_missing_with_the_command_that_stores_it(
    street: Street, home: Home, capsys: pytest.CaptureFixture
) -> None:
    """Without its secret a seller is not asked at all, and the rest is told all the same."""
    book = a_book(street, "amberside")
    without(home.secrets_file, payment_secret(PROFILE, "amberside"))
    paid = Tried(capsys, "amberside", book, checkout=True)
    assert paid.code == 0
    assert not paid.parts["payment"]["ok"]
    assert paid.parts["payment"]["hint"] == "bookhunt sellers login amberside --profile home"
    assert paid.states()["checkout"] is None
    assert "missing above" in paid.parts["checkout"]["told"]

    without(home.secrets_file, "amberside/api_key")
    before = len(street.arrivals())
    off = Tried(capsys, "amberside", book)
    assert off.code == 1
    assert "bookhunt sellers login amberside" in off.parts["set-up"]["told"]
    assert off.parts["profile"]["ok"]
    assert "look-up" not in off.parts
    assert len(street.arrivals()) == before


def test_strictly_what_is_missing_fails(
    street: Street, home: Home, capsys: pytest.CaptureFixture
) -> None:
    book = a_book(street, "amberside")
    assert Tried(capsys, "amberside", book, strict=True).code == 0
    without(home.secrets_file, payment_secret(PROFILE, "amberside"))
    assert Tried(capsys, "amberside", book, strict=True).code == 1


def test_a_profile_lacks_what_the_seller_asks_for_or_is_not_there(
    street: Street, home: Home, capsys: pytest.CaptureFixture
) -> None:
    changed(home, "amberside", "postcode, country]", "postcode, country, email]")
    book = a_book(street, "amberside")
    bare = {name: value for name, value in BUYER.items() if name != "email"}
    Profiles(home).add("bare", json.dumps(bare))
    tried = Tried(capsys, "amberside", book, profile="bare")
    assert tried.parts["profile"]["told"] == "bare lacks email"
    assert tried.parts["profile"]["hint"] == "bookhunt profile edit bare"
    nobody = Tried(capsys, "amberside", book, profile="nobody")
    assert nobody.parts["profile"]["hint"] == "bookhunt profile add nobody"


def test_where_it_does_not_deliver_is_told_by_the_profiles_country(
    street: Street, home: Home, capsys: pytest.CaptureFixture
) -> None:
    changed(home, "amberside", 'ships_to: ["*"]', "ships_to: [NO]")
    tried = Tried(capsys, "amberside", a_book(street, "amberside"))
    assert not tried.parts["delivery"]["ok"]
    assert "US" in tried.parts["delivery"]["told"]
    assert "does_not_ship" in tried.parts["look-up"]["told"]


def test_a_book_that_is_not_found_says_what_to_look_at(
    street: Street, capsys: pytest.CaptureFixture
) -> None:
    """An answer without the book was understood: no failure, and no proof that it is searched."""
    tried = Tried(capsys, "amberside", UNHEARD_OF)
    assert tried.code == 0
    assert not tried.parts["look-up"]["ok"]
    assert f"does not find {UNHEARD_OF}: not_stocked" in tried.parts["look-up"]["told"]
    assert "SKU" in tried.parts["look-up"]["hint"]


def test_a_checkout_that_refuses_is_told_with_the_sellers_word(
    street: Street, capsys: pytest.CaptureFixture
) -> None:
    """Its credential is not accepted for prices."""
    seller = "pennyroyal"
    book = a_book(street, seller)
    street.fault(seller, "price", "unauthorised", count=None)
    tried = Tried(capsys, seller, book, checkout=True)
    assert tried.parts["checkout"]["ok"] is False, tried.parts["checkout"]
    assert tried.parts["checkout"]["told"].startswith("unauthorised")
    assert "bookhunt sellers login pennyroyal" in tried.parts["checkout"]["hint"]
    assert street.orders() == []


def test_one_that_is_bought_by_link_lacks_no_payment(
    street: Street, capsys: pytest.CaptureFixture
) -> None:
    seller = "nightjar"
    tried = Tried(capsys, seller, str(street.offers(seller=seller)[0]["isbn"]))
    assert "purchase_mode is link" in tried.parts["orders"]["told"]
    assert {"payment", "profile", "checkout"}.isdisjoint(tried.parts)


def test_people_read_each_part_and_what_to_do(
    street: Street, home: Home, capsys: pytest.CaptureFixture
) -> None:
    without(home.secrets_file, payment_secret(PROFILE, "amberside"))
    try_out(Terminal(), ["amberside"], live=a_book(street, "amberside"))
    lines = capsys.readouterr().out.splitlines()
    at = next(n for n, line in enumerate(lines) if "payment: no token of home" in line)
    assert lines[at].startswith("live  MISSING")
    assert lines[at + 1].strip() == "bookhunt sellers login amberside --profile home"


def test_a_checkout_needs_a_book() -> None:
    with pytest.raises(InputError, match="walks a real checkout"):
        try_out(Terminal(), ["amberside"], checkout=True)
