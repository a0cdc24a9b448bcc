"""The shipped definition of each shop system, pointed at the merchant that speaks it here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.language import Definition
from bookhunt.sellers.loading import Loaded, hash_of, load_file
from tests.merchants.roster import MERCHANTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.sellers.compiled import CompiledSeller
    from tests.merchants.merchant import Merchant
    from tests.merchants.running import Arcade

SHIPPED = Path(__file__).parents[2] / "sellers.d"
_KEY_H = 1.0  # of what remembers a key: long enough for every case


def shops(arcade: Arcade, **patience: Any) -> dict[str, CompiledSeller]:
    """The compiled definition of each merchant that is open; `patience` as `shop` takes it."""
    kinds = {kind.system: kind for kind in MERCHANTS}
    return {
        name: shop(kinds[name], merchant.address, **patience)
        for name, merchant in arcade.merchants.items()
    }


def shop(
    kind: type[Merchant],
    address: str,
    *,
    settle_s: float | None = None,
    read_ms: int | None = None,
    commit_ms: int | None = None,
) -> CompiledSeller:
    """One definition. What is given replaces how long it waits; nothing else of it is changed."""
    loaded = load_file(SHIPPED / f"{kind.system}.yaml")
    said = loaded.definition.model_dump(
        mode="json", by_alias=True, exclude_unset=True, exclude={"examples"}
    )
    _point_at(said, kind, address)
    purchase: dict[str, Any] = said["purchase"]
    if read_ms is not None:
        said.setdefault("limits", {})["timeout_ms"] = read_ms
    # The pace of a real shop is no part of what is tried here.
    said.setdefault("limits", {}).update(per_second=500, concurrency=50)
    if commit_ms is not None:
        for step in purchase["steps"]:
            if step.get("commit"):
                step["timeout_ms"] = commit_ms
    if settle_s is not None and "find_order" in purchase:
        purchase["find_order"]["settle_s"] = settle_s
    if settle_s is not None and purchase.get("idempotency", {}).get("send") in {"header", "body"}:
        purchase["idempotency"]["retained_h"] = _KEY_H
    definition = Definition.model_validate(said)
    changed: Loaded = replace(loaded, definition=definition, hash=hash_of(definition))
    return compile_seller(changed, configured=Configured(settings=_settings(kind, address)))


def _point_at(said: dict[str, Any], kind: type[Merchant], address: str) -> None:
    """Replace an address that the definition names itself."""
    if "{settings." not in said["base_url"]:
        said["base_url"] = address
    assert kind.system == said["id"]


def _settings(kind: type[Merchant], address: str) -> Mapping[str, str]:
    return {name: text.replace("{address}", address) for name, text in kind.settings.items()}


def any_secret(name: str) -> str:
    """Every secret is stored, and none is another's."""
    return f"secret-of-{name.replace('/', '-')}"
