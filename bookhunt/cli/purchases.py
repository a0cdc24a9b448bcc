"""Many purchases at once: submitted as they are read, waited for, handed back as they end.

One thread reads the wishes (stdin may be slower than any seller), a bounded number of threads
submit and wait, and the caller's thread alone prints. Threads are daemonic: after Ctrl-C nobody
waits for a call that waits for a hunt, and the hunts go on without us.
"""

from __future__ import annotations

import json
import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bookhunt.cli import exit_codes
from bookhunt.cli.spool import SpooledKey, spooled_key
from bookhunt.cli.wishes import Unreadable, Wish
from bookhunt.model.errors import (
    BookhuntError,
    DaemonError,
    DaemonStopping,
    IdempotencyKeyReused,
    PossibleDuplicate,
)
from bookhunt.wire.problems import exit_code_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bookhunt.client import DaemonClient
    from bookhunt.home.paths import Home

MOST_AT_ONCE = 16
_LOOK_EVERY_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one wish: its request's object, or the error that ended it."""

    place: int  # in the order of the wishes
    label: str
    request: dict[str, Any] | None = None
    error: BookhuntError | None = None
    waited: bool = True

    @property
    def exit_code(self) -> int:
        """This book's own exit code."""
        if self.error is not None:
            return exit_code_of(self.error)
        assert self.request is not None
        return exit_codes.of_request(self.request) if self.waited else exit_codes.DONE


class _Submitted:
    """The id of a request, as soon as somebody has submitted it, or why nobody could.

    A future of the standard library, without the `logging` that it imports.
    """

    __slots__ = ("_error", "_is_known", "_request_id")

    def __init__(self) -> None:
        self._is_known = threading.Event()
        self._request_id = ""
        self._error: BaseException | None = None

    def succeed(self, request_id: str) -> None:
        """Tell everybody who waits."""
        self._request_id = request_id
        self._is_known.set()

    def fail(self, error: BaseException) -> None:
        """Raise it in everybody who waits."""
        self._error = error
        self._is_known.set()

    def request_id(self) -> str:
        """Wait for it."""
        self._is_known.wait()
        if self._error is not None:
            raise self._error
        return self._request_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A wish to submit, or one that an earlier line submits already."""

    place: int
    wish: Wish
    submitted: _Submitted
    is_twin: bool


@dataclass(slots=True, kw_only=True)
class Purchases:
    """Submits and waits. `under_way` are the ids that were submitted and are not done."""

    home: Home
    client: Callable[[], DaemonClient]
    wait_s: float | None  # None: submit only
    told: Callable[[str], None]  # a notice for the person
    traced: bool = False  # keep the traces, however the requests end
    under_way: dict[int, str] = field(default_factory=dict)
    unanswered: set[int] = field(default_factory=set)
    _jobs: queue.Queue[_Job | None] = field(default_factory=lambda: queue.Queue(MOST_AT_ONCE))
    _first: dict[str, _Submitted] = field(default_factory=dict)  # body to the first one's request
    _ends: queue.Queue[Done | int | BaseException] = field(default_factory=queue.Queue)
    _threads: int = 0

    def run(
        self, wishes: Iterable[Wish | Unreadable], *, idle: Callable[[], None]
    ) -> Iterator[Done]:
        """Every wish as it ends; `idle` is called while nothing does."""
        self._thread(self._read, wishes)
        done, total = 0, None
        while total is None or done < total:
            try:
                end = self._ends.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                idle()
                continue
            if isinstance(end, BaseException):
                raise end  # a bug in a thread is a bug of the command
            if isinstance(end, int):
                total = end
                continue
            done += 1
            yield end

    # -- in the reading thread

    def _read(self, wishes: Iterable[Wish | Unreadable]) -> None:
        place = -1
        for place, wish in enumerate(wishes):
            if isinstance(wish, Unreadable):
                self._ends.put(Done(place=place, label=wish.label, error=wish.error))
                continue
            if self._threads < MOST_AT_ONCE:
                self._threads += 1
                self._thread(self._work)
            self._jobs.put(self._job(place, wish))
        self._ends.put(place + 1)

    def _job(self, place: int, wish: Wish) -> _Job:
        """A list that names a book twice gets one copy, and two lines about it.

        A slip of the pen must not spend money. Whoever wants two copies says `--again`.
        """
        first = None
        if wish.key is None and not wish.request.again:
            body = json.dumps(wish.request.body(), sort_keys=True)
            first = self._first.get(body)
            if first is not None:
                self.told(f"{wish.label} stands in the list twice; one copy is bought")
                return _Job(place=place, wish=wish, submitted=first, is_twin=True)
            first = self._first[body] = _Submitted()
        return _Job(place=place, wish=wish, submitted=first or _Submitted(), is_twin=False)

    # -- in the working threads

    def _work(self) -> None:
        client = self.client()
        while (job := self._jobs.get()) is not None:
            try:
                end = self._buy(client, job)
            except BookhuntError as error:
                end = Done(place=job.place, label=job.wish.label, error=error)
            self.under_way.pop(job.place, None)
            self._ends.put(end)

    def _buy(self, client: DaemonClient, job: _Job) -> Done:
        place, wish = job.place, job.wish
        if not job.is_twin:
            try:
                job.submitted.succeed(self._submit(client, place, wish))
            except BaseException as error:
                job.submitted.fail(error)
                raise
        request_id = job.submitted.request_id()
        self.under_way[place] = request_id
        try:
            if self.wait_s is None:
                request = client.status(request_id)
            else:
                request = client.wait(request_id, within_s=self.wait_s)
        except BookhuntError as error:
            error.hint = f"it is submitted and goes on: bookhunt wait {request_id}"
            raise
        return Done(place=place, label=wish.label, request=request, waited=self.wait_s is not None)

    def _submit(self, client: DaemonClient, place: int, wish: Wish) -> str:
        """The request's id. A key of ours is forgotten only when the daemon has answered."""
        spooled = None
        key = wish.key
        if key is None:
            spooled = spooled_key(self.home, wish.request.body())
            key = spooled.key
            if spooled.found:
                self.told(
                    f"{wish.label}: an earlier submission was never answered; "
                    "it is taken up again, not made twice"
                )
        self.unanswered.add(place)
        try:
            submitted = client.buy(wish.request, idempotency_key=key, traced=self.traced)
        except BookhuntError as error:
            if spooled is not None and spooled.found:
                error.of_a_repeat = True
            if _is_answer(error):
                self.unanswered.discard(place)
            _settle(spooled, error)
            raise _explained(error) from error
        except BaseException:
            if spooled is not None:
                spooled.keep()
            raise
        self.unanswered.discard(place)
        if spooled is not None:
            spooled.answered()
        return str(submitted["request_id"])

    def _thread(self, work: Callable[..., None], *arguments: Any) -> None:
        def run() -> None:
            try:
                work(*arguments)
            except BaseException as bug:  # noqa: BLE001 - raised again where somebody sees it
                self._ends.put(bug)

        threading.Thread(target=run, daemon=True).start()


def _is_answer(error: BookhuntError) -> bool:
    """Whether the error is the daemon's word that nothing was written under this key.

    Of a repeat only the ledger's own is: the others were turned away before it was looked into,
    and the first time may have gone through.
    """
    if isinstance(error, (PossibleDuplicate, IdempotencyKeyReused)):
        return True
    if error.of_a_repeat:
        return False
    if isinstance(error, DaemonStopping):
        return True
    return not isinstance(error, DaemonError) and kind_of(error).status < 500


def _settle(spooled: SpooledKey | None, error: BookhuntError) -> None:
    if spooled is None:
        return
    if _is_answer(error):
        spooled.answered()
    else:
        spooled.keep()


def _explained(error: BookhuntError) -> BookhuntError:
    """A lost answer says what to do about it."""
    if not _is_answer(error) and (error.of_a_repeat or isinstance(error, DaemonError)):
        again = "type the same command again: it cannot be bought twice"
        error.hint = f"{error.hint}; then {again}" if error.hint else again
    return error
