"""What happened in one request, with times: a trace in memory, until somebody decides to keep it.

Recording must cost next to nothing, since nearly all of it is thrown away: whether a trace is worth
keeping is known at its end only (it failed, it bought, or it is one of the few that are kept as a
sample). So a span is one list in a list: no lock, no id, no I/O, no text made. Ids, names of
attributes and JSON are made of it when it is kept, in the thread that writes it.

`span("claim", seller=...)` records to the trace of the running task, if it has one; a task that is
started inside belongs to the span it was started in. Where the hot path already remembers what it
did (a search knows every call it made), it is not written down a second time: `later` takes what
makes spans of that memory when they are wanted.

Times are the seconds of the clock that the trace was made with. Attributes hold what an allow-list
names, and no words of a seller: see `ATTRIBUTES`.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from weakref import ReferenceType, ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

MOST_SPANS = 4000
LONGEST_TEXT = 80
ROOT = -1  # the parent of what has none
# What is done when a request rests already: it takes none of the request's time.
AFTERWARDS = frozenset({"notice", "tell"})
# What may be said of a span. Nothing of a customer, and nothing in a seller's own words.
ATTRIBUTES = frozenset(
    (
        "again answer asked best cached calls ease error expected in_flight offers rank reason "
        "recovered ruled_out seller shared stage standing state status step target tier "
        "together total tries waited why window wire_ms z"
    ).split()
)


class Row(NamedTuple):
    """A span; `end` None: it has not ended, or nobody saw its end."""

    name: str
    start: float
    end: float | None
    parent: int  # the index of another row of the same trace, or ROOT
    told: dict[str, Any] | None


class Trace:
    """One part of a request's trace: what one life of the daemon did for it in one go."""

    __slots__ = (
        "__weakref__",
        "dropped",
        "ended",
        "later",
        "link",
        "monotonic",
        "origin",
        "request_id",
        "rows",
    )

    def __init__(
        self,
        request_id: str,
        *,
        monotonic: Callable[[], float],
        wall_s: float,
    ) -> None:
        """Begin one; `wall_s` is the time of day now, in seconds since 1970."""
        self.request_id = request_id
        self.monotonic = monotonic
        self.origin = wall_s - monotonic()  # what makes a time of day of a time of this trace
        self.rows: list[list[Any]] = []
        self.later: list[Callable[[], Iterable[Row]]] = []
        self.link: tuple[str, str] | None = None  # trace and span of a caller of another make
        self.dropped = 0
        self.ended = False

    def open(self, name: str, parent: int = ROOT, told: dict[str, Any] | None = None) -> int:
        """Begin a span now; its index, ROOT where there is no room for more."""
        return self.add(name, self.monotonic(), None, parent, told)

    def add(
        self,
        name: str,
        start: float,
        end: float | None,
        parent: int = ROOT,
        told: dict[str, Any] | None = None,
    ) -> int:
        """Write a span down; its index. What comes after the end of the trace is too late."""
        rows = self.rows
        if self.ended or len(rows) >= MOST_SPANS:
            self.dropped += 1
            return ROOT
        rows.append([name, start, end, parent, told])
        return len(rows) - 1

    def close(self, index: int, told: dict[str, Any] | None = None) -> None:
        """End a span now."""
        if index == ROOT or self.ended:
            return
        row = self.rows[index]
        row[2] = self.monotonic()
        if told:
            row[4] = told if row[4] is None else row[4] | told

    def whole(self) -> list[Row]:
        """Every span, those of `later` at the end; a parent comes before its children."""
        rows = [Row(*row) for row in self.rows]
        for make in self.later:
            rows.extend(make())
        return rows[:MOST_SPANS]


class _Here(NamedTuple):
    """Where a task is: in which span of which trace, and of which request whatever became of that.

    The trace is held weakly: a connection keeps the context that it was opened in for as long as it
    is open, and would keep the trace of that request, with all that its search remembers.
    """

    trace: ReferenceType[Trace]
    parent: int
    request_id: str


_HERE: ContextVar[_Here | None] = ContextVar("bookhunt_trace", default=None)


def current() -> Trace | None:
    """The trace of the running task, as long as whoever began it keeps it."""
    here = _HERE.get()
    return None if here is None else here.trace()


def current_request() -> str | None:
    """The request that the running task works for."""
    here = _HERE.get()
    return None if here is None else here.request_id


def here() -> int:
    """The span that the running task is in."""
    found = _HERE.get()
    return ROOT if found is None else found.parent


def belong_to(trace: Trace | None, parent: int = ROOT) -> None:
    """Let the running task, and those it starts, record to this trace from now on."""
    _HERE.set(None if trace is None else _Here(ref(trace), parent, trace.request_id))


class Span:
    """One span of the running task's trace, from `with` to the end of its block."""

    __slots__ = ("_name", "_token", "_told", "_trace", "index")

    def __init__(self, name: str, told: dict[str, Any] | None) -> None:
        self._name = name
        self._told = told
        self._trace: Trace | None = None
        self.index = ROOT

    def tell(self, **more: Any) -> None:
        """Say more of it, before it ends."""
        if self._trace is not None:
            self._told = more if self._told is None else self._told | more

    def __enter__(self) -> Self:
        found = _HERE.get()
        if found is not None and (trace := found.trace()) is not None:
            weak, parent, request_id = found
            self._trace = trace
            self.index = trace.open(self._name, parent)
            inside = self.index if self.index != ROOT else parent
            self._token = _HERE.set(_Here(weak, inside, request_id))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        trace = self._trace
        if trace is None:
            return
        _HERE.reset(self._token)
        if kind is not None:
            self.tell(error=getattr(kind, "code", None) or kind.__name__)
        trace.close(self.index, self._told)


def span(name: str, **told: Any) -> Span:
    """A span around a block; next to nothing where the running task is not traced."""
    return Span(name, told or None)


def kept(told: dict[str, Any] | None) -> dict[str, Any]:
    """What may be kept of a span's attributes: allowed names; numbers, truths and short texts."""
    if not told:
        return {}
    found: dict[str, Any] = {}
    for name, value in told.items():
        if value is None or name not in ATTRIBUTES:
            continue
        if isinstance(value, (bool, int)):
            found[name] = value
        elif isinstance(value, float):
            found[name] = round(value, 3)
        else:
            text = str(value)[:LONGEST_TEXT]
            found[name] = text if text.isprintable() else "?"
    return found


def document_of(trace: Trace, *, outcome: str) -> dict[str, Any]:
    """A part of a trace as it is stored: microseconds since 1970, then one array per span.

    An array is name, start and length in microseconds (null: not seen to its end), the parent's
    place in the list or -1, and the attributes.
    """
    rows = trace.whole()
    began = min((row.start for row in rows), default=trace.monotonic())
    return {
        "began_us": round((began + trace.origin) * 1e6),
        "outcome": outcome,
        "link": trace.link,
        "dropped": trace.dropped,
        "spans": [
            [
                row.name,
                round((row.start - began) * 1e6),
                None if row.end is None else max(round((row.end - row.start) * 1e6), 0),
                row.parent,
                kept(row.told),
            ]
            for row in rows
        ],
    }
