"""OAuth2 client credentials (RFC 6749, 4.4): one token per client, renewed before it ends.

Many calls need the token at once, so one of them fetches it and the others wait for that; a token
that a seller refuses (401) is renewed once by whoever held it, not once by each.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson

from bookhunt.model.reasons import Reason
from bookhunt.sellers.auth import Credential, basic
from bookhunt.sellers.rendering import reveal
from bookhunt.sellers.transport import DEFAULT_USER_AGENT, FailureKind, WireFailed, WireRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookhunt.hunt.ports import Clock
    from bookhunt.sellers.transport import Transport, WireAnswer

_BODY_LIMIT = 64 * 1024
_WITHIN_S = 10.0
_LIVES_S = 300.0  # where the seller does not say (RFC 6749 leaves it open): ask again soon
_EARLY_S = 60.0
_EARLY_SHARE = 0.1
_LONGEST_S = 24 * 3600.0
_MOST_TOKENS = 1000


class AuthFailed(Exception):
    """The seller does not give a token, or a login did not work; `reason` says how it ended."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


_REASONS = {
    FailureKind.TIMED_OUT: Reason.TIMED_OUT,
    FailureKind.UNREACHABLE: Reason.UNREACHABLE,
    FailureKind.NOT_SENT: Reason.UNREACHABLE,
}


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    renew_at_s: float  # monotonic


class Tokens:
    """Access tokens of every seller, in memory only."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._tokens: dict[tuple[str, ...], _Token] = {}
        self._fetching: dict[tuple[str, ...], asyncio.Task[_Token]] = {}

    async def of(self, credential: Credential, secret_of: Callable[[str], str]) -> str:
        """The token to send now.

        Raises:
            AuthFailed: none is given.
        """
        key = _key(credential)
        token = self._tokens.get(key)
        if token is not None and token.renew_at_s > self._clock.monotonic():
            return token.value
        task = self._fetching.get(key)
        if task is None:
            # The fetch belongs to all who wait: the first one's impatience does not end it.
            task = asyncio.create_task(self._fetch(credential, secret_of))
            self._fetching[key] = task
            task.add_done_callback(lambda done: self._fetched(key, done))
        return (await asyncio.shield(task)).value

    def _fetched(self, key: tuple[str, ...], task: asyncio.Task[_Token]) -> None:
        self._fetching.pop(key, None)
        if not task.cancelled() and task.exception() is None:
            if len(self._tokens) >= _MOST_TOKENS:
                self._tokens.clear()
            self._tokens[key] = task.result()

    def refused(self, credential: Credential, token: str) -> None:
        """The seller answered 401 to this token: the next call fetches another."""
        key = _key(credential)
        known = self._tokens.get(key)
        if known is not None and known.value == token:
            del self._tokens[key]

    async def close(self) -> None:
        """Give up what is being fetched."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch(self, credential: Credential, secret_of: Callable[[str], str]) -> _Token:
        asked_at_s = self._clock.monotonic()
        try:
            answer = await self._transport.send(
                _request(credential, secret_of), within_s=_WITHIN_S, body_limit=_BODY_LIMIT
            )
        except WireFailed as failed:
            reason = _REASONS.get(failed.kind, Reason.UNREADABLE)
            raise AuthFailed(reason, f"no access token: {failed.detail}") from None
        return _read(answer, asked_at_s)


def _key(credential: Credential) -> tuple[str, ...]:
    """What a token is for: secrets by their names, so that a changed one is fetched by 401."""
    return (
        credential.token_url,
        credential.origin,
        str(credential.user),
        str(credential.value),
        str(credential.scope),
    )


def _request(credential: Credential, secret_of: Callable[[str], str]) -> WireRequest:
    form = {"grant_type": "client_credentials"}
    headers = [
        ("User-Agent", DEFAULT_USER_AGENT),
        ("Accept", "application/json"),
        ("Accept-Encoding", "gzip"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ]
    if credential.scope:
        form["scope"] = reveal(credential.scope, secret_of)
    if credential.in_body:
        form["client_id"] = reveal(credential.user, secret_of)
        form["client_secret"] = reveal(credential.value, secret_of)
    else:
        headers.append(("Authorization", basic(credential, secret_of)))
    return WireRequest(
        method="POST",
        url=credential.token_url,
        headers=tuple(headers),
        body=urlencode(form).encode(),
    )


def _read(answer: WireAnswer, asked_at_s: float) -> _Token:
    if answer.status in {400, 401, 403}:
        raise AuthFailed(Reason.UNAUTHORISED, f"no access token: status {answer.status}")
    if answer.status == 429:
        raise AuthFailed(Reason.RATE_LIMITED, "no access token: asked too often")
    if answer.status >= 500:
        raise AuthFailed(Reason.SERVER_ERROR, f"no access token: status {answer.status}")
    try:
        said = orjson.loads(answer.body)
        token, lives_s = said["access_token"], said.get("expires_in", _LIVES_S)
        lives_s = min(max(float(lives_s), 0.0), _LONGEST_S)
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError, AttributeError):
        raise AuthFailed(Reason.UNREADABLE, "no access token in the answer") from None
    if answer.status != 200 or not isinstance(token, str) or not token.isprintable() or not token:
        raise AuthFailed(Reason.UNREADABLE, "no access token in the answer")
    early_s = min(_EARLY_S, lives_s * _EARLY_SHARE)
    return _Token(token, asked_at_s + lives_s - early_s)
