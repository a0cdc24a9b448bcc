"""The soak in its short form: memory, descriptors and tasks after work are what they were before.

An hour of it is `nox -s soak`. Few books, so that what is remembered of them is soon complete.
"""

import sys
import time
from pathlib import Path

import pytest

from tests.bench import memory
from tests.bench.load import Scene


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells what a process holds")
def test_work_leaves_nothing_behind(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "home", sellers=16)
    try:
        scene.books = scene.books[:20]
        began, requests, lost = time.monotonic(), 0, 0
        samples = [memory.sample(scene, began, 0)]
        for seed in range(3):
            some, missing = memory.work(scene, rate=30.0, seconds=3.0, seed=seed)
            requests, lost = requests + some, lost + missing
            samples.append(memory.sample(scene, began, requests))
        same = int(scene.world.client.health()["pid"]) == scene.daemon
    finally:
        scene.close()
    assert requests > 200
    assert memory.verdict(samples, lost=lost, same=same) == []
