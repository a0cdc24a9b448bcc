"""A real Medusa shop in a process of its own, on PostgreSQL; its database is the judge here."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.shops.postgres import Postgres
from tests.shops.shop import Facts, ShopMissing, ShopOrder, installed

if TYPE_CHECKING:
    from pathlib import Path

_CLOSES_WITHIN_S = 20.0
_OPENS_WITHIN_S = 120.0
_PREPARES_WITHIN_S = 300.0
# Its amounts have parts of a cent; what is charged is rounded to the cent, here as there: upwards.
_LEDGER = """
    SELECT o.id AS code, o.status AS state, o.status <> 'draft' AS placed,
           upper(o.currency_code) AS currency, o.metadata->>'reference' AS reference,
           ceil(round((s.totals->>'current_order_total')::numeric * 100, 6))::int AS total_minor,
           (SELECT string_agg(l.variant_sku || ' x' || i.quantity, ', ')
            FROM order_item i JOIN order_line_item l ON l.id = i.item_id
            WHERE i.order_id = o.id AND i.deleted_at IS NULL) AS lines,
           coalesce((SELECT sum(ceil(round(p.amount * 100, 6)))::int FROM payment p
            JOIN order_payment_collection c ON c.payment_collection_id = p.payment_collection_id
            WHERE c.order_id = o.id AND p.canceled_at IS NULL), 0) AS paid_minor,
           (SELECT count(*) FROM payment p
            JOIN order_payment_collection c ON c.payment_collection_id = p.payment_collection_id
            WHERE c.order_id = o.id AND p.canceled_at IS NULL) AS payments
    FROM "order" o JOIN order_summary s ON s.order_id = o.id
    ORDER BY o.created_at
"""


@dataclass(slots=True)
class MedusaShop:
    """A Medusa shop that is open; implements `Shop`."""

    facts: Facts
    database: Postgres
    process: subprocess.Popen[bytes]

    @classmethod
    def open(cls, cache: Path, folder: Path) -> MedusaShop:
        """Fill a shop's database and open it; `folder` takes what it says.

        Raises:
            ShopMissing: it did not open; with what it said.
        """
        program = installed(cache, "medusa")
        folder.mkdir(parents=True)
        database = Postgres.open(_free_port())
        try:
            environment = _environment(database)
            seeded = _filled(program, environment)
            port, log = _free_port(), folder / "said.txt"
            with log.open("wb") as told:
                process = subprocess.Popen(
                    [*_line(program), "start", "-p", str(port), "-H", "127.0.0.1"],
                    cwd=program,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=told,
                    stderr=subprocess.STDOUT,
                )
        except BaseException:
            database.close()
            raise
        shop = cls(_facts(port, seeded), database, process)
        if not _is_open(shop):
            shop.close()
            raise ShopMissing(f"the shop did not open:\n{log.read_text()}")
        return shop

    def close(self) -> None:
        """Close the shop and its database."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_CLOSES_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.database.close()

    def orders(self) -> list[ShopOrder]:
        """Every order, oldest first, by the shop's own database."""
        return [ShopOrder(**row) for row in self.database.rows(_LEDGER)]


def _facts(port: int, seeded: dict[str, str]) -> Facts:
    return Facts(
        address=f"http://127.0.0.1:{port}",
        settings={"region": seeded["region"], "provider": "pp_system_default"},
        paid_by="provider",
        secrets={"publishable_key": seeded["key"]},
        path="/store",
        commit=b"/complete HTTP/1.1\r\n",
        on_the_shelf="12.50 USD",
        landed="17.81 USD",
        declines=False,
    )


def _line(program: Path) -> list[str]:
    return ["node", str(program / "node_modules" / "@medusajs" / "cli" / "cli.js")]


def _environment(database: Postgres) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "NODE_OPTIONS"}
    return kept | {"DATABASE_URL": database.address, "MEDUSA_DISABLE_TELEMETRY": "true"}


def _filled(program: Path, environment: dict[str, str]) -> dict[str, str]:
    """Make its tables and fill them; the region and the key that customers need."""
    _medusa(program, environment, "db:migrate", "--skip-scripts")
    said = _medusa(program, environment, "exec", "./seed.js")
    seeded = re.search(r"^SEEDED (\{.*\})$", said, re.MULTILINE)
    if seeded is None:
        raise ShopMissing(f"the shop was not filled:\n{said}")
    return dict(json.loads(seeded[1]))


def _medusa(program: Path, environment: dict[str, str], *arguments: str) -> str:
    ended = subprocess.run(
        [*_line(program), *arguments],
        cwd=program,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PREPARES_WITHIN_S,
        check=False,
    )
    said = ended.stdout + ended.stderr
    if ended.returncode:
        raise ShopMissing(f"medusa {arguments[0]} failed:\n{said}")
    return said


def _is_open(shop: MedusaShop) -> bool:
    ends_at = time.monotonic() + _OPENS_WITHIN_S
    while shop.process.poll() is None and time.monotonic() < ends_at:
        try:
            with urllib.request.urlopen(f"{shop.facts.address}/health", timeout=5) as answer:
                if answer.status == 200:
                    return True
        except OSError:
            time.sleep(0.2)
    return False


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
