"""What holds for every call, before a route sees it: size, version, load; and no error unexplained.

A pure ASGI wrapper, so that its cost is a few microseconds and its limits hold for whatever comes:
the body is counted as it arrives, whatever its header says.
"""

from __future__ import annotations

import json
import logging
import math
import time
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from bookhunt.model.errors import BookhuntError, DaemonVersion, InputError, TryLater
from bookhunt.wire.contract import API_VERSION
from bookhunt.wire.problems import problem_of
from bookhunt.wire.routes import ANY_VERSION, HEADER_API, PROBLEM_JSON, ROUTES

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)

LARGEST_BODY = 64 * 1024
MOST_AT_ONCE = 2000  # calls, long polls included; each is a task and a few kilobytes
# Further ones that neither submit nor wait: to look, to cancel and to stop is never crowded out.
KEPT_FREE = 200
FAILED = "bookhunt failed; its log says how"
_TOO_LARGE = 413
_ANY_VERSION = frozenset((ROUTES[name].method, ROUTES[name].path) for name in ANY_VERSION)
_LONG_PATHS = frozenset(ROUTES[name].path for name in ("buy", "quote", "books.show"))
_API = HEADER_API.lower().encode()


class BodyTooLarge(HTTPException):
    """More bytes came than a body may have; the framework lets its own kind of error through."""

    def __init__(self) -> None:
        super().__init__(_TOO_LARGE, f"a body has at most {LARGEST_BODY // 1024} KB")


class Guard:
    """Wraps the app, and knows for how long nobody has called."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._under_way = 0
        self._last_call = time.monotonic()

    def idle_s(self) -> float:
        """For how long no call has been under way."""
        return 0.0 if self._under_way else time.monotonic() - self._last_call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        self._last_call = time.monotonic()
        self._under_way += 1
        answer = _Answer(send)
        try:
            self._refuse(scope)
            await self._app(scope, _Bounded(receive), answer)
        except BodyTooLarge as error:
            await answer.problem(InputError(error.detail), status=_TOO_LARGE)
        except BookhuntError as error:
            await answer.problem(error)
        except Exception:  # noqa: BLE001 - a bug ends this call loudly, and no other
            _log.exception("a route failed")
            await answer.problem(BookhuntError(FAILED))
        finally:
            self._under_way -= 1
            self._last_call = time.monotonic()

    def _refuse(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        theirs = headers.get(_API)
        other = theirs is not None and theirs != str(API_VERSION).encode()
        if other and (scope["method"], scope["path"]) not in _ANY_VERSION:
            raise DaemonVersion(
                f"the daemon speaks version {API_VERSION} of the contract, the caller another",
                hint="bookhunt daemon restart",
            )
        if self._under_way > MOST_AT_ONCE + (0 if _takes_long(scope) else KEPT_FREE):
            raise TryLater(f"{MOST_AT_ONCE} calls are under way already", retry_after_s=1.0)
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > LARGEST_BODY:
            raise BodyTooLarge


def _takes_long(scope: Scope) -> bool:
    """Whether a call submits, asks sellers, or waits for something to happen."""
    return scope["path"] in _LONG_PATHS or b"wait_s=" in scope["query_string"]


class _Bounded:
    """The body as it arrives, up to the limit."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = LARGEST_BODY

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise BodyTooLarge
        return message


class _Answer:
    """The answer as it leaves; a problem takes its place as long as nothing of it has left."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._began = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        self._began = True
        await self._send(message)

    async def problem(self, error: BookhuntError, *, status: int | None = None) -> None:
        if self._began:
            return
        problem = problem_of(error)
        if status is not None:
            problem["status"] = status
        body = json.dumps(problem).encode()
        headers = [(name.encode(), value.encode()) for name, value in headers_of(error).items()]
        headers.append((b"content-length", str(len(body)).encode()))
        if status == _TOO_LARGE:
            headers.append((b"connection", b"close"))
        await self({"type": "http.response.start", "status": problem["status"], "headers": headers})
        await self({"type": "http.response.body", "body": body})


def headers_of(error: BookhuntError) -> dict[str, str]:
    """The headers of a problem's answer; `Retry-After` in whole seconds where it is known."""
    headers = {"content-type": PROBLEM_JSON}
    if isinstance(error, TryLater):
        headers["retry-after"] = str(math.ceil(error.retry_after_s))
    return headers
