"""What the user adds to a definition: settings and secrets, and what is missing of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bookhunt.documents import did_you_mean
from bookhunt.model.seller import (
    BookFormat,
    Capability,
    Condition,
    Proof,
    PurchaseMode,
    Seller,
    SellerState,
    Trust,
)
from bookhunt.sellers.checks_texts import Kind, texts_of
from bookhunt.sellers.network import DeclaredHosts, HostRefused
from bookhunt.sellers.template import Context, compile_template
from bookhunt.sellers.template_sealed import CannotRender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bookhunt.sellers.language import Definition, Setting
    from bookhunt.sellers.loading import Loaded
    from bookhunt.sellers.template import Slot

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What the configuration says of one seller: its settings as text, and whether it is on."""

    settings: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """A definition's settings and secrets. `missing` says, for people, what keeps it off."""

    settings: Mapping[str, Any]
    secrets: Mapping[str, str]  # name to its name in the secret store
    base_url: str | None
    hosts: DeclaredHosts | None
    missing: tuple[str, ...]


def set_up(
    definition: Definition, configured: Configured, has_secret: Callable[[str], bool]
) -> SetUp:
    """Type the settings, name the secrets, and say what is missing."""
    missing: list[str] = []
    settings = _settings(definition, configured, missing)
    secrets = {name: f"{definition.id}/{name}" for name in definition.secrets}
    absent = [name for name, stored in secrets.items() if not has_secret(stored)]
    used = _used(definition, "secrets") if absent else frozenset()
    if absent := [name for name in absent if name in used]:
        missing.append(f"{', '.join(absent)} (bookhunt sellers login {definition.id})")
    base_url, hosts = None, None
    try:
        base_url = _rendered(definition.base_url, settings)
        others = [_rendered(each, settings) for each in definition.hosts]
        if base_url is not None and None not in others:
            hosts = DeclaredHosts.of(base_url, [each for each in others if each is not None])
    except (CannotRender, HostRefused) as refused:
        missing.append(f"an address that can be contacted: {refused}")
    if hosts is None and not missing:
        missing.append("a setting that base_url or hosts needs")
    return SetUp(
        settings=settings,
        secrets=secrets,
        base_url=base_url if hosts is not None else None,
        hosts=hosts,
        missing=tuple(missing),
    )


def _rendered(text: str, settings: Mapping[str, Any]) -> str | None:
    rendered = compile_template(text, Context.URL).render({"settings": settings})
    return rendered if isinstance(rendered, str) and rendered else None


def _settings(definition: Definition, configured: Configured, missing: list[str]) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    used: frozenset[str] | None = None  # worked out once, where a setting is absent at all
    for name, setting in definition.settings.items():
        text = configured.settings.get(name, setting.default)
        where = f"sellers: {{{definition.id}: {{{name}: ...}}}} in the configuration"
        if text is None:
            used = _used(definition, "settings") if used is None else used
            if name not in used:
                continue
            told = f" ({setting.help})" if setting.help else ""
            missing.append(f"the setting {name}{told}: {where}")
            continue
        value = typed_setting(setting, text)
        if value is None:
            missing.append(f"the setting {name} should be {_SHOULD_BE[setting.type]}: {where}")
            continue
        typed[name] = value
    for name in configured.settings:
        if name not in definition.settings:
            near = did_you_mean(name, definition.settings)
            hint = f", {near}" if near else ""
            missing.append(f"there is no setting {name}{hint}: remove it from the configuration")
    return typed


def _used(definition: Definition, group: str) -> frozenset[str]:
    """The settings or secrets that some text names.

    A definition that is like a pattern and writes its own address keeps the pattern's setting for
    it, and nobody is to be asked for that.
    """
    slots = (
        slot
        for use in texts_of(definition)
        if use.kind is Kind.TEMPLATE and use.context is not None
        for slot in compile_template(use.text, use.context).slots
    )
    return frozenset(slot.name[1] for slot in slots if slot.name[0] == group)


_SHOULD_BE = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "url": "an address that begins with https://",
}


def typed_setting(setting: Setting, text: str | Sequence[str]) -> Any:
    """The value of a setting, None where the text is none of its type."""
    if not isinstance(text, str):
        return None
    if setting.type == "integer":
        return int(text) if _WHOLE_NUMBER.fullmatch(text) else None
    if setting.type == "number":
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    if setting.type == "boolean":
        return {"true": True, "false": False}.get(text)
    if setting.type == "url":
        parts = urlsplit(text)
        return text if parts.scheme in {"http", "https"} and parts.netloc else None
    return str(text)


def seller_of(loaded: Loaded, setup: SetUp, told: frozenset[str], *, enabled: bool) -> Seller:
    """The seller as the hunt sees it; `told`: what `told_in_quotes` says of its definition."""
    definition = loaded.definition
    limits = definition.limits
    state, cause = _state(definition, setup, enabled=enabled)
    everywhere = definition.ships_to is None and definition.purchase_mode != "auto"
    purchase = definition.purchase
    return Seller(
        id=definition.id,
        name=definition.name,
        region=definition.region,
        currency=definition.currency,
        ships_to=frozenset(("*",) if everywhere else definition.ships_to or ()),
        conditions=frozenset(Condition(word) for word in definition.conditions),
        formats=frozenset(BookFormat(word) for word in definition.formats),
        asks_by=definition.quote.asks_by if definition.quote is not None else (),
        purchase_mode=PurchaseMode(definition.purchase_mode),
        trust=Trust(definition.trust),
        tier=None if definition.tier == "auto" else int(definition.tier),
        stock_eventual=definition.stock == "eventual",
        state=state,
        cause=cause,
        proof=proof_of(definition),
        timeout_s=limits.timeout_ms / 1000,
        concurrency=limits.concurrency,
        per_second=limits.per_second,
        quote_ttl_s=limits.quote_ttl_s,
        checks_total=purchase is not None and purchase.checks_total,
        sends_maximum="max_price" in told,
        priced_in=_priced_in(definition, told),
        batch=_batch(definition),
        definition_hash=loaded.hash,
        file=str(loaded.file.path),
    )


def _priced_in(definition: Definition, told: frozenset[str]) -> str | None:
    """The currency that a maximum is taken to be in by a seller that is told none: its own."""
    return None if "currency" in told or "max_price" not in told else definition.currency


def _batch(definition: Definition) -> int:
    """How many books one call of a quote may ask for.

    One, whatever the limit says, where a request names a single book (`{asked.isbn}`) or no list.
    """
    if definition.limits.batch == 1 or definition.quote is None:
        return 1
    names = {slot.name for slot in _slots_of_quotes(definition)}
    single = any(name[:1] == ("asked",) and name != ("asked", "by") for name in names)
    listed = any(name[:1] == ("books",) for name in names)
    return definition.limits.batch if listed and not single else 1


def told_in_quotes(definition: Definition) -> frozenset[str]:
    """What a quote carries of the request, by its names in the language.

    With the customer's maximum, an answer without an offer says nothing above it.
    """
    names = (slot.name for slot in _slots_of_quotes(definition))
    return frozenset(name[1] for name in names if name[:1] == ("request",) and name[1:])


def _slots_of_quotes(definition: Definition) -> Iterator[Slot]:
    """Every placeholder of the requests and fields of a quote."""
    for use in texts_of(definition):
        if use.here.block == "quote" and use.kind is Kind.TEMPLATE and use.context is not None:
            yield from compile_template(use.text, use.context).slots


def _state(
    definition: Definition, setup: SetUp, *, enabled: bool
) -> tuple[SellerState, str | None]:
    if not enabled:
        return SellerState.DISABLED, "switched off in the configuration"
    if definition.trust == "blocked":
        return SellerState.BLOCKED, "its definition says trust: blocked"
    if setup.missing:
        return SellerState.NEEDS_SETUP, "missing: " + "; ".join(setup.missing)
    return SellerState.READY, None


def proof_of(definition: Definition) -> Proof:
    """What a purchase may lean on after a lost answer."""
    purchase = definition.purchase
    if purchase is None:
        return Proof(
            capability=Capability.NONE, settle_s=0, key_retained_s=0, replays_same_answer=False
        )
    has_key, found = purchase.idempotency.has_key, purchase.find_order
    if found is not None:
        capability = Capability.KEY_AND_LOOKUP if has_key else Capability.LOOKUP
    else:
        capability = Capability.KEY if has_key else Capability.NONE
    return Proof(
        capability=capability,
        settle_s=found.settle_s if found is not None else 0,
        key_retained_s=purchase.idempotency.retained_s,
        replays_same_answer=has_key and purchase.idempotency.replay == "same_answer",
        resend_after_s=purchase.idempotency.resend_after_s if has_key else 0.0,
    )
