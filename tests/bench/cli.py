"""How long each command takes, over a Python that does nothing.

The same interpreter runs `-c pass` and the command, in turn, so that a busy machine is as busy for
both; the figure is the median of one over the median of the other, on the clock, and beside it the
same of the CPU time that was spent, which a busy machine does not stretch. The goals are those of
the contract: `status` within 3 times, what talks to the daemon within 10, what is local within 20.
A daemon runs, on a street of sixteen sellers with one book bought. In the end it is stopped, again
and again, and the next `buy` starts it: what that takes until its request is accepted.
"""

from __future__ import annotations

import argparse
import json
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bookhunt.cli.surface import leaves
from tests.story.world import World, program_environment

if TYPE_CHECKING:
    from bookhunt.cli.entries import Entry

_PROGRAM = "from bookhunt.cli.main import run; run()"
QUICK, TALKS, LOCAL = 3.0, 10.0, 20.0
_COLD, _COLD_MS = "the first buy, which starts the daemon", 1500.0
# Where the first example changes something, waits, or needs what is not there.
_TYPED = {
    "buy": "buy 9781449373320 --max-price 60 --again --dry-run --no-wait",
    "status": "status",
    "wait": "wait @last --timeout 0s",
    "sellers test": "sellers test amberside",
    "books show": "books show 'The Hobbit'",
    "limits set": "limits set --purchase 1000",
    "sellers pin": "sellers pin amberside auto",
}
_UNTIMED = (
    "cancel settle demo pause resume top "
    "daemon-start daemon-stop daemon-restart daemon-run daemon-install daemon-uninstall "
    "sellers-new sellers-login sellers-logout sellers-enable sellers-disable sellers-block "
    "profile-add profile-remove profile-edit config-edit "
    "sandbox-start sandbox-stop completions-install db-snapshot watch-add watch-remove watch-run "
    "watch-edit watch-pause watch-resume watch-import notify-test notify-login limits-reset"
).split()
# What a pressed key waits for, and pages that need no command at all.
_BESIDE = {
    "status @last --json": QUICK,
    "__complete sellers": QUICK,
    "--help": LOCAL,
    "buy --help": LOCAL,
    "sellers --help": LOCAL,
}
_REFERENCES = (["git", "--version"], ["bash", "-c", ":"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one command costs; times in milliseconds, `ratio` over `python -c pass`."""

    command: str
    median_ms: float
    ratio: float
    cpu_ms: float
    cpu_ratio: float
    goal: float | None  # None: a reference, or work whose length is its own
    met: bool


def timed_commands() -> dict[str, float | None]:
    """What is typed, and its goal."""
    lines: dict[str, float | None] = dict(_BESIDE)
    unknown = set(_UNTIMED) - {"-".join(words) for words, _ in leaves()}
    assert not unknown, f"no command any more: {unknown}"
    for words, entry in leaves():
        if "-".join(words) in _UNTIMED:
            continue
        line = _TYPED.get(" ".join(words), entry.examples[0].partition("bookhunt ")[2])
        lines[line.split(" > ")[0].split(" < ")[0]] = _goal(words, entry)
    return lines


def _goal(words: tuple[str, ...], entry: Entry) -> float | None:
    if words == ("status",):
        return QUICK
    if words in {("sellers", "test"), ("quote",), ("doctor",)}:
        return None
    return LOCAL if entry.local else TALKS


def _run_ms(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """What it took on the clock, and of a CPU."""
    began = time.perf_counter()
    spent_before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = spent.ru_utime + spent.ru_stime - spent_before.ru_utime - spent_before.ru_stime
    return (time.perf_counter() - began) * 1000, cpu_s * 1000


def measured(
    lines: dict[str, float | None], environment: dict[str, str], rounds: int
) -> list[Figure]:
    """Run everything in turn, so many times; the first round warms up and is not counted."""
    bare = [sys.executable, "-c", "pass"]
    commands = {line: [sys.executable, "-c", _PROGRAM, *shlex.split(line)] for line in lines}
    commands |= {" ".join(each): each for each in _REFERENCES}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    floor: list[tuple[float, float]] = []
    for turn in range(rounds + 1):
        for name, command in commands.items():
            before, spent = _run_ms(bare, environment), _run_ms(command, environment)
            if turn:
                floor.append(before)
                times[name].append(spent)
    figures = [_figure("python -c pass", floor, floor, None)]
    return figures + [_figure(name, each, floor, lines.get(name)) for name, each in times.items()]


def started_cold(environment: dict[str, str], rounds: int) -> Figure:
    """What a `buy` takes that finds no daemon, until its request is accepted."""
    bare, program = [sys.executable, "-c", "pass"], [sys.executable, "-c", _PROGRAM]
    times, floor = [], []
    for _ in range(rounds):
        _run_ms([*program, "daemon", "stop"], environment)
        floor.append(_run_ms(bare, environment))
        times.append(_run_ms([*program, *shlex.split(_TYPED["buy"])], environment))
    figure = _figure(_COLD, times, floor, None)
    return replace(figure, met=figure.median_ms <= _COLD_MS)


def _figure(
    command: str,
    times: list[tuple[float, float]],
    floor: list[tuple[float, float]],
    goal: float | None,
) -> Figure:
    median_ms, cpu_ms = _medians(times)
    floor_ms, floor_cpu_ms = _medians(floor)
    ratio = median_ms / floor_ms
    return Figure(
        command=command,
        median_ms=round(median_ms, 1),
        ratio=round(ratio, 1),
        cpu_ms=round(cpu_ms, 1),
        cpu_ratio=round(cpu_ms / floor_cpu_ms, 1),
        goal=goal,
        met=goal is None or ratio <= goal,
    )


def _medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(t for t, _ in times), statistics.median(t for _, t in times)


def main(arguments: list[str]) -> int:
    """Print a table; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="cli", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="commands that begin so, with commas between")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    wanted = tuple(options.only.split(","))
    lines = {line: goal for line, goal in timed_commands().items() if line.startswith(wanted)}
    with tempfile.TemporaryDirectory() as folder:
        world = World.open(Path(folder) / "home")
        try:
            world.run("buy", "9781449373320", "--max-price", "60")
            environment = program_environment(world.root)
            figures = measured(lines, environment, options.rounds)
            if not options.only:
                figures.append(started_cold(environment, options.rounds))
        finally:
            world.close()
    print(f"{'command':<62}{'ms':>8}{'ratio':>7}{'goal':>6}{'cpu ms':>9}{'ratio':>7}")
    for each in figures:
        goal = "" if each.goal is None else f"{each.goal:.0f}x"
        if each.command == _COLD:
            goal = f"{_COLD_MS:.0f}"
        line = f"{each.command[:60]:<62}{each.median_ms:>8}{each.ratio:>7}{goal:>6}"
        print(f"{line}{each.cpu_ms:>9}{each.cpu_ratio:>7}{'' if each.met else '  missed'}")
    if options.json is not None:
        options.json.write_text("".join(json.dumps(asdict(each)) + "\n" for each in figures))
    return 0 if all(each.met for each in figures) else 1
