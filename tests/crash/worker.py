"""`python -m tests.crash.worker DIR`: runs cases, one JSON line in for each task, one out a case.

The process opens a street of its own, and the suite's merchants once a task is about them; it has
no event loop and no thread, and forks a child for every life. It must be started with failure
points armed (`environment`).
"""

from __future__ import annotations

import gc
import json
import os
import sys
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bookhunt.simulated import start
from tests.crash.cases import Ordeal, Scene
from tests.crash.crowd import crowd
from tests.crash.life import the_plan
from tests.crash.shops import KINDS, ShopBench
from tests.crash.single import Bench, Size
from tests.merchants.running import open_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bookhunt.simulated import Street
    from tests.crash.shops import ShopScene


def environment() -> dict[str, str]:
    """With this, `fp` is armed and does nothing until a life says what."""
    return os.environ | {"BOOKHUNT_TESTING": "1", "BOOKHUNT_FAILPOINTS": "record:/dev/null"}


class Benches:
    """The street's bench, and that of the shops once a task wants it."""

    def __init__(self, street: Street, root: Path, closing: ExitStack) -> None:
        self.street = Bench(street, root)
        self._root = root
        self._closing = closing

    @cached_property
    def shops(self) -> ShopBench:
        arcade = self._closing.enter_context(open_apart(self._root / "arcade"))
        bench = ShopBench(arcade, self._root)
        bench.warm_up()
        return bench

    def of(self, scene: str) -> tuple[Bench, Scene | ShopScene]:
        """Where a scene of this name is played."""
        if scene.partition("/")[0] in KINDS:
            return self.shops, self.shops.named(scene)
        return self.street, Scene.named(scene)


def work(benches: Benches, task: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Run one task; what became of each of its cases."""
    if task["kind"] == "crowd":
        yield crowd(benches.street, seed=task["seed"], kills=task["kills"]).told()
        return
    bench, scene = benches.of(task["scene"])
    if task["kind"] == "case":
        ordeal = task["ordeal"]
        yield bench.case(scene, Ordeal(**ordeal | {"kills": tuple(ordeal["kills"])})).told()
        return
    for tried in bench.group(scene, Size(**task["size"]), task["seed"]):
        yield tried.told()


def main(root: Path) -> int:
    the_plan().record = None
    street = start(root / "street", latency_scale=0, parent_pid=os.getpid())
    closing = ExitStack()
    try:
        benches = Benches(street, root, closing)
        benches.street.warm_up()
        # What was imported is never looked at again: forks share it, and its pages stay shared.
        gc.freeze()
        say({"ready": True})
        for line in sys.stdin:
            for tried in work(benches, json.loads(line)):
                say(tried)
            say({"done": True})
    finally:
        closing.close()
        street.stop()
    return 0


def say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
