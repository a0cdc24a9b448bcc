"""Traces to a collector as they end: OTLP over HTTP, as JSON, behind whatever else there is to do.

What is kept of requests (`hunt.tracing` decides) is offered here as well, and nothing waits for it:
a trace is put into a bounded line, and a task of its own makes JSON of what stands there, in a
thread, and posts it to `/v1/traces`, as https://opentelemetry.io/docs/specs/otlp/#otlphttp asks. A
collector that is not there, slow, or wants to be left alone costs the oldest traces in the line,
which are counted, and nothing else.

- The line is drained, many traces in one call; there is no timer.
- 429, 502, 503, 504 and lost answers are tried again, after `Retry-After` or with growing pauses,
  for five minutes; any other refusal is final. A collector that had a call already knows the ids
  of its spans.
- The address and the values of headers are the owner's, by reference where they are secret; spans
  hold what the allow-list of `telemetry.spans` lets through.
- At the end what stands in the line is sent for a moment, and the rest is counted as lost.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import orjson

from bookhunt.model.errors import BookhuntError
from bookhunt.notify.posting import pause_of, post
from bookhunt.notify.target import NotTold
from bookhunt.telemetry.export import otlp_of_parts
from bookhunt.telemetry.spans import document_of
from bookhunt.telemetry.trace_ids import trace_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bookhunt.hunt.ports import Clock
    from bookhunt.notify.posting import Network
    from bookhunt.telemetry.spans import Trace

_log = logging.getLogger(__name__)
PATH = "/v1/traces"
_MOST_WAITING = 200  # each holds on to its search until it is sent
_MOST_A_CALL = 20
_MOST_KNOWN = 10_000  # ids of traces that were offered, so that what follows is sent as well
_WITHIN_S = 10.0
_GIVE_UP_AFTER_S = 300.0
_LONGEST_PAUSE_S = 60.0
_JITTER = 0.3
_AGAIN = frozenset({429, 502, 503, 504})  # what the specification lets be tried again
_READ_OF_ANSWER = 64 * 1024
_SECRET = "secret:"  # noqa: S105 - how a reference to a secret begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where traces go. Texts beginning with `secret:` name a secret."""

    address: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What people see of it: an address may hold more than a host."""
        if self.address.startswith(_SECRET):
            return self.address
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"


class _Part(NamedTuple):
    trace: Trace
    outcome: str


class _Lost(Exception):
    """A call was not taken; `again`: it may be later, after so many seconds if it says."""

    def __init__(self, detail: str, *, again: bool, after_s: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.again = again
        self.after_s = after_s


class TraceExport:
    """Sends traces to the collector that is configured, if one is. `start` and `stop` it.

    `sent` counts traces that a collector took, `dropped` those that none will get, by why: the
    line was `full`, it was `refused`, `given_up`, or sending was `stopped`.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        network: Callable[[], Network],
        secret: Callable[[str], str],
        within_s: float = _WITHIN_S,
        first_pause_s: float = 1.0,
    ) -> None:
        """Build it.

        Args:
            clock: both kinds of time.
            network: how to reach out; asked for with the first call.
            secret: a secret by its name; may block, and raises `SetupMissing` where there is none.
            within_s: how long one call may take.
            first_pause_s: before a second try; each further pause is twice as long.
        """
        self.sent = 0
        self.dropped: Counter[str] = Counter()
        self.trouble: str | None = None  # why the last call was not taken
        self.endpoint: Endpoint | None = None
        self._clock = clock
        self._make_network = network
        self._network: Network | None = None
        self._secret = secret
        self._within_s = within_s
        self._first_pause_s = first_pause_s
        self._waiting: deque[_Part] = deque()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._news = asyncio.Event()
        self._changed = asyncio.Event()  # nothing is waited for: another endpoint, or the end
        self._stopping = False
        self._alone_until = 0.0  # so long the collector asked to be left alone; monotonic
        self._worker: asyncio.Task[None] | None = None
        self._rng = random.Random()  # noqa: S311 - jitter

    @property
    def waiting(self) -> int:
        """How many traces stand in the line."""
        return len(self._waiting)

    # ------------------------------------------------------------------------------ what is offered
    def keep(self, trace: Trace, *, outcome: str) -> None:
        """Send a part of a trace that has ended; drops rather than waits."""
        if self.endpoint is None or self._stopping:
            return
        trace_id = trace_id_of(trace.request_id)
        self._known[trace_id] = None
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        self._waiting.append(_Part(trace, outcome))
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft()
            self.dropped["full"] += 1
        self._news.set()

    def append(self, trace: Trace, *, outcome: str) -> None:
        """The same, if a part of its trace was offered in this life."""
        if trace_id_of(trace.request_id) in self._known:
            self.keep(trace, outcome=outcome)

    # -------------------------------------------------------------------------------- its life
    def start(self) -> None:
        """Begin to send."""
        self._worker = asyncio.create_task(self._run())

    def take_up(self, endpoint: Endpoint | None) -> None:
        """Send to this collector from now on; None: to nobody, and what waits is forgotten."""
        if endpoint == self.endpoint:
            return
        self.endpoint, self.trouble, self._alone_until = endpoint, None, 0.0
        if endpoint is None:
            self._waiting.clear()
        self._changed.set()

    async def stop(self, *, within_s: float = 2.0) -> None:
        """Send what waits, once and for so long; count the rest as lost."""
        if self._worker is None:
            return
        self._stopping = True
        self._changed.set()
        self._news.set()
        await asyncio.wait({self._worker}, timeout=within_s)
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)
        self.dropped["stopped"] += len(self._waiting)
        self._waiting.clear()
        if self.dropped.total():
            _log.info("traces were not sent", extra={"dropped": self.dropped.total()})

    async def _run(self) -> None:
        while not (self._stopping and not self._waiting):
            self._news.clear()
            while self._waiting and await self._may_call():
                parts = [
                    self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_A_CALL))
                ]
                await self._deliver(parts)
            if self._stopping:
                return
            await self._news.wait()

    async def _may_call(self) -> bool:
        """Leave the collector alone for as long as it asked; False: the end comes first."""
        while (left_s := self._alone_until - self._clock.monotonic()) > 0.0:
            if self._stopping:
                return False
            self._changed.clear()
            await self._pause(left_s)
        return True

    # ----------------------------------------------------------------------------------- a call
    async def _deliver(self, parts: list[_Part]) -> None:
        """Send parts until they are taken, refused, or too old; they are counted either way."""
        lost = "stopped"  # cut off at the end
        try:
            lost = await self._try_for_long(parts)
        except Exception:  # noqa: BLE001 - a mistake with one trace may silence no other
            _log.exception("traces could not be sent")
            lost = "refused"
        finally:
            if lost:
                self.dropped[lost] += len(parts)

    async def _try_for_long(self, parts: list[_Part]) -> str:
        """Empty: a collector has them; else why nobody will."""
        body = await asyncio.to_thread(_body_of, parts)
        gives_up_at = self._clock.monotonic() + _GIVE_UP_AFTER_S
        for tries in itertools.count(1):
            self._changed.clear()
            endpoint = self.endpoint
            if endpoint is None:
                return "stopped"
            try:
                rejected = await self._post(endpoint, body)
            except _Lost as lost:
                self._tell(lost.detail)
                self._alone_until = self._clock.monotonic() + (lost.after_s or 0.0)
                pause_s = self._pause_s(tries, lost)
                if not lost.again:
                    return "refused"
                if self._stopping:
                    return "stopped"
                if self._clock.monotonic() + pause_s > gives_up_at:
                    return "given_up"
                await self._pause(pause_s)
            else:
                self.trouble = rejected
                self.sent += len(parts)
                return ""
        raise AssertionError("the loop returns")

    async def _post(self, endpoint: Endpoint, body: bytes) -> str | None:
        """What the collector says against some of it; None: it took everything."""
        try:
            async with asyncio.timeout(self._within_s):
                address = await self._text(endpoint.address)
                headers = [
                    (name, await self._text(value)) for name, value in endpoint.headers.items()
                ]
                url = _url_of(address)
                if self._network is None:
                    self._network = self._make_network()
                way = await self._network.way_to(url)
                answer = await post(
                    url,
                    way,
                    [("Accept-Encoding", "identity"), *headers],
                    body,
                    reads=_READ_OF_ANSWER,
                )
        except TimeoutError:
            raise _Lost(f"no answer within {self._within_s:g} s", again=True) from None
        except NotTold as why:
            raise _Lost(why.detail, again=True) from None
        except BookhuntError as error:
            raise _Lost(error.message, again=True) from None
        if 200 <= answer.status < 300:
            return _partly(answer.body)
        raise _Lost(
            f"it answered with status {answer.status}",
            again=answer.status in _AGAIN,
            after_s=pause_of(answer.retry_after, self._clock.now()),
        )

    async def _text(self, said: str) -> str:
        if not said.startswith(_SECRET):
            return said
        return await asyncio.to_thread(self._secret, said.removeprefix(_SECRET))

    def _pause_s(self, tries: int, lost: _Lost) -> float:
        own_s = min(self._first_pause_s * 2.0 ** min(tries - 1, 10), _LONGEST_PAUSE_S)
        return max(own_s * self._rng.uniform(1 - _JITTER, 1 + _JITTER), lost.after_s or 0.0)

    async def _pause(self, seconds: float) -> None:
        """Wait, unless there is another collector or the end has come."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def _tell(self, detail: str) -> None:
        if self.trouble is None:
            _log.warning("traces are not taken: %s", detail)
        self.trouble = detail


def _url_of(address: str) -> str:
    """Where calls go: below the base address, unless it is written out whole."""
    base, question, query = address.partition("?")
    base = base.rstrip("/")
    return (base if base.endswith(PATH) else base + PATH) + question + query


def _body_of(parts: list[_Part]) -> bytes:
    documents = [
        (part.trace.request_id, document_of(part.trace, outcome=part.outcome)) for part in parts
    ]
    return orjson.dumps(otlp_of_parts(documents))


def _partly(body: bytes) -> str | None:
    """Spans that a collector rejected though it took the call, as OTLP's `partialSuccess` says."""
    try:
        partial = orjson.loads(body or b"{}").get("partialSuccess") or {}
        rejected = int(partial.get("rejectedSpans") or 0)
    except (AttributeError, TypeError, ValueError):
        return None
    return f"it rejected {rejected} spans" if rejected else None
