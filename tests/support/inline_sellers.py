"""Sellers defined in a test, in the language itself, at the address of a loopback server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.gateway import Gateway
from bookhunt.sellers.loading import load_file
from bookhunt.sellers.network import NetworkRules
from tests.support.loopback import Arrived, Loopback, Play, Visit, answer, loopback
from tests.support.seller_worlds import SecretStore, WallClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from bookhunt.hunt.ports import Clock
    from bookhunt.sellers.compiled import CompiledSeller

ISBN = "9780141439518"
SECRETS = {
    "shop/key": "canary-key",
    "shop/user": "canary-user",
    "pay/home/shop": "canary-token",
}
HEAD = """
schema: 1
id: shop
name: Shop
base_url: {base_url}
hosts: [{hosts}]
currency: USD
ships_to: ["*"]
conditions: [new]
"""
QUOTE = """
quote:
  asks_by: [isbn13]
  steps:
    - request: {path: /books, query: {isbn: "{asked.isbn}"}}
  rows: "offers[]"
  fields: &fields
    item: {at: sku}
    isbn: {at: isbn}
    price: {at: price, unit: major}
    shipping: {at: shipping, unit: major}
""".replace(" &fields", "")
FIELDS = QUOTE[QUOTE.index("  rows:") :]


def a_row(**fields: Any) -> dict[str, Any]:
    return {"sku": "A1", "isbn": ISBN, "price": "10.00", "shipping": "2.50"} | fields


def offers(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"offers": list(rows or (a_row(),))}


def defined(
    folder: Path, server: Loopback, *parts: str, others: tuple[str, ...] = ()
) -> CompiledSeller:
    """The definition that these parts make, below the usual head."""
    hosts = ", ".join(f'"{each}"' for each in others)
    text = HEAD.format(base_url=server.address, hosts=hosts) + "".join(parts)
    path = folder / "shop.yaml"
    path.write_text(text, "utf-8")
    return compile_seller(load_file(path))


class Routes:
    """A server's pages: by method and path, each a list of plays, the last of which repeats."""

    def __init__(self, **plays: Any) -> None:
        self._plays: dict[str, list[Play | Any]] = {}
        self.seen: list[Arrived] = []

    def on(self, where: str, *plays: Any) -> Routes:
        """`on("GET /books", {...})`: anything but a play is the JSON of a 200."""
        self._plays[where] = list(plays)
        return self

    async def __call__(self, visit: Visit) -> None:
        self.seen.append(visit.request)
        path = visit.request.target.partition("?")[0]
        plays = self._plays.get(f"{visit.request.method} {path}")
        if plays is None:
            visit.write(answer({"error": f"no {path}"}, status=404))
            return
        play = plays.pop(0) if len(plays) > 1 else plays[0]
        if callable(play):
            await play(visit)
        else:
            visit.write(answer(play))

    def targets(self, *, method: str | None = None) -> list[str]:
        return [a.target for a in self.seen if method in {None, a.method}]

    def count(self, path: str) -> int:
        return sum(a.target.partition("?")[0] == path for a in self.seen)


@asynccontextmanager
async def a_gateway(
    *sellers: CompiledSeller,
    secrets: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    rules: NetworkRules | None = None,
) -> AsyncIterator[Gateway]:
    """A gateway of these sellers."""
    by_id = {seller.id: seller for seller in sellers}
    gateway = Gateway(
        lambda: by_id,
        secret=SecretStore(SECRETS if secrets is None else secrets),
        rules=rules or NetworkRules(allow_loopback=True),
        clock=clock or WallClock(),
    )
    try:
        yield gateway
    finally:
        await gateway.close()


@asynccontextmanager
async def shop(
    folder: Path, play: Play, *parts: str, **options: Any
) -> AsyncIterator[tuple[Gateway, Loopback]]:
    """A server that plays this, and a gateway of the one seller that is defined there."""
    async with (
        loopback(otherwise=play) as server,
        a_gateway(defined(folder, server, *parts), **options) as gateway,
    ):
        yield gateway, server
