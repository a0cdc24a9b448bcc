"""Addresses and tokens that a request brings along: private, found again, removed in time."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.daemon.inline import EveryBuyer
from bookhunt.home.profiles import Profiles
from bookhunt.model.errors import BadDocument, CardNumber, InputError, ProfileMissing
from tests.support.running_daemon import a_daemon, a_home

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.home.paths import Home
    from bookhunt.home.secrets import Secrets

SHIPPING: dict[str, Any] = {
    "name": "Lydia Bennet",
    "street": "2 Brighton Parade",
    "city": "Brighton",
    "postcode": "BN1",
    "country": "GB",
}
MONTH_S = 31 * 86_400


def buyers_of(home: Home) -> tuple[EveryBuyer, Secrets]:
    secrets = a_daemon(home).secrets
    return EveryBuyer(home, Profiles(home), secrets), secrets


def test_the_same_address_and_tokens_have_the_same_name(home: Home) -> None:
    """Also after a restart; other tokens have another, so that none pays for a stranger's order."""
    buyers, _ = buyers_of(home)
    name = buyers.keep(SHIPPING, {"alpha": "tok_1"})
    assert buyers_of(home)[0].keep(SHIPPING, {"alpha": "tok_1"}) == name
    assert buyers.keep(SHIPPING, {"alpha": "tok_2"}) != name
    assert buyers.keep(SHIPPING | {"city": "Hove"}, {"alpha": "tok_1"}) != name
    assert buyers_of(home)[0].buyer(name).ship.name == "Lydia Bennet"


def test_the_name_tells_nothing_of_the_token(home: Home, tmp_path: Path) -> None:
    """Another home gives the same token another name: it cannot be guessed from the ledger."""
    name = buyers_of(home)[0].keep(SHIPPING, {"alpha": "tok_1"})
    other = buyers_of(a_home(tmp_path / "other"))[0].keep(SHIPPING, {"alpha": "tok_1"})
    assert name != other


def test_files_are_private_and_hold_no_token(home: Home) -> None:
    buyers, secrets = buyers_of(home)
    name = buyers.keep(SHIPPING, {"alpha": "tok_1"})
    folder = home.data_dir / "inline"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"tok_1" not in file.read_bytes()
    assert secrets.get(f"pay/{name}/alpha") == "tok_1"


@pytest.mark.parametrize(
    ("shipping", "payment", "error"),
    [
        (SHIPPING | {"country": "Britain"}, {}, BadDocument),
        (SHIPPING | {"planet": "Earth"}, {}, BadDocument),
        (SHIPPING | {"street2": "4111 1111 1111 1111"}, {}, CardNumber),
        (SHIPPING, {"alpha": "4111 1111 1111 1111"}, CardNumber),
        (SHIPPING, {"../alpha": "tok"}, InputError),
    ],
)
def test_what_is_wrong_is_refused_and_not_kept(
    home: Home, shipping: dict[str, Any], payment: dict[str, str], error: type[Exception]
) -> None:
    buyers, secrets = buyers_of(home)
    with pytest.raises(error):
        buyers.keep(shipping, payment)
    assert list((home.data_dir / "inline").glob("*.json")) == []
    assert secrets.names() == ()


@pytest.mark.parametrize("name", ["inline:", "inline:../../x", "inline:00", "inline:a/b"])
def test_a_name_that_was_never_given_is_missing(home: Home, name: str) -> None:
    buyers, _ = buyers_of(home)
    with pytest.raises(ProfileMissing):
        buyers.buyer(name)


def test_what_no_request_used_for_a_month_is_removed_with_its_tokens(home: Home) -> None:
    """Unless a request still needs it; a new use begins the month again."""
    buyers, secrets = buyers_of(home)
    unused = buyers.keep(SHIPPING, {"alpha": "tok_1"})
    needed = buyers.keep(SHIPPING, {"alpha": "tok_2"})
    renewed = buyers.keep(SHIPPING, {"alpha": "tok_3"})
    long_ago = time.time() - MONTH_S
    for file in (home.data_dir / "inline").glob("*.json"):
        os.utime(file, (long_ago, long_ago))
    buyers.keep(SHIPPING, {"alpha": "tok_3"})
    assert buyers.sweep(in_use=frozenset({needed})) == 1
    with pytest.raises(ProfileMissing):
        buyers.buyer(unused)
    assert buyers.buyer(needed)
    assert buyers.buyer(renewed)
    assert secrets.names() == tuple(sorted(f"pay/{name}/alpha" for name in (needed, renewed)))


def test_nothing_to_sweep_is_nothing(home: Home) -> None:
    assert buyers_of(home)[0].sweep(in_use=frozenset()) == 0
