"""Several books asked of one seller in one call, where its definition takes a list of them.

Twenty watches that come due together, a list that is bought, a burst: the naive way makes a call
for each book. Here those that ask such a seller stand in a line in front of its gate, and whoever
stands there when the gate lets a call through leaves in it, up to the batch that the definition
allows. Nobody waits for company: one who asks while no call is under way leaves with the next turn
of the loop. Only while a call is under way do the next ones wait for its end, and then for at most
a quarter of a second, since a seller that is silent must not hold up who comes after.

- In one call stand only books that are asked for alike: same country, currency, condition, kind
  of ISBN, and maximum where the seller is told it. Nothing else of a request is ever told.
- Each who asks keeps its own deadline and may leave: out of the line without a trace, out of a call
  without harm to the others. A call that everybody left is cut off.
- A batch is one call: it passes the gate once, takes one place under the cap on all calls, and is
  counted once. It is paid by the first of its books (`Flight.carried`: the others'), so that what
  requests say they cost adds up to what sellers saw.
- What makes it fail is the reason of each book in it; whoever asks again may come into another.
- The line is bounded; who finds it full is told to come later, as by the gate.

A confirmation before buying never comes here, nor does a book without an ISBN.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bookhunt.hunt.gate import Pass, Refused
from bookhunt.hunt.ports import Quoted
from bookhunt.model.reasons import ABOUT_THE_BOOK, Reason

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Sequence
    from datetime import datetime

    from bookhunt.hunt.gate import Gate
    from bookhunt.hunt.lookups import Flight
    from bookhunt.hunt.ports import Ask, Clock, Sellers
    from bookhunt.hunt.tally import Tally
    from bookhunt.model.seller import Seller

# As long as the gate waits for a rate: more is worth less than asking somebody else.
_HELD_AT_MOST_S = 0.25
_NO_TIME_S = 0.001
_MOST_WAITING = 1000  # asks, in the line of one seller

_LineKey = tuple[object, ...]


class Answered(NamedTuple):
    """What came of an ask; `asked_at` None: the gate let no call through, and nothing was sent."""

    quoted: Quoted
    asked_at: datetime | None


@dataclass(slots=True, kw_only=True, eq=False)
class _Rider:
    """One who asks: in the line, then in a call."""

    flight: Flight
    ask: Ask
    since: float
    answer: asyncio.Future[Answered]


@dataclass(slots=True, kw_only=True, eq=False)
class _Line:
    """Those that would ask one seller alike, in the order they came."""

    key: _LineKey
    seller: Seller
    waiting: dict[_Rider, None] = field(default_factory=dict)
    under_way: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    boarding: asyncio.Task[None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether those that wait may still be joined: a call is under way, and there is room."""
        return bool(self.under_way) and 0 < len(self.waiting) < self.seller.batch


@dataclass(slots=True, kw_only=True)
class Batches:
    """The lines of every seller that can be asked for several books at once."""

    sellers: Sellers
    gate: Gate
    calls: asyncio.Semaphore  # the cap on calls of all requests together
    clock: Clock
    tally: Tally
    _lines: dict[_LineKey, _Line] = field(default_factory=dict)
    _calls: set[asyncio.Task[None]] = field(default_factory=set)

    @staticmethod
    def takes(flight: Flight, ask: Ask) -> bool:
        """Whether this may be asked together with other books."""
        return flight.seller.batch > 1 and not flight.live and _asked_by(flight.seller, ask) != ""

    async def ask(self, flight: Flight, ask: Ask) -> Answered:
        """The seller's answer for this book, out of whatever call it came in.

        `ask` has the maximum that this seller is told. While it stands in the line the flight says
        so (`queued_since`): that is no slowness of the seller.
        """
        key = _line_key(flight.seller, ask)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line(key=key, seller=flight.seller)
        line.seller = flight.seller
        if len(line.waiting) >= _MOST_WAITING:
            return self.refused(flight.seller, Refused(Reason.SKIPPED_LIMIT, _HELD_AT_MOST_S))
        now = flight.queued_since = self.clock.monotonic()
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        rider = _Rider(flight=flight, ask=ask, since=now, answer=answer)
        line.waiting[rider] = None
        line.news.set()
        if line.boarding is None:
            line.boarding = self._started(self._board(line))
        try:
            return await answer
        finally:
            if line.waiting.pop(rider, rider) is None:  # it left before a call did
                line.news.set()
            _goes(flight, self.clock.monotonic())

    async def stop(self) -> None:
        """Cut every call off."""
        tasks = list(self._calls)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _started(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return task

    def _forget_if_empty(self, line: _Line) -> None:
        if not (line.waiting or line.under_way or line.boarding) and line.key in self._lines:
            del self._lines[line.key]

    # -------------------------------------------------------------------------------- in line
    async def _board(self, line: _Line) -> None:
        """Send calls on their way for as long as somebody waits.

        It is begun in the turn of the loop in which the first one asks, and runs in the next.
        """
        try:
            while line.waiting:
                await self._until_worth_a_call(line)
                if line.waiting:
                    await self._send_one(line)
        except BaseException as failure:
            _fail(line.waiting, failure)
            line.waiting.clear()
            if not isinstance(failure, Exception):
                raise
        finally:
            line.boarding = None
            self._forget_if_empty(line)

    async def _until_worth_a_call(self, line: _Line) -> None:
        while line.is_held and (left_s := self._may_be_held_s(line)) > 0.0:
            await _news_of(line, within_s=left_s)

    def _may_be_held_s(self, line: _Line) -> float:
        """How long the one who came first may be kept waiting yet; a millisecond is no time."""
        left_s = next(iter(line.waiting)).since + _HELD_AT_MOST_S - self.clock.monotonic()
        return left_s if left_s > _NO_TIME_S else 0.0

    async def _send_one(self, line: _Line) -> None:
        """One call for those who wait, or the gate's refusal for all of them."""
        anyway = any(rider.flight.anyway for rider in line.waiting)
        entered = self.gate.enter(line.seller, self.clock.monotonic(), anyway=anyway)
        if isinstance(entered, Refused):
            left_s = self._may_be_held_s(line)
            if entered.reason is Reason.SKIPPED_LIMIT and left_s > 0.0:
                # A rate or a place may come free in time; more may join until then.
                await _news_of(line, within_s=min(left_s, max(entered.retry_after_s, 0.01)))
                return
            for rider in _taken(line, most=len(line.waiting)):
                rider.answer.set_result(self.refused(line.seller, entered))
            return
        try:
            if entered.wait_s > 0.0:
                self.tally.calls_delayed += 1
                await self.clock.sleep(entered.wait_s)
            await self.calls.acquire()
        except BaseException:
            self.gate.drop(entered, sent=False)
            raise
        riders = _taken(line, most=line.seller.batch)
        if not riders:  # all of them left meanwhile
            self.calls.release()
            self.gate.drop(entered, sent=False)
            return
        line.under_way += 1
        call = self._started(self._call(line, riders, entered))
        call.add_done_callback(lambda done: self._landed(done, line, riders, entered))
        _cut_off_when_all_have_left(call, riders)

    def refused(self, seller: Seller, refused: Refused) -> Answered:
        """The gate lets nothing through: no call, with its reason."""
        self.tally.calls_refused[refused.reason.value] += 1
        quoted = Quoted(
            seller=seller.id,
            reason=refused.reason,
            retry_after_s=refused.retry_after_s,
            detail="it fails by turns: a call every other second" if refused.drips else None,
            held_back=refused.drips,
        )
        return Answered(quoted, None)

    # ------------------------------------------------------------------------------ in a call
    async def _call(self, line: _Line, riders: Sequence[_Rider], entered: Pass) -> None:
        seller, asked_at = line.seller, self.clock.now()
        for n, rider in enumerate(riders):
            flight = rider.flight
            flight.sent, flight.carried, flight.together = True, n > 0, len(riders)
            _goes(flight, self.clock.monotonic())
        quoted = await self._ask_for_all(seller, [rider.ask for rider in riders])
        self._count(seller, quoted, entered)
        for rider, each in zip(riders, quoted, strict=True):
            if not rider.answer.done():
                rider.answer.set_result(Answered(each, asked_at))

    def _landed(
        self, call: asyncio.Task[None], line: _Line, riders: Sequence[_Rider], entered: Pass
    ) -> None:
        """Whatever became of a call: one that was cut off before it began has no other end."""
        self.calls.release()
        line.under_way -= 1
        line.news.set()
        failure = asyncio.CancelledError() if call.cancelled() else call.exception()
        if failure is not None:
            self.gate.drop(entered)
            _fail(riders, failure)
        self._forget_if_empty(line)

    async def _ask_for_all(self, seller: Seller, asks: Sequence[Ask]) -> Sequence[Quoted]:
        if len(asks) == 1:
            return [await self.sellers.quote(seller.id, asks[0], within_s=seller.timeout_s)]
        return await self.sellers.quote_batch(seller.id, asks, within_s=seller.timeout_s)

    def _count(self, seller: Seller, quoted: Sequence[Quoted], entered: Pass) -> None:
        """One call came back, whatever it gave for each of its books."""
        first = quoted[0]
        gave = _word_of(quoted)
        self.tally.answered(seller.id, gave, first.latency_ms / 1000)
        if len(quoted) > 1:
            self.tally.answers_carried += len(quoted) - 1
        self.gate.leave(
            entered,
            gave,
            self.clock.monotonic(),
            retry_after_s=first.retry_after_s,
            lost=first.lost > 0,
        )


def _line_key(seller: Seller, ask: Ask) -> _LineKey:
    """What asks of one call have in common: all that a quote may render but the books."""
    maximum = ask.max_price if seller.sends_maximum else ask.max_price.currency
    about = (_asked_by(seller, ask), ask.country, ask.condition, maximum)
    return (seller.id, seller.definition_hash, *about)


def _asked_by(seller: Seller, ask: Ask) -> str:
    """By which kind of ISBN this seller is asked for the book; empty: by none."""
    by = next((by for by in seller.asks_by if getattr(ask.book, by, None)), "")
    return "" if by == "title" else by


def _taken(line: _Line, *, most: int) -> list[_Rider]:
    """The first in line, who are in it no more; nor are those who left a moment ago."""
    taken: list[_Rider] = []
    while line.waiting and len(taken) < most:
        rider = next(iter(line.waiting))
        del line.waiting[rider]
        if not rider.answer.done():
            taken.append(rider)
    return taken


def _goes(flight: Flight, now: float) -> None:
    """It stands in line no more."""
    flight.queued_s, flight.queued_since = flight.held_up_s(now), None


def _cut_off_when_all_have_left(call: asyncio.Task[None], riders: Sequence[_Rider]) -> None:
    aboard = set(riders)

    def leaves(rider: _Rider, answer: asyncio.Future[Answered]) -> None:
        if answer.cancelled():
            aboard.discard(rider)
            if not aboard:
                call.cancel()

    for rider in riders:
        rider.answer.add_done_callback(partial(leaves, rider))


def _fail(riders: Iterable[_Rider], failure: BaseException) -> None:
    """No answer will come: what went wrong is theirs, and a call cut off is cut off for each."""
    for rider in list(riders):
        if rider.answer.done():
            continue
        if isinstance(failure, Exception):
            rider.answer.set_exception(failure)
        else:
            rider.answer.cancel()


def _word_of(quoted: Sequence[Quoted]) -> Reason | None:
    """What a call came to: offers, else a word about one of the books, else why it failed."""
    reasons = [each.reason for each in quoted]
    if None in reasons:
        return None
    return next((reason for reason in reasons if reason in ABOUT_THE_BOOK), reasons[0])


async def _news_of(line: _Line, *, within_s: float) -> None:
    line.news.clear()
    try:
        async with asyncio.timeout(within_s):
            await line.news.wait()
    except TimeoutError:
        return
