"""Failure points: named places where a test may kill, stop or break the process.

`fp("ledger.intend.before_commit")` stands before, inside and after each durable write of the money
path and each of its wire steps. Unless the environment holds `BOOKHUNT_TESTING=1` and a plan in
`BOOKHUNT_FAILPOINTS`, `fp` is an empty function: nothing is parsed, counted or looked up. The plan
is read once, when this module is first imported; a plan that cannot be read ends the process.

A plan is a list of clauses with `;` between them:

    record:/path          append each name to the file, as it is reached
    kill@17               SIGKILL this process at the 17th point it reaches, whatever its name
    NAME=ACTION           at the first time NAME is reached
    NAME*2=ACTION         at the second time

    ACTION: kill           SIGKILL to this process
            exit           leave at once with status 70, without any clean-up
            sleep:250      block the thread for so many milliseconds
            raise:ENOSPC   raise OSError with that errno
            hang           block the thread for ever

The idea is the failpoint of FreeBSD's fail(9) and of TiKV's `fail` crate.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXIT_STATUS = 70  # EX_SOFTWARE of sysexits.h
_NAMED = re.compile(r"(?P<name>[a-z0-9_.]+)(?:\*(?P<time>[1-9][0-9]*))?=(?P<action>.+)", re.ASCII)


class BadPlan(ValueError):
    """The plan in `BOOKHUNT_FAILPOINTS` cannot be read."""


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _exit() -> None:
    os._exit(EXIT_STATUS)


def _hang() -> None:
    threading.Event().wait()


def _action(text: str) -> Callable[[], None]:
    plain = {"kill": _kill, "exit": _exit, "hang": _hang}
    if text in plain:
        return plain[text]
    word, _, argument = text.partition(":")
    if word == "sleep" and argument.isdecimal():
        return lambda: time.sleep(int(argument) / 1000)
    number = getattr(errno, argument, None) if word == "raise" else None
    if isinstance(number, int):

        def break_here() -> None:
            raise OSError(number, f"{os.strerror(number)} (failure point)")

        return break_here
    raise BadPlan(f"{text!r} is no action: kill, exit, hang, sleep:MS or raise:ERRNO")


@dataclass(slots=True)
class Plan:
    """A plan as it was read, and how often each point was reached so far."""

    record: Path | None = None
    kill_at: int | None = None
    actions: dict[tuple[str, int], Callable[[], None]] = field(default_factory=dict)
    _reached: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def read(cls, text: str) -> Plan:
        """Read a plan.

        Raises:
            BadPlan: a clause is none of those in the module's docstring.
        """
        plan = cls()
        for clause in filter(None, (part.strip() for part in text.split(";"))):
            if clause.startswith("record:"):
                plan.record = Path(clause.removeprefix("record:"))
            elif clause.startswith("kill@") and clause[5:].isdecimal():
                plan.kill_at = int(clause[5:])
            elif named := _NAMED.fullmatch(clause):
                plan.actions[named["name"], int(named["time"] or 1)] = _action(named["action"])
            else:
                raise BadPlan(f"{clause!r} is no clause of a plan of failure points")
        return plan

    def reach(self, name: str) -> None:
        """Count the point, write it down, and do what the plan says of it."""
        with self._lock:
            self._reached[name] += 1
            times, total = self._reached[name], self._reached.total()
            if self.record is not None:
                with self.record.open("a", encoding="utf-8") as file:
                    file.write(f"{name}\n")
        if total == self.kill_at:
            _kill()
        action = self.actions.get((name, times))
        if action is not None:
            action()


def _nothing(name: str, /) -> None:
    """Reach a point while no plan is in force: nothing happens."""


def point_of(environment: Mapping[str, str]) -> Callable[[str], None]:
    """The function `fp` is in this environment: an empty one unless both variables are set.

    Raises:
        BadPlan: both are set, and the plan cannot be read.
    """
    plan = environment.get("BOOKHUNT_FAILPOINTS")
    if environment.get("BOOKHUNT_TESTING") != "1" or not plan:
        return _nothing
    return Plan.read(plan).reach


fp = point_of(os.environ)
ARMED = fp is not _nothing
