"""`nox -s bench -- reading`: what an answer costs to read, beside a parser on the same bytes.

Reading is everything from the bytes to offers: parse, rows, each field, money, identity, refusals.
The reference only parses (orjson, lxml, selectolax, or the script found and orjson for JSON-LD), so
a ratio says what the meaning of an answer costs over its syntax. Options:

    --cases json,xml        only the cases whose name begins so
    --seconds 0.3           for each measurement (the best of its rounds counts)
    --json FILE             the figures as JSON lines

Figures of one run may be compared with each other, those of two machines may not.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from bookhunt.sellers.reading.received import Received
from tests.unit.sellers.reading.answering import CIRCUMSTANCES, wire
from tests.unit.sellers.reading.test_shapes import ask_of, block_of, scope_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookhunt.sellers.reading.quotes import QuoteRead

_PADDING = "<div class='x'><a href='/x?a=1&amp;b=2' title='A title'>Words</a> of a page</div>\n"


@dataclass(frozen=True, slots=True)
class Case:
    """One answer: the shape that reads it, its bytes, and who parses them for comparison."""

    name: str
    shape: str
    body: bytes
    reference: str
    parse: Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """What one answer costs; times in microseconds."""

    case: str
    bytes: int
    rows: int
    reading_us: float
    per_row_us: float
    reference: str
    reference_us: float
    ratio: float


def _xml(body: bytes) -> Any:
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))


def _html(body: bytes) -> Any:
    return LexborHTMLParser(body)


_SCRIPT = re.compile(rb'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def _scripts(body: bytes) -> Any:
    return [orjson.loads(script) for script in _SCRIPT.findall(body)]


def _repeated(shape: str, rows: int, begin: str, end: str, between: str) -> bytes:
    """A body of the shape with its last row so many times."""
    body = str(shape_of(shape)["body"])
    start, stop = body.rindex(begin), body.rindex(end) + len(end)
    first = body[:start].index(begin) if begin in body[:start] else start
    return (body[:first] + between.join([body[start:stop]] * rows) + body[stop:]).encode()


def _padded(shape: str, size: int) -> bytes:
    body = str(shape_of(shape)["body"])
    return body.replace("</body>", _PADDING * (size // len(_PADDING)) + "</body>").encode()


def cases() -> list[Case]:
    """One offer, a list and a large list in each format."""

    def whole(name: str, shape: str, reference: str, parse: Callable[[bytes], Any]) -> Case:
        return Case(name, shape, str(shape_of(shape)["body"]).encode(), reference, parse)

    def listed(rows: int) -> bytes:
        product = '{"id": 34, "name": "The Glass Orchard", "permalink": "https://x.test/p/34/", '
        product += '"sku": "9780000000019", "summary": "<p>A novel of two sisters.</p>", "prices": '
        product += '{"currency_code": "GBP", "currency_symbol": "£", "currency_minor_unit": 2, '
        product += '"price": "1105", "regular_price": "1105", "price_range": null}, "images": '
        product += '[{"id": 1, "src": "https://x.test/1.jpg", "sizes": "100vw", "alt": ""}], '
        product += '"is_purchasable": true, "is_in_stock": true, "low_stock_remaining": null}'
        return ("[" + ",".join([product] * rows) + "]").encode()

    book = ("<Book>", "</Book>", "\n")
    work = ('{ "author" : "Doe, Jane", "minprice" : "0"', '"work_id" : "3030847" }', ",")
    return [
        Case("json, 1 offer", "woocommerce_products", listed(1), "orjson", orjson.loads),
        Case("json, 30 offers", "woocommerce_products", listed(30), "orjson", orjson.loads),
        whole("json, nested", "amazon_getitems", "orjson", orjson.loads),
        whole("json, expressions", "zinc_offers", "orjson", orjson.loads),
        Case(
            "json, sold out",
            "alibris_works",
            _repeated("alibris_works", 25, *work),
            "orjson",
            orjson.loads,
        ),
        whole("json, another book", "kakao_search", "orjson", orjson.loads),
        Case("xml, 1 offer", "abebooks_micro", _repeated("abebooks_micro", 1, *book), "lxml", _xml),
        Case(
            "xml, 50 offers", "abebooks_micro", _repeated("abebooks_micro", 50, *book), "lxml", _xml
        ),
        whole("html, small, css", "html_page", "selectolax", _html),
        Case("html, 90 KB, css", "html_page", _padded("html_page", 90_000), "selectolax", _html),
        whole("jsonld, small", "jsonld_page", "scripts + orjson", _scripts),
        Case(
            "jsonld, 90 KB",
            "jsonld_page",
            _padded("jsonld_page", 90_000),
            "scripts + orjson",
            _scripts,
        ),
    ]


def best_us(work: Callable[[], Any], seconds: float) -> float:
    """CPU microseconds of the best of several rounds."""
    work()
    began = time.process_time()
    work()
    once = max(time.process_time() - began, 1e-6)
    rounds = 7
    repeats = max(1, int(seconds / rounds / once))
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(repeats):
            work()
        best = min(best, (time.process_time() - began) / repeats)
    return best * 1e6


def measured(case: Case, seconds: float) -> Figure:
    """Read and parse one answer many times."""
    shape, reader = shape_of(case.shape), block_of(case.shape).reader
    answer, ask, scope = wire(case.body), ask_of(shape), scope_of(shape)

    def reading() -> QuoteRead:
        found: QuoteRead = reader.read(Received(answer), ask, scope, CIRCUMSTANCES)
        return found

    read = reading()
    rows = len(read.offers) + len(read.refused)
    reading_us = best_us(reading, seconds)
    reference_us = best_us(lambda: case.parse(case.body), seconds)
    return Figure(
        case=case.name,
        bytes=len(case.body),
        rows=rows,
        reading_us=round(reading_us, 1),
        per_row_us=round(reading_us / max(rows, 1), 1),
        reference=case.reference,
        reference_us=round(reference_us, 1),
        ratio=round(reading_us / reference_us, 1),
    )


def main(arguments: list[str]) -> int:
    """Print a table; 0."""
    parser = argparse.ArgumentParser(prog="reading", description=__doc__.splitlines()[0])
    parser.add_argument("--cases", default="")
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    wanted = tuple(options.cases.split(","))
    figures = [measured(c, options.seconds) for c in cases() if c.name.startswith(wanted)]
    head = f"{'answer':<20}{'bytes':>8}{'rows':>6}{'reading us':>12}{'a row us':>10}"
    print(f"{head}  {'reference':<18}{'us':>9}{'ratio':>8}")
    for each in figures:
        line = f"{each.case:<20}{each.bytes:>8}{each.rows:>6}{each.reading_us:>12}"
        line += f"{each.per_row_us:>10}  {each.reference:<18}{each.reference_us:>9}"
        print(f"{line}{each.ratio:>8}")
    if options.json is not None:
        options.json.write_text("".join(json.dumps(asdict(each)) + "\n" for each in figures))
    return 0
