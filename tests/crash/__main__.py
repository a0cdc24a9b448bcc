"""`python -m tests.crash --quick`: kill bookhunt, start it again, count the orders at the sellers.

    --quick            every seller with every misdeed: killed once, and one of a second kill,
                       a cancellation, an error of the disk, a leap of the clock (default)
    --full             the matrix: thousands of points, pairs of points, hundreds of random kills
    --only LEVEL       single, double, cancel, error, clock, random, shops or power
    --definitions      the flows of the shipped definitions of shop systems, all that can befall
                       them; the same as `--only shops`, with more points
    --seed N           which points are chosen; the same seed chooses the same
    --workers N        processes, each with a street of its own
    --json FILE        the report as JSON
    --forget           leave nothing of failing cases behind
    --case SCENE --kills 17,4      one case: SELLER/MISDEED, killed at these points of its lives
           --cancel 'NAME*2'       and cancelled at the second time its first life gets there
           --break 'NAME*2=ENOSPC' and with that error of the system there
           --leap=SECONDS          and with the time of day moved after the first death
    --scene SCENE      all points of one scene; may be said several times
    --crowd SEED --kills 10        one crowd of the random level, killed so many times

Ends with 0 when every fault counts nothing and as many cases ran as were promised.
"""

from __future__ import annotations

import argparse
import json
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.crash.cases import SCENES
from tests.crash.report import LEVELS, Report, repeat
from tests.crash.shops import QUICK_MISDEEDS, shop_scenes
from tests.crash.single import Size
from tests.crash.worker import environment

# Kills need no disk that survives a power cut, and memory is much faster; `power` cuts the power.
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How much is run, and how much must have been run of each level."""

    scene: Size
    rounds: int  # of the random level
    kills: int  # of a round
    promised: dict[str, int]


QUICK = Run(
    scene=Size(share=0.001, doubles=1, cancels=1, errors=1, leaps=1),
    rounds=3,
    kills=4,
    promised={
        "single": 300,
        "double": 70,
        "cancel": 70,
        "error": 70,
        "clock": 70,
        "random": 12,
        "shops": 15,
        "power": 100,
    },
)
FULL = Run(
    scene=Size(share=0.5, doubles=9, cancels=4, errors=4, leaps=3),
    rounds=20,
    kills=10,
    promised={
        "single": 5000,
        "double": 2000,
        "cancel": 1000,
        "error": 1000,
        "clock": 1000,
        "random": 200,
        "shops": 1000,
        "power": 1000,
    },
)
# Of each scene of a definition: in a quick run one kill, of some scenes; else all scenes.
SHOPS_QUICKLY = Size(share=0.001)
SHOPS = Size(share=0.05, doubles=1, cancels=1, errors=1, leaps=1)
SHOPS_FULLY = Size(share=0.3, doubles=3, cancels=2, errors=2, leaps=2)
_SHOPS_PROMISED = 2000
_OF_A_SCENE = {
    "single": "share",
    "double": "doubles",
    "cancel": "cancels",
    "error": "errors",
    "clock": "leaps",
}


def tasks_of(given: argparse.Namespace) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """What is to be done, and what is promised of it."""
    kills = [int(k) for k in given.kills.split(",") if k]
    if given.case:
        ordeal = {
            "kills": kills,
            "cancel_at": given.cancel,
            "break_at": given.break_at,
            "leap_s": given.leap,
        }
        return [{"kind": "case", "scene": given.case, "ordeal": ordeal}], {}
    if given.scene:
        every = asdict(Size(share=1.0))
        return [{"kind": "group", "scene": s, "size": every, "seed": 1} for s in given.scene], {}
    if given.crowd:
        return [{"kind": "crowd", "seed": given.crowd, "kills": sum(kills)}], {}
    if given.definitions:
        return _shop_tasks(SHOPS_FULLY if given.full else SHOPS, given.seed), {
            "shops": _SHOPS_PROMISED
        }
    wanted = FULL if given.full else QUICK
    levels = {given.only} if given.only else set(wanted.promised)
    tasks: list[dict[str, Any]] = []
    if "power" in levels:
        tasks.append({"kind": "power", "points": wanted.promised["power"], "seed": given.seed})
    if "random" in levels:
        tasks += [
            {"kind": "crowd", "seed": f"{given.seed}.{n}", "kills": wanted.kills}
            for n in range(wanted.rounds)
        ]
    size = {
        name: amount
        for level, name in _OF_A_SCENE.items()
        if (amount := asdict(wanted.scene)[name])
        and (level in levels or (level == "single" and "double" in levels))
    }
    if size:
        tasks += [
            {
                "kind": "group",
                "scene": scene.name,
                "size": size if given.full or given.only else _in_turn(size, n),
                "seed": given.seed,
            }
            for n, scene in enumerate(SCENES)
        ]
    if "shops" in levels:
        tasks += _shop_tasks(SHOPS_FULLY if given.full else SHOPS_QUICKLY, given.seed)
    return tasks, {level: n for level, n in wanted.promised.items() if level in levels}


def _shop_tasks(size: Size, seed: int) -> list[dict[str, Any]]:
    """A group of each scene of the definitions; of few scenes where it must be quick."""
    quick = size == SHOPS_QUICKLY
    return [
        {"kind": "group", "scene": scene.name, "size": asdict(size), "seed": seed}
        for scene in shop_scenes()
        if not quick or scene.misdeed.name in QUICK_MISDEEDS
    ]


def _in_turn(size: dict[str, Any], n: int) -> dict[str, Any]:
    """The size of the n-th scene of a quick run: one kill, and of four levels one each, in turn."""
    turns = ("cancels", "errors", "leaps", "doubles")
    return {name: most for name, most in size.items() if name not in turns or name == turns[n % 4]}


def run(tasks: list[dict[str, Any]], report: Report, *, workers: int, root: Path) -> None:
    """Give the tasks to worker processes, the next one to whoever is free."""
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    threads = [
        threading.Thread(target=_serve, args=(waiting, report, root / f"worker-{n}"))
        for n in range(min(workers, len(tasks)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not waiting.empty():
        report.broken.append("tasks were left over")


def _serve(waiting: queue.SimpleQueue[dict[str, Any]], report: Report, folder: Path) -> None:
    """One worker process, as long as there is work."""
    folder.mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.crash.worker", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if not process.stdout.readline():
            report.broken.append("a worker did not start")
            return
        while True:
            try:
                task = waiting.get_nowait()
            except queue.Empty:
                break
            if task["kind"] == "power":
                _cut_power(task, report)
                continue
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            if not _hear(process.stdout, report):
                report.broken.append(f"a worker ended during {task}")
                return
        process.stdin.close()


def _cut_power(task: dict[str, Any], report: Report) -> None:
    """Power cuts need no street, and a process of their own: they replace the ledger's driver."""
    command = [sys.executable, "-m", "tests.crash.power", "--json"]
    command += ["--points", str(task["points"]), "--seed", str(task["seed"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report.power = json.loads(done.stdout)
    except json.JSONDecodeError:
        report.broken.append(f"the power could not be cut: {done.stderr.strip()[-500:]}")


def _hear(stdout: Any, report: Report) -> bool:
    for line in stdout:
        said = json.loads(line)
        if "done" in said:
            return True
        report.cases.append(said)
        if any(said["faults"].values()):
            print(f"FAULT {repeat(said)}", *said["notes"], sep="\n  ", file=sys.stderr, flush=True)
        elif len(report.cases) % 500 == 0:
            print(f"{len(report.cases)} cases", file=sys.stderr, flush=True)
    return False


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--definitions", action="store_true")
    parser.add_argument("--only", choices=LEVELS[1:])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--forget", action="store_true")
    parser.add_argument("--case")
    parser.add_argument("--scene", action="append")
    parser.add_argument("--crowd")
    parser.add_argument("--kills", default="")
    parser.add_argument("--cancel", default="")
    parser.add_argument("--break", default="", dest="break_at")
    parser.add_argument("--leap", type=float, default=0.0)
    given = parser.parse_args()
    tasks, promised = tasks_of(given)
    report = Report(seed=given.seed, promised=promised)
    root = Path(tempfile.mkdtemp(prefix="crash-", dir=_MEMORY if _MEMORY.is_dir() else None))
    began = time.monotonic()
    run(tasks, report, workers=given.workers, root=root)
    report.seconds = time.monotonic() - began
    for line in report.lines():
        print(line)
    if given.json:
        given.json.write_text(json.dumps(report.as_json(), indent=2) + "\n", "utf-8")
    if report.is_clean or given.forget:
        shutil.rmtree(root)
    else:
        print(f"what the failing cases left: {root}")
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
