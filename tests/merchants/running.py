"""The merchants as a test holds them: open, each at its address, with the lines of their ledger.

`open_here` serves them in threads of this process, `open_apart` in a process of their own, which
lives on when whoever buys is killed; both are used in the same way:

    with open_here(WooCommerce, folder=tmp_path) as arcade:
        shop = arcade["woocommerce"]
        shop.put(Book(isbn="9781402894626"))
        shop.fault("lost_after", "commit", count=1)
        ...
        assert [order["isbn"] for order in shop.orders()] == ["9781402894626"]
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.merchants.merchant import ANY, Book, Fault
from tests.merchants.serving import as_json, served

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.merchants.merchant import Merchant

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class OpenMerchant:
    """A merchant that serves."""

    system: str
    address: str

    def put(self, book: Book) -> None:
        """Have a book on the shelf, in place of the one of its ISBN."""
        self._ask("put", as_json(book))

    def fault(
        self, name: str, operation: str = ANY, *, count: int | None = None, **more: Any
    ) -> None:
        """Put a fault in force: of the wire, or a twist that this merchant can play."""
        self._ask("fault", as_json(Fault(name=name, operation=operation, count=count, **more)))

    def clear(self) -> None:
        """End all faults, and empty the shelf."""
        self._ask("clear")

    def lines(self) -> list[dict[str, Any]]:
        """Everything of this merchant in the ledger, oldest first."""
        return list(self._ask("lines"))

    def orders(self) -> list[dict[str, Any]]:
        """Orders that stand: isbn, quantity, total_minor, order_id, key, reference."""
        lines = self.lines()
        gone = {line["order_id"] for line in lines if line["kind"] == "cancel"}
        return [x for x in lines if x["kind"] == "order" and x["order_id"] not in gone]

    def asked(self) -> list[str]:
        """The operations of the requests that came, oldest first."""
        return [line["operation"] for line in self.lines() if line["kind"] == "arrival"]

    def _ask(self, wanted: str, body: bytes = b"") -> Any:
        connection = HTTPConnection(urlsplit(self.address).netloc, timeout=_PATIENCE_S)
        with contextlib.closing(connection):
            connection.request("POST", f"/~/{wanted}", body)
            answer = connection.getresponse()
            said = answer.read()
        if answer.status != 200:
            raise ValueError(said.decode())
        return json.loads(said)


@dataclass(frozen=True, slots=True)
class Arcade:
    """Merchants under one roof. `state_dir` holds their `ledger.jsonl`, as a street's does."""

    state_dir: Path
    merchants: Mapping[str, OpenMerchant]

    def __getitem__(self, system: str) -> OpenMerchant:
        return self.merchants[system]


@contextlib.contextmanager
def open_here(*kinds: type[Merchant], folder: Path) -> Iterator[Arcade]:
    """These merchants, in threads of this process."""
    with served(kinds, folder) as servers:
        yield _arcade(folder, {name: server.address for name, server in servers.items()})


@contextlib.contextmanager
def open_apart(folder: Path) -> Iterator[Arcade]:
    """All merchants of the roster, in a process that ends when this one does."""
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.merchants", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield _arcade(folder, json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()


def _arcade(folder: Path, addresses: Mapping[str, str]) -> Arcade:
    return Arcade(folder, {name: OpenMerchant(name, where) for name, where in addresses.items()})
