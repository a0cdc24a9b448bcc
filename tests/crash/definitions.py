"""The definitions of sellers.d/demo, made impatient: a case must not wait for a silent seller."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.language import Definition
from bookhunt.sellers.loading import Loaded, hash_of, load_file
from bookhunt.simulated import credentials, payment_tokens
from tests.crash.cases import SETTLE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bookhunt.sellers.compiled import CompiledSeller
    from bookhunt.simulated import Street

DEMO = Path(__file__).parents[2] / "sellers.d" / "demo"
PROFILE = "home"
_READ_MS = 400
_COMMIT_MS = 400
_NOWHERE_ELSE: Mapping[str, str] = MappingProxyType({})
_KEY_H = 1.0  # the shortest time after which a key may be forgotten that a case waits for


def impatient(
    street: Street,
    sellers: Iterable[str],
    *,
    settle_s: float = SETTLE_S,
    instead: Mapping[str, str] = _NOWHERE_ELSE,
) -> dict[str, CompiledSeller]:
    """The definitions of these sellers, pointed at a street; at another address `instead`."""
    return {
        seller: compile_seller(
            _impatient(load_file(DEMO / f"{seller}.yaml"), settle_s),
            configured=Configured(
                settings={"address": instead.get(seller, street.addresses[seller])}
            ),
        )
        for seller in sellers
    }


def _impatient(loaded: Loaded, settle_s: float) -> Loaded:
    said = loaded.definition.model_dump(
        mode="json", by_alias=True, exclude_unset=True, exclude={"examples"}
    )
    said.setdefault("limits", {})["timeout_ms"] = _READ_MS
    purchase: dict[str, Any] = said["purchase"]
    for step in purchase["steps"]:
        if step.get("commit"):
            step["timeout_ms"] = _COMMIT_MS
    if "find_order" in purchase:
        purchase["find_order"]["settle_s"] = settle_s
    if purchase["idempotency"]["send"] != "none":
        purchase["idempotency"]["retained_h"] = _KEY_H
    definition = Definition.model_validate(said)
    return replace(loaded, definition=definition, hash=hash_of(definition))


def secrets_of(street: Street) -> Callable[[str], str]:
    """Every secret that the street accepts, by its name in the store."""
    found = {
        f"{seller}/{name}": value
        for seller, values in credentials(street).items()
        for name, value in values.items()
    }
    for seller, token in payment_tokens(street, PROFILE).items():
        found[f"pay/{PROFILE}/{seller}"] = token
    return found.__getitem__
