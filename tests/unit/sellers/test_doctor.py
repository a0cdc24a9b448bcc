"""`sellers test` plays every example, and shows what was sent, read, expected and got."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.sellers.doctor import TestLine, examine
from bookhunt.sellers.loading_files import shipped_folder
from tests.support.definitions import WHOLE_FILE

if TYPE_CHECKING:
    from pathlib import Path

SPOKEN = sorted(WHOLE_FILE.parent.glob("*.yaml"))
SHIPPED = sorted(shipped_folder().glob("**/*.yaml"))

SHOP = """\
schema: 1
id: shop
name: Shop
base_url: https://api.shop.example/v2
currency: USD
ships_to: [US]
conditions: [new]
purchase_mode: auto
secrets: {key: {prompt: Key}}
auth: [{kind: header, name: X-Key, value: "{secrets.key}"}]
quote:
  asks_by: [isbn13]
  steps: [{request: {path: "/b/{asked.isbn}", query: {c: "{request.country}"}}}]
  rows: "offers[]"
  fields:
    item: {at: sku}
    isbn: {at: ean}
    price: {at: price, unit: major}
    shipping: {at: post, unit: minor}
    condition: {const: new}
    available: {at: left > `0`}
    inventory: {at: left}
purchase:
  payment: {kind: token, prompt: Token}
  idempotency: {send: body, at: meta.key, retained_h: 24, replay: same_answer}
  steps:
    - name: cart
      request: {method: POST, path: /carts, json: {sku: "{offer.item}"}}
      capture: {cart: {at: id}}
    - name: order
      commit: true
      request:
        method: POST
        path: "/carts/{captured.cart}/order"
        json: {token: "{pay.token}", total: "{offer.total}", meta: {ref: "{order.reference}"}}
      outcomes:
        - {when: {status: 201}, is: bought}
        - {when: {status: 409}, is: sold_out}
      fields: {order_id: {at: id}, final_price: {at: total, unit: minor}}
  cancel:
    steps: [{request: {method: DELETE, path: "/carts/{captured.cart}"}}]
examples:
"""
HIT = """\
  - name: hit
    operation: quote
    given: {isbn13: "9781449373320"}
    exchanges:
      - expect: {method: GET, path: /v2/b/9781449373320, query: {c: US}, headers: {x-key: "*"}}
        answer:
          json: {offers: [{sku: A, ean: "9781449373320", price: "20.00", post: 499, left: 3}]}
    then: {offers: [{item: A, total: "24.99", currency: USD, condition: new, inventory: 3}]}
"""
BUY = """\
  - name: buy
    operation: buy
    given:
      isbn13: "9781449373320"
      max_price: "30"
      offer: {item: A, price: "20.00", total: "24.99"}
    exchanges:
"""
CART = """\
      - expect: {method: POST, path: /v2/carts, json: {sku: A}}
        answer: {status: 201, json: {id: c1}}
"""
ORDER = """\
      - expect:
          method: POST
          path: /v2/carts/c1/order
          json: {token: "*", total: 24.99, meta: {ref: "{order.reference}", key: "{order.key}"}}
        answer: {status: 201, json: {id: O-1, total: 2499}}
"""
BOUGHT = '    then: {outcome: bought, order_id: O-1, total: "24.99"}\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return tmp_path / "shop.yaml"


def play(path: Path, examples: str, *, strict: bool = False) -> list[TestLine]:
    path.write_text(SHOP + examples, encoding="utf-8")
    return examine(path, strict=strict)


def failures(lines: list[TestLine]) -> list[TestLine]:
    return [line for line in lines if not line.ok]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_definition_is_right_and_each_of_its_examples_passes(file: Path) -> None:
    lines = examine(file)
    assert failures(lines) == []
    assert len([line for line in lines if line.example]) >= 3
    # What a seller cannot prove is warned of, and that is what two of the street are there for.
    warned = [
        line.error for line in lines if line.warning and "settled by hand" not in str(line.error)
    ]
    assert warned == []


@pytest.mark.parametrize("file", SPOKEN, ids=lambda path: path.stem)
def test_definitions_that_use_the_whole_language_pass_their_examples(file: Path) -> None:
    lines = examine(file)
    assert failures(lines) == []
    assert any(line.example for line in lines)


def test_an_example_that_fits_passes(shop: Path) -> None:
    assert failures(play(shop, HIT + BUY + CART + ORDER + BOUGHT)) == []


def test_a_failure_shows_the_request_the_answer_and_what_was_read_of_it(shop: Path) -> None:
    (failed,) = failures(play(shop, HIT.replace('total: "24.99"', 'total: "25.00"')))
    assert failed.error == "offer 1: total: expected 25.00, got 24.99 USD"
    assert failed.example == "hit"
    assert failed.operation == "quote"
    assert failed.line == SHOP.count("\n") + 1
    shown = "\n".join(failed.details)
    assert "GET https://api.shop.example/v2/b/9781449373320?c=US" in shown
    assert "status 200" in shown
    assert "price: price -> '20.00' -> 20.00 USD" in shown
    assert "shipping: post -> 499 -> 4.99 USD" in shown


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("method: GET", "method: POST", "method: expected 'POST', got 'GET'"),
        ("path: /v2/b/", "path: /v3/b/", "path: expected"),
        ("query: {c: US}", "query: {c: NZ}", "query.c: expected 'NZ', got 'US'"),
        ("query: {c: US}", "query: {d: US}", "query.d: expected 'US', got nothing"),
        ("query: {c: US}", "query: {c: absent}", "query.c: expected nothing, got 'US'"),
        ('{x-key: "*"}', '{x-other: "*"}', "headers.x-other: expected 'anything', got nothing"),
    ],
)
def test_a_request_that_is_not_the_one_expected_is_told(
    shop: Path, old: str, new: str, said: str
) -> None:
    assert old in HIT
    (failed,) = failures(play(shop, HIT.replace(old, new)))
    assert any(said in line for line in failed.details), failed.details


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("total: 24.99, meta", 'total: "24.99", meta', "json.total"),
        ('key: "{order.key}"', "key: absent", "json.meta.key: expected nothing"),
        ('ref: "{order.reference}"', "ref: x", "json.meta.ref"),
        ('token: "*"', 'tokens: "*"', "json.tokens: expected"),
    ],
)
def test_a_json_body_is_compared_with_its_types(shop: Path, old: str, new: str, said: str) -> None:
    assert old in ORDER
    (failed,) = failures(play(shop, BUY + CART + ORDER.replace(old, new) + BOUGHT))
    assert any(said in line for line in failed.details), failed.details


def test_an_exchange_that_is_never_asked_for_is_told(shop: Path) -> None:
    (failed,) = failures(play(shop, BUY + CART + ORDER + ORDER + BOUGHT))
    assert failed.error == "1 of its exchanges were never asked for"


def test_a_request_that_nothing_answers_is_told(shop: Path) -> None:
    (failed,) = failures(play(shop, BUY + CART + BOUGHT))
    assert failed.error == "a request that no exchange answers"
    assert any("/v2/carts/c1/order" in line for line in failed.details)


def test_a_lost_answer_of_a_commit_is_sent_again_with_its_key(shop: Path) -> None:
    lost = ORDER.replace("answer: {status: 201, json: {id: O-1, total: 2499}}", "answer: lost")
    assert failures(play(shop, BUY + CART + lost + ORDER + BOUGHT)) == []


def test_an_order_nobody_says_more_about_is_unknown(shop: Path) -> None:
    lost = ORDER.replace("answer: {status: 201, json: {id: O-1, total: 2499}}", "answer: lost")
    assert failures(play(shop, BUY + CART + lost + "    then: {outcome: unknown}\n")) == []


def test_what_was_begun_is_cancelled_where_the_example_says_so(shop: Path) -> None:
    refused = ORDER.replace("{status: 201, json: {id: O-1, total: 2499}}", "{status: 409}")
    undo = "      - {expect: {method: DELETE, path: /v2/carts/c1}, answer: {status: 204}}\n"
    assert (
        failures(play(shop, BUY + CART + refused + undo + "    then: {outcome: sold_out}\n")) == []
    )


def test_a_quote_that_is_tried_again_gets_the_same_answer_again(shop: Path) -> None:
    down = HIT[: HIT.index("    exchanges:")] + (
        "    exchanges: [{answer: {status: 503}}]\n    then: {reason: server_error}\n"
    )
    assert failures(play(shop, down)) == []


@pytest.mark.parametrize("reason", ["timed_out", "unreachable"])
def test_a_lost_answer_of_a_quote_is_either_kind(shop: Path, reason: str) -> None:
    lost = HIT[: HIT.index("    exchanges:")] + (
        f"    exchanges: [{{answer: lost}}]\n    then: {{reason: {reason}}}\n"
    )
    assert failures(play(shop, lost)) == []


def test_warnings_are_told_and_are_failures_only_when_strict(shop: Path) -> None:
    lines = play(shop, HIT)
    warned = [line for line in lines if line.warning]
    assert warned
    assert failures(lines) == []
    strict = play(shop, HIT, strict=True)
    assert len(failures(strict)) == len(warned)


def test_a_definition_that_does_not_load_is_told_by_its_places(shop: Path) -> None:
    shop.write_text(SHOP.replace("base_url", "bse_url") + HIT, encoding="utf-8")
    lines = examine(shop)
    assert [line.ok for line in lines] == [False] * len(lines)
    assert (lines[0].operation, lines[0].line, lines[0].column) == ("check", 1, 1)
    assert any(line.line == 4 and "bse_url" in str(line.error) for line in lines)


def test_a_definition_that_fails_its_checks_plays_nothing(shop: Path) -> None:
    shop.write_text(SHOP.replace("price, unit: major", "price") + HIT, encoding="utf-8")
    lines = examine(shop)
    assert [line.example for line in lines if not line.warning] == [None]
    assert "without a unit" in str(lines[0].error)


def test_json_of_a_line_has_the_fields_of_the_contract(shop: Path) -> None:
    line = play(shop, HIT)[-1]
    assert line.json_fields() == {
        "file": str(shop),
        "operation": "quote",
        "example": "hit",
        "ok": True,
        "error": None,
        "line": SHOP.count("\n") + 1,
        "column": 5,
    }


BATCH = """\
schema: 1
id: shop
name: Shop
base_url: https://api.shop.example
currency: USD
conditions: [new]
limits: {batch: 10}
quote:
  asks_by: [isbn13]
  steps: [{request: {path: /b, query: {isbns: "{books.isbn13 | join:','}"}}}]
  rows: "[]"
  fields: {item: {at: s}, isbn: {at: i}, price: {at: p, unit: major}}
examples:
  - name: two books in one call
    operation: quote
    given: [{isbn13: "9781449373320"}, {isbn13: "9780132350884"}]
    exchanges:
      - expect: {query: {isbns: "9781449373320,9780132350884"}}
        answer: {json: [{s: B, i: "9780132350884", p: "7.00"}]}
    then: [{reason: not_stocked}, {offers: [{item: B, price: "7.00"}]}]
"""


def test_a_batch_asks_once_and_each_row_finds_its_book(shop: Path) -> None:
    shop.write_text(BATCH, encoding="utf-8")
    assert failures(examine(shop)) == []
    shop.write_text(BATCH.replace("offers: [{item: B", "offers: [{item: C"), encoding="utf-8")
    (failed,) = failures(examine(shop))
    assert failed.error == "book 2: offer 1: item: expected C, got B"


NAMES = """\
schema: 1
id: shop
name: Shop
base_url: https://api.shop.example
resolve:
  steps: [{request: {path: /s, query: {title: "{asked.title}"}}}]
  rows: "docs[]"
  fields: {title: {at: title}, isbn: {at: isbn}}
rates:
  base: EUR
  steps: [{request: {path: /r}}]
  rows: "rates[]"
  fields: {currency: {at: c}, rate: {at: r}}
examples:
  - name: a title
    operation: resolve
    given: {title: "Clean Code"}
    exchanges:
      - answer:
          json:
            docs:
              - {title: clean code!, isbn: [0132350882, 9780132350884]}
              - {title: X, isbn: [1]}
    then: {isbns: ["9780132350884"]}
  - name: rates
    operation: rates
    exchanges: [{answer: {json: {rates: [{c: usd, r: 1.0850}]}}}]
    then: {rates: [{currency: USD, rate: "1.085"}]}
"""


def test_titles_and_rates_are_played_too(shop: Path) -> None:
    shop.write_text(NAMES, encoding="utf-8")
    assert failures(examine(shop)) == []
    shop.write_text(
        NAMES.replace('isbns: ["9780132350884"]', 'isbns: ["9781449373320"]').replace(
            '"1.085"', '"1.09"'
        ),
        encoding="utf-8",
    )
    assert [line.example for line in failures(examine(shop))] == ["a title", "rates"]


def test_logins_and_access_tokens_are_no_exchanges(shop: Path) -> None:
    text = SHOP.replace(
        'auth: [{kind: header, name: X-Key, value: "{secrets.key}"}]',
        "auth:\n"
        '  - {kind: oauth2_client_credentials, token_url: /token, id: a, secret: "{secrets.key}"}\n'
        "  - kind: session\n"
        "    steps: [{request: {method: POST, path: /login}, capture: {sid: {at: sid}}}]\n"
        '    headers: {X-Session: "{captured.sid}"}',
    )
    hit = HIT.replace('{x-key: "*"}', '{Authorization: "*", X-Session: "*"}')
    shop.write_text(text + hit, encoding="utf-8")
    assert failures(examine(shop)) == []


def test_examples_that_were_taken_over_fit_a_shop_at_another_place(tmp_path: Path) -> None:
    """The pattern's paths are its own; an example of the shop's own says the whole path."""
    (tmp_path / "shop.yaml").write_text(SHOP + HIT)
    mine = tmp_path / "mine.yaml"
    mine.write_text("id: mine\nlike: shop\nschema: 1\nbase_url: https://my.example/books/api\n")
    assert [line.error for line in examine(mine) if line.example] == [None]
    own = """\
examples:
  - name: the whole path
    operation: quote
    given: {isbn13: "9781402894626"}
    exchanges: [{expect: {path: /books/api/b/9781402894626}, answer: {json: {offers: []}}}]
    then: {reason: not_stocked}
"""
    mine.write_text(mine.read_text() + own)
    assert [line.error for line in examine(mine) if line.example] == [None]
