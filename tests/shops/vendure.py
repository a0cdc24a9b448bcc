"""A real Vendure shop in a process of its own, and its database, which is the judge here.

The shop is installed once from what `vendure/package-lock.json` pins, into a folder outside the
checkout, and opened anew for each run on a database of that run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SOURCE = Path(__file__).parent / "vendure"
_PINNED = ("package.json", "package-lock.json")
_OWN = ("shop.js", "books.csv")
_HEADERS = Path("/usr/include/node/node.h")
_CLOSES_WITHIN_S = 20.0
_LEDGER = """
    WITH settled AS (
        SELECT orderId, sum(amount) AS paid, count(*) AS n,
               max(json_extract(metadata, '$.reference')) AS reference
        FROM payment WHERE state = 'Settled' GROUP BY orderId
    ), ordered AS (
        SELECT l.orderId, group_concat(v.sku || ' x' || l.quantity, ', ') AS lines
        FROM order_line l JOIN product_variant v ON v.id = l.productVariantId GROUP BY l.orderId
    )
    SELECT o.code, o.state, o.orderPlacedAt IS NOT NULL AS placed, o.currencyCode AS currency,
           o.subTotalWithTax + o.shippingWithTax AS total_minor, ordered.lines AS lines,
           coalesce(settled.paid, 0) AS paid_minor, coalesce(settled.n, 0) AS payments,
           settled.reference AS reference
    FROM "order" o
    LEFT JOIN settled ON settled.orderId = o.id
    LEFT JOIN ordered ON ordered.orderId = o.id
    ORDER BY o.id
"""
_STOCK = """
    SELECT s.stockOnHand - s.stockAllocated FROM stock_level s
    JOIN product_variant v ON v.id = s.productVariantId WHERE v.sku = ?
"""


class ShopMissing(Exception):
    """The shop cannot be run here; the message says what to install."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopOrder:
    """An order as the shop itself has it; carts that nobody paid are orders there, too."""

    code: str
    state: str
    placed: bool
    currency: str
    total_minor: int
    lines: str | None  # "9781402894626 x1"
    paid_minor: int
    payments: int
    reference: str | None  # bookhunt's, beside the payment


def installed(cache: Path) -> Path:
    """The folder of the installed shop; what is installed there already is used again.

    Raises:
        ShopMissing: there is no Node.js or no npm, or they failed.
    """
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise ShopMissing(
            f"a real shop needs {' and '.join(missing)}; Debian: apt-get install nodejs npm"
        )
    pinned = b"".join((_SOURCE / name).read_bytes() for name in _PINNED)
    folder = cache / f"vendure-{hashlib.sha256(pinned).hexdigest()[:12]}"
    done = folder / "installed"
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*_OWN, *(() if done.exists() else _PINNED)):
        shutil.copyfile(_SOURCE / name, folder / name)
    if not done.exists():
        _install(folder)
        done.touch()
    return folder


def _install(folder: Path) -> None:
    environment = dict(os.environ)
    if _HEADERS.exists():  # SQLite's binding is compiled where no built one is to be had
        environment["npm_config_nodedir"] = str(_HEADERS.parents[2])
    made = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise ShopMissing(
            f"npm ci failed; to compile SQLite's binding it needs g++, make, python3 and Node's "
            f"headers (Debian: apt-get install build-essential python3 libnode-dev)\n{made.stderr}"
        )


@dataclass(slots=True)
class VendureShop:
    """A shop that is open; `address` is its own, before any proxy."""

    address: str
    database: Path
    process: subprocess.Popen[str]

    @classmethod
    def open(cls, program: Path, folder: Path, *, session_by: str, search: str) -> VendureShop:
        """Fill a shop's database in `folder` and open it.

        `session_by`: bearer or cookie. `search`: stock, where it tells of stock, or plain.

        Raises:
            ShopMissing: it did not open; with what it said.
        """
        folder.mkdir(parents=True)
        complaints = folder / "complaints.txt"
        with complaints.open("w") as told:
            process = subprocess.Popen(
                ["node", str(program / "shop.js"), str(folder), session_by, search],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                text=True,
            )
        assert process.stdout is not None
        for line in process.stdout:  # it says more than its address, and ends when it fails
            if line.startswith("{"):
                address = json.loads(line)["address"]
                return cls(address, folder / "shop.sqlite", process)
        process.wait(_CLOSES_WITHIN_S)
        raise ShopMissing(f"the shop did not open:\n{complaints.read_text()}")

    def close(self) -> None:
        """Close the shop; its database stays."""
        try:
            self.process.communicate(timeout=_CLOSES_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def orders(self) -> list[ShopOrder]:
        """Every order and every cart, oldest first, by the shop's own database."""
        return [ShopOrder(**{**row, "placed": bool(row["placed"])}) for row in self._rows(_LEDGER)]

    def left(self, isbn: str) -> int:
        """How many copies can still be sold."""
        [row] = self._rows(_STOCK, isbn)
        [left] = row.values()
        return int(left)

    def _rows(self, query: str, *values: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]
