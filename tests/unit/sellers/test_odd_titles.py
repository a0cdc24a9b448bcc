"""Titles that look like numbers or markup are data, wherever a request has room for one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from bookhunt.sellers.doctor import examine

if TYPE_CHECKING:
    from pathlib import Path

TITLES = ["1984", 'Smith\'s "C" & <XML>: 100% 中文']
QUERY = "query($t: String) { book(title: $t) { id } }"
VARIABLES = 'variables: {t: "{book.title}"}'
GRAPHQL = json.dumps(QUERY)  # a GraphQL document holds no placeholders: its braces are braces

# Where a title stands: the request as a definition writes it, and what must be sent.
PLACES = {
    "json": (
        'method: POST, path: /x, json: {title: "{book.title}"}',
        lambda title: {"json": {"title": title}},
    ),
    "form": (
        'method: POST, path: /x, form: {title: "{book.title}"}',
        lambda title: {"form": {"title": title}},
    ),
    "xml": (
        'method: POST, path: /x, xml: "<q><t>{book.title}</t></q>"',
        lambda title: {"xml": {"string(/q/t)": title}},
    ),
    "graphql": (
        f"method: POST, path: /x, graphql: {{query: {GRAPHQL}, {VARIABLES}}}",
        lambda title: {"variables": {"t": title}},
    ),
    "query": (
        'path: /x, query: {title: "{book.title}"}',
        lambda title: {"query": {"title": title}},
    ),
    "path": (
        'path: "/x/{book.title}"',
        lambda title: {"path": f"/x/{quote(title, safe='')}"},
    ),
}

DEFINITION = """
schema: 1
id: odd
name: Odd
base_url: https://odd.example
currency: USD
ships_to: [US]
purchase_mode: auto
quote:
  asks_by: [title]
  steps: [{request: {%(request)s}}]
  rows: "offers[]"
  fields:
    item: {at: id}
    title: {at: title}
    price: {at: price, unit: major}
    shipping: {const: "0"}
    tax: {included: true}
    condition: {const: new}
    available: {const: "true"}
purchase:
  payment: {kind: account}
  profile_needs: [name]
  idempotency: {send: none}
  steps:
    - name: order
      commit: true
      request: {%(request)s}
      outcomes: [{when: {status: 201}, is: bought}]
      fields: {order_id: {at: id}}
examples:
  - name: asked
    operation: quote
    given: {title: %(title)s}
    exchanges:
      - expect: %(expect)s
        answer: {json: {offers: [{id: A1, title: %(title)s, price: "9.99"}]}}
    then: {offers: [{item: A1, total: "9.99"}]}
  - name: ordered
    operation: buy
    given: {title: %(title)s, max_price: "20", offer: {item: A1, price: "9.99", total: "9.99"}}
    exchanges:
      - expect: %(expect)s
        answer: {status: 201, json: {id: O1}}
    then: {outcome: bought, order_id: O1}
"""


@pytest.mark.parametrize("title", TITLES, ids=["a number", "markup"])
@pytest.mark.parametrize("place", PLACES)
def test_an_odd_title_is_sent_as_it_is(tmp_path: Path, place: str, title: str) -> None:
    """A number stays text, quotes and brackets stay themselves, other scripts too."""
    request, expected = PLACES[place]
    text = DEFINITION % {
        "request": request,
        "title": json.dumps(title, ensure_ascii=False),
        "expect": json.dumps(expected(title), ensure_ascii=False),
    }
    path = tmp_path / "odd.yaml"
    path.write_text(text, "utf-8")
    lines = examine(path, user_folder=tmp_path, strict=False)
    told = [(line.example, line.error, line.details) for line in lines if not line.ok]
    assert not told
    assert {line.example for line in lines} >= {"asked", "ordered"}
