"""The definitions in force: read, compiled with what the user set, and read again on change.

A definition that cannot be used never takes another down, and one that was in force stays so while
its file has mistakes. What is compiled is replaced as a whole: whoever took the mapping before goes
on with it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bookhunt.daemon.logins import LoginNeeds
from bookhunt.model.errors import SecretStoreUnavailable
from bookhunt.sellers.compiling import compile_blocks, compile_seller
from bookhunt.sellers.compiling_setup import Configured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bookhunt.home.config import Config
    from bookhunt.home.secrets import Secrets
    from bookhunt.home.settings import SellerSettings
    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.sellers.compiling import Blocks
    from bookhunt.sellers.loading import DefinitionShelf

_log = logging.getLogger(__name__)


class ShelfCatalogue:
    """Implements `daemon.Catalogue`. `compiled` is what the gateway asks and orders by."""

    def __init__(self, shelf: DefinitionShelf, secrets: Secrets) -> None:
        self._shelf = shelf
        self._secrets = secrets
        self._settings: Mapping[str, SellerSettings] | None = None
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
        changed = await asyncio.to_thread(self._shelf.changed)
        if not changed and self._settings == config.sellers:
            return False
        self._settings = config.sellers
        await self._compile(read=changed)
        return True

    async def secrets_changed(self) -> None:
        """A secret was stored or removed: look again at what each seller lacks."""
        self._secrets.forget()
        await self._compile(read=False)

    def mistakes(self) -> tuple[str, ...]:
        """What is wrong with files, with settings of no seller, and with the secret store."""
        found = [str(mistake) for mistake in self._shelf.current.mistakes]
        found += self._shelf.current.notices
        found += [
            f"sellers.{name} in the configuration: no definition has this id"
            for name in self._settings or ()
            if name not in self._shelf.current.by_id
        ]
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
            seller_id: compile_seller(
                loaded,
                configured=_configured(settings.get(seller_id)),
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


def _configured(settings: SellerSettings | None) -> Configured:
    if settings is None:
        return Configured()
    return Configured(settings=settings.settings, enabled=settings.enabled)
