"""The definitions in force: read, compiled with what the user set, and read again on change.

A definition that cannot be used never takes another down, and one that was in force stays so while
its file has mistakes. What is compiled is replaced as a whole: whoever took the mapping before goes
on with it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bookhunt.daemon.logins import LoginNeeds
from bookhunt.home.overrides import Switch
from bookhunt.model.errors import BookhuntError, SecretStoreUnavailable
from bookhunt.model.seller import SellerState
from bookhunt.sellers.compiling import compile_blocks, compile_seller
from bookhunt.sellers.compiling_setup import Configured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bookhunt.home.config import Config
    from bookhunt.home.overrides import SellerOverride, SellerOverrides
    from bookhunt.home.secrets import Secrets
    from bookhunt.home.settings import SellerSettings
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.compiling import Blocks
    from bookhunt.sellers.loading import DefinitionShelf, Loaded

_log = logging.getLogger(__name__)


class ShelfCatalogue:
    """Implements `daemon.Catalogue`. `compiled` is what the gateway asks and orders by."""

    def __init__(
        self, shelf: DefinitionShelf, secrets: Secrets, overrides: SellerOverrides
    ) -> None:
        self._shelf = shelf
        self._secrets = secrets
        self._overrides = overrides
        self._settings: Mapping[str, SellerSettings] | None = None
        self._rates_from: str | None = None  # the definition that is to know exchange rates
        self._blocks: dict[str, Blocks] = {}
        self._without_secrets: str | None = None  # why the secret store cannot be opened
        self._lock = asyncio.Lock()
        self.compiled: Mapping[str, CompiledSeller] = {}
        # Called after secrets or definitions changed: whoever remembers something forgets it.
        self.when_changed: Callable[[], None] = lambda: None

    def login_needs(self, seller_id: str) -> LoginNeeds:
        """What a seller that is defined needs to know."""
        return LoginNeeds.of(self.compiled[seller_id].definition)

    async def take_up(self, config: Config) -> bool:
        """Read files that changed, and settings that did; whether anything did."""
        self._rates_from = config.fx.source
        changed = await asyncio.to_thread(self._shelf.changed)
        overridden = await asyncio.to_thread(self._overrides_changed)
        if not changed and not overridden and self._settings == config.sellers:
            return False
        self._settings = config.sellers
        await self._compile(read=changed)
        return True

    async def secrets_changed(self) -> None:
        """A secret was stored or removed: look again at what each seller lacks."""
        self._secrets.forget()
        await self._compile(read=False)

    async def pin(self, seller_id: str, tier: int | None) -> None:
        """Put a seller into a tier, or (None) back into the one that is not set by command."""
        await self._override(seller_id, lambda set_: set_.model_copy(update={"tier": tier}))

    async def switch(self, seller_id: str, to: Switch) -> None:
        """Ask a seller again, ask it no more, or block it.

        Enabled, it is asked whatever the configuration and its definition say; no more is set
        than that takes.
        """
        loaded = self._shelf.current.by_id[seller_id]
        settings = (self._settings or {}).get(seller_id)
        said: dict[str, Any] = {"trust": "blocked"}
        if to is Switch.DISABLED:
            said = {"enabled": False}
        elif to is Switch.ENABLED:
            off = settings is not None and not settings.enabled
            blocked = loaded.definition.trust == "blocked"
            said = {"enabled": True if off else None, "trust": "normal" if blocked else None}
        await self._override(seller_id, lambda set_: set_.model_copy(update=said))

    async def _override(
        self, seller_id: str, change: Callable[[SellerOverride], SellerOverride]
    ) -> None:
        await asyncio.to_thread(self._overrides.change, seller_id, change)
        await self._compile(read=False)

    def _overrides_changed(self) -> bool:
        try:
            return self._overrides.refresh()
        except BookhuntError:  # `wrong` tells it, as long as it is so
            _log.warning("what was set about sellers cannot be read; the older stays in force")
            return False

    def mistakes(self) -> tuple[str, ...]:
        """What is wrong with files, with settings of no seller, and with the secret store."""
        found = [str(mistake) for mistake in self._shelf.current.mistakes]
        found += self._shelf.current.notices
        found += [
            f"sellers.{name} in the configuration: no definition has this id"
            for name in self._settings or ()
            if name not in self._shelf.current.by_id
        ]
        source = self._shelf.current.by_id.get(self._rates_from or "")
        if self._rates_from is not None and (source is None or source.definition.rates is None):
            found.append(f"fx.source in the configuration: {self._rates_from} knows no rates")
        if self._overrides.wrong is not None:
            found.append(self._overrides.wrong)
        if self._without_secrets is not None:
            found.append(self._without_secrets)
        return tuple(found)

    async def _compile(self, *, read: bool) -> None:
        async with self._lock:
            self.compiled = await asyncio.to_thread(self._compiled, read=read)
        self.when_changed()

    def _compiled(self, *, read: bool) -> Mapping[str, CompiledSeller]:
        found = self._shelf.read() if read else self._shelf.current
        self._without_secrets = None
        blocks = {
            loaded.hash: self._blocks.get(loaded.hash) or compile_blocks(loaded.definition)
            for loaded in found.by_id.values()
        }
        self._blocks = blocks
        settings = self._settings or {}
        return {
            seller_id: _compiled(
                loaded,
                settings.get(seller_id),
                self._overrides.of(seller_id),
                has_secret=self._has_secret,
                blocks=blocks[loaded.hash],
            )
            for seller_id, loaded in found.by_id.items()
        }

    def _has_secret(self, name: str) -> bool:
        if self._without_secrets is not None:
            return False  # it was asked a moment ago; each further question may take as long
        try:
            return self._secrets.has(name)
        except SecretStoreUnavailable as error:
            self._without_secrets = f"{error.message}; {error.hint}"
            _log.warning("the secret store cannot be opened; sellers that need it stay off")
            return False


def _compiled(
    loaded: Loaded,
    settings: SellerSettings | None,
    override: SellerOverride,
    *,
    has_secret: Callable[[str], bool],
    blocks: Blocks,
) -> CompiledSeller:
    """A definition as the user wants it: by command, else by the configuration, else as it says."""
    enabled = settings.enabled if settings is not None else True
    configured = Configured(
        settings=settings.settings if settings is not None else {},
        enabled=enabled if override.enabled is None else override.enabled,
    )
    said: dict[str, str] = {}
    if override.tier is not None:
        said["tier"] = str(override.tier)
    if override.trust is not None:
        said["trust"] = override.trust
    if said:
        loaded = replace(loaded, definition=loaded.definition.model_copy(update=said))
    compiled = compile_seller(loaded, configured=configured, has_secret=has_secret, blocks=blocks)
    seller = compiled.seller
    by_command = {
        SellerState.DISABLED: override.enabled is False,
        SellerState.BLOCKED: override.trust is not None,
    }
    if by_command.get(seller.state):
        cause = f"by command (bookhunt sellers enable {seller.id})"
        compiled = replace(compiled, seller=replace(seller, cause=cause))
    return compiled
