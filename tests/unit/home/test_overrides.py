"""What is set about sellers by command: whole, private, and shown with where it is from."""

from __future__ import annotations

import stat
import threading
from typing import TYPE_CHECKING

import pytest

from bookhunt.documents import DocumentMistakes
from bookhunt.home.config import load_config
from bookhunt.home.overrides import NOTHING_SET, SellerOverride, SellerOverrides, overridden
from bookhunt.model.errors import UnsafePath

if TYPE_CHECKING:
    from bookhunt.home.paths import Home


def pinned(tier: int | None) -> SellerOverride:
    return SellerOverride(tier=tier)


def test_nothing_is_set_where_there_is_no_file(home: Home) -> None:
    overrides = SellerOverrides(home)
    assert overrides.of("alpha") == NOTHING_SET
    assert not overrides.refresh()
    assert list(overrides.effective()) == []


def test_what_is_set_is_read_by_others_and_private(home: Home) -> None:
    mine, other = SellerOverrides(home), SellerOverrides(home)
    mine.change("alpha", lambda _: SellerOverride(tier=2, trust="blocked", enabled=False))
    assert stat.S_IMODE(home.overrides_file.stat().st_mode) == 0o600
    assert other.refresh()
    assert other.of("alpha") == SellerOverride(tier=2, trust="blocked", enabled=False)
    assert not other.refresh()


def test_a_change_keeps_what_others_changed_meanwhile(home: Home) -> None:
    """Forty threads with files of their own: no word is lost."""

    def change(n: int) -> None:
        SellerOverrides(home).change(f"seller{n}", lambda _: pinned(1))

    threads = [threading.Thread(target=change, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(SellerOverrides(home).current) == 40


def test_what_is_set_back_leaves_no_trace(home: Home) -> None:
    overrides = SellerOverrides(home)
    overrides.change("alpha", lambda _: pinned(1))
    overrides.change("beta", lambda _: pinned(2))
    overrides.change("alpha", lambda _: NOTHING_SET)
    assert dict(overrides.current) == {"beta": pinned(2)}


@pytest.mark.parametrize(
    "text",
    [
        "sellers: {alpha: {tier: 4}}",
        "sellers: {alpha: {trust: shadow}}",
        "sellers: {alpha: {enabled: perhaps}}",
        "sellers: {alpha: {tiers: 1}}",
        "sellers: {NO!: {tier: 1}}",
        "tiers: {}",
        "sellers: [",
    ],
)
def test_a_mistake_is_told_with_its_place_and_stops_everything(home: Home, text: str) -> None:
    """Never read as if nothing were set: a block must not get lost."""
    home.overrides_file.write_text(text)
    home.overrides_file.chmod(0o600)
    with pytest.raises(DocumentMistakes) as refused:
        SellerOverrides(home)
    assert str(home.overrides_file) in refused.value.message


def test_a_file_that_others_can_write_is_refused(home: Home) -> None:
    home.overrides_file.write_text("sellers: {}")
    home.overrides_file.chmod(0o666)
    with pytest.raises(UnsafePath):
        SellerOverrides(home)


def test_config_show_tells_what_goes_before_it(home: Home) -> None:
    """A value that both say is shown once, with the command's file and line."""
    home.config_file.write_text("sellers: {alpha: {enabled: false, store: '2'}}\n")
    overrides = SellerOverrides(home)
    overrides.change("alpha", lambda _: SellerOverride(tier=1, enabled=True))
    settings = {
        each.name: (each.value, str(each.origin))
        for each in overridden(load_config(home, {}).effective(), overrides)
        if each.path[0] == "sellers"
    }
    file = home.overrides_file
    assert settings == {
        "sellers.alpha.enabled": (True, f"command ({file}:5)"),
        "sellers.alpha.store": ("2", f"{home.config_file}:1"),
        "sellers.alpha.tier": (1, f"command ({file}:4)"),
    }
