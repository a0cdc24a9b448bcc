"""The steps of a block: render, send, read, keep what later steps need.

A block ends in one of two ways: all its steps went on, and the last answer is there to be read; or
something ended it, and that is a word with a detail, never an exception. Which words there are and
in which order an answer is read is the seller language's page.

What differs between a quote, a purchase and a look-up is which steps are run, through which
transport and how often a step may be sent again; that is said by the `Run`, and the modules
`plan_quote`, `plan_purchase` and `plan_lookup` are built on this one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from bookhunt.model.errors import SetupMissing
from bookhunt.sellers.auth_tokens import AuthFailed
from bookhunt.sellers.network import HostRefused
from bookhunt.sellers.plan_reading import StepRead, read_answer, retry_after_s
from bookhunt.sellers.rendering import Rendered, render
from bookhunt.sellers.scope import of_request
from bookhunt.sellers.template_filters import MISSING
from bookhunt.sellers.template_sealed import CannotRender
from bookhunt.sellers.transport import FailureKind, WireAnswer, WireFailed
from bookhunt.telemetry.failpoints import fp
from bookhunt.telemetry.spans import span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bookhunt.model.money import Money
    from bookhunt.sellers.compiled import CompiledSeller, CompiledStep
    from bookhunt.sellers.plan_exchange import Exchange
    from bookhunt.sellers.plan_kept import KeptCaptures

_LOST_WORDS = {
    FailureKind.NOT_SENT: "unreachable",
    FailureKind.UNREACHABLE: "unreachable",
    FailureKind.TIMED_OUT: "timed_out",
    FailureKind.TOO_LARGE: "unreadable",
    FailureKind.MALFORMED: "unreadable",
}
_PAUSE_S = 0.1  # before a request is sent again, times chance: many do not come back together
_LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Something ended the block: a word of the language, and why, for people."""

    word: str
    detail: str | None = None
    retry_after_s: float | None = None
    failure: FailureKind | None = None  # there was no answer: the request may have been executed
    step: CompiledStep | None = None
    declared: bool = False  # an outcome of the definition says so


class Last(NamedTuple):
    """The answer that the block's fields are read from."""

    step: CompiledStep
    answer: WireAnswer
    read: StepRead


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often."""

    timeout_s: float  # of one request, where a step names no other
    lost: int = 0  # how often a repeatable step is sent again after a lost answer
    after_timeout: bool = False  # whether an answer that took too long counts as a lost one
    later: int = 0  # how often after `retry_later`
    every_step: bool = False  # nothing here spends: every step is repeatable


@dataclass(slots=True, kw_only=True)
class Run:
    """One walk through the steps of one block."""

    seller: CompiledSeller
    exchange: Exchange
    scope: dict[str, Any]
    patience: Patience
    block: str
    base_url: str
    captured: dict[str, Any] = field(default_factory=dict)
    total: Money | None = None  # the landed total that was read last
    kept: KeptCaptures | None = None
    kept_for: str = ""  # the book and the place that kept captures belong to
    unauthorised: bool = False  # an answer said so, whatever became of it
    lost: int = 0  # requests that failed and were made again
    # The scope of the request that was rendered last, and what it was made of.
    sent_with: tuple[dict[str, Any], dict[str, Any]] | None = None
    points: str = ""  # failure points before and after each request: `fp(f"{points}.before_step")`

    def scope_now(self) -> dict[str, Any]:
        """The scope of the next request."""
        now = self.exchange.tools.clock.now()
        scope = of_request(self.scope, now=now, captured=self.captured)
        self.sent_with = (scope, self.scope)
        return scope

    def scope_of_answer(self) -> dict[str, Any]:
        """What an answer is read in: the time and chance that its request was sent with."""
        if self.sent_with is None or self.sent_with[1] is not self.scope:
            return self.scope_now()
        return self.sent_with[0]


async def walk(run: Run, steps: Iterable[CompiledStep]) -> Last | Ended | None:
    """Run steps in order. None: every one was passed over, there is no answer."""
    last: Last | None = None
    for step in steps:
        if _passed_over(run, step):
            continue
        taken = await take(run, step)
        if isinstance(taken, Ended):
            return taken
        last = taken
    return last


def _passed_over(run: Run, step: CompiledStep) -> bool:
    """Whether the step has nothing to do: its `if` has no value, or its captures are known."""
    if step.only_if is not None:
        value = step.only_if.render(run.scope_now())
        if value is MISSING or value is False or value == "":
            return True
    if step.keep_s is None or run.kept is None:
        return False
    known = run.kept.get((run.seller.hash, run.block, step.index, run.kept_for))
    if known is None:
        return False
    run.captured.update(known)
    return True


async def take(run: Run, step: CompiledStep) -> Last | Ended:
    """One step, sent again as often as the run's patience and the step allow."""
    lost, later = run.patience.lost, run.patience.later
    while True:
        taken = await _take_once(run, step)
        if not isinstance(taken, Ended):
            return taken
        repeatable = step.repeatable or run.patience.every_step
        if taken.word == "retry_later":
            if later <= 0:
                return replace(taken, word="server_error")
            later -= 1
        elif _may_be_repeated(run, taken) and lost > 0 and repeatable:
            lost -= 1
            run.lost += 1
        else:
            return taken
        await run.exchange.tools.clock.sleep(_pause_s(taken))


def _may_be_repeated(run: Run, ended: Ended) -> bool:
    """Whether the answer was lost, or a failure of the seller's own, and another try may help."""
    if ended.word == "server_error" and not ended.declared:
        return True
    if ended.failure is FailureKind.TIMED_OUT:
        return run.patience.after_timeout
    return ended.failure in {FailureKind.UNREACHABLE, FailureKind.NOT_SENT}


def _pause_s(ended: Ended) -> float:
    if ended.retry_after_s is not None:
        return min(ended.retry_after_s, _LONGEST_PAUSE_S)
    return _PAUSE_S * random.uniform(0.5, 1.5)  # noqa: S311 - no secret


async def _take_once(run: Run, step: CompiledStep) -> Last | Ended:
    try:
        rendered = render(step.request, run.scope_now(), base_url=run.base_url)
    except CannotRender as cannot:
        return Ended(word="unreadable", detail=f"{step.name}: {cannot}", step=step)
    answer = await post(run, step, rendered)
    return answer if isinstance(answer, Ended) else await receive(run, step, answer)


async def post(run: Run, step: CompiledStep, rendered: Rendered) -> WireAnswer | Ended:
    """Send a rendered request of a step, once."""
    if not run.points:
        return await _post(run, step, rendered)
    with span("step", step=step.name) as seen:
        answer = await _post(run, step, rendered)
        if isinstance(answer, Ended):
            seen.tell(reason=answer.word)
        else:
            seen.tell(status=answer.status)
    return answer


async def _post(run: Run, step: CompiledStep, rendered: Rendered) -> WireAnswer | Ended:
    within_s = step.timeout_s or run.patience.timeout_s
    if run.points:
        fp(f"{run.points}.before_step")
    try:
        answer = await run.exchange.send(rendered, within_s=within_s)
    except WireFailed as failed:
        word, detail = _LOST_WORDS[failed.kind], f"{step.name}: {failed.detail}"
        return Ended(word=word, detail=detail, failure=failed.kind, step=step)
    except (HostRefused, CannotRender) as refused:
        return Ended(word="unreadable", detail=f"{step.name}: {refused}", step=step)
    except AuthFailed as failed:
        return Ended(word=failed.reason.value, detail=failed.detail, step=step)
    except SetupMissing as missing:
        return Ended(word="needs_setup", detail=missing.message, step=step)
    if run.points:
        fp(f"{run.points}.after_step")
    return answer


async def receive(run: Run, step: CompiledStep, answer: WireAnswer) -> Last | Ended:
    """Read an answer: outcomes, then the status, then what is kept of it."""
    read = await read_answer(step, answer, run.scope_of_answer(), run.seller)
    if read.word is not None:
        run.unauthorised = run.unauthorised or read.word == "unauthorised"
        return Ended(
            word=read.word,
            detail=run.exchange.tools.secrets.redacted(read.detail),
            retry_after_s=retry_after_s(answer, run.exchange.tools.clock.now()),
            step=step,
            declared=read.declared,
        )
    if read.captured:
        run.captured.update(read.captured)
    if read.total is not None:
        run.total = read.total
        run.scope = {**run.scope, "offer": {**run.scope.get("offer", {}), "total": read.total}}
    if step.keep_s is not None and run.kept is not None:
        key = (run.seller.hash, run.block, step.index, run.kept_for)
        run.kept.put(key, read.captured, step.keep_s)
    return Last(step=step, answer=answer, read=read)
