"""`python -m tests.crash.worker DIR`: runs cases, one JSON line in for each task, one out a case.

The process opens a street of its own, has no event loop and no thread, and forks a child for every
life; it must be started with failure points armed (`environment`).
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bookhunt.simulated import start
from tests.crash.cases import Ordeal, Scene
from tests.crash.crowd import crowd
from tests.crash.life import the_plan
from tests.crash.single import Bench, Size

if TYPE_CHECKING:
    from collections.abc import Iterator


def environment() -> dict[str, str]:
    """With this, `fp` is armed and does nothing until a life says what."""
    return os.environ | {"BOOKHUNT_TESTING": "1", "BOOKHUNT_FAILPOINTS": "record:/dev/null"}


def work(bench: Bench, task: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Run one task; what became of each of its cases."""
    if task["kind"] == "crowd":
        yield crowd(bench, seed=task["seed"], kills=task["kills"]).told()
        return
    scene = Scene.named(task["scene"])
    if task["kind"] == "case":
        ordeal = task["ordeal"]
        yield bench.case(scene, Ordeal(**ordeal | {"kills": tuple(ordeal["kills"])})).told()
        return
    for tried in bench.group(scene, Size(**task["size"]), task["seed"]):
        yield tried.told()


def main(root: Path) -> int:
    the_plan().record = None
    street = start(root / "street", latency_scale=0, parent_pid=os.getpid())
    try:
        bench = Bench(street, root)
        bench.warm_up()
        # What was imported is never looked at again: forks share it, and its pages stay shared.
        gc.freeze()
        say({"ready": True})
        for line in sys.stdin:
            for tried in work(bench, json.loads(line)):
                say(tried)
            say({"done": True})
    finally:
        street.stop()
    return 0


def say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
