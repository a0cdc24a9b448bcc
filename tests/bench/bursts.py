"""`nox -s bench -- bursts`: requests in bursts on few books, over real HTTP to a real street.

A street of fifty sellers with their real latencies runs as its own process, a daemon hunts in it,
and bursts of requests for a few popular books are submitted over the Unix socket. Calls are those
that arrived at the sellers' doors, orders those in the street's ledger. A burst takes the cheapest
copies one after the other, so what a request could have had is not the cheapest copy: regret is
what a burst paid in all, above the cheapest copies that the street had when it began. Options:

    --sellers 50   --requests 300   --books 6   --burst 30   --strategy balanced   --json FILE
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bookhunt.wire.contract import PurchaseRequest
from tests.story.world import World

_WAIT_S = 30.0


def copies(world: World, isbn: str) -> list[int]:
    """The landed total of every copy that can be ordered now, in cents, cheapest first."""
    return sorted(
        offer["total_minor"]
        for offer in world.street.offers(isbn=isbn)
        if offer["sells"] and offer["currency"] == "USD"
        for _ in range(offer["inventory"])
    )


def quotes(world: World) -> int:
    """Quotes that arrived at the sellers so far."""
    counts = world.street.control("GET", "/counts")["counts"]
    return sum(each.get("quote", 0) for each in counts.values())


def popular(world: World, count: int) -> list[str]:
    """Books that many sellers have, so that a burst has something to share."""
    stocked: dict[str, int] = {}
    for offer in world.street.offers():
        if offer["sells"] and offer["currency"] == "USD":
            stocked[offer["isbn"]] = stocked.get(offer["isbn"], 0) + offer["inventory"]
    return sorted(stocked, key=lambda isbn: -stocked[isbn])[:count]


def ask_all(
    world: World, books: list[str], options: argparse.Namespace
) -> tuple[list[dict[str, Any]], list[float]]:
    """All requests, burst by burst; and what each book cost above its cheapest copies."""
    dice = random.Random(1)
    found: list[dict[str, Any]] = []
    regrets: list[float] = []

    def one(isbn: str, number: int) -> dict[str, Any]:
        client = world.client
        wish = PurchaseRequest(
            isbn=isbn,
            max_price="60",
            strategy=options.strategy,
            customer=f"c{number}",
            again=True,
        )
        submitted = client.buy(wish, idempotency_key=f"bursts-{number}")
        return client.wait(submitted["request_id"], within_s=_WAIT_S)

    with ThreadPoolExecutor(options.burst) as pool:
        for first in range(0, options.requests, options.burst):
            hot = dice.choice(books)
            size = min(options.burst, options.requests - first)
            wanted = [hot if dice.random() < 0.6 else dice.choice(books) for _ in range(size)]
            truth = {isbn: copies(world, isbn) for isbn in set(wanted)}
            jobs = [(isbn, pool.submit(one, isbn, n)) for n, isbn in enumerate(wanted, first)]
            ended = [(isbn, job.result()) for isbn, job in jobs]
            for isbn, cheapest in truth.items():
                paid = [
                    _minor(request["resolved_price"])
                    for book, request in ended
                    if book == isbn and request["status"] == "SUCCESS"
                ]
                if paid:
                    regrets.append(100 * (sum(paid) / sum(cheapest[: len(paid)]) - 1))
            found.extend(request for _, request in ended)
            time.sleep(0.5)
    return found, regrets


def figures(
    world: World, found: list[dict[str, Any]], regrets: list[float], calls: int
) -> dict[str, Any]:
    """The figures of one run; `wrong`: outcomes that the street's ledger does not bear out."""
    bought = [r for r in found if r["status"] == "SUCCESS"]
    orders = {(o["seller"], o["order_id"]): o for o in world.street.orders()}
    wrong = sum((r["resolved_seller"], r["order_id"]) not in orders for r in bought) + abs(
        len(orders) - len(bought)
    )
    latency = sorted(r["latency_ms"] / 1000 for r in found)
    return {
        "requests": len(found),
        "bought": len(bought),
        "not_available": sum(r["status"] == "NOT_AVAILABLE" for r in found),
        "other": sorted({r["status"] for r in found} - {"SUCCESS", "NOT_AVAILABLE"}),
        "orders": len(orders),
        "wrong": wrong,
        "calls": calls,
        "calls_per_request": calls / len(found),
        "cached_per_request": statistics.mean(r["cached"] or 0 for r in found),
        "coalesced_per_request": statistics.mean(r.get("coalesced") or 0 for r in found),
        "regret_percent": statistics.mean(regrets or [0.0]),
        "latency_p50_s": latency[len(latency) // 2],
        "latency_p90_s": latency[int(len(latency) * 0.9)],
    }


def _minor(money: dict[str, str]) -> int:
    whole, _, cents = money["amount"].partition(".")
    return int(whole) * 100 + int(cents or 0)


def main(arguments: list[str]) -> int:
    """Print the figures of each strategy; 1 if the ledger contradicts an outcome."""
    parser = argparse.ArgumentParser(prog="nox -s bench -- bursts")
    parser.add_argument("--sellers", type=int, default=50)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--books", type=int, default=6)
    parser.add_argument("--burst", type=int, default=30)
    parser.add_argument("--strategy", default="balanced")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        world = World.open(Path(folder) / "home", sellers=options.sellers, latency_scale=1.0)
        try:
            found, regrets = ask_all(world, popular(world, options.books), options)
            some = figures(world, found, regrets, quotes(world))
        finally:
            world.close()
    full = options.sellers
    print(f"{options.strategy}, {options.sellers} sellers, bursts of {options.burst}:")
    for name, value in some.items():
        print(
            f"  {name:24s}{value:>10.2f}"
            if isinstance(value, float)
            else f"  {name:24s}{value!s:>10s}"
        )
    print(f"  asking everybody would be {full} calls a request")
    if options.json:
        with options.json.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"strategy": options.strategy, **some}) + "\n")
    return 1 if some["wrong"] else 0
