"""Definitions as orders were made with them, whatever became of the files since.

The content of the definition is stored with each order. While the process lives the compiled one is
at hand; after a restart it is compiled again from what was stored, and its hash must be the one
that the order names.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.language import Definition
from bookhunt.sellers.loading import Loaded, hash_of
from bookhunt.sellers.loading_files import DefinitionFile, Origin
from bookhunt.sellers.plan_frozen import BadFrozen, FrozenOrder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.sellers.compiled import CompiledSeller

_MOST = 1_000


class Restored:
    """Compiled sellers by the definition and settings of an order."""

    def __init__(self) -> None:
        self._contents: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._sellers: OrderedDict[tuple[str, str, str], CompiledSeller] = OrderedDict()

    def content_of(self, seller: CompiledSeller) -> Mapping[str, Any]:
        """What is stored of a definition; the compiled seller is kept for its orders."""
        self._keep((seller.hash, seller.base_url or "", _text_of(seller.settings)), seller)
        content = self._contents.get(seller.hash)
        if content is None:
            content = seller.definition.model_dump(
                mode="json", by_alias=True, exclude_unset=True, exclude={"examples"}
            )
            self._contents[seller.hash] = content
            if len(self._contents) > _MOST:
                self._contents.popitem(last=False)
        return content

    def seller_of(self, stored: FrozenOrder) -> CompiledSeller:
        """The seller that an order was made with.

        Raises:
            BadFrozen: what was stored is not the definition that the order names.
        """
        key = (stored.definition_hash, stored.base_url, _text_of(stored.settings))
        known = self._sellers.get(key)
        if known is not None:
            self._sellers.move_to_end(key)
            return known
        try:
            definition = Definition.model_validate(dict(stored.definition))
        except ValidationError:
            raise BadFrozen("the stored definition cannot be read by this version") from None
        if hash_of(definition) != stored.definition_hash:
            raise BadFrozen("the stored definition is not the one the order names")
        seller = compile_seller(
            _loaded(definition, stored.definition_hash),
            configured=Configured(settings=_texts(stored.settings)),
        )
        if seller.hosts is None or seller.base_url != stored.base_url:
            raise BadFrozen("the stored settings do not lead to the address of the order")
        self._keep(key, seller)
        return seller

    def _keep(self, key: tuple[str, str, str], seller: CompiledSeller) -> None:
        self._sellers[key] = seller
        self._sellers.move_to_end(key)
        if len(self._sellers) > _MOST:
            self._sellers.popitem(last=False)


def _text_of(settings: Mapping[str, Any]) -> str:
    return json.dumps(_texts(settings), sort_keys=True)


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Typed settings as the configuration writes them."""
    return {name: _written(value) for name, value in settings.items()}


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _loaded(definition: Definition, definition_hash: str) -> Loaded:
    """The definition as if its file had just been read; where it stood is not known any more."""
    file = DefinitionFile(
        id=definition.id, path=Path(f"{definition.id}.yaml"), origin=Origin.USER, stamp=(0, 0, 0)
    )
    return Loaded(id=definition.id, file=file, definition=definition, hash=definition_hash)
