"""One request of a step: credentials, cookies, redirects, and one renewal of a refused token.

Everything that guards a request's way stands here and is passed on every hop: the address is
checked against the declared hosts, credentials are added for that origin only, headers with
secrets in them stay behind when a redirect leads to another host.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bookhunt.sellers.auth import applied, is_for
from bookhunt.sellers.transport import FailureKind, WireFailed

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Clock
    from bookhunt.sellers.auth import Credential
    from bookhunt.sellers.auth_secrets import SecretCache
    from bookhunt.sellers.auth_tokens import Tokens
    from bookhunt.sellers.network import DeclaredHosts, NetworkRules, Origin
    from bookhunt.sellers.plan_cookies import CookieJar
    from bookhunt.sellers.rendering import Rendered
    from bookhunt.sellers.transport import Transport, WireAnswer, WireRequest

_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every exchange of every seller shares."""

    quotes: Transport
    orders: Transport
    secrets: SecretCache
    tokens: Tokens
    rules: NetworkRules
    clock: Clock


@dataclass(slots=True, kw_only=True)
class Exchange:
    """Sends the requests of one run of steps; `calls` counts what went over the wire."""

    tools: Tools
    transport: Transport
    hosts: DeclaredHosts
    body_limit: int  # bytes, decoded
    credentials: tuple[Credential, ...] = ()
    cookies: CookieJar | None = None  # None: none are kept
    calls: int = 0
    _tokens: dict[Credential, str] = field(default_factory=dict)
    _has_tokens: bool = field(init=False)

    def __post_init__(self) -> None:
        self._has_tokens = any(each.token_url for each in self.credentials)

    async def send(
        self, rendered: Rendered, *, within_s: float, renew: bool = True, once: bool = False
    ) -> WireAnswer:
        """Send a request and read its answer; a GET's redirects are followed.

        Args:
            rendered: what to send.
            within_s: of each message, redirects too.
            renew: whether a token that is refused (401) is renewed and the request sent again.
            once: exactly one message leaves, whatever it is answered: the commit step.

        Raises:
            WireFailed: there is no answer.
            HostRefused: the address, or a redirect's, may not be contacted.
            AuthFailed: no access token was given.
            CannotRender: a secret may not stand where it should.
            SetupMissing: a secret is stored nowhere.
        """
        await self._load_secrets(rendered)
        request = rendered.revealed(self.tools.secrets.of)
        url, origin = self.hosts.admitted(request.url, rules=self.tools.rules)
        if url != request.url:
            request = replace(request, url=url)
        for hop in range(_MOST_REDIRECTS + 1):
            answer = await self._send_one(request, origin, within_s, renew=renew and not once)
            target = self._redirect(answer) if rendered.follows and not once else None
            if target is None:
                return answer
            if hop == _MOST_REDIRECTS:
                break
            request, origin = self._onward(request, origin, target, rendered)
        raise WireFailed(FailureKind.MALFORMED, f"more than {_MOST_REDIRECTS} redirects")

    async def _load_secrets(self, rendered: Rendered) -> None:
        names = {*rendered.secrets, *[n for each in self.credentials for n in each.secrets]}
        if not self.tools.secrets.at_hand(names):
            await self.tools.secrets.load(sorted(names))

    async def _send_one(
        self, request: WireRequest, origin: Origin, within_s: float, *, renew: bool
    ) -> WireAnswer:
        if self._has_tokens:
            await self._fetch_tokens(origin)
        answer = await self._over_the_wire(request, origin, within_s)
        if answer.status == 401 and self._refused_tokens(origin) and renew:
            await self._fetch_tokens(origin)
            answer = await self._over_the_wire(request, origin, within_s)
        return answer

    async def _over_the_wire(
        self, request: WireRequest, origin: Origin, within_s: float
    ) -> WireAnswer:
        self.calls += 1
        whole = applied(
            self._with_cookies(request),
            self.credentials,
            origin,
            secret_of=self.tools.secrets.of,
            token_of=self._tokens.__getitem__,
        )
        answer = await self.transport.send(whole, within_s=within_s, body_limit=self.body_limit)
        if answer.url != request.url:
            # The address as it was before a key was added to it: links are relative to this one.
            answer = replace(answer, url=request.url)
        if self.cookies is not None and (set_cookies := answer.every("set-cookie")):
            self.cookies.take(answer.url, set_cookies, now=self.tools.clock.now())
        return answer

    def _with_cookies(self, request: WireRequest) -> WireRequest:
        said = self.cookies.header(request.url) if self.cookies is not None else None
        if said is None:
            return request
        own = [value for name, value in request.headers if name.lower() == "cookie"]
        headers = [pair for pair in request.headers if pair[0].lower() != "cookie"]
        return replace(request, headers=(*headers, ("Cookie", "; ".join([*own, said]))))

    def _redirect(self, answer: WireAnswer) -> str | None:
        return answer.header("location") if answer.status in _REDIRECTS else None

    def _onward(
        self, request: WireRequest, origin: Origin, target: str, rendered: Rendered
    ) -> tuple[WireRequest, Origin]:
        url, onward = self.hosts.admitted(target, rules=self.tools.rules, relative_to=request.url)
        headers = request.headers
        if onward != origin:
            private = rendered.secret_headers | {"cookie"}
            headers = tuple(pair for pair in headers if pair[0].lower() not in private)
        return replace(request, url=url, headers=headers), onward

    # ------------------------------------------------------------------------- access tokens
    async def _fetch_tokens(self, origin: Origin) -> None:
        for credential in self.credentials:
            if credential.token_url and is_for(credential, origin):
                self.hosts.checked(credential.token_url, rules=self.tools.rules)
                self._tokens[credential] = await self.tools.tokens.of(
                    credential, self.tools.secrets.of
                )

    def _refused_tokens(self, origin: Origin) -> bool:
        refused = [c for c in self.credentials if c.token_url and is_for(c, origin)]
        for credential in refused:
            self.tools.tokens.refused(credential, self._tokens[credential])
        return bool(refused)
