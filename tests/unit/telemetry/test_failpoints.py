"""Failure points: off they are nothing; on they do exactly what the plan says, where it says."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from bookhunt.telemetry import failpoints
from bookhunt.telemetry.failpoints import BadPlan, point_of

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = """
from bookhunt.telemetry.failpoints import fp
for name in ("a.one", "a.two", "a.one", "a.three"):
    fp(name)
    print(name, flush=True)
"""


def _run(plan: str, *, testing: str = "1") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BOOKHUNT_FAILPOINTS": plan, "BOOKHUNT_TESTING": testing}
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_without_the_environment_a_point_is_an_empty_function() -> None:
    """An installed bookhunt carries no failure points, whatever one variable alone says."""
    for environment in (
        {},
        {"BOOKHUNT_TESTING": "1"},
        {"BOOKHUNT_FAILPOINTS": "kill@1"},
        {"BOOKHUNT_FAILPOINTS": "kill@1", "BOOKHUNT_TESTING": "0"},
    ):
        assert point_of(environment) is failpoints._nothing
    assert failpoints._nothing.__code__.co_names == (), "the empty function looks nothing up"


def test_a_plan_without_testing_does_nothing() -> None:
    """A plan alone kills nobody."""
    done = _run("kill@1", testing="0")
    assert done.returncode == 0
    assert done.stdout.split() == ["a.one", "a.two", "a.one", "a.three"]


def test_kill_at_a_count() -> None:
    """`kill@3` is SIGKILL at the third point, before anything after it happens."""
    done = _run("kill@3")
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["a.one", "a.two"]


def test_kill_at_a_name_and_time() -> None:
    """`NAME*2=kill` waits for the second time."""
    done = _run("a.one*2=kill")
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["a.one", "a.two"]


def test_exit_leaves_at_once() -> None:
    """`exit` leaves without clean-up, with a status of its own."""
    done = _run("a.two=exit")
    assert done.returncode == failpoints.EXIT_STATUS
    assert done.stdout.split() == ["a.one"]


def test_record_lists_the_points_in_order(tmp_path: Path) -> None:
    """`record:` writes each name as it is reached, so that a later run can kill at each."""
    record = tmp_path / "points"
    done = _run(f"record:{record}; a.three=kill")
    assert done.returncode == -signal.SIGKILL
    assert record.read_text().split() == ["a.one", "a.two", "a.one", "a.three"]


def test_raise_is_the_error_of_the_system() -> None:
    """`raise:ENOSPC` is what a full disk raises, once."""
    fp = point_of({"BOOKHUNT_TESTING": "1", "BOOKHUNT_FAILPOINTS": "disk=raise:ENOSPC"})
    with pytest.raises(OSError, match="failure point") as caught:
        fp("disk")
    assert caught.value.errno == errno.ENOSPC
    fp("disk")


def test_sleep_goes_on_afterwards() -> None:
    """`sleep:` blocks for a while and then the program goes on."""
    point_of({"BOOKHUNT_TESTING": "1", "BOOKHUNT_FAILPOINTS": "slow=sleep:1"})("slow")


def test_hang_never_returns() -> None:
    """`hang` holds the thread until the process ends."""
    fp = point_of({"BOOKHUNT_TESTING": "1", "BOOKHUNT_FAILPOINTS": "stuck=hang"})
    stuck = threading.Thread(target=fp, args=("stuck",), daemon=True)
    stuck.start()
    stuck.join(timeout=0.05)
    assert stuck.is_alive()


@pytest.mark.parametrize(
    "plan", ["kill", "a=", "a=jump", "a=raise:ENOTHING", "a=sleep:x", "a*0=kill", "A b=kill"]
)
def test_a_plan_that_cannot_be_read_is_an_error(plan: str) -> None:
    """A misspelt plan never passes as a run without failures."""
    with pytest.raises(BadPlan):
        point_of({"BOOKHUNT_TESTING": "1", "BOOKHUNT_FAILPOINTS": plan})
