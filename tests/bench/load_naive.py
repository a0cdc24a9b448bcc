"""What a user would write: ask every seller at once, wait for all, buy the cheapest.

The questions are the bytes that bookhunt's own definitions send, and they cost the naive client
nothing to make. It parses each answer (orjson, lxml, selectolax), does not look for a price in it,
compares nothing and orders nothing: what it holds with p90 under five seconds is more than what a
program would that does. So that it is seen what parsing costs, aiohttp is also measured without.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import orjson
import uvloop
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from tests.bench.clients import Aiohttp, Httpx
from tests.bench.fanout import record, sellers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bookhunt.sellers.transport import WireRequest
    from bookhunt.simulated import Street
    from tests.bench.clients import Client

_HELD_P90_S = 5.0
_GIVES_UP_S = 20.0
_CLIENTS: dict[str, Callable[[Sequence[WireRequest]], Client]] = {
    "aiohttp": lambda wires: Aiohttp(wires, _parsed),
    "aiohttp, not parsed": Aiohttp,
    "httpx": lambda wires: Httpx(wires, _parsed),
}
NAMES = tuple(_CLIENTS)
_FIRST = {"httpx": 0.25}
_FIRST_ELSE = 4.0
_STEP = 1.5
_AT_ONCE = 100  # while the questions are recorded: the street answers in its own time


def _parsed(content_type: str, body: bytes) -> None:
    """Make a tree of an answer, as its content type says."""
    if not body:
        return
    if "json" in content_type:
        orjson.loads(body)
    elif "xml" in content_type:
        etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    elif "html" in content_type:
        LexborHTMLParser(body)


def held(street: Street, name: str, *, seconds: float) -> float:
    """The highest rate (requests a second, steps of a half) that one client holds; 0: none."""
    wires = uvloop.run(record(street, sellers_of(street), at_once=_AT_ONCE))
    best, rate = 0.0, _FIRST.get(name, _FIRST_ELSE)
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
