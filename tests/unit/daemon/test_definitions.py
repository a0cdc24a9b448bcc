"""Definitions in force: what the user set, what is missing, and what changes while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.daemon.assembly import ConfiguredLimits, assembled, network_rules_of
from bookhunt.daemon.definitions import ShelfCatalogue
from bookhunt.daemon.logins import LoginNeeds, stored_names
from bookhunt.documents import DocumentMistakes
from bookhunt.home.config import ConfigFile
from bookhunt.home.overrides import SellerOverrides, Switch
from bookhunt.home.secrets import Secrets
from bookhunt.model.errors import InputError, SecretStoreUnavailable
from bookhunt.model.seller import SellerState, Trust
from bookhunt.sellers.loading import DefinitionShelf
from bookhunt.sellers.loading_files import shipped_folder
from tests.support.builders import usd
from tests.support.running_daemon import CONFIGURATION

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.home.paths import Home

ADDRESS = 'sellers: {amberside: {address: "http://127.0.0.1:9"}}\n'
ALLOWED = CONFIGURATION + "network: {allow_loopback: true}\n" + ADDRESS


@pytest.fixture
def shelf(home: Home, tmp_path: Path) -> DefinitionShelf:
    """One definition in the user's folder, none shipped."""
    home.sellers_dir.mkdir()
    text = (shipped_folder() / "demo" / "amberside.yaml").read_text("utf-8")
    (home.sellers_dir / "amberside.yaml").write_text(text)
    (tmp_path / "none").mkdir()
    return DefinitionShelf(home.sellers_dir, shipped=tmp_path / "none")


def configured(home: Home, text: str) -> ConfigFile:
    home.config_file.write_text(text)
    return ConfigFile(home)


def catalogue_of(home: Home, shelf: DefinitionShelf, config_file: ConfigFile) -> ShelfCatalogue:
    secrets = Secrets(home, config_file.config.secrets)
    return ShelfCatalogue(shelf, secrets, SellerOverrides(home))


def state_of(catalogue: ShelfCatalogue) -> tuple[SellerState, str | None]:
    seller = catalogue.compiled["amberside"].seller
    return seller.state, seller.cause


async def test_a_seller_is_off_until_its_settings_and_secrets_are_there(
    home: Home, shelf: DefinitionShelf
) -> None:
    """And says what is missing; a login is seen at once."""
    config_file = configured(home, CONFIGURATION)
    secrets = Secrets(home, config_file.config.secrets)
    catalogue = ShelfCatalogue(shelf, secrets, SellerOverrides(home))
    told: list[str] = []
    catalogue.when_changed = lambda: told.append("changed")
    assert await catalogue.take_up(config_file.config)
    state, cause = state_of(catalogue)
    assert state is SellerState.NEEDS_SETUP
    assert cause is not None
    assert "address" in cause
    home.config_file.write_text(ALLOWED)
    config_file.refresh()
    assert await catalogue.take_up(config_file.config)
    assert "api_key" in (state_of(catalogue)[1] or "")
    secrets.put("amberside/api_key", "s")
    await catalogue.secrets_changed()
    assert state_of(catalogue) == (SellerState.READY, None)
    assert len(told) == 3
    assert not await catalogue.take_up(config_file.config)


async def test_a_file_with_mistakes_leaves_the_definition_it_had(
    home: Home, shelf: DefinitionShelf
) -> None:
    config_file = configured(home, ALLOWED)
    catalogue = ShelfCatalogue(
        shelf, Secrets(home, config_file.config.secrets), SellerOverrides(home)
    )
    await catalogue.take_up(config_file.config)
    before = catalogue.compiled["amberside"].hash
    (home.sellers_dir / "amberside.yaml").write_text("schema: 1\nid: amberside\nnaem: x\n")
    assert await catalogue.take_up(config_file.config)
    assert catalogue.compiled["amberside"].hash == before
    assert any("naem" in mistake for mistake in catalogue.mistakes())
    assert any("goes on as before" in mistake for mistake in catalogue.mistakes())


async def test_settings_of_no_seller_are_told(home: Home, shelf: DefinitionShelf) -> None:
    config_file = configured(home, CONFIGURATION + "sellers: {ambersied: {enabled: false}}\n")
    catalogue = ShelfCatalogue(
        shelf, Secrets(home, config_file.config.secrets), SellerOverrides(home)
    )
    await catalogue.take_up(config_file.config)
    [mistake] = catalogue.mistakes()
    assert "ambersied" in mistake


async def test_a_seller_is_switched_off(home: Home, shelf: DefinitionShelf) -> None:
    text = ALLOWED.replace("amberside: {", "amberside: {enabled: false, ")
    config_file = configured(home, text)
    catalogue = ShelfCatalogue(
        shelf, Secrets(home, config_file.config.secrets), SellerOverrides(home)
    )
    await catalogue.take_up(config_file.config)
    assert state_of(catalogue)[0] is SellerState.DISABLED


async def a_catalogue(home: Home, shelf: DefinitionShelf, text: str = "") -> ShelfCatalogue:
    """Everything there is for amberside to be ready, and what a test says of it."""
    config_file = configured(home, text or ALLOWED)
    secrets = Secrets(home, config_file.config.secrets)
    secrets.put("amberside/api_key", "s")
    catalogue = ShelfCatalogue(shelf, secrets, SellerOverrides(home))
    await catalogue.take_up(config_file.config)
    return catalogue


async def test_what_a_command_sets_is_in_force_at_once_and_after_a_restart(
    home: Home, shelf: DefinitionShelf
) -> None:
    """A tier, a block, a switch: each goes before the definition and is durable."""
    catalogue = await a_catalogue(home, shelf)
    await catalogue.pin("amberside", 1)
    await catalogue.switch("amberside", Switch.BLOCKED)
    for each in (catalogue, await a_catalogue(home, shelf)):
        seller = each.compiled["amberside"].seller
        assert (seller.tier, seller.trust) == (1, Trust.BLOCKED)
        assert state_of(each) == (
            SellerState.BLOCKED,
            "by command (bookhunt sellers enable amberside)",
        )
    await catalogue.switch("amberside", Switch.DISABLED)
    assert state_of(catalogue)[0] is SellerState.DISABLED
    await catalogue.switch("amberside", Switch.ENABLED)
    await catalogue.pin("amberside", None)
    assert state_of(catalogue) == (SellerState.READY, None)
    assert catalogue.compiled["amberside"].seller.tier is None
    assert "amberside" not in home.overrides_file.read_text()


async def test_who_is_enabled_by_command_is_asked_whoever_switched_it_off(
    home: Home, shelf: DefinitionShelf
) -> None:
    """The configuration, and the definition's own trust."""
    file = home.sellers_dir / "amberside.yaml"
    file.write_text(file.read_text() + "trust: blocked\ntier: 2\n")
    text = ALLOWED.replace("amberside: {", "amberside: {enabled: false, ")
    catalogue = await a_catalogue(home, shelf, text)
    assert state_of(catalogue)[0] is SellerState.DISABLED
    await catalogue.switch("amberside", Switch.ENABLED)
    seller = catalogue.compiled["amberside"].seller
    assert (seller.state, seller.trust, seller.tier) == (SellerState.READY, Trust.NORMAL, 2)


async def test_a_file_of_overrides_that_cannot_be_read_changes_nothing_and_is_told(
    home: Home, shelf: DefinitionShelf
) -> None:
    """Somebody may be blocked in it: it is neither passed over nor overwritten."""
    catalogue = await a_catalogue(home, shelf)
    await catalogue.switch("amberside", Switch.BLOCKED)
    config = ConfigFile(home).config
    home.overrides_file.write_text("sellers: {amberside: {trust: loved}}\n")
    assert not await catalogue.take_up(config)
    assert state_of(catalogue)[0] is SellerState.BLOCKED
    assert any("trust" in each for each in catalogue.mistakes())
    with pytest.raises(DocumentMistakes):
        await catalogue.pin("amberside", 1)
    assert "loved" in home.overrides_file.read_text()
    with pytest.raises(DocumentMistakes):
        SellerOverrides(home)
    home.overrides_file.write_text("sellers: {amberside: {tier: 3}}\n")
    assert await catalogue.take_up(config)
    assert state_of(catalogue)[0] is SellerState.READY
    assert catalogue.mistakes() == ()


async def test_a_secret_store_that_cannot_be_opened_is_asked_once_and_told(
    home: Home, shelf: DefinitionShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A locked keyring: its sellers stay off, the daemon starts, and says how to mend it."""
    asked: list[str] = []

    def locked(_: Secrets, name: str) -> bool:
        asked.append(name)
        raise SecretStoreUnavailable("the keyring is locked", hint="unlock it")

    monkeypatch.setattr(Secrets, "has", locked)
    text = (home.sellers_dir / "amberside.yaml").read_text()
    (home.sellers_dir / "other.yaml").write_text(text.replace("id: amberside", "id: other"))
    config_file = configured(home, ALLOWED)
    catalogue = ShelfCatalogue(
        shelf, Secrets(home, config_file.config.secrets), SellerOverrides(home)
    )
    await catalogue.take_up(config_file.config)
    assert state_of(catalogue)[0] is SellerState.NEEDS_SETUP
    assert len(asked) == 1
    assert catalogue.mistakes() == ("the keyring is locked; unlock it",)


async def test_what_a_login_asks_for_is_what_the_definition_names(
    home: Home, shelf: DefinitionShelf
) -> None:
    config_file = configured(home, ALLOWED)
    catalogue = ShelfCatalogue(
        shelf, Secrets(home, config_file.config.secrets), SellerOverrides(home)
    )
    await catalogue.take_up(config_file.config)
    needs = catalogue.login_needs("amberside")
    assert needs == LoginNeeds(secrets={"api_key": "API key"}, payment="Card token of the street")
    stored = stored_names("amberside", needs, secrets={"api_key": "s"}, payment="t", profile="home")
    assert stored == {"amberside/api_key": "s", "pay/home/amberside": "t"}
    with pytest.raises(InputError):
        stored_names("amberside", needs, secrets={}, payment=None, profile="home")


def test_limits_of_the_configuration_are_read_when_they_are_needed(home: Home) -> None:
    """A currency that it does not name is not there: then the ledger's own default holds."""
    config_file = configured(home, CONFIGURATION + 'limits: {USD: {day: "50", purchase: null}}\n')
    limits = ConfiguredLimits(config_file)
    assert limits["USD"].day == usd("50")
    assert limits["USD"].purchase is None
    assert "EUR" not in limits
    assert (list(limits), len(limits)) == (["USD"], 1)
    home.config_file.write_text(CONFIGURATION + 'limits: {USD: {day: "60"}}\n')
    config_file.refresh()
    assert limits["USD"].day == usd("60")


def test_the_network_is_the_configuration_s(home: Home) -> None:
    config = configured(home, ALLOWED).config
    rules = network_rules_of(config)
    assert (rules.allow_loopback, rules.allow_private, rules.proxy) == (True, False, None)


async def test_real_parts_are_opened_and_closed(home: Home) -> None:
    """A home's ledger and cache are files of its owner alone, and free again afterwards."""
    config_file = configured(home, CONFIGURATION)
    for epoch in (1, 2):
        async with assembled(home, config_file) as daemon:
            assert daemon.recovered.epoch == epoch
            assert (await daemon.ledger.limits("USD")).day == usd("200")
    for file in home.data_dir.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


@pytest.mark.parametrize("source", ["amberside", "nobody"])
async def test_a_source_of_rates_that_knows_none_is_told(
    home: Home, shelf: DefinitionShelf, source: str
) -> None:
    """`health` says so; nothing is bought across currencies meanwhile."""
    config_file = configured(home, CONFIGURATION + f"fx: {{source: {source}}}\n")
    catalogue = catalogue_of(home, shelf, config_file)
    await catalogue.take_up(config_file.config)
    assert catalogue.mistakes() == (f"fx.source in the configuration: {source} knows no rates",)


async def test_the_shipped_source_of_rates_knows_some(home: Home, tmp_path: Path) -> None:
    config_file = configured(home, CONFIGURATION + "fx: {source: ecb}\n")
    catalogue = catalogue_of(home, DefinitionShelf(tmp_path / "none"), config_file)
    await catalogue.take_up(config_file.config)
    assert catalogue.mistakes() == ()
    assert catalogue.compiled["ecb"].seller.state is SellerState.READY
    assert catalogue.compiled["openlibrary"].seller.state is SellerState.READY
