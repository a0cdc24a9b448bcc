"""A compiled request and a scope become what is sent, with secrets still as references.

A `Rendered` request is the whole message but for how the seller knows us (`auth` adds that for the
host it is for). It can be written to disk as JSON and read back; revealed with the same secrets it
gives the same bytes every time, which is what sending an order again rests on.

What needs a placeholder without a value is left out: a parameter, a header, a form field, a member
of an object, an item of a list. A path or an address cannot be left out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urljoin

from bookhunt.sellers.rendering_bodies import body_of, written_pairs
from bookhunt.sellers.template_filters import MISSING
from bookhunt.sellers.template_sealed import CannotRender, Part, Sealed, joined
from bookhunt.sellers.transport import DEFAULT_USER_AGENT, WireRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bookhunt.sellers.compiled import CompiledRequest
    from bookhunt.sellers.template import Scope, Template

Text: TypeAlias = str | Sealed
_NONE: frozenset[str] = frozenset()
_ALWAYS: dict[str, tuple[str, str]] = {
    "user-agent": ("User-Agent", DEFAULT_USER_AGENT),
    "accept": ("Accept", "*/*"),
    "accept-encoding": ("Accept-Encoding", "gzip"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """Where the idempotency key goes in the commit step."""

    key: str
    header: str | None = None
    at: tuple[str, ...] = ()  # the member of the body, or the form field


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A request with every value in it; `body` is text, sent as UTF-8. Its repr shows nothing."""

    method: str
    url: Text
    headers: tuple[tuple[str, Text], ...]
    body: Text | None
    follows: bool
    # Its headers are the definition's own words and there is no body: nothing to reveal in them.
    plain: bool = field(default=False, compare=False)

    def __repr__(self) -> str:
        return f"<Rendered {self.method}>"

    def revealed(self, secret_of: Callable[[str], str]) -> WireRequest:
        """The exact request. `secret_of` gives a secret by its name in the secret store.

        Raises:
            CannotRender: a secret holds what its place cannot hold.
        """
        url = self.url if isinstance(self.url, str) else self.url.reveal(secret_of)
        if self.plain:
            return WireRequest(method=self.method, url=url, headers=self.headers)  # type: ignore[arg-type]
        return WireRequest(
            method=self.method,
            url=url,
            headers=tuple(
                [(name, reveal(value, secret_of).strip(" \t")) for name, value in self.headers]
            ),
            body=reveal(self.body, secret_of).encode() if self.body is not None else b"",
        )

    @property
    def secrets(self) -> frozenset[str]:
        """The names of every secret that is needed to send it."""
        if self.plain and isinstance(self.url, str):
            return _NONE
        texts = [self.url, self.body, *[value for _, value in self.headers]]
        sealed = [text for text in texts if isinstance(text, Sealed)]
        return frozenset(n for text in sealed for n in text.secrets) if sealed else _NONE

    @property
    def secret_headers(self) -> frozenset[str]:
        """The headers that hold a secret, in lower case: credentials, which no other host gets."""
        return frozenset(n.lower() for n, value in self.headers if isinstance(value, Sealed))

    def hashed(self, secret_of: Callable[[str], str]) -> str:
        """SHA-256 over method, address, headers other than credentials, and body, revealed.

        A changed API key leaves it as it is; a changed payment token in the body does not.
        """
        wire, credentials = self.revealed(secret_of), self.secret_headers
        digest = hashlib.sha256()
        headers = [f"{n}: {v}" for n, v in wire.headers if n.lower() not in credentials]
        for part in (wire.method, wire.url, *headers):
            digest.update(part.encode("utf-8", "surrogateescape") + b"\n")
        digest.update(b"\n" + wire.body)
        return digest.hexdigest()

    def to_json(self) -> dict[str, Any]:
        """As JSON, secrets as references."""
        return {
            "method": self.method,
            "url": sealed_json(self.url),
            "headers": [[name, sealed_json(value)] for name, value in self.headers],
            "body": None if self.body is None else sealed_json(self.body),
            "follows": self.follows,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Rendered:
        """What `to_json` wrote."""
        return cls(
            method=value["method"],
            url=sealed_from_json(value["url"]),
            headers=tuple((name, sealed_from_json(text)) for name, text in value["headers"]),
            body=None if value["body"] is None else sealed_from_json(value["body"]),
            follows=value["follows"],
        )


def reveal(text: Text, secret_of: Callable[[str], str]) -> str:
    """A text as it is sent."""
    return text if isinstance(text, str) else text.reveal(secret_of)


def sealed_json(text: Text) -> Any:
    """A text as JSON: a string, or the parts of a sealed one."""
    return text if isinstance(text, str) else text.to_json()


def sealed_from_json(value: Any) -> Text:
    """What `sealed_json` wrote."""
    return value if isinstance(value, str) else Sealed.from_json(value)


def constant_headers(
    headers: Iterable[tuple[str, Template]],
) -> tuple[tuple[str, str], ...] | None:
    """The headers of every request without a body; None: there is a placeholder in them."""
    texts = {name.lower(): (name, template.literal) for name, template in headers}
    known = [
        (name, text.strip(" \t")) for name, text in (_ALWAYS | texts).values() if text is not None
    ]
    return tuple(known) if len(known) == len(_ALWAYS | texts) else None


def render(
    request: CompiledRequest, scope: Scope, *, base_url: str, key: KeyPlace | None = None
) -> Rendered:
    """Render one request.

    Raises:
        CannotRender: a value may not stand where it should, or the address has no value.
    """
    url = _with_query(_address(request, scope, base_url), request, scope)
    if request.constant_headers is not None and key is None:
        return Rendered(
            method=request.method,
            url=url,
            headers=request.constant_headers,
            body=None,
            follows=request.follows,
            plain=True,
        )
    headers: dict[str, tuple[str, Text]] = {**_ALWAYS}
    content = body_of(request.body, scope, key=key.key if key else "", at=key.at if key else ())
    if content is not None:
        headers["content-type"] = ("Content-Type", content.type)
    for name, template in request.headers:
        value = template.render(scope)
        if value is not MISSING:
            headers[name.lower()] = (name, value)
    if key is not None and key.header is not None:
        headers[key.header.lower()] = (key.header, key.key)
    return Rendered(
        method=request.method,
        url=url,
        headers=tuple(headers.values()),
        body=content.text if content is not None else None,
        follows=request.follows,
    )


def _address(request: CompiledRequest, scope: Scope, base_url: str) -> Text:
    rendered: Text | None = request.address.render(scope)
    if rendered is None:
        raise CannotRender(f"{request.address.text} has no value yet")
    if not request.is_url:
        return _prefixed(f"{base_url.rstrip('/')}/", rendered, "/")
    base = f"{base_url.rstrip('/')}/"
    if isinstance(rendered, str):
        return urljoin(base, rendered)
    first = rendered.parts[0]
    if not isinstance(first, str):
        return _prefixed(base, rendered, "")
    if "://" in first.partition("?")[0]:
        return rendered
    # Up to its first secret the address is text, and that is what says where it is relative to.
    return joined([urljoin(base, first), *rendered.parts[1:]])


def _prefixed(prefix: str, text: Text, strip: str) -> Text:
    if isinstance(text, str):
        return prefix + (text.lstrip(strip) if strip else text)
    first, *rest = text.parts
    if isinstance(first, str) and strip:
        first = first.lstrip(strip)
    return joined([prefix, first, *rest])


def _with_query(url: Text, request: CompiledRequest, scope: Scope) -> Text:
    pairs = written_pairs(request.query, scope)
    return with_query(url, pairs)


def with_query(url: Text, pairs: list[Part]) -> Text:
    """An address with more parameters, which are written already (`a=1&b=2`)."""
    if not pairs:
        return url
    parts: list[Part] = [url] if isinstance(url, str) else list(url.parts)
    literal = "".join(p for p in parts if isinstance(p, str))
    mark = "?" if "?" not in literal else "" if literal.endswith(("?", "&")) else "&"
    return joined([*parts, mark, *pairs])
