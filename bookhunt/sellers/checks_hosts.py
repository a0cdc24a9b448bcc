"""Nothing is contacted but base_url's host and those under hosts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bookhunt.sellers.checks_names import blocks_of
from bookhunt.sellers.network import DeclaredHosts, HostRefused, NetworkRules, origin_of
from bookhunt.sellers.template import BadTemplate, Context, compile_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.documents import DocumentPath
    from bookhunt.sellers.checks_faults import Faults
    from bookhunt.sellers.language import Definition

_WHOLE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#{]*(?=[/?#]|$)")
# Whether an address may be contacted on this machine is the configuration's business, not ours.
_ANYWHERE = NetworkRules(allow_loopback=True, allow_private=True)


def check_hosts(definition: Definition, faults: Faults) -> None:
    """Judge every address that is written out."""
    base = _literal(definition.base_url)
    if base is not None and not _is_base(base, faults):
        return
    hosts = []
    for n, host in enumerate(definition.hosts):
        literal = _literal(host)
        if literal is None:
            continue
        try:
            DeclaredHosts.of("https://any.example", [literal])
            hosts.append(literal)
        except HostRefused as refused:
            faults.error(("hosts", n), str(refused), "hosts: [cdn.example]")
    has_templates = base is None or len(hosts) < len(definition.hosts)
    declared = DeclaredHosts.of(base or "https://unknown.invalid", hosts)
    for path, address in _addresses(definition):
        try:
            origin_of(address)
            if origin_of(address) not in declared and has_templates and base is not None:
                continue  # a host that a setting names may be the one
            declared.checked(address, rules=_ANYWHERE)
        except HostRefused as refused:
            faults.error(path, str(refused), "add it under hosts:")


def _is_base(base: str, faults: Faults) -> bool:
    try:
        DeclaredHosts.of(base).checked(base, rules=_ANYWHERE)
    except HostRefused as refused:
        faults.error(("base_url",), str(refused), "base_url: https://api.seller.example")
        return False
    if "?" in base or "#" in base:
        faults.error(("base_url",), "base_url ends with its path", "put a query into the steps")
        return False
    return True


def _literal(text: str) -> str | None:
    """The text without placeholders, None where it has some (or is no template at all)."""
    try:
        return compile_template(text, Context.URL).literal
    except BadTemplate:
        return None


def _addresses(definition: Definition) -> Iterator[tuple[DocumentPath, str]]:
    """Every address whose host is written out, as far as it is needed to know the host."""
    for n, auth in enumerate(definition.auth):
        if auth.host is not None and (host := _literal(auth.host)) is not None:
            yield ("auth", n, "host"), host if "://" in host else f"https://{host}"
        token_url = getattr(auth, "token_url", None)
        if token_url is not None and (found := _WHOLE.match(token_url)):
            yield ("auth", n, "token_url"), found[0]
    for path, block in blocks_of(definition):
        for n, step in enumerate(block.steps):
            url = step.request.url
            if url is not None and (found := _WHOLE.match(url)):
                yield (*path, "steps", n, "request", "url"), found[0]
