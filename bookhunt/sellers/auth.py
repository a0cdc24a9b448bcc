"""How a seller knows its customer: credentials, each for one host, added just before sending.

A credential is made from an entry of `auth` with secrets still as references, so that it can be
stored beside the exact bytes of an order. It is added to a request only where the request's origin
is the one it is for: `base_url`'s, or the `host:` that the entry names. That is checked again for
each redirect, because HTTP libraries drop `Authorization` on the way to another host and keep a
header like `X-Api-Key`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.network import Origin, origin_of
from bookhunt.sellers.rendering import Text, reveal, sealed_from_json, sealed_json
from bookhunt.sellers.template_filters import MISSING
from bookhunt.sellers.template_sealed import CannotRender, Encoding, Sealed, encoded
from bookhunt.sellers.transport import WireRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bookhunt.sellers.compiled import CompiledAuth, CompiledSeller
    from bookhunt.sellers.template import Scope, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One thing that is added to requests for one origin.

    `kind` header, query and bearer use `name` and `value`; basic uses `user` and `value`; oauth2
    names the client (`user`, `value`), where its token is got and for what.
    """

    kind: str
    origin: str
    name: str = ""
    value: Text = ""
    user: Text = ""
    token_url: str = ""
    scope: Text = ""
    in_body: bool = False
    secrets: tuple[str, ...] = field(init=False, compare=False)  # the names of those it needs

    def __post_init__(self) -> None:
        texts = (self.value, self.user, self.scope)
        names = tuple(n for text in texts if isinstance(text, Sealed) for n in text.secrets)
        object.__setattr__(self, "secrets", names)

    def __repr__(self) -> str:
        return f"<Credential {self.kind} for {self.origin}>"

    def to_json(self) -> dict[str, Any]:
        """As JSON, secrets as references."""
        return {
            "kind": self.kind,
            "origin": self.origin,
            "name": self.name,
            "value": sealed_json(self.value),
            "user": sealed_json(self.user),
            "token_url": self.token_url,
            "scope": sealed_json(self.scope),
            "in_body": self.in_body,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Credential:
        """What `to_json` wrote."""
        sealed = {name: sealed_from_json(value[name]) for name in ("value", "user", "scope")}
        return cls(**{**value, **sealed})


def credentials_of(seller: CompiledSeller, scope: Scope) -> tuple[Credential, ...]:
    """The credentials of every entry that needs no login; a session's come with its login.

    Raises:
        CannotRender: an entry's value is missing or may not stand where it should.
    """
    assert seller.base_url is not None  # a seller without an address is never asked
    return tuple(
        _credential(entry, scope, seller.base_url)
        for entry in seller.auth
        if entry.kind != "session"
    )


def origin_for(entry: CompiledAuth, base_url: str) -> str:
    """The origin an entry's credential goes to."""
    host = entry.host
    if host is None:
        return str(origin_of(base_url))
    return str(origin_of(host if "://" in host else f"https://{host}"))


def _credential(entry: CompiledAuth, scope: Scope, base_url: str) -> Credential:
    made = Credential(kind=entry.kind, origin=origin_for(entry, base_url), name=entry.name)
    if entry.kind == "basic":
        password = _said(entry.password, scope, optional=True)
        return replace(made, user=_said(entry.user, scope), value=password)
    if entry.kind == "oauth2_client_credentials":
        from urllib.parse import urljoin

        token_url = reveal(_said(entry.token_url, scope), _no_secret)
        return replace(
            made,
            user=_said(entry.client_id, scope),
            value=_said(entry.client_secret, scope),
            token_url=urljoin(f"{base_url.rstrip('/')}/", token_url),
            scope=_said(entry.scope, scope, optional=True),
            in_body=entry.in_body,
        )
    return replace(made, value=_said(entry.value, scope))


def _said(template: Template | None, scope: Scope, *, optional: bool = False) -> Text:
    value: Text | None = template.render(scope) if template is not None else MISSING
    if value is not None:
        return value
    if optional:
        return ""
    raise CannotRender(f"auth: {template.text if template else 'an entry'} has no value")


def _no_secret(name: str) -> str:
    raise CannotRender(f"an address of auth holds the secret {name}: addresses are not secret")


def session_credentials(entry: CompiledAuth, scope: Scope, base_url: str) -> tuple[Credential, ...]:
    """The headers that go with each request after a login; one without a value is left out."""
    origin = origin_for(entry, base_url)
    found = []
    for name, template in entry.headers:
        value: Text | None = template.render(scope)
        if value is not None:
            found.append(Credential(kind="header", origin=origin, name=name, value=value))
    return tuple(found)


def applied(
    request: WireRequest,
    credentials: Iterable[Credential],
    origin: Origin,
    *,
    secret_of: Callable[[str], str],
    token_of: Callable[[Credential], str],
) -> WireRequest:
    """The request with the credentials that are for its origin. A credential's header wins.

    `origin` is the request's own, which the caller has checked. `token_of` gives the access token
    of an oauth2 credential, which was fetched before.

    Raises:
        CannotRender: a secret holds what a header cannot hold.
    """
    due = [each for each in credentials if is_for(each, origin)]
    if not due:
        return request
    headers = {name.lower(): (name, value) for name, value in request.headers}
    url = request.url
    for each in due:
        if each.kind == "query":
            pair = f"{encoded(each.name, Encoding.FORM)}="
            pair += encoded(reveal(each.value, secret_of), Encoding.FORM)
            url = f"{url}{'&' if '?' in url else '?'}{pair}"
            continue
        name, value = _header(each, secret_of, token_of)
        headers[name.lower()] = (name, value.strip(" \t"))
    return WireRequest(
        method=request.method, url=url, headers=tuple(headers.values()), body=request.body
    )


def is_for(credential: Credential, origin: Origin) -> bool:
    """Whether a request to this origin carries the credential."""
    return credential.origin == origin.text


def _header(
    credential: Credential,
    secret_of: Callable[[str], str],
    token_of: Callable[[Credential], str],
) -> tuple[str, str]:
    if credential.kind == "header":
        return credential.name, reveal(credential.value, secret_of)
    if credential.kind == "basic":
        return "Authorization", basic(credential, secret_of)
    token = (
        reveal(credential.value, secret_of) if credential.kind == "bearer" else token_of(credential)
    )
    return "Authorization", f"Bearer {token}"


def basic(credential: Credential, secret_of: Callable[[str], str]) -> str:
    """The value of `Authorization` for HTTP Basic (RFC 7617)."""
    pair = f"{reveal(credential.user, secret_of)}:{reveal(credential.value, secret_of)}"
    return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
