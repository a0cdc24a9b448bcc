"""A real Vendure shop in a process of its own, on SQLite; its database is the judge here."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.shops.shop import Facts, ShopMissing, ShopOrder, installed

if TYPE_CHECKING:
    from pathlib import Path

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


@dataclass(slots=True)
class VendureShop:
    """A Vendure shop that is open; implements `Shop`."""

    facts: Facts
    database: Path
    process: subprocess.Popen[str]

    @classmethod
    def open(cls, cache: Path, folder: Path, *, session_by: str, search: str) -> VendureShop:
        """Fill a shop's database in `folder` and open it.

        `session_by`: bearer or cookie. `search`: stock, where it tells of stock, or plain.

        Raises:
            ShopMissing: it did not open; with what it said.
        """
        program = installed(cache, "vendure")
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
                return cls(_facts(address), folder / "shop.sqlite", process)
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

    def _rows(self, query: str, *values: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]


def _facts(address: str) -> Facts:
    return Facts(
        address=address,
        settings={"payment_method": "card"},
        paid_by="payment_method",
        secrets={},
        path="/shop-api",
        commit=b"addPaymentToOrder",
        on_the_shelf="13.50 USD",
        landed="17.49 USD",
        declines=True,
    )
