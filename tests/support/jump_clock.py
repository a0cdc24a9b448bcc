"""A clock that jumps: hours of waiting pass in milliseconds, and in the right order.

`JumpClock` implements `hunt.ports.Clock`; its event loop keeps the same time. When every task of
the loop waits, the time jumps to the next timer, so `asyncio.sleep`, `asyncio.timeout` and
`loop.call_later` all run at once and still one after the other. When nothing is due and no timer
is set, nothing can ever happen: the loop says so with `NothingLeft` instead of hanging.

In a test file or a conftest:

    from tests.support.jump_clock import JumpClock, jump_loops as pytest_asyncio_loop_factories

    @pytest.fixture
    async def clock() -> JumpClock:
        return JumpClock.of_running_loop()

A clock outlives its loops: `clock.run(coroutine)` opens a loop, and what is still running when the
coroutine ends is cut off, as by a crash; `clock.pass_time` is the time between two lives.

Work in an executor stops the time until it is done. Other threads that answer through
`call_soon_threadsafe` (the writer of a real ledger) need `JumpClock(patience_s=...)`: so much
real time the loop waits for them before each jump.
"""

from __future__ import annotations

import asyncio
import selectors
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

_T = TypeVar("_T")
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
# The loop takes timers due within this for due: far above what a float loses in ten years.
_RESOLUTION_S = 1e-6
_LONGEST_REAL_WAIT_S = 10.0


class NothingLeft(RuntimeError):
    """Every task waits, no timer is set, nobody outside is at work: the test waits for ever."""


class JumpClock:
    """Both kinds of time, moved by the loop that waits and by `pass_time`."""

    def __init__(self, *, start: datetime = START, patience_s: float = 0.0) -> None:
        self.elapsed_s = 0.0
        self.patience_s = patience_s
        self._start = start

    @classmethod
    def of_running_loop(cls) -> JumpClock:
        """The clock of the loop this runs in, which a `JumpLoop` must be."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpLoop), "this test needs a loop that jumps: see the module"
        return loop.clock

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        return self.elapsed_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def pass_time(self, seconds: float) -> None:
        """Let time go by while no loop runs, or in one jump under a running one."""
        self.elapsed_s += seconds

    def set_wall_clock(self, seconds: float) -> None:
        """Somebody moves the time of day by so much; the monotonic time does not follow."""
        self._start += timedelta(seconds=seconds)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run to its end in a loop of its own; tasks left over are cancelled, then forgotten."""
        with asyncio.Runner(loop_factory=lambda: JumpLoop(self)) as runner:
            return runner.run(work)


class JumpLoop(asyncio.SelectorEventLoop):
    """An event loop on a clock that jumps to the next timer when every task waits."""

    def __init__(self, clock: JumpClock | None = None) -> None:
        self.clock = clock or JumpClock()
        self.outside = 0  # pieces of work in threads, which the time must wait for
        super().__init__(_JumpSelector(self))
        self._clock_resolution = _RESOLUTION_S

    def time(self) -> float:
        return self.clock.elapsed_s

    @contextmanager
    def time_stands_still(self) -> Iterator[None]:
        """Wait really, for something that happens outside this loop."""
        self.outside += 1
        try:
            yield
        finally:
            self.outside -= 1

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self.outside += 1
        future.add_done_callback(self._came_back)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the signature is asyncio's
        with self.time_stands_still():
            await super().shutdown_default_executor()

    def _came_back(self, _: object) -> None:
        self.outside -= 1


class _JumpSelector(selectors.DefaultSelector):
    """Reports what is ready; where the loop would wait for a timer, it moves the clock there."""

    def __init__(self, loop: JumpLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        clock = self._loop.clock
        if self._loop.outside or timeout is None:
            ready = super().select(_LONGEST_REAL_WAIT_S if self._loop.outside else 0.5)
            if not ready and not self._loop.outside:
                raise NothingLeft("every task waits, and no timer is set that would wake one")
            return ready
        if clock.patience_s:
            ready = super().select(clock.patience_s)
            if ready:
                return ready
        clock.elapsed_s += timeout
        return ready


def jump_loops(config: object, item: object) -> dict[str, Callable[[], JumpLoop]]:
    """Import this as `pytest_asyncio_loop_factories`: the tests below run on loops that jump."""
    return {"jump": JumpLoop}
