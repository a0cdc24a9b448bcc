"""What a user would write: ask every seller at once, wait for all, buy the cheapest.

The questions are the bytes that bookhunt's own definitions send, and nothing is read of the answers
and nothing ordered, all of which makes the naive client cheaper than it would be. It is what is
left of it that is measured: how many requests a second it holds with p90 under five seconds.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import uvloop

from tests.bench.clients import Aiohttp, Httpx
from tests.bench.fanout import record, sellers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.sellers.transport import WireRequest
    from bookhunt.simulated import Street
    from tests.bench.clients import Client

_HELD_P90_S = 5.0
_GIVES_UP_S = 20.0
_CLIENTS: dict[str, type[Client]] = {"aiohttp": Aiohttp, "httpx": Httpx}
_FIRST = {"aiohttp": 4.0, "httpx": 0.25}
_STEP = 1.5
_AT_ONCE = 100  # while the questions are recorded: the street answers in its own time


def held(street: Street, name: str, *, seconds: float) -> float:
    """The highest rate (requests a second, steps of a half) that one client holds; 0: none."""
    wires = uvloop.run(record(street, sellers_of(street), at_once=_AT_ONCE))
    best, rate = 0.0, _FIRST[name]
    while rate < 400:
        p90_s = uvloop.run(_p90_s(name, wires, len(street.sellers), rate, seconds))
        print(f"   {name}, all sellers at {rate:.2f}/s: p90 {p90_s:.2f} s", flush=True)
        if p90_s >= _HELD_P90_S:
            break
        best = rate
        rate *= _STEP
    return best


async def _p90_s(
    name: str, wires: Sequence[WireRequest], sellers: int, rate: float, seconds: float
) -> float:
    client = _CLIENTS[name](wires)
    dice = random.Random(1)
    took: list[float] = []

    async def one(due: float) -> None:
        numbers = dice.choices(range(len(wires)), k=sellers)
        try:
            async with asyncio.timeout(_GIVES_UP_S):
                await asyncio.gather(*(client.send(number) for number in numbers))
        except TimeoutError:
            took.append(_GIVES_UP_S)
        else:
            took.append(time.perf_counter() - due)

    began = time.perf_counter()
    tasks, at_s = [], 0.0
    while at_s < seconds:
        await asyncio.sleep(max(began + at_s - time.perf_counter(), 0))
        tasks.append(asyncio.create_task(one(began + at_s)))
        at_s += dice.expovariate(rate)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    took += [_GIVES_UP_S for each in results if isinstance(each, Exception)]
    await client.close()
    return sorted(took)[int(len(took) * 0.9)]
