"""`nox -s bench -- memory`: the daemon's memory, descriptors and tasks, idle and over long work.

A street and a daemon run as processes of their own; requests arrive at a steady rate, part buys,
part hopeless, for as long as is asked for, and every so often the work pauses and, when the daemon
is at rest, its memory (RSS), open descriptors and running tasks are read. Flat means: from a
quarter of the way on, memory grows by less than a tenth, and descriptors and tasks not at all but
for what is kept open on purpose. `nox -s soak` is an hour of it.

What is learned of a book is kept too, some 5 KB for 50 sellers. That is no leak and would hide one,
so the books are few enough to be all known when a quarter of the time is over.

    --minutes 2   --rate 40   --sellers 50   --books 300   --samples 12   --json FILE
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from tests.bench.load import Scene
from tests.bench.openloop import OpenLoop, arrivals
from tests.bench.processes import rss_mb

_IDLE_GOAL_MB = 90.0
_GROWTH = 1.10
_COPIES = 1000  # times the usual stock: an hour must not sell the few books out
_KEPT_OPEN = 8  # connections to sellers that are kept for the next call come and go
_RESTS_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The daemon at rest."""

    minutes: float
    requests: int
    rss_mb: float
    descriptors: int  # without the connections to sellers
    tasks: int  # without those of orders that are in doubt, which wait for hours


def sample(scene: Scene, began: float, requests: int) -> Sample:
    """What the daemon holds once it is at rest."""
    tasks = _at_rest(scene)
    return Sample(
        minutes=(time.monotonic() - began) / 60,
        requests=requests,
        rss_mb=rss_mb(scene.daemon),
        descriptors=_descriptors(scene.daemon),
        tasks=tasks,
    )


def _at_rest(scene: Scene) -> int:
    """Wait until nothing is hunted and no task ends any more; how many run then."""
    ends = time.monotonic() + _RESTS_WITHIN_S
    before = -1
    while time.monotonic() < ends:
        health = scene.world.client.health()
        tasks = int(health["load"]["tasks"]) - int(health["unfinished"])
        if tasks == before:
            return tasks
        before = tasks
        time.sleep(2.0)
    return before


def _descriptors(pid: int) -> int:
    """Open descriptors that are no connection over TCP: those to sellers are kept on purpose."""
    sockets = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text("utf-8").splitlines()[1:]:
            sockets.add(f"socket:[{line.split()[9]}]")
    found = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found += str(link.readlink()) not in sockets
        except FileNotFoundError:
            continue
    return found


def work(scene: Scene, *, rate: float, seconds: float, seed: int) -> tuple[int, int]:
    """Requests at this rate for so long, to their outcomes; how many, and how many without one."""
    wishes = arrivals(rate, seconds, scene.books, seed=seed)
    outcomes = uvloop.run(OpenLoop(str(scene.world.home.socket_file)).run(wishes))
    lost = [each for each in outcomes if each.status == "LOST"]
    for each in lost:
        print(f"   LOST {each.wish.key} after {each.latency_s:.1f} s: {each.error}", flush=True)
    return len(outcomes), len(lost)


def main(arguments: list[str]) -> int:
    """Print a line for each sample; 1 where something grows, or the daemon died or lost a word."""
    parser = argparse.ArgumentParser(prog="nox -s bench -- memory")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=40.0)
    parser.add_argument("--sellers", type=int, default=50)
    parser.add_argument("--books", type=int, default=300)
    parser.add_argument("--samples", type=int, default=12)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder) / "home", sellers=options.sellers, copies=_COPIES)
        scene.books = scene.books[: options.books]
        try:
            began, requests, lost = time.monotonic(), 0, 0
            samples = [sample(scene, began, 0)]
            _tell(samples[0])
            part_s = 60 * options.minutes / options.samples
            for number in range(options.samples):
                some, missing = work(scene, rate=options.rate, seconds=part_s, seed=number)
                requests, lost = requests + some, lost + missing
                samples.append(sample(scene, began, requests))
                _tell(samples[-1])
            same = int(scene.world.client.health()["pid"]) == scene.daemon
        finally:
            scene.close()
    if options.json is not None:
        with options.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(each)) + "\n" for each in samples)
    wrong, idle_mb = verdict(samples, lost=lost, same=same), samples[0].rss_mb
    print(f"  idle {idle_mb:.1f} MB (goal {_IDLE_GOAL_MB:g}); {'; '.join(wrong) or 'flat'}")
    return 1 if wrong else 0


def _tell(sample: Sample) -> None:
    print(
        f"  {sample.minutes:6.1f} min {sample.requests:8,} requests  {sample.rss_mb:7.1f} MB"
        f"  {sample.descriptors:4} descriptors  {sample.tasks:4} tasks",
        flush=True,
    )


def verdict(samples: list[Sample], *, lost: int, same: bool) -> list[str]:
    """What is not flat, in words."""
    quarter, end = samples[max(len(samples) // 4, 1)], samples[-1]
    wrong = []
    if end.rss_mb > _GROWTH * quarter.rss_mb:
        wrong.append(f"memory grew from {quarter.rss_mb:.1f} to {end.rss_mb:.1f} MB")
    if end.descriptors > quarter.descriptors + _KEPT_OPEN:
        wrong.append(f"descriptors grew from {quarter.descriptors} to {end.descriptors}")
    if end.tasks > quarter.tasks + 2:  # the one that answers, and one that is about to end
        wrong.append(f"tasks grew from {quarter.tasks} to {end.tasks}")
    if lost:
        wrong.append(f"{lost} requests were lost")
    if not same:
        wrong.append("the daemon is another one than at the beginning")
    return wrong
