"""Watches that come due together, at a seller that answers for a list of books: few calls."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bookhunt.cli.sandbox import move_in
from bookhunt.client import DaemonClient, wait_until_gone
from bookhunt.client.starting import start_daemon
from bookhunt.daemon.clock import SystemClock
from bookhunt.home.durable import write_durably
from bookhunt.home.paths import Home
from bookhunt.model.book import Book
from bookhunt.model.errors import DaemonError
from bookhunt.model.schedule import read_schedule
from bookhunt.sellers.loading_files import Origin, files_in, shipped_folder
from bookhunt.store.ledger import SqliteLedger
from tests.story.world import run_program, wait_until
from tests.support.builders import a_numbered_book, a_watch, usd
from tests.support.served import Door, served

pytestmark = pytest.mark.story
_BATCH, _WATCHES, _CHEAP = 8, 20, 5
_DEFINITION = """
schema: 1
id: lister
name: Lister
base_url: {address}
currency: USD
ships_to: ["*"]
conditions: [new]
formats: [paper]
purchase_mode: auto
limits: {{batch: {batch}}}
quote:
  asks_by: [isbn13]
  steps: [{{request: {{path: /books, query: {{isbns: "{names}"}}}}}}]
  rows: "books[]"
  fields:
    item: {{at: sku}}
    isbn: {{at: isbn}}
    price: {{at: price, unit: major}}
    shipping: {{const: "0", unit: major}}
    tax: {{included: true}}
    inventory: {{at: left}}
purchase:
  profile_needs: [name, street, city, postcode, country, email]
  payment: {{kind: account}}
  idempotency: {{send: header, name: Idempotency-Key, retained_h: 24, replay: same_answer}}
  steps:
    - name: order
      commit: true
      request: {{method: POST, path: /orders, json: {{sku: "{{offer.item}}"}}}}
      outcomes: [{{when: {{status: 201}}, is: bought}}]
      fields: {{order_id: {{at: id}}}}
"""


@dataclass(slots=True)
class Shop:
    """A bookshop in a thread: what it sells, and who knocked at its door."""

    address: str = ""
    prices: dict[str, str] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)  # the books of each call
    ordered: dict[str, str] = field(default_factory=dict)  # by key
    headers: set[str] = field(default_factory=set)  # of any call
    takes_s: float = 0.0  # for an answer

    def answer(self, isbns: list[str]) -> dict[str, Any]:
        self.asked.append(isbns)
        known = [isbn for isbn in isbns if isbn in self.prices]
        rows = [
            {"sku": each, "isbn": each, "price": self.prices[each], "left": 9} for each in known
        ]
        return {"books": rows}


@contextmanager
def a_shop() -> Iterator[Shop]:
    class AtTheShop(Door):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            shop.headers |= {name.lower() for name in self.headers}
            [isbns] = parse_qs(urlsplit(self.path).query)["isbns"]
            time.sleep(shop.takes_s)
            self.say(200, json.dumps(shop.answer(isbns.split(","))).encode())

        def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
            shop.headers |= {name.lower() for name in self.headers}
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            shop.ordered[self.headers["Idempotency-Key"]] = wanted["sku"]
            self.say(201, json.dumps({"id": f"order-{len(shop.ordered)}"}).encode())

    shop = Shop()
    with served(AtTheShop) as shop.address:
        yield shop


def furnish(home: Home, shop: Shop, *, batch: int) -> None:
    """A home that knows this shop and no other."""
    home.prepare()
    home.sellers_dir.mkdir(mode=0o700, exist_ok=True)
    names = "{books.isbn13 | join:','}" if batch > 1 else "{book.isbn13}"
    text = _DEFINITION.format(address=shop.address, batch=batch, names=names)
    write_durably(home.sellers_dir / "lister.yaml", text.encode())
    others = files_in(shipped_folder(), Origin.SHIPPED)
    config = {
        "network": {"allow_loopback": "true"},
        "limits": {"USD": {"purchase": "1000", "day": "100000"}},
        "secrets": {"backend": "file"},
        "daemon": {"idle_exit_min": "5"},
        "sellers": {file.id: {"enabled": "false"} for file in others},
    }
    write_durably(home.config_file, json.dumps(config).encode())


async def write_watches(home: Home, books: list[Book]) -> list[str]:
    """Watches whose first run is due when the daemon starts, all at once."""
    ledger = await SqliteLedger.open(home.ledger_file, clock=SystemClock())
    now, names = datetime.now(UTC), []
    for number, book in enumerate(books):
        watch = a_watch(
            id=f"watch-{number:03}",
            book=book,
            max_price=usd("10"),
            schedule=read_schedule("0 7 1 1 *"),
            created_at=now,
            anchor=now,
        )
        names.append((await ledger.watches.add(watch, first_run=True)).watch.id)
    await ledger.close()
    return names


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home.at(tmp_path / "home")
    yield made
    try:
        DaemonClient(made).stop()
    except DaemonError:
        return
    wait_until_gone(made)


@pytest.mark.parametrize(("batch", "calls"), [(_BATCH, -(-_WATCHES // _BATCH)), (1, _WATCHES)])
def test_watches_due_together_are_as_many_calls_as_their_books_need(
    home: Home, batch: int, calls: int
) -> None:
    """Twenty books at eight a call are three calls; a copy is confirmed and ordered alone."""
    books = [a_numbered_book() for _ in range(_WATCHES)]
    with a_shop() as shop:
        isbns = [book.isbn13 or "" for book in books]
        shop.prices = {isbn: "9.00" if n < _CHEAP else "11.00" for n, isbn in enumerate(isbns)}
        furnish(home, shop, batch=batch)
        start_daemon(home)
        client = DaemonClient(home)
        move_in(client)
        client.stop()
        wait_until_gone(home)
        names = asyncio.run(write_watches(home, books))
        start_daemon(home)

        def shown() -> list[dict[str, Any]]:
            return [client.watch(name) for name in names]

        wait_until(lambda: all(each["last_run"] for each in shown()))
        wait_until(lambda: sum(each["bought"] for each in shown()) == _CHEAP)
        outcomes = [each["outcome"] for each in shown()]
        assert sorted(shop.ordered.values()) == sorted(isbns[:_CHEAP])
        assert outcomes.count("too_dear") == _WATCHES - _CHEAP
        again = Counter(isbn for call in shop.asked for isbn in call) - Counter(isbns)
        assert {isbn for call in shop.asked for isbn in call} == set(isbns)
        assert set(again) <= set(isbns[:_CHEAP])
        assert set(again.values()) <= {1}
        assert len(shop.asked) - sum(again.values()) == calls
        # Whose trace a call belongs to is nobody's business but ours.
        assert not {"traceparent", "tracestate", "baggage"} & shop.headers


def test_a_list_that_is_bought_needs_fewer_calls_than_it_has_books(home: Home) -> None:
    """Every book once, whatever they were asked for together with."""
    isbns = [a_numbered_book().isbn13 or "" for _ in range(16)]
    with a_shop() as shop:
        shop.prices, shop.takes_s = dict.fromkeys(isbns, "9.00"), 0.2
        furnish(home, shop, batch=_BATCH)
        move_in(DaemonClient(home))
        assert home.root is not None
        shown = run_program(
            "buy", "-", "--max-price", "10", "--json", home=home.root, stdin="\n".join(isbns)
        )
        told = [json.loads(line) for line in shown.stdout.splitlines()]
        assert [each["status"] for each in told] == ["SUCCESS"] * 16, shown.stderr
        assert sorted(shop.ordered.values()) == sorted(isbns)
        seen: set[str] = set()
        looks = 0
        for call in shop.asked:
            looks += not seen.issuperset(call)
            seen.update(call)
        assert seen == set(isbns)
        assert looks < 16
        # What the requests say they cost is what the shop saw.
        assert sum(each["calls"] for each in told) == len(shop.asked)
