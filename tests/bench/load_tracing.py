"""What recording costs under load: one daemon, on and off in blocks that take turns.

The configuration switches it (`telemetry.record`), and a request is sent ahead of each block to see
that it holds: its trace is there, or it is not. The order turns round with every round, so that
what a block leaves behind (answers in the cache, beliefs) falls to both. Purchases are all kept, so
this is the dear case: recorded, made into JSON and written.
"""

from __future__ import annotations

import json
import statistics
import time
import uuid
from typing import TYPE_CHECKING

import yaml

from bookhunt.model.errors import NotFound
from bookhunt.wire.contract import PurchaseRequest

if TYPE_CHECKING:
    from tests.bench.load import Report, Scene

GOAL = 1.05
_WITHIN_S = 30.0


def compare(scene: Scene, report: Report, rounds: int, rate: float, seconds: float) -> None:
    """So many rounds of a block without recording and one with it, `seconds` in all."""
    pairs = []
    for number in range(rounds):
        found = {}
        for recording in (True, False) if number % 2 else (False, True):
            switch(scene, recording=recording)
            what = f"recording {'on' if recording else 'off'}"
            found[recording] = scene.run(what, rate, seconds / rounds / 2)[0]
            report.add(found[recording])
        pairs.append((found[False].daemon_ms, found[True].daemon_ms))
    ratio, told = verdict(pairs)
    print(f"   {told}", flush=True)
    report.keep({"what": "tracing", "ratio": ratio, "goal": GOAL})


def switch(scene: Scene, *, recording: bool) -> None:
    """Have it recorded, or not, from now on; returns when that holds."""
    file = scene.world.home.config_file
    settings = yaml.safe_load(file.read_text("utf-8"))
    settings["telemetry"] = {"record": recording}
    file.write_text(json.dumps(settings), "utf-8")
    ends_at = time.monotonic() + _WITHIN_S
    while _is_recorded(scene) is not recording:
        if time.monotonic() > ends_at:
            raise TimeoutError("the configuration was not taken up")
        time.sleep(0.2)


def _is_recorded(scene: Scene) -> bool:
    """Whether a request that is made now leaves a trace."""
    wish = PurchaseRequest(book_name=scene.books[0][0], max_price="0.01")
    client = scene.world.client
    made = client.buy(wish, idempotency_key=uuid.uuid4().hex, traced=True)
    client.wait(made["request_id"], within_s=_WITHIN_S)
    try:
        client.trace(made["request_id"])
    except NotFound:
        return False
    return True


def verdict(pairs: list[tuple[float, float]]) -> tuple[float, str]:
    """How many times the CPU a request takes with recording, and the same in words."""
    ratios = sorted(on_ms / off_ms for off_ms, on_ms in pairs)
    ratio = statistics.median(ratios)
    off_ms, on_ms = (statistics.median(way) for way in zip(*pairs, strict=True))
    told = (
        f"{off_ms:.2f} ms CPU a request without recording, {on_ms:.2f} with it: x {ratio:.3f} "
        f"(rounds {ratios[0]:.3f} to {ratios[-1]:.3f}); goal: below x {GOAL}, "
        f"{'met' if ratio < GOAL else 'missed'}"
    )
    return ratio, told
