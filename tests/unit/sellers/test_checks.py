"""Every check has a definition that it refuses, at the line and column of what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.documents import read_document, validated
from bookhunt.sellers.checks import Checked, check
from bookhunt.sellers.language import Definition
from bookhunt.sellers.loading import load_file
from tests.support.definitions import WHOLE, WHOLE_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.documents import Mistake


def checked(text: str) -> Checked:
    document = read_document(text, file=str(WHOLE_FILE))
    return check(validated(document, Definition), document)


def changed(old: str, new: str) -> str:
    assert WHOLE.count(old) >= 1, f"the page no longer has {old!r}"
    return WHOLE.replace(old, new, 1)


def test_the_whole_definition_has_no_mistake() -> None:
    assert checked(WHOLE).errors == ()


# What is changed, what it becomes, where the mistake stands, a part of what is said.
RED: dict[str, tuple[str, str, str, str]] = {
    # names
    "an unknown name": (
        "/v1/books/{book.isbn13}",
        '"/v1/books/{book.isbn31}"',
        "quote.steps[0].request.path",
        "did you mean book.isbn13",
    ),
    "a brace without its other half": (
        'query: {store: "{settings.store}"}',
        'query: {store: "{settings.store"}',
        "quote.steps[0].request.query.store",
        "without its other half",
    ),
    "an unknown filter": (
        "{offer.total | minor}",
        "{offer.total | cents}",
        "purchase.steps[2].request.json.price",
        "cents is not a filter",
    ),
    "who buys, in a quote": (
        'query: {store: "{settings.store}"}',
        'query: {store: "{ship.postcode}"}',
        "quote.steps[0].request.query.store",
        "has no meaning here",
    ),
    "how it is paid, in a quote": (
        'query: {store: "{settings.store}"}',
        'query: {store: "{pay.token}"}',
        "quote.steps[0].request.query.store",
        "has no meaning here",
    ),
    "the order, in a quote": (
        'query: {store: "{settings.store}"}',
        'query: {store: "{order.reference}"}',
        "quote.steps[0].request.query.store",
        "has no meaning here",
    ),
    "a secret in base_url": (
        "base_url: https://api.booktopia.example",
        'base_url: "https://api.booktopia.example/{secrets.api_key}"',
        "base_url",
        "has no meaning here",
    ),
    "an undeclared setting": (
        "{settings.store}",
        "{settings.stroe}",
        "quote.steps[0].request.query.store",
        "is not declared",
    ),
    "an undeclared secret": (
        "{secrets.api_key}",
        "{secrets.api_kay}",
        "auth[0].value",
        "is not declared",
    ),
    "a map that is not there": (
        "{settings.store}",
        "{request.country | map:'zones'}",
        "quote.steps[0].request.query.store",
        "there is no map",
    ),
    "a name captured later": (
        'json: {sku: "{offer.item}", quantity: 1}',
        'json: {sku: "{captured.delivery}", quantity: 1}',
        "purchase.steps[0].request.json.sku",
        "captured later",
    ),
    "a name captured by the same step's answer": (
        "path: /v1/carts, json",
        'path: "/v1/carts/{captured.cart}", json',
        "purchase.steps[0].request.path",
        "captured later",
    ),
    "a name captured nowhere": (
        'path: "/v1/carts/{captured.cart}"',
        'path: "/v1/carts/{captured.card}"',
        "purchase.steps[1].request.path",
        "captured nowhere",
    ),
    "a name captured in another block": (
        'query: {store: "{settings.store}"}',
        'query: {store: "{captured.cart}"}',
        "quote.steps[0].request.query.store",
        "captured in another block",
    ),
    "the order's number before there is one": (
        '"{captured.cart}", price',
        '"{order.id}", price',
        "purchase.steps[2].request.json.cart",
        "no value before",
    ),
    "books without a batch": (
        "/v1/books/{book.isbn13}",
        '"/v1/books/{books.isbn13}"',
        "quote.steps[0].request.path",
        "asks for one book",
    ),
    "one book in a batch": (
        "batch: 1,",
        "batch: 10,",
        "quote.steps[0].request.path",
        "asks for several books",
    ),
    # expressions and patterns
    "no JMESPath": (
        "{at: price.amount,",
        "{at: 'price..amount',",
        "quote.fields.price.at",
        "JMESPath",
    ),
    "an unknown function": (
        "{at: price.amount,",
        '{at: "lowest(prices)",',
        "quote.fields.price.at",
        "unknown function",
    ),
    "no pattern": (r"'(\d+)'", r"'(\d+'", "quote.fields.inventory.pattern", "not a pattern"),
    "a pattern without a group": (
        r"'(\d+)'",
        r"'\d+'",
        "quote.fields.inventory.pattern",
        "no group",
    ),
    "look-around": (r"'(\d+)'", r"'(?=a)(\d+)'", "quote.fields.inventory.pattern", "not a pattern"),
    "a placeholder in an expression": (
        "where: \"type == 'BUY'\"",
        "where: \"ean == '{book.isbn13}'\"",
        "quote.where",
        "holds no placeholders",
    ),
    "a placeholder in a pattern": (
        '{text: "captcha|unusual traffic"}',
        '{text: "captcha {book.title}"}',
        "quote.outcomes[2].when.text",
        "holds no placeholders",
    ),
    "the row outside, without one": (
        "json: \"error.code == 'BUSY'\"",
        "json: \"^.error.code == 'BUSY'\"",
        "quote.outcomes[1].when.json",
        "no rows here",
    ),
    # values
    "a price without a unit": (
        "{at: price.amount, unit: minor}",
        "{at: price.amount}",
        "quote.fields.price",
        "without a unit",
    ),
    "shipping without a unit": (
        "{at: postage, unit: major}",
        "{at: postage}",
        "quote.fields.shipping",
        "without a unit",
    ),
    "a total without a unit": (
        "total: {at: total, unit: minor, currency: {at: currency}}",
        "total: {at: total, currency: {at: currency}}",
        "purchase.steps[1].total",
        "without a unit",
    ),
    "a part of a sum without a unit": (
        "{at: postage, unit: major}",
        "{sum: [{at: postage}, {at: handling, unit: minor}]}",
        "quote.fields.shipping.sum[0]",
        "without a unit",
    ),
    "a constant that is no amount": (
        "{at: postage, unit: major}",
        "{const: free}",
        "quote.fields.shipping.const",
        "not an amount",
    ),
    "a threshold that is no amount": (
        "{at: postage, unit: major}",
        '{free_above: "30,-", else: "4.95"}',
        "quote.fields.shipping.free_above",
        "not an amount",
    ),
    "one separator for two things": (
        "{at: postage, unit: major}",
        '{at: postage, unit: major, group: "."}',
        "quote.fields.shipping.group",
        "cannot stand before",
    ),
    "a condition that is none": (
        "map: {N: new, U: used,",
        "map: {N: nwe, U: used,",
        "quote.fields.condition.map.N",
        "did you mean 'new'",
    ),
    "an availability that is none": (
        "IN_STOCK: true",
        "IN_STOCK: yes",
        "quote.fields.available.map.IN_STOCK",
        "not possible here",
    ),
    "a state that is none": (
        "PAID: bought",
        "PAID: paid",
        "purchase.find_order.fields.state.map.PAID",
        "not possible here",
    ),
    "a currency that is none": (
        "currency:  {at: price.currency} ",
        "currency:  {const: XYZ} ",
        "quote.fields.currency.const",
        "ISO 4217",
    ),
    "several formats and no field": (
        "formats: [paper] ",
        "formats: [paper, ebook] ",
        "quote.fields",
        "several formats",
    ),
    # steps and outcomes
    "an outcome that cannot match": (
        '{when: {text: "captcha|unusual traffic"}, is: blocked}',
        "{when: {status: 404, text: gone}, is: sold_out}",
        "quote.outcomes[2]",
        "can never match",
    ),
    "a status inside a class that came first": (
        "{when: {status: 404}, is: not_stocked}",
        "{when: {status: 4xx}, is: not_stocked}\n    - {when: {status: 410}, is: sold_out}",
        "quote.outcomes[1]",
        "can never match",
    ),
    "a word of an order in a quote": (
        "{status: 404}, is: not_stocked",
        "{status: 404}, is: declined",
        "quote.outcomes[0].is",
        "means nothing here",
    ),
    "a word of a quote at the commit step": (
        "{status: 402}, is: declined",
        "{status: 402}, is: retry_later",
        "purchase.steps[2].outcomes[4].is",
        "means nothing here",
    ),
    "bought before the commit step": (
        "capture: {cart: {at: id}",
        "outcomes: [{when: {status: 201}, is: bought}]\n      capture: {cart: {at: id}",
        "purchase.steps[0].outcomes[0].is",
        "nothing was ordered",
    ),
    "an else that means nothing": (
        "else: does_not_ship",
        "else: retry_later",
        "purchase.steps[1].pick.delivery.else",
        "means nothing here",
    ),
    "a commit step in a quote": (
        "    - request:\n        method: GET ",
        "    - commit: true\n      request:\n        method: GET ",
        "quote.steps[0].commit",
        "only a step of purchase spends",
    ),
    "a total in a quote": (
        "    - request:\n        method: GET ",
        "    - total: {at: total, unit: minor}\n      request:\n        method: GET ",
        "quote.steps[0].total",
        "in the purchase only",
    ),
    "pages in a purchase": (
        "    - name: price\n",
        "    - name: price\n      pages: {next: {at: next}}\n",
        "purchase.steps[1].pages",
        "only the last step of a quote",
    ),
    "the last step kept": (
        "    - request:\n        method: GET ",
        "    - keep_s: 60\n      request:\n        method: GET ",
        "quote.steps[0].keep_s",
        "always sent",
    ),
    "fields of a step that does not spend": (
        "    - name: price\n",
        "    - name: price\n      fields: {order_id: {at: id}}\n",
        "purchase.steps[1].fields",
        "only the commit step",
    ),
    # purchase
    "no commit step": ("commit: true ", "commit: false", "purchase.steps", "no step is the commit"),
    "two commit steps": (
        "again: never ",
        "commit: true ",
        "purchase.steps[2].commit",
        "a second commit step",
    ),
    "no countries to ship to": ("ships_to: [AU, NZ] ", "# ships_to:", "", "needs ships_to"),
    "an empty list of countries": ("ships_to: [AU, NZ] ", "ships_to: [] ", "ships_to", "ships_to"),
    "a commit step that is repeated": (
        "commit: true ",
        "again: safe\n      commit: true ",
        "purchase.steps[2].again",
        "never repeated",
    ),
    "a commit step that can be left out": (
        "commit: true ",
        'if: "{ship.phone}"\n      commit: true ',
        "purchase.steps[2].if",
        "cannot be left out",
    ),
    "a total at the commit step": (
        "commit: true ",
        "total: {at: total, unit: minor}\n      commit: true ",
        "purchase.steps[2].total",
        "too late",
    ),
    "a key that is written twice": (
        "        path: /v1/orders\n",
        '        path: /v1/orders\n        headers: {idempotency-key: "{order.key}"}\n',
        "purchase.steps[2].request.headers.idempotency-key",
        "written twice",
    ),
    "a reference that nobody reads": (
        "{reference: {at: client_reference_id}, order_id",
        "{order_id",
        "purchase.find_order.fields",
        "needs the field reference",
    ),
    "a reference that is not sent": (
        'client_reference_id: "{order.reference}"',
        'client_reference_id: "x"',
        "purchase.find_order",
        "sent without it",
    ),
    "a look-up by what is not captured": (
        "by: reference ",
        "by: captured ",
        "purchase.find_order.by",
        "nothing captured is sent",
    ),
    "a token that no payment asks for": (
        '{kind: token, prompt: "Card token"}',
        "{kind: account}",
        "purchase.steps[2].request.json.payment_token",
        "nothing is sent",
    ),
    "a copy that the quote does not name": (
        "item:      {at: sku} ",
        "# item:    {at: sku} ",
        "purchase.steps[0].request.json.sku",
        "no field of the quote",
    ),
    # hosts
    "a host that is not declared": (
        "path: /v1/books/{book.isbn13}     # or url",
        'url: "https://elsewhere.example/{book.isbn13}"  # or url',
        "quote.steps[0].request.url",
        "not declared",
    ),
    "a credential for an undeclared host": (
        'value: "{secrets.api_key}"}',
        'value: "{secrets.api_key}", host: elsewhere.example}',
        "auth[0].host",
        "not declared",
    ),
    "plain http in public": (
        "base_url: https://api",
        "base_url: http://api",
        "base_url",
        "plain http",
    ),
    "an address that is none": (
        "base_url: https://api.booktopia.example",
        "base_url: api.booktopia.example",
        "base_url",
        "scheme",
    ),
    "a host that is none": ("hosts: [] ", "hosts: ['a b'] ", "hosts[0]", "address"),
    # examples
    "an example of what there is not": (
        "name: none, operation: quote",
        "name: none, operation: resolve",
        "examples[1].operation",
        "there is no resolve",
    ),
    "a result of another operation": (
        "then: {reason: not_stocked}",
        "then: {outcome: bought}",
        "examples[1].then.outcome",
        "quote gives no outcome",
    ),
    "an ISBN with a wrong check digit": (
        'given: {isbn13: "9781449373320"}',
        'given: {isbn13: "9781449373321"}',
        "examples[0].given.isbn13",
        "check digit",
    ),
    "an example without a book": (
        'given: {isbn13: "9781449373320"}',
        "given: {country: AU}",
        "examples[0].given",
        "which book",
    ),
    "a body that is not there": (
        "booktopia/two-offers.json",
        "booktopia/three-offers.json",
        "examples[0].exchanges[0].answer.body_file",
        "there is no file",
    ),
    "a body outside": (
        "booktopia/two-offers.json",
        "../secret.json",
        "examples[0].exchanges[0].answer.body_file",
        "lies beside",
    ),
    "two examples of one name": (
        "{name: none,",
        '{name: "two offers, one out of stock",',
        "examples[1].name",
        "this name",
    ),
    "an example's setting that is not there": (
        'given: {isbn13: "9781449373320"}',
        'given: {isbn13: "9781449373320", settings: {stroe: "2"}}',
        "examples[0].given.settings.stroe",
        "no such setting",
    ),
}


def found_at(errors: tuple[Mistake, ...], path: str) -> list[str]:
    return [f"{each.message} ({each.hint})" for each in errors if each.path == path]


@pytest.mark.parametrize("case", sorted(RED))
def test_a_check_refuses(case: str) -> None:
    old, new, path, said = RED[case]
    errors = checked(changed(old, new)).errors
    at_path = found_at(errors, path)
    assert any(said in each for each in at_path), [str(each) for each in errors]


def test_a_mistake_has_the_line_and_column_of_the_value() -> None:
    text = changed("IN_STOCK: true", "IN_STOCK: yes")
    (mistake,) = checked(text).errors
    assert text.splitlines()[mistake.line - 1][mistake.column - 1 :].startswith("yes, OUT")


def test_a_mistake_about_a_key_has_the_place_of_the_key() -> None:
    text = changed("    - name: price\n", "    - name: price\n      pages: {next: {at: n}}\n")
    (mistake,) = checked(text).errors
    assert text.splitlines()[mistake.line - 1][mistake.column - 1 :] == "pages: {next: {at: n}}"


def test_a_redirect_is_no_outcome_where_redirects_are_followed() -> None:
    text = changed(
        "    - request:\n        method: GET ",
        "    - outcomes: [{when: {status: 302}, is: not_stocked}]\n"
        "      request:\n        method: GET ",
    )
    assert found_at(checked(text).errors, "quote.steps[0].outcomes[0].when.status")
    stays = text.replace(
        "      request:\n        method", "      request:\n        follow: false\n        method", 1
    )
    assert checked(stays).errors == ()


def test_a_commit_step_must_be_able_to_say_that_it_bought() -> None:
    text = changed("{when: {status: 201}, is: bought} ", "{when: {status: 201}, is: refused} ")
    text = text.replace(
        "{when: {status: 202}, is: placed} ", "{when: {status: 202}, is: refused}", 1
    )
    assert any(
        "bought or placed" in each for each in found_at(checked(text).errors, "purchase.steps[2]")
    )


def without_find_order(text: str) -> str:
    begin, end = text.index("  find_order:"), text.index("  cancel:")
    return text[:begin] + text[end:]


def test_an_order_that_was_only_accepted_needs_a_look_up() -> None:
    errors = checked(without_find_order(WHOLE)).errors
    assert any("placed needs find_order" in each for each in found_at(errors, "purchase.steps[2]"))


def test_bought_needs_a_number_where_nothing_can_be_looked_up() -> None:
    text = without_find_order(WHOLE).replace("fields: {order_id: {at: id}, final", "fields: {final")
    text = text.replace(
        "{when: {status: 202}, is: placed} ", "{when: {status: 202}, is: in_flight} "
    )
    errors = checked(text).errors
    assert any("needs an order id" in each for each in found_at(errors, "purchase.steps[2]"))


def test_a_key_in_the_body_needs_a_body() -> None:
    text = changed(
        "{send: header, name: Idempotency-Key, retained_h: 24, replay: same_answer}",
        "{send: body, at: key, retained_h: 24}",
    )
    assert checked(text).errors == ()
    begin = text.index("        json: {cart:")
    end = text.index("      outcomes:\n        - {when: {status: 201}")
    xml = text[:begin] + '        xml: "<o>{pay.token}{order.reference}</o>"\n' + text[end:]
    assert found_at(checked(xml).errors, "purchase.idempotency.at")


def test_a_price_needs_a_currency_from_somewhere() -> None:
    text = WHOLE.replace("currency: AUD ", "# currency: ", 1)
    assert checked(text).errors == ()
    begin = text.index("    currency:  {at: price.currency}")
    end = text.index("    shipping:  {at: postage")
    assert found_at(checked(text[:begin] + text[end:]).errors, "quote.fields.price")


def test_a_row_needs_a_name_of_the_book() -> None:
    begin, end = WHOLE.index("    isbn:      {at: ean}"), WHOLE.index("    price:     {at: price")
    assert found_at(checked(WHOLE[:begin] + WHOLE[end:]).errors, "quote.fields")


@pytest.mark.parametrize("unknown", ["{unknown: true}", ""])
def test_unknown_shipping_needs_a_total_before_the_commit(unknown: str) -> None:
    new = f"shipping:  {unknown} " if unknown else "# shipping "
    text = changed("shipping:  {at: postage, unit: major} ", new)
    assert checked(text).errors == ()  # the step `price` checks the total
    blind = text.replace(
        "      total: {at: total, unit: minor, currency: {at: currency}} ", "      # ", 1
    )
    assert any("no step checks the landed total" in str(each) for each in checked(blind).errors)


def test_unknown_shipping_is_fine_where_nothing_is_bought() -> None:
    text = changed("shipping:  {at: postage, unit: major} ", "shipping:  {unknown: true} ")
    text = text.replace(
        "      total: {at: total, unit: minor, currency: {at: currency}} ", "      # ", 1
    )
    text = text.replace("purchase_mode: auto ", "purchase_mode: link ", 1)
    assert checked(text).errors == ()


def test_unknown_tax_is_treated_as_unknown_shipping() -> None:
    text = changed("tax:       {included: true} ", "tax:       {unknown: true} ")
    assert checked(text).errors == ()
    blind = text.replace(
        "      total: {at: total, unit: minor, currency: {at: currency}} ", "      # ", 1
    )
    assert any("tax is unknown" in str(each) for each in checked(blind).errors)


def test_auto_needs_to_know_how_to_order() -> None:
    text = WHOLE[: WHOLE.index("\npurchase:")] + WHOLE[WHOLE.index("\nexamples:") :]
    assert found_at(checked(text).errors, "purchase_mode")


def test_a_step_after_the_commit_that_cannot_be_repeated_is_warned_of() -> None:
    pay = '    - name: pay\n      request: {method: POST, path: "/v1/orders/{order.id}/pay"}\n'
    text = changed("  find_order: ", pay + "  find_order: ")
    assert checked(text).errors == ()
    assert found_at(checked(text).warnings, "purchase.steps[3]")
    safe = text.replace("- name: pay\n", "- name: pay\n      again: safe\n")
    assert found_at(checked(safe).warnings, "purchase.steps[3]") == []


def test_captures_kept_in_a_purchase_are_warned_of() -> None:
    text = changed("    - name: price\n", "    - name: price\n      keep_s: 60\n")
    assert checked(text).errors == ()
    assert found_at(checked(text).warnings, "purchase.steps[1].keep_s")


def test_a_blocks_outcomes_are_not_read_by_the_commit_step() -> None:
    only = """\
schema: 1
id: x
name: X
base_url: https://x.example
currency: USD
ships_to: ["*"]
purchase_mode: auto
conditions: [new]
quote:
  steps: [{request: {path: "/{asked.isbn}"}}]
  fields: {item: {at: a}, isbn: {at: i}, price: {at: p, unit: minor}, shipping: {const: "1"}}
purchase:
  outcomes: [{when: {status: 402}, is: declined}]
  steps:
    - commit: true
      request: {method: POST, path: "/o/{offer.item}"}
      outcomes: [{when: {status: 201}, is: bought}]
      fields: {order_id: {at: id}}
"""
    assert any(
        "reads its own" in each for each in found_at(checked(only).errors, "purchase.outcomes")
    )


def test_a_header_of_a_block_may_name_what_is_captured_later() -> None:
    text = changed(
        "  steps:\n    - name: cart\n",
        '  headers: {Cart-Token: "{captured.token}"}\n  steps:\n    - name: cart\n',
    )
    assert checked(text).errors == ()


def test_a_pick_may_compare_with_what_the_same_step_captured() -> None:
    text = changed(
        'pick: {delivery: {from: "options[]", min_by',
        'capture: {zone: {at: zone}}\n      pick: {delivery: {from: "options[]", '
        'equals: {zone: "{captured.zone}"}, min_by',
    )
    assert checked(text).errors == ()


def test_look_ups_and_cancellations_know_what_the_purchase_captured() -> None:
    text = changed("by: reference ", "by: captured ").replace(
        'query: {reference: "{order.reference}"}}}]', 'query: {cart: "{captured.cart}"}}}]', 1
    )
    assert checked(text).errors == ()


def test_every_mistake_of_a_definition_is_told_at_once() -> None:
    text = changed("{at: price.amount, unit: minor}", "{at: price.amount}")
    text = text.replace("IN_STOCK: true", "IN_STOCK: yes").replace(
        "{settings.store}", "{settings.s}"
    )
    assert {each.path for each in checked(text).errors} == {
        "quote.fields.price",
        "quote.fields.available.map.IN_STOCK",
        "quote.steps[0].request.query.store",
    }


# --------------------------------------------------------------------------------- warnings
def test_what_is_declared_and_not_used_is_told_as_a_warning() -> None:
    told = {each.path for each in checked(WHOLE).warnings}
    assert "maps.zone" in told
    text = changed("secrets: ", "secrets: ").replace(
        '  api_key: {prompt: "API key"}', '  api_key: {prompt: "API key"}\n  other: {prompt: O}'
    )
    assert "secrets.other" in {each.path for each in checked(text).warnings}


def test_a_missing_minimum_of_examples_is_a_warning() -> None:
    told = [each.message for each in checked(WHOLE).warnings if each.path == "examples"]
    assert told == [
        "no example shows a quote with a book out of stock",
        "no example shows a quote with an error",
        "no example shows a buy that is bought",
        "no example shows a buy that is refused",
        "no example shows a buy that is lost",
    ]


def test_a_seller_that_can_prove_nothing_is_warned_of() -> None:
    text = without_find_order(WHOLE).replace("idempotency: {send: header,", "# idempotency: {")
    text = text.replace(
        "{when: {status: 202}, is: placed} ", "{when: {status: 202}, is: in_flight} "
    )
    told = [f"{each.message} {each.hint}" for each in checked(text).warnings]
    assert any("purchase_mode: link is advised" in each for each in told)


def test_a_key_that_nothing_says_counts_is_warned_of() -> None:
    text = changed(
        "{send: header, name: Idempotency-Key, retained_h: 24, replay: same_answer}",
        "{send: none}",
    ).replace(
        "        path: /v1/orders\n",
        '        path: /v1/orders\n        headers: {K: "{order.key}"}\n',
    )
    assert any("nothing says it counts" in each.message for each in checked(text).warnings)


def test_what_is_unused_is_told_where_it_was_written_not_where_it_was_taken_over(
    tmp_path: Path,
) -> None:
    """A shop that writes its own address keeps the pattern's setting for it, unused."""
    path = tmp_path / "corner.yaml"
    head = "schema: 1\nid: corner\nlike: vendure\nbase_url: https://corner.example\n"
    path.write_text(head)
    assert _unused(path) == []
    path.write_text(head + "settings: {payment_method: {default: card}, shop: {type: url}}\n")
    assert _unused(path) == ["settings.shop"]


def _unused(path: Path) -> list[str]:
    loaded = load_file(path)
    warnings = check(loaded.definition, loaded.document).warnings
    return [each.path for each in warnings if "used nowhere" in each.message]
