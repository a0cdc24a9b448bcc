"""The other side of an example: answers from a script, a clock that waits for nothing.

The real gateway asks and orders; only the wire is played. Each request takes the next exchange, is
compared with what it expects, and gets its answer. A request that is sent again after the script
has ended gets the last answer once more where that was lost: how often a quote is tried again is
the gateway's business and not the example's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.doctor_requests import differences, shown_request
from bookhunt.sellers.transport import FailureKind, WireAnswer, WireFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bookhunt.sellers.language import Exchange, Reply
    from bookhunt.sellers.transport import WireRequest

REFERENCE = "exampleorder000001"
KEY = "00000000-0000-4000-8000-000000000001"
_BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_MOST_REQUESTS = 100
_CONTENT = {"json_body": "application/json", "body": "text/plain; charset=utf-8"}


class ExampleClock:
    """Both kinds of time; waiting only moves it on."""

    def __init__(self) -> None:
        self._monotonic = 1000.0

    def now(self) -> datetime:
        """The time of day in the example."""
        return _BEGAN + timedelta(seconds=self._monotonic - 1000.0)

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Be later at once."""
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        """Be later."""
        self._monotonic += max(seconds, 0.0)


def placed(text: str) -> str:
    """A text of an example with this order's own reference and key in it."""
    return text.replace("{order.reference}", REFERENCE).replace("{order.key}", KEY)


def placed_in(value: Any) -> Any:
    """JSON of an example with this order's own reference and key in its texts."""
    if isinstance(value, str):
        return placed(value)
    if isinstance(value, dict):
        return {placed(key): placed_in(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [placed_in(item) for item in value]
    return value


@dataclass(slots=True, kw_only=True)
class Script:
    """The exchanges of one example, as a transport of both kinds. `problems` is what was wrong."""

    exchanges: Sequence[Exchange]
    body_files: Mapping[str, Path]
    lost_as: FailureKind = FailureKind.UNREACHABLE
    problems: list[str] = field(default_factory=list)
    sent: list[WireRequest] = field(default_factory=list)
    last_answer: WireAnswer | None = None
    _next: int = 0

    async def send(self, request: WireRequest, *, within_s: float, body_limit: int) -> WireAnswer:
        """Take the next exchange."""
        del within_s
        again = bool(self.sent) and _same(self.sent[-1], request)
        self.sent.append(request)
        if self._next < len(self.exchanges):
            exchange, number = self.exchanges[self._next], self._next + 1
            self._next += 1
            found = differences(exchange.expect, request, placed_in)
            if found:
                self.problems.append(f"request {number} is not the one expected")
                self.problems += [f"  {each}" for each in found]
                self.problems += [f"  | {line}" for line in shown_request(request)]
        elif again and self.exchanges and len(self.sent) <= _MOST_REQUESTS:
            exchange = self.exchanges[-1]
        else:
            self.problems.append("a request that no exchange answers")
            self.problems += [f"  | {line}" for line in shown_request(request)]
            raise WireFailed(FailureKind.UNREACHABLE, "the example has no more exchanges")
        if exchange.reply.lost:
            raise WireFailed(self.lost_as, "the answer is lost")
        self.last_answer = self._answer(exchange.reply, request)
        if len(self.last_answer.body) > body_limit:
            raise WireFailed(FailureKind.TOO_LARGE, "the body is larger than limits.body_kb")
        return self.last_answer

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def left(self) -> int:
        """How many exchanges were not asked for."""
        return len(self.exchanges) - self._next

    def end(self) -> None:
        """Nothing more has to be asked for: what ended it ends it wherever it is said."""
        self._next = len(self.exchanges)

    def _answer(self, reply: Reply, request: WireRequest) -> WireAnswer:
        headers: list[tuple[str, str]] = []
        for name, value in reply.headers.items():
            values = (value,) if isinstance(value, str) else value
            headers += [(name.lower(), placed(each)) for each in values]
        body, content_type = self._body(reply)
        if content_type is not None and not any(name == "content-type" for name, _ in headers):
            headers.append(("content-type", content_type))
        return WireAnswer(status=reply.status, headers=tuple(headers), body=body, url=request.url)

    def _body(self, reply: Reply) -> tuple[bytes, str | None]:
        if "json_body" in reply.model_fields_set:
            text = json.dumps(placed_in(reply.json_body), ensure_ascii=False)
            return text.encode(), _CONTENT["json_body"]
        if reply.body_file is not None:
            content = self.body_files[reply.body_file].read_bytes()
            reference = REFERENCE.encode()
            content = content.replace(b"{order.reference}", reference)
            return content.replace(b"{order.key}", KEY.encode()), None
        if reply.body is not None:
            return placed(reply.body).encode(), None
        return b"", None


def _same(one: WireRequest, other: WireRequest) -> bool:
    return (one.method, one.url, one.body) == (other.method, other.url, other.body)
